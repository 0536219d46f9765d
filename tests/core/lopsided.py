"""A frame in which no two numbers that could be swapped are equal."""

import numpy as np

from core.frame import Intrinsics, RgbdFrame

COLOR = Intrinsics(
    80, 48, 71.3, 69.1 + 1e-13, 38.7, 25.2, (0.21, -0.58, 7e-4, 1e-3, 0.499)
)
DEPTH = Intrinsics(
    101, 57, 85.5, 84.25, 49.1, 27.9, (0.1, -0.2, 3e-4, -4e-4, 0.05, 0.6, -0.07, 0.008)
)
DEPTH_SCALE = 1 / 8000 + 1e-19


def rotation(x: float, y: float, z: float) -> np.ndarray:
    """(3, 3) of three turns in radians, first about x, last about z."""
    cx, cy, cz = np.cos((x, y, z))
    sx, sy, sz = np.sin((x, y, z))
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def lopsided_transform() -> np.ndarray:
    """(4, 4) with a turn about every axis."""
    transform = np.eye(4)
    transform[:3, :3] = rotation(0.1, -0.2, 0.3)
    transform[:3, 3] = 0.0251, 0.00066, -0.00293
    return transform


def lopsided_frame(number: int, has_up: bool = True) -> RgbdFrame:
    """Frame `number`, always the same; depth is noise, colour smooth and reddish."""
    random = np.random.default_rng(number)
    rgb = np.empty((COLOR.height, COLOR.width, 3), np.uint8)
    rgb[..., 0] = 180 + number % 20 + np.arange(COLOR.height)[:, None]
    rgb[..., 1] = 60 + np.arange(COLOR.width)
    rgb[..., 2] = 20
    depth = random.integers(0, 65536, (DEPTH.height, DEPTH.width), dtype=np.uint16)
    up = random.normal(size=3)
    return RgbdFrame(
        rgb=rgb,
        depth=depth,
        depth_scale=DEPTH_SCALE,
        color_intrinsics=COLOR,
        depth_intrinsics=DEPTH,
        T_color_depth=lopsided_transform(),
        timestamp_ns=1_712_345_678_987_654_321 + 33_333_333 * number,
        up_hint=up / np.linalg.norm(up) if has_up else None,
        number=5_000_000_000 + number,
    )


def assert_same_but_for_jpeg(frame: RgbdFrame, expected: RgbdFrame) -> None:
    """Every bit is equal, except the colours, which are close."""
    assert frame.depth.tobytes() == expected.depth.tobytes()
    assert frame.depth.shape == expected.depth.shape
    assert frame.depth_scale == expected.depth_scale
    assert frame.color_intrinsics == expected.color_intrinsics
    assert frame.depth_intrinsics == expected.depth_intrinsics
    assert frame.T_color_depth.tobytes() == expected.T_color_depth.tobytes()
    assert frame.timestamp_ns == expected.timestamp_ns
    assert frame.number == expected.number
    if expected.up_hint is None:
        assert frame.up_hint is None
    else:
        assert frame.up_hint is not None
        assert frame.up_hint.tobytes() == expected.up_hint.tobytes()
    assert frame.rgb.shape == expected.rgb.shape
    difference = frame.rgb.astype(int) - expected.rgb.astype(int)
    assert np.abs(difference).max() <= 6
