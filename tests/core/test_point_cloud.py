import numpy as np
import pytest
from lopsided import COLOR, lopsided_frame

from core.bins import IGNORE_LABEL, HNBins
from core.floor import FloorPlane
from core.frame import Intrinsics, RgbdFrame
from core.geometry import project
from core.overlay import class_palette
from core.point_cloud import bin_centres, classified_cloud, write_ply

CAMERA = Intrinsics(30, 16, 50.0, 40.0, 12.0, 7.0)


def _frame(pixels):
    """Nothing but these (row, column): millimetres."""
    depth = np.zeros((16, 30), np.uint16)
    for place, units in pixels.items():
        depth[place] = units
    rgb = np.zeros((16, 30, 3), np.uint8)
    return RgbdFrame.aligned(rgb, depth, CAMERA, 0.001)


def _classes(pixels):
    classes = np.full((16, 30), 9, np.uint8)
    for place, number in pixels.items():
        classes[place] = number
    return classes


def test_without_a_floor_points_are_in_the_colour_cameras_axes():
    frame = _frame({(3, 20): 2000, (9, 2): 1000})
    cloud = classified_cloud(frame, _classes({(3, 20): 4, (9, 2): 1}), None)
    # ((20 - 12) / 50, (3 - 7) / 40, 1) * 2 m and ((2 - 12) / 50, (9 - 7) / 40, 1) m
    expected = [(0.32, -0.2, 2.0), (-0.2, 0.05, 1.0)]
    np.testing.assert_allclose(cloud.points, expected, atol=1e-6)
    assert cloud.classes.tolist() == [4, 1]
    assert not cloud.stands_on_floor


def test_points_stand_on_a_floor_that_is_known():
    frame, classes = _frame({(3, 20): 2000}), _classes({})
    level = FloorPlane(np.array((0.0, -1, 0)), 1.5)
    cloud = classified_cloud(frame, classes, level)
    # Right of the camera as before, its z ahead, 0.2 m above a camera at 1.5 m.
    np.testing.assert_allclose(cloud.points, [(0.32, 2.0, 1.7)], atol=1e-6)
    assert cloud.stands_on_floor
    cos, sin = np.cos(np.radians(30)), np.sin(np.radians(30))
    down = FloorPlane(np.array((0.0, -cos, -sin)), 1.5)  # looking 30 deg down
    cloud = classified_cloud(frame, classes, down)
    ahead, above = 2.0 * cos + 0.2 * sin, 1.5 + 0.2 * cos - 2.0 * sin
    np.testing.assert_allclose(cloud.points, [(0.32, ahead, above)], atol=1e-6)


@pytest.mark.parametrize("up", [(1.0, 0, 0), (-0.98, 0.1, 0.17), (0.3, -0.9, -0.31)])
def test_a_cloud_is_turned_and_not_mirrored_however_the_camera_is_held(up):
    frame = _frame({(0, 0): 1000, (0, 29): 1500, (15, 0): 2100, (15, 29): 2900})
    floor = FloorPlane(np.array(up) / np.linalg.norm(up), 1.1)
    before = classified_cloud(frame, _classes({}), None).points.astype(float)
    after = classified_cloud(frame, _classes({}), floor).points.astype(float)
    np.testing.assert_allclose(after[:, 2], before @ floor.up + 1.1, atol=1e-5)
    sides_before, sides_after = (p[1:] - p[0] for p in (before, after))
    assert np.linalg.det(sides_after) == pytest.approx(np.linalg.det(sides_before))
    for a, b in zip(sides_before, sides_after, strict=True):
        assert np.linalg.norm(b) == pytest.approx(np.linalg.norm(a), rel=1e-5)


def test_pixels_without_depth_or_class_are_no_points():
    frame = _frame({(3, 20): 2000, (9, 2): 1000})
    cloud = classified_cloud(frame, _classes({(3, 20): IGNORE_LABEL}), None)
    np.testing.assert_allclose(cloud.points, [(-0.2, 0.05, 1.0)], atol=1e-6)


def test_a_point_has_the_class_of_the_pixel_through_which_a_lens_shows_it():
    frame = lopsided_frame(0)
    v, u = np.mgrid[: COLOR.height, : COLOR.width]
    classes = (3 * u + v).astype(np.uint8) % 251  # neighbours differ
    cloud = classified_cloud(frame, classes, None)
    assert len(cloud.points) > 500
    shown = np.rint(project(cloud.points, COLOR)).astype(int)
    is_inside = ((shown >= 0) & (shown < (COLOR.width, COLOR.height))).all(axis=1)
    expected = classes[tuple(shown[is_inside].T[::-1])]
    assert (cloud.classes[is_inside] == expected).mean() > 0.98  # ties round


def test_bins_are_told_by_their_middles():
    heights, angles = bin_centres(HNBins((0.5, 0.8, 2.0), (30.0,)))
    np.testing.assert_allclose(heights, [0.25, 0.65, 1.4, 2.6])
    np.testing.assert_allclose(angles, [15, 60])
    heights, angles = bin_centres(HNBins((-0.2, 0.4), (60.0, 100.0), True))
    np.testing.assert_allclose(heights, [-0.2, 0.1, 0.7])
    np.testing.assert_allclose(angles, [30, 80, 140])
    heights, _ = bin_centres(HNBins((), (30.0,)))
    np.testing.assert_allclose(heights, [0])


def test_open3d_reads_points_colours_classes_heights_and_angles(tmp_path):
    import open3d

    bins = HNBins((0.5, 0.8, 2.0), (30.0,))
    palette = class_palette(bins)
    frame = _frame({(3, 20): 2000, (9, 2): 1000, (15, 5): 3000})
    classes = _classes({(3, 20): 6, (9, 2): 1, (15, 5): 3})
    cloud = classified_cloud(frame, classes, None)
    write_ply(tmp_path / "points.ply", cloud, palette, bins)
    read = open3d.t.io.read_point_cloud(str(tmp_path / "points.ply")).point
    np.testing.assert_array_equal(read["positions"].numpy(), cloud.points)
    np.testing.assert_array_equal(read["colors"].numpy(), palette[[6, 1, 3]])
    assert read["class"].numpy().ravel().tolist() == [6, 1, 3]
    np.testing.assert_allclose(read["height"].numpy().ravel(), [1.4, 0.65, 2.6])
    assert read["angle"].numpy().ravel().tolist() == [60, 15, 15]
    legacy = open3d.io.read_point_cloud(str(tmp_path / "points.ply"))
    np.testing.assert_allclose(np.asarray(legacy.points), cloud.points)
    np.testing.assert_allclose(255 * np.asarray(legacy.colors), palette[[6, 1, 3]])


@pytest.mark.parametrize(
    ("floor", "said"),
    [
        (None, b"comment axes: the colour camera's: x right, y down, z forward"),
        (FloorPlane(np.array((0.0, -1, 0)), 1.5), b"comment axes: z up from the floor"),
    ],
)
def test_a_file_says_which_axes_it_has(tmp_path, floor, said):
    cloud = classified_cloud(_frame({(3, 20): 2000}), _classes({}), floor)
    write_ply(tmp_path / "points.ply", cloud, class_palette(HNBins()))
    content = (tmp_path / "points.ply").read_bytes()
    assert said in content
    assert b"height" not in content  # a semantic network knows none
