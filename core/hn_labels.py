"""HN-labels: a class per pixel from height above the floor and angle of the normal."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.bins import IGNORE_LABEL, HNBins
from core.floor import MIN_SAMPLES, FloorPlane, percentile_floor, refined_floor
from core.frame import RgbdFrame
from core.geometry import angle_deg, pixel_rays
from core.normals import PlaneField, fit_planes, normals, pixel_cells
from core.orientation import joint_up, manhattan_up, scene_up
from core.registration import register_depth, to_color_grid

Method = Literal["live", "paper"]

SAMPLE_STEP = 4  # cells; every 16th of them votes on the floor
MAX_PRIOR_ERROR_DEG = 12.0  # beyond it walls and floor were mistaken for each other


@dataclass(frozen=True, eq=False)
class HNLabels:
    """The HN class of every pixel of a frame's colour image."""

    classes: np.ndarray
    """(H, W) uint8, angle_bin * num_heights + height_bin; 255 where depth misses."""
    floor: FloorPlane
    bins: HNBins

    def __post_init__(self) -> None:
        self.classes.flags.writeable = False


def label_frame(
    frame: RgbdFrame,
    bins: HNBins = HNBins(),  # noqa: B008 - frozen
    method: Method = "live",
    up_prior: np.ndarray | None = None,
) -> HNLabels | None:
    """HN-labels of one frame, or None when no floor is in view.

    "paper" is section 3.2 from the normals on: up from their Manhattan frame, floor at
    the first percentile, the discard rule; the normals are `core.normals`' own, not the
    regularised ones of the paper. "live" starts from the frame's up hint (or
    `up_prior`, (3,), when it has none, or the scene's own modes), lets walls and floor
    settle up together, and checks the floor that it finds.
    """
    depth = register_depth(frame)
    pinhole = frame.color_intrinsics.pinhole()
    field = fit_planes(depth, frame.depth_scale)
    cell_normals, cell_points = _samples(field, frame)
    if len(cell_points) < MIN_SAMPLES:
        return None
    if method == "paper":
        floor = percentile_floor(cell_normals, cell_points, manhattan_up(cell_normals))
    else:
        floor = _live_floor(cell_normals, cell_points, frame.up_hint, up_prior)
    if floor is None:
        return None

    up = floor.up.astype(np.float32)
    cosines = (normals(field, pinhole) @ up).ravel()
    cosines = cosines[pixel_cells(field, depth, frame.depth_scale)]
    depth_m = depth.astype(np.float32) * np.float32(frame.depth_scale)
    rays = pixel_rays(pinhole)
    rise = rays[..., 0] * up[0] + rays[..., 1] * up[1] + up[2]
    classes = bins.classify(depth_m * rise + floor.camera_height, cosines)
    classes[depth == 0] = IGNORE_LABEL
    return HNLabels(
        to_color_grid(classes, frame.color_intrinsics, IGNORE_LABEL), floor, bins
    )


class Labeler:
    """Labels the frames of one camera in order; each up it finds helps the next."""

    def __init__(
        self,
        bins: HNBins = HNBins(),  # noqa: B008 - frozen
        method: Method = "live",
    ) -> None:
        self.bins = bins
        self.method = method
        self._up: np.ndarray | None = None

    def __call__(self, frame: RgbdFrame) -> HNLabels | None:
        """HN-labels of the next frame, or None when no floor is in view."""
        labels = label_frame(frame, self.bins, self.method, self._up)
        self._up = None if labels is None else labels.floor.up
        return labels


def _samples(field: PlaneField, frame: RgbdFrame) -> tuple[np.ndarray, np.ndarray]:
    """(N, 3) normals and points of every few cells that have depth."""
    pinhole = frame.color_intrinsics.pinhole()
    every = (slice(SAMPLE_STEP // 2, None, SAMPLE_STEP),) * 2
    sparse = PlaneField(
        field.coefficients[every],
        field.inverse_depth[every],
        field.pixels[every],
        field.noise[every],
    )
    facing = normals(sparse, pinhole).reshape(-1, 3)
    inverse = sparse.smoothed().ravel()
    use = (inverse > 0) & np.any(facing != 0, axis=1)
    pixels = sparse.pixels.reshape(-1, 2)[use]
    rays = np.stack(
        (
            (pixels[:, 0] - pinhole.cx) / pinhole.fx,
            (pixels[:, 1] - pinhole.cy) / pinhole.fy,
            np.ones(len(pixels)),
        ),
        axis=1,
    )
    return facing[use], rays / inverse[use, None]


def _live_floor(
    cell_normals: np.ndarray,
    points: np.ndarray,
    hint: np.ndarray | None,
    prior: np.ndarray | None,
) -> FloorPlane | None:
    """The floor of the first up that has one: the hint's, the prior's, the scene's."""
    for up in _ups(cell_normals, points, hint, prior):
        floor = refined_floor(cell_normals, points, up)
        if floor is not None:
            return floor
    return None


def _ups(
    cell_normals: np.ndarray,
    points: np.ndarray,
    hint: np.ndarray | None,
    prior: np.ndarray | None,
) -> Iterator[np.ndarray]:
    if hint is not None:  # an IMU is never far off, and leaves nothing to search
        up = joint_up(cell_normals, hint)
        yield up if angle_deg(up, hint) < MAX_PRIOR_ERROR_DEG else hint
        return
    if prior is not None:
        up = joint_up(cell_normals, prior)
        if angle_deg(up, prior) < MAX_PRIOR_ERROR_DEG:
            yield up
    yield scene_up(cell_normals, points)
