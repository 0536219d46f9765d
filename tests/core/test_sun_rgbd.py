"""SUN RGB-D's folders, of one frame each."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from written_images import K, depth_of, refusal, rgb_of, write_color, write_depth

from core import label_frame
from core.geometry import angle_deg
from core.interchange import open_frames


def rotated_left(mm: np.ndarray) -> np.ndarray:
    """16 bits, the upper three of which come in again from the right."""
    bits = [format(value, "016b") for value in mm.ravel().tolist()]
    numbers = [int(word[3:] + word[:3], 2) for word in bits]
    return np.array(numbers, np.uint16).reshape(mm.shape)


@pytest.fixture
def folder(tmp_path) -> Path:
    """A frame whose camera was turned 20 degrees down."""
    write_color(tmp_path / "image" / "0000144.jpg", rgb_of(1))
    write_depth(tmp_path / "depth" / "0000144.png", rotated_left(depth_of(1)))
    filled = np.full(depth_of(1).shape, 8 * 1500, np.uint16)
    write_depth(tmp_path / "depth_bfx" / "0000144.png", filled)
    (tmp_path / "intrinsics.txt").write_text(K.replace("\n", " "))
    (tmp_path / "extrinsics").mkdir()
    (tmp_path / "extrinsics" / "20141219.txt").write_text(" ".join("1" * 12))
    # What is straight ahead in the camera, (0, 0, 1), is 20 degrees below the horizon.
    (tmp_path / "extrinsics" / "20141221.txt").write_text(
        "1 0 0 0\n0 0.939693 0.342020 0\n0 -0.342020 0.939693 0\n"
    )
    return tmp_path


def test_depth_is_what_was_measured_in_millimetres(folder):
    (frame,) = open_frames(folder)
    assert np.array_equal(frame.depth, depth_of(1))
    assert frame.depth_scale == 0.001
    assert (frame.color_intrinsics.fx, frame.color_intrinsics.cy) == (31.5, 11.75)
    assert frame.is_aligned


def test_the_tilt_says_where_up_is(folder):
    (frame,) = open_frames(folder)
    # A camera that looks down has up above it and behind it.
    assert frame.up_hint == pytest.approx((0, -0.939693, -0.342020), abs=1e-5)
    for file in (folder / "extrinsics").iterdir():
        file.unlink()
    assert open_frames(folder)[0].up_hint is None


def test_a_tilt_that_is_none_is_refused(folder):
    (folder / "extrinsics" / "20141222.txt").write_text("1 0 0 0 1 0 0 0 1")
    assert "20141222.txt has 9 numbers; expected the 12" in refusal(folder)
    (folder / "extrinsics" / "20141222.txt").write_text("1 0 0 0 0 2 0 0 0 0 1 0")
    assert "20141222.txt is no rotation" in refusal(folder)


def test_the_tilt_of_one_image_is_not_that_of_others(folder):
    write_color(folder / "image" / "0000145.jpg", rgb_of(2))
    write_depth(folder / "depth" / "0000145.png", depth_of(2))
    assert [frame.up_hint for frame in open_frames(folder)] == [None, None]


@pytest.mark.parametrize(
    ("name", "sensor_range_m"),
    [("2014-12-18_11-31-54_260595134347", (0.5, 4.5)), ("img_0063", (0.7, 4.0))],
)
def test_real_frames_are_metric(real_data, name, sensor_range_m):
    folder = real_data / "sunrgbd_toy" / "images" / name
    (frame,) = open_frames(folder)
    (file,) = (folder / "depth").iterdir()
    stored = cv2.imread(str(file), cv2.IMREAD_UNCHANGED).astype(np.float64)
    # The rotation in arithmetic: an eighth, and what remains counts 8192 each.
    millimetres = np.floor(stored / 8) + 8192 * (stored % 8)
    depth_m = frame.depth * frame.depth_scale
    assert np.abs(depth_m - millimetres / 1000).max() < 1e-9
    seen = depth_m[depth_m > 0]
    nearest, farthest = sensor_range_m
    assert nearest < seen.min() and seen.max() < farthest
    assert 1.5 < np.median(seen) < 3  # an office
    # The floor in the image agrees with the tilt.
    assert frame.up_hint is not None
    labels = label_frame(replace(frame, up_hint=None))
    assert labels is not None
    assert angle_deg(labels.floor.up, frame.up_hint) < 3
    assert 1.0 < labels.floor.camera_height < 1.5  # held in hands
