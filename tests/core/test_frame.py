import numpy as np
import pytest

from core import Intrinsics, RgbdFrame

COLOR = Intrinsics(8, 6, 7.0, 7.5, 3.9, 2.6)
DEPTH = Intrinsics(4, 5, 3.0, 3.5, 1.9, 2.1)


def _frame(**changes):
    values = {
        "rgb": np.zeros((6, 8, 3), np.uint8),
        "depth": np.zeros((5, 4), np.uint16),
        "depth_scale": 0.001,
        "color_intrinsics": COLOR,
        "depth_intrinsics": DEPTH,
        "T_color_depth": np.eye(4),
    }
    return RgbdFrame(**(values | changes))


def test_arrays_of_a_frame_cannot_be_written():
    frame = _frame(up_hint=np.array((0.0, -1.0, 0.0)))
    for array in (frame.rgb, frame.depth, frame.T_color_depth, frame.up_hint):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_the_callers_own_array_stays_writable():
    depth = np.zeros((5, 4), np.uint16)
    _frame(depth=depth)
    depth[0, 0] = 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rgb": np.zeros((8, 6, 3), np.uint8)}, "rgb must be"),
        ({"depth": np.zeros((5, 4), np.int32)}, "depth must be"),
        ({"depth_scale": 0.0}, "depth_scale must be positive"),
        ({"depth_scale": float("nan")}, "depth_scale must be positive"),
        ({"up_hint": np.array((0.0, -2.0, 0.0))}, "length 1"),
    ],
)
def test_parts_that_disagree_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        _frame(**changes)


@pytest.mark.parametrize("bad", [{"fx": float("nan")}, {"fy": -1.0}, {"width": 0}])
def test_impossible_intrinsics_are_refused(bad):
    values = {"width": 8, "height": 6, "fx": 7.0, "fy": 7.5, "cx": 3.9, "cy": 2.6}
    with pytest.raises(ValueError, match="must be"):
        Intrinsics(**(values | bad))


def test_resizing_keeps_the_ray_through_the_image_corner():
    small = COLOR.resized(4, 2)
    left = (-0.5 - COLOR.cx) / COLOR.fx
    top = (-0.5 - COLOR.cy) / COLOR.fy
    assert (-0.5 - small.cx) / small.fx == pytest.approx(left)
    assert (-0.5 - small.cy) / small.fy == pytest.approx(top)
