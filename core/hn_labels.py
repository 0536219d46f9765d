"""HN-labels: a class per pixel from height above the floor and angle of the normal."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.bins import IGNORE_LABEL, HNBins
from core.floor import FloorPlane, measure_floor
from core.floor_tracker import FloorTracker
from core.frame import Intrinsics, RgbdFrame
from core.normals import camera_numbers, sample_room, sample_surfaces
from core.paper_method import paper_floor, paper_surfaces
from core.planes import PlaneField, PlaneFitter, cell_camera, fit_planes
from core.registration import register_depth, to_color_grid

Method = Literal["live", "paper"]


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
    floor: FloorPlane | None = None,
) -> HNLabels | None:
    """HN-labels of one frame, or None when no floor is in view.

    "paper" is section 3.2: regularised normals, up from their Manhattan frame, floor at
    the first percentile, the discard rule. "live" starts from the frame's up hint, or
    from the scene's own modes, lets walls and floor settle up together, and checks the
    floor that it finds. A `floor` that is already known, as one of `Recording.floors`,
    is taken as it is.
    """
    depth = register_depth(frame)
    pinhole = frame.color_intrinsics.pinhole()
    if method == "paper":
        return _paper_labels(frame, depth, bins, floor)
    field = fit_planes(depth, frame.depth_scale)
    if floor is None:
        samples = sample_surfaces(field, pinhole)
        floor = measure_floor(samples, frame.up_hint)
    if floor is None:
        return None
    classes = classify_pixels(depth, frame.depth_scale, field, pinhole, floor, bins)
    return _on_color_grid(classes, frame, floor, bins)


class Labeler:
    """Labels the frames of one camera in order, and follows its floor from one to the
    next.

    The large arrays are taken at the first frame of a camera and used again.
    """

    def __init__(
        self,
        bins: HNBins = HNBins(),  # noqa: B008 - frozen
        method: Method = "live",
    ) -> None:
        self.bins = bins
        self.method = method
        self._camera: Intrinsics | None = None

    def __call__(self, frame: RgbdFrame) -> HNLabels | None:
        """HN-labels of the next frame, or None when its floor is not known."""
        if self.method == "paper":
            return label_frame(frame, self.bins, "paper")
        color = frame.color_intrinsics
        if self._camera != color:
            self._begin(color)
        depth = register_depth(frame, self._depth)
        field = self._fitters[0](depth, frame.depth_scale)
        samples = sample_surfaces(field, color.pinhole(), self._samples)
        floor = self._tracker.update(field, samples, color.pinhole(), frame.up_hint)
        self._fitters.reverse()  # the tracker keeps these planes for the next frame
        if floor is None:
            return None
        classes = classify_pixels(
            depth, frame.depth_scale, field, color.pinhole(), floor, self.bins
        )
        return _on_color_grid(classes, frame, floor, self.bins)

    def _begin(self, color: Intrinsics) -> None:
        height, width = color.height, color.width
        self._camera = color
        self._depth = np.empty((height, width), np.uint16)
        self._fitters = [PlaneFitter(height, width) for _ in range(2)]
        self._samples = sample_room(*self._fitters[0].shape)
        self._tracker = FloorTracker()


def classify_pixels(
    depth: np.ndarray,
    depth_scale: float,
    field: PlaneField,
    intrinsics: Intrinsics,
    floor: FloorPlane,
    bins: HNBins,
) -> np.ndarray:
    """(H, W) uint8 HN classes of (H, W) uint16 depth on the pinhole grid."""
    from core.kernels import labels as k

    up, single = floor.up, np.float32
    fx, fy, cx, cy = intrinsics.fx, intrinsics.fy, intrinsics.cx, intrinsics.cy
    cosines = np.cos(np.radians(bins.angle_edges))
    angles = np.empty(field.is_clean.shape, np.uint8)
    k.angle_bins(
        field.planes,
        camera_numbers(cell_camera(intrinsics)),
        (single(up[0]), single(up[1]), single(up[2])),
        (cosines * np.abs(cosines)).astype(single),
        bins.signed_angles,
        angles,
    )
    classes = np.empty(depth.shape, np.uint8)
    k.classify_pixels(len(bins.height_edges))(
        depth,
        single(depth_scale),
        field.planes,
        angles,
        field.noise.numbers,
        (
            single(up[2] - up[0] * cx / fx - up[1] * cy / fy),
            single(up[0] / fx),
            single(up[1] / fy),
        ),
        single(floor.camera_height),
        np.array(bins.height_edges, single),
        k.row_room(2 * field.is_clean.shape[1]),
        classes,
    )
    return classes


def _paper_labels(
    frame: RgbdFrame, depth: np.ndarray, bins: HNBins, floor: FloorPlane | None
) -> HNLabels | None:
    pinhole = frame.color_intrinsics.pinhole()
    normals, points = paper_surfaces(depth, frame.depth_scale, pinhole)
    floor = paper_floor(normals, points) if floor is None else floor
    if floor is None:
        return None
    up = floor.up.astype(np.float32)
    classes = bins.classify(points @ up + floor.camera_height, normals @ up)
    classes[depth == 0] = IGNORE_LABEL
    return _on_color_grid(classes, frame, floor, bins)


def _on_color_grid(
    classes: np.ndarray, frame: RgbdFrame, floor: FloorPlane, bins: HNBins
) -> HNLabels:
    on_grid = to_color_grid(classes, frame.color_intrinsics, IGNORE_LABEL)
    return HNLabels(on_grid, floor, bins)
