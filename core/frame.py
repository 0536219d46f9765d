"""What a frame is: colour and depth of one instant, and the cameras that saw them.

Camera axes are x right, y down, z forward; lengths are metres; images are (H, W).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Intrinsics:
    """A pinhole camera with OpenCV's distortion model. Lengths in pixels."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, ...] = ()
    """OpenCV's k1 k2 p1 p2 [k3 [k4 k5 k6]]; empty for a camera without distortion."""

    def __post_init__(self) -> None:
        if self.width <= 0 or self.height <= 0:
            raise ValueError(
                f"image size must be positive, got {self.width}x{self.height}"
            )
        numbers = (self.fx, self.fy, self.cx, self.cy, *self.distortion)
        if not np.isfinite(numbers).all() or self.fx <= 0 or self.fy <= 0:
            raise ValueError(
                "intrinsics must be finite with positive focal lengths, got "
                f"fx={self.fx}, fy={self.fy}, cx={self.cx}, cy={self.cy}, "
                f"distortion={self.distortion}"
            )
        if len(self.distortion) not in (0, 4, 5, 8):
            raise ValueError(
                f"distortion has 0, 4, 5 or 8 numbers, got {len(self.distortion)}"
            )

    @property
    def K(self) -> np.ndarray:
        """(3, 3) camera matrix."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]])

    def pinhole(self) -> "Intrinsics":
        """The same camera without its distortion."""
        if not self.distortion:
            return self
        return Intrinsics(self.width, self.height, self.fx, self.fy, self.cx, self.cy)

    def resized(self, width: int, height: int) -> "Intrinsics":
        """The camera of this camera's images resized to width x height."""
        sx, sy = width / self.width, height / self.height
        # A pixel's centre is its integer coordinate, so its left edge is at -0.5.
        return Intrinsics(
            width,
            height,
            self.fx * sx,
            self.fy * sy,
            (self.cx + 0.5) * sx - 0.5,
            (self.cy + 0.5) * sy - 0.5,
            self.distortion,
        )


def _read_only(array: np.ndarray) -> np.ndarray:
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, eq=False)
class RgbdFrame:
    """One colour image and the depth of the same instant. Arrays are read-only."""

    rgb: np.ndarray
    """(H, W, 3) uint8, red first."""
    depth: np.ndarray
    """(h, w) uint16, sensor units along the optical axis; 0 where it saw nothing."""
    depth_scale: float
    """Metres per depth unit."""
    color_intrinsics: Intrinsics
    depth_intrinsics: Intrinsics
    T_color_depth: np.ndarray
    """(4, 4) float64, takes points of the depth camera to the colour camera, metres."""
    timestamp_ns: int = 0
    """The sensor's clock."""
    up_hint: np.ndarray | None = None
    """(3,) float64 unit vector away from the floor, colour camera, from an IMU."""
    number: int = 0
    """The sensor's frame counter; a gap is a frame that was lost."""

    def __post_init__(self) -> None:
        color, depth = self.color_intrinsics, self.depth_intrinsics
        _check("rgb", self.rgb, (color.height, color.width, 3), np.uint8)
        _check("depth", self.depth, (depth.height, depth.width), np.uint16)
        _check("T_color_depth", self.T_color_depth, (4, 4), np.float64)
        if not (np.isfinite(self.depth_scale) and self.depth_scale > 0):
            raise ValueError(f"depth_scale must be positive, got {self.depth_scale}")
        if self.up_hint is not None:
            _check("up_hint", self.up_hint, (3,), np.float64)
            length = np.linalg.norm(self.up_hint)
            if not abs(length - 1.0) < 1e-3:
                raise ValueError(f"up_hint must have length 1, got {length}")
            object.__setattr__(self, "up_hint", _read_only(self.up_hint))
        for name in ("rgb", "depth", "T_color_depth"):
            object.__setattr__(self, name, _read_only(getattr(self, name)))

    @classmethod
    def aligned(
        cls,
        rgb: np.ndarray,
        depth: np.ndarray,
        intrinsics: Intrinsics,
        depth_scale: float,
        **others: object,
    ) -> "RgbdFrame":
        """A frame whose depth already lies on the colour grid."""
        return cls(rgb, depth, depth_scale, intrinsics, intrinsics, np.eye(4), **others)  # type: ignore[arg-type]

    @property
    def is_aligned(self) -> bool:
        """Whether depth pixel (v, u) and colour pixel (v, u) look along one ray."""
        return self.color_intrinsics == self.depth_intrinsics and np.array_equal(
            self.T_color_depth, np.eye(4)
        )


def _check(name: str, array: np.ndarray, shape: tuple[int, ...], dtype: type) -> None:
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(
            f"{name} must be {shape} {np.dtype(dtype)}, got {array.shape} {array.dtype}"
        )
