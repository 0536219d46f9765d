"""The points of a frame as pictures, from wherever the user looks at them."""

import math

import cv2
import numpy as np

from capture_app.engine.picture import Layers, Orbit
from core.bins import HNBins
from core.frame import Intrinsics
from core.overlay import blend, class_palette, to_rgb32
from core.registration import register_depth, to_pinhole_grid
from core.splat import splat

MANY_POINTS = 400_000
_LONGEST_SIDE = 960  # pixels; larger pictures are enlarged, points are coarse anyway
_ROOM = 1.25  # the eye is farther from the middle than the camera, by this factor
_FIRST_MIDDLE_M = 2.0  # where nothing is in view yet
_FOLLOWING = 0.1  # of the way to each new frame's middle: it must not jump


class CloudPainter:
    """Paints the points of layers, in their photo's colours under their classes'.

    With a floor the cloud stands upright. The middle, around which the eye turns, lies
    before the camera, as far away as most of what it sees. For one thread.
    """

    def __init__(self, bins: HNBins, num_points: int = MANY_POINTS) -> None:
        self._palette = class_palette(bins)
        self._num_points = num_points
        self._middle_m: float | None = None

    def paint(
        self, layers: Layers, orbit: Orbit, opacity: float, size: tuple[int, int]
    ) -> np.ndarray:
        """(h, w) uint32 0xffRRGGBB of `size` (width, height)."""
        frame = layers.frame
        pixels = frame.color_intrinsics.width * frame.color_intrinsics.height
        every = math.ceil(math.sqrt(pixels / self._num_points))
        camera = _subsampled(frame.color_intrinsics, every)
        depth = np.ascontiguousarray(register_depth(frame)[::every, ::every])
        depth.flags.writeable = False  # as registered depth is
        colors = frame.rgb[::every, ::every]
        if layers.labels is not None:
            classes = np.ascontiguousarray(layers.labels.classes[::every, ::every])
            colors = blend(colors, classes, self._palette, opacity)
        colors = to_pinhole_grid(np.ascontiguousarray(colors), camera)
        up = None if layers.floor is None else layers.floor.up
        middle_m = self._follow(depth, frame.depth_scale)
        eye = _eye(camera, size)
        picture = splat(
            depth,
            frame.depth_scale,
            to_rgb32(colors),
            camera.pinhole(),
            eye_pose(orbit, up, middle_m),
            eye,
        )
        return _enlarged(picture, size)

    def _follow(self, depth: np.ndarray, depth_scale: float) -> float:
        """Metres to the middle: the median depth, smoothed over the frames."""
        seen = depth[::8, ::8]
        seen = seen[seen > 0]
        last = self._middle_m
        if seen.size == 0:
            return _FIRST_MIDDLE_M if last is None else last
        median_m = float(np.median(seen)) * depth_scale
        self._middle_m = (
            median_m if last is None else last + _FOLLOWING * (median_m - last)
        )
        return self._middle_m


def eye_pose(orbit: Orbit, up: np.ndarray | None, middle_m: float) -> np.ndarray:
    """(4, 4) T_eye_camera of an eye that looks at the point `middle_m` before the
    camera; without `up` (3,) the camera counts as upright."""
    level = np.eye(3) if up is None else _levelling(up)
    yaw, pitch = math.radians(orbit.yaw_deg), math.radians(orbit.pitch_deg)
    turn = cv2.Rodrigues(np.array((0.0, yaw, 0.0)))[0]
    tilt = cv2.Rodrigues(np.array((pitch, 0.0, 0.0)))[0]
    pose = np.eye(4)
    pose[:3, :3] = tilt @ turn @ level
    pose[:3, 3] = -pose[:3, 2] * middle_m  # the middle is the origin now
    pose[2, 3] += _ROOM * middle_m / orbit.zoom
    return pose


def _levelling(up: np.ndarray) -> np.ndarray:
    """(3, 3), takes directions of the camera to upright axes: y is straight down."""
    # A camera on its side has its own x near up; then its y is across.
    across = np.eye(3)[0 if abs(up[0]) < 0.9 else 1]
    right = across - up * (up @ across)
    right /= np.linalg.norm(right)
    return np.stack((right, -up, np.cross(right, -up)))


def _subsampled(camera: Intrinsics, every: int) -> Intrinsics:
    """The camera of the pixels [::every, ::every]."""
    return Intrinsics(
        -(-camera.width // every),
        -(-camera.height // every),
        camera.fx / every,
        camera.fy / every,
        camera.cx / every,
        camera.cy / every,
        camera.distortion,
    )


def _eye(camera: Intrinsics, size: tuple[int, int]) -> Intrinsics:
    """An eye that sees at least what the camera's lens would, no larger than needed."""
    shrink = min(1.0, _LONGEST_SIDE / max(size))
    width, height = (max(1, round(side * shrink)) for side in size)
    focal = min(width / camera.width * camera.fx, height / camera.height * camera.fy)
    return Intrinsics(width, height, focal, focal, width / 2, height / 2)


def _enlarged(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if picture.shape == size[::-1]:
        return picture
    channels = picture.view(np.uint8).reshape(*picture.shape, 4)
    large = cv2.resize(channels, size, interpolation=cv2.INTER_LINEAR)
    return large.view(np.uint32)[..., 0]
