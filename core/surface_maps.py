"""Height above the floor and angle to up of every pixel, before bins cut them."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.floor import FloorPlane
from core.frame import Intrinsics, RgbdFrame
from core.normals import camera_numbers
from core.planes import PlaneField, cell_camera, fit_planes
from core.registration import register_depth, to_color_grid


@dataclass(frozen=True, eq=False)
class SurfaceMaps:
    """What HN classes are cut from. nan where depth is missing; read-only."""

    heights: np.ndarray
    """(H, W) float32 metres above the floor."""
    angles: np.ndarray
    """(H, W) float32 degrees between normal and up: 0 a floor, 180 a ceiling."""

    def __post_init__(self) -> None:
        for array in (self.heights, self.angles):
            array.flags.writeable = False

    def folded_angles(self) -> np.ndarray:
        """(H, W) float32 0..90 degrees: a ceiling is as flat as a floor."""
        return np.minimum(self.angles, 180.0 - self.angles)


@lru_cache(maxsize=2)
def surface_maps(frame: RgbdFrame, floor: FloorPlane) -> SurfaceMaps:
    """The maps of a frame's colour pixels: cut at the edges of bins, its HN-labels.

    Those of the last two frames are kept, for who paints a frame and who probes it.
    """
    color = frame.color_intrinsics
    depth = register_depth(frame)
    field = fit_planes(depth, frame.depth_scale)
    maps = _pinhole_maps(depth, frame.depth_scale, field, color.pinhole(), floor)
    return SurfaceMaps(*(_on_color_grid(values, color) for values in maps))


def _on_color_grid(values: np.ndarray, color: Intrinsics) -> np.ndarray:
    return to_color_grid(values, color, np.nan)  # type: ignore[arg-type]


def _pinhole_maps(
    depth: np.ndarray,
    depth_scale: float,
    field: PlaneField,
    pinhole: Intrinsics,
    floor: FloorPlane,
) -> tuple[np.ndarray, np.ndarray]:
    from core.kernels import surfaces as k

    up, single = floor.up, np.float32
    fx, fy, cx, cy = pinhole.fx, pinhole.fy, pinhole.cx, pinhole.cy
    cells = np.empty(field.is_clean.shape, single)
    k.cell_angles(
        field.planes,
        camera_numbers(cell_camera(pinhole)),
        (single(up[0]), single(up[1]), single(up[2])),
        cells,
    )
    heights, angles = (np.full(depth.shape, np.nan, single) for _ in range(2))
    k.surface_pixels(
        depth,
        single(depth_scale),
        field.planes,
        cells,
        field.noise.numbers,
        (
            single(up[2] - up[0] * cx / fx - up[1] * cy / fy),
            single(up[0] / fx),
            single(up[1] / fy),
        ),
        single(floor.camera_height),
        heights,
        angles,
    )
    return heights, angles
