"""Points painted from anywhere, against what a pinhole camera does to them."""

import cv2
import numpy as np
import pytest
from lopsided import rotation

from core.frame import Intrinsics
from core.registration import to_pinhole_grid
from core.splat import BACKGROUND, splat

CAMERA = Intrinsics(30, 16, 50.0, 40.0, 12.0, 7.0)
WIDE = Intrinsics(80, 48, 71.3, 69.1, 38.7, 25.2, (-0.5, 0.2, 2e-3, 1e-3))
EYE = Intrinsics(64, 48, 60.0, 55.0, 30.0, 25.0)


def _splat(pixels, T_eye_camera=None, eye=EYE):
    """The picture of (row, column): (millimetres, colour)."""
    depth, colours = np.zeros((16, 30), np.uint16), np.zeros((16, 30), np.uint32)
    for place, (units, colour) in pixels.items():
        depth[place], colours[place] = units, colour
    pose = np.eye(4) if T_eye_camera is None else T_eye_camera
    return splat(depth, 1e-3, colours, CAMERA, pose, eye)


def _moved(metres):
    """The pose of an eye that is so far behind the camera."""
    pose = np.eye(4)
    pose[2, 3] = metres
    return pose


def test_a_point_is_where_the_eye_sees_it():
    pose = np.eye(4)
    pose[:3, :3] = rotation(0.1, -0.15, 0.2)
    pose[:3, 3] = 0.1, -0.2, 0.4
    picture = _splat({(3, 20): (2000, 0xFF123456)}, pose)
    x, y, z = pose[:3, :3] @ (0.32, -0.2, 2.0) + pose[:3, 3]
    u, v = 60.0 * x / z + 30.0, 55.0 * y / z + 25.0
    rows, columns = np.nonzero(picture != BACKGROUND)
    assert set(picture[rows, columns].tolist()) == {0xFF123456}
    assert columns.mean() == pytest.approx(u, abs=1.0)
    assert rows.mean() == pytest.approx(v, abs=1.0)


def test_nearer_points_are_larger_and_hide_others_in_either_order():
    far, near = (3000, 0xFF0000AA), (600, 0xFFBB0000)
    # The principal point's pixel is on the axis of both cameras, whatever its depth.
    sizes = [
        int((_splat({(7, 12): p}, _moved(-0.4)) != BACKGROUND).sum())
        for p in (far, near)
    ]
    assert 5 * sizes[0] < sizes[1]
    back = _moved(3.0)  # from there the near one is nearly as far
    apart = Intrinsics(64, 48, 600.0, 550.0, 30.0, 25.0)
    hidden = _splat({(7, 12): far, (7, 13): near}, back, apart)
    turned = _splat({(7, 13): far, (7, 12): near}, back, apart)
    for picture in (hidden, turned):
        assert picture[25, 30] in (far[1], near[1])
    # 1 pixel aside at 0.6 m in 3.6 m is 2 pixels of the eye: both squares cover it.
    assert hidden[25, 31] == near[1] and turned[25, 30] == near[1]


def test_what_is_behind_the_eye_or_has_no_depth_is_not_painted():
    behind = _splat({(3, 20): (900, 0xFF00FF00)}, _moved(-3.0))
    assert (behind == BACKGROUND).all()
    assert (_splat({(3, 20): (0, 0xFF00FF00)}) == BACKGROUND).all()


@pytest.mark.parametrize("units", [600, 3000])
def test_a_square_is_as_large_as_its_pixel_and_a_margin(units):
    eye = Intrinsics(60, 50, 250.0, 200.0, 30.0, 25.0)  # five times CAMERA
    picture = _splat({(7, 12): (units, 0xFF123456)}, eye=eye)
    rows, columns = np.nonzero(picture != BACKGROUND)
    assert 5 < np.ptp(rows) + 1 < 10 and 5 < np.ptp(columns) + 1 < 10


def test_a_wall_has_no_holes_when_it_is_magnified():
    depth = np.full((16, 30), 1500, np.uint16)
    colours = np.full((16, 30), 0xFF808080, np.uint32)
    large = Intrinsics(300, 160, 500.0, 400.0, 124.0, 74.0)  # ten times CAMERA
    picture = splat(depth, 1e-3, colours, CAMERA, np.eye(4), large)
    assert (picture == 0xFF808080).all()


def test_a_hole_of_one_pixel_is_filled_and_a_gap_is_not():
    eye = Intrinsics(30, 16, 25.0, 20.0, 12.0, 7.0)  # half of CAMERA: squares are small
    row = {(7, column): (1000, 0xFFCC0000) for column in (4, 8, 20)}
    picture = _splat(row, eye=eye)  # at columns 8, 10 and 16
    assert picture[7, 8] == picture[7, 9] == picture[7, 10] == 0xFFCC0000
    assert (picture[7, 11:16] == BACKGROUND).all()


def test_colours_go_to_the_grid_that_depth_is_on():
    image = np.zeros((48, 80, 3), np.uint8)
    image[8:13, 60:66] = (250, 20, 90)
    centre = np.array([[[62.5, 10.0]]])
    ideal = cv2.undistortPoints(
        centre, WIDE.K, np.array(WIDE.distortion), P=WIDE.K
    ).ravel()
    moved = to_pinhole_grid(image, WIDE)
    rows, columns = np.nonzero(moved[..., 0])
    assert columns.mean() == pytest.approx(ideal[0], abs=0.6)
    assert rows.mean() == pytest.approx(ideal[1], abs=0.6)
    assert np.abs(ideal - centre.ravel()).max() > 1.5  # so that it had to move
