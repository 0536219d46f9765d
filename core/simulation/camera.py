"""The simulated sensor: frames of a furnished room with their exact truth."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import cv2
import numpy as np

from core.bins import IGNORE_LABEL, HNBins
from core.floor import FloorPlane
from core.frame import Intrinsics, RgbdFrame
from core.geometry import pixel_rays
from core.simulation import walk
from core.simulation.rays import Hits
from core.simulation.render import Scene, camera_rays, color_image
from core.simulation.rooms import Room, random_room
from core.simulation.sensor_noise import ExactDepth, NoiseModel, sensed_depth

DEPTH_SCALE = 0.001
# NYUv2's colour camera, and a depth lens that sees a little more than it does.
_COLOR = Intrinsics(640, 480, 518.9, 519.5, 325.6, 253.7)
_DEPTH = Intrinsics(640, 480, 500.3, 499.8, 313.0, 240.4)
_IMU_ERROR_DEG = 1.5
_PIXEL_NOISE = 0.008  # of the range 0..1


@dataclass(frozen=True, eq=False)
class FrameTruth:
    """What a frame really shows, pixel by pixel on the colour grid."""

    heights: np.ndarray
    """(H, W) float32 metres above the floor; nan where there is nothing."""
    normals: np.ndarray
    """(H, W, 3) float32 unit normals that face the camera, in the colour camera."""
    semantic: np.ndarray
    """(H, W) uint8 index into NYU40_NAMES; 255 where there is nothing."""
    floor: FloorPlane
    T_world_camera: np.ndarray
    """(4, 4) float64 pose of the colour camera; the world's floor is z = 0, z up."""

    def hn_classes(self, bins: HNBins) -> np.ndarray:
        """(H, W) uint8 HN classes; 255 where there is nothing."""
        cosines = self.normals @ self.floor.up.astype(np.float32)
        classes = bins.classify(np.nan_to_num(self.heights), cosines)
        return np.where(np.isnan(self.heights), IGNORE_LABEL, classes).astype(np.uint8)


@dataclass(frozen=True)
class Rig:
    """The two lenses of the simulated sensor and how they fail."""

    width: int = 640
    height: int = 480
    noise: NoiseModel = "kinect"
    aligned: bool = False
    """Whether depth comes on the colour grid."""

    @property
    def color(self) -> Intrinsics:
        """The colour camera."""
        return _COLOR.resized(self.width, self.height)

    @property
    def depth(self) -> Intrinsics:
        """The depth camera."""
        return self.color if self.aligned else _DEPTH.resized(self.width, self.height)

    @property
    def T_color_depth(self) -> np.ndarray:
        """(4, 4) depth camera to colour camera: 25 mm aside, slightly turned."""
        T = np.eye(4)
        if not self.aligned:
            T[:3, :3] = cv2.Rodrigues(np.array((0.004, -0.006, 0.003)))[0]
            T[:3, 3] = 0.0248, 0.0010, -0.0030
        return T


def render_frame(
    scene: Scene,
    rig: Rig,
    T_room_camera: np.ndarray,
    hits: Hits,
    rng: np.random.Generator,
    number: int,
    up_error: np.ndarray,
) -> RgbdFrame:
    """The frame of a pose, given what the colour camera's rays hit there.

    `up_error` (3,) is the turn of the IMU's up, radians.
    """
    color, depth = rig.color, rig.depth
    rgb = _developed(color_image(scene, color, T_room_camera, hits), rng)
    T_room_depth = T_room_camera @ rig.T_color_depth
    if not rig.aligned:
        hits = scene.cast(camera_rays(depth, T_room_depth))
    exact = _exact_depth(scene, depth, T_room_depth[:3, 3], hits)
    return RgbdFrame(
        rgb,
        sensed_depth(exact, rig.noise, DEPTH_SCALE, rng),
        DEPTH_SCALE,
        color,
        depth,
        rig.T_color_depth,
        timestamp_ns=walk.timestamp_ns(number),
        up_hint=cv2.Rodrigues(up_error)[0] @ T_room_camera[2, :3],
        number=number,
    )


def frame_truth(
    scene: Scene, rig: Rig, T_room_camera: np.ndarray, hits: Hits
) -> FrameTruth:
    """The truth of a pose, given what the colour camera's rays hit there."""
    color = rig.color
    shape = (color.height, color.width)
    is_hit = np.isfinite(hits.distance)
    away = scene.plane_distances(T_room_camera[:3, 3])
    facing = np.where(away[:, None] > 0.0, -scene.normals, scene.normals)
    normals = cv2.transform(facing[None], T_room_camera[:3, :3].T)[0]
    down = pixel_rays(color).reshape(-1, 2) @ T_room_camera[2, :2].astype(np.float32)
    with np.errstate(invalid="ignore"):
        heights = np.float32(T_room_camera[2, 3]) + hits.distance * (
            down + np.float32(T_room_camera[2, 2])
        )
    heights[~is_hit] = np.nan
    semantic = np.where(is_hit, scene.semantic.take(hits.triangle), IGNORE_LABEL)
    return FrameTruth(
        heights.reshape(shape),
        normals.take(hits.triangle, axis=0).reshape(*shape, 3),
        semantic.astype(np.uint8).reshape(shape),
        FloorPlane(T_room_camera[2, :3].copy(), float(T_room_camera[2, 3])),
        T_room_camera,
    )


def _exact_depth(
    scene: Scene, depth: Intrinsics, eye: np.ndarray, hits: Hits
) -> ExactDepth:
    shape = (depth.height, depth.width)
    away = np.abs(scene.plane_distances(eye)).astype(np.float32)
    along = away.take(hits.triangle) / hits.distance
    rays = pixel_rays(depth)
    length = np.sqrt(1.0 + rays[..., 0] ** 2 + rays[..., 1] ** 2)
    return ExactDepth(
        np.where(np.isfinite(hits.distance), hits.distance, 0.0).reshape(shape),
        np.clip(along.reshape(shape) / length, 0.0, 1.0),
        scene.is_glossy.take(hits.triangle).reshape(shape),
        depth.fx,
    )


def _developed(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(H, W, 3) uint8 as a small camera has it: exposed, vignetted, soft, noisy."""
    height, width = image.shape[:2]
    brightness = float(image[::8, ::8].mean())
    gain = np.clip(np.sqrt(0.56 / max(brightness, 1e-3)), 0.8, 1.5)
    image = cv2.GaussianBlur(image, (3, 3), 0.45)
    image = cv2.multiply(image, _vignette(height, width) * np.float32(gain))
    grain = _grain()
    row, column = rng.integers(0, 512, 2)
    tiles = (-(-(height + 512) // 1024), -(-(width + 512) // 1024), 1)
    if max(tiles) > 1:
        grain = np.tile(grain, tiles)
    image = cv2.add(image, grain[row : row + height, column : column + width])
    steps = np.clip(image * 1000.0, 0.0, _TONES - 1).astype(np.uint16)
    return _tone_curve()[steps]


_TONES = 3000


@lru_cache(maxsize=1)
def _tone_curve() -> np.ndarray:
    """(_TONES,) uint8 for brightness 0..3: straight, bending to white above 0.7."""
    x = np.arange(_TONES) / 1000.0
    bent = 0.7 + 0.3 * np.tanh((x - 0.7) / 0.36)
    return np.rint(255.0 * np.where(x < 0.7, x, bent)).astype(np.uint8)


@lru_cache(maxsize=4)
def _vignette(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return np.repeat((1.0 - 0.09 * (x**2 + y**2))[..., None], 3, axis=2).astype(
        np.float32
    )


@lru_cache(maxsize=1)
def _grain() -> np.ndarray:
    """(1024, 1024, 3) float32 pixel noise that every frame takes a window of."""
    grain = np.random.default_rng(0).standard_normal((1024, 1024, 3), dtype=np.float32)
    return cv2.GaussianBlur(grain, (0, 0), 0.6) * (_PIXEL_NOISE * 1.6)


class SimulatedCamera:
    """A hand-held RGB-D camera that walks a closed loop through the room of a seed.

    The room is built when the first frame is asked for. Any thread may render.
    """

    fps = walk.FPS

    def __init__(
        self,
        seed: int = 0,
        num_frames: int = 240,
        noise: NoiseModel = "kinect",
        width: int = 640,
        height: int = 480,
        aligned: bool = False,
    ) -> None:
        if num_frames < 1:
            raise ValueError(f"a loop needs at least one frame, got {num_frames}")
        self.seed = seed
        self.num_frames = num_frames
        self.rig = Rig(width, height, noise, aligned)

    def __len__(self) -> int:
        return self.num_frames

    @cached_property
    def room(self) -> Room:
        """The furnished room."""
        return random_room(self.seed)

    @cached_property
    def scene(self) -> Scene:
        """The room, lit and ready to be looked at; small images need no fine light."""
        is_small = self.rig.width * self.rig.height <= 320 * 240
        return Scene(self.room, self.seed, quality="coarse" if is_small else "fine")

    @cached_property
    def poses(self) -> np.ndarray:
        """(num_frames, 4, 4) T_world_camera of the colour camera."""
        return walk.closed_walk(self.room, self.scene, self.num_frames, self.seed)

    @cached_property
    def _up_errors(self) -> np.ndarray:
        rng = np.random.default_rng((self.seed, 31))
        rms = np.radians(_IMU_ERROR_DEG) / np.sqrt(2.0)  # two of three axes tilt the up
        return walk.drift(rng, self.num_frames, 3, rms, 0.1, 1.0)

    def frame(self, index: int) -> RgbdFrame:
        """Frame `index` of the loop."""
        index = self._checked(index)
        rng = np.random.default_rng((self.seed, 41, index))
        pose, error = self.poses[index], self._up_errors[index]
        hits = self._hits(index)
        return render_frame(self.scene, self.rig, pose, hits, rng, index, error)

    def truth(self, index: int) -> FrameTruth:
        """What frame `index` really shows."""
        index = self._checked(index)
        return frame_truth(self.scene, self.rig, self.poses[index], self._hits(index))

    def _hits(self, index: int) -> Hits:
        return self.scene.cast(camera_rays(self.rig.color, self.poses[index]))

    def _checked(self, index: int) -> int:
        if not -self.num_frames <= index < self.num_frames:
            raise IndexError(f"frame {index} of a loop of {self.num_frames}")
        return index % self.num_frames
