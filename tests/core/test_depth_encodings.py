"""Pairs of image files in the encodings of others, beside Open3D's reading of them."""

import json
from pathlib import Path

import cv2
import numpy as np
import open3d
import pytest
from written_images import depth_of, rgb_of, write_color, write_depth

from core.errors import DatasetError
from core.interchange import open_image_pair
from core.interchange.calibration import CameraFile
from core.label_command import LabelConfig, label
from core.nyuv2 import RAW_COLOR_CAMERA, RAW_DEPTH_CAMERA

OTHER_FORMATS = "open3d_test_data/examples/test_data/RGBD/other_formats"
CAMERA = CameraFile(
    Path("given"), np.array([[525, 0, 319.5], [0, 526, 239.5], [0, 0, 1]])
)


@pytest.fixture
def pair(tmp_path) -> list[Path]:
    """A colour image and depth of all kinds of numbers."""
    write_color(tmp_path / "a.png", rgb_of(1))
    depth = depth_of(1)
    depth[2, 5:9] = 65535
    write_depth(tmp_path / "b.png", depth)
    return [tmp_path / "a.png", tmp_path / "b.png"]


def depth_m(files: list[Path], **options) -> np.ndarray:
    (frame,) = open_image_pair(files, CAMERA, **options)
    return frame.depth * frame.depth_scale


def test_encodings_are_undone(pair):
    stored = cv2.imread(str(pair[1]), cv2.IMREAD_UNCHANGED).astype(np.float64)
    seen = np.where(stored == 65535, 0, stored)
    assert depth_m(pair) == pytest.approx(seen / 1000)
    assert depth_m(pair, encoding="mm") == pytest.approx(seen / 1000)
    assert depth_m(pair, encoding="tum") == pytest.approx(seen / 5000)
    assert depth_m(pair, depth_scale=0.25) == pytest.approx(seen / 4)
    rotated = np.floor(seen / 8) + 8192 * (seen % 8)  # whose 65535 is itself
    assert depth_m(pair, encoding="sun") == pytest.approx(rotated / 1000)


def test_an_encoding_that_is_named_stands_before_the_calibrations_scale(pair):
    camera = CameraFile(CAMERA.path, CAMERA.K, depth_scale=0.002)
    scales = [
        open_image_pair(pair, camera, encoding=encoding).depth_scale
        for encoding in (None, "mm", "tum")
    ]
    assert scales == [0.002, 0.001, 0.0002]


@pytest.mark.parametrize(
    ("kind", "suffix", "far_m"), [("tum", "png", 4), ("sun", "jpg", 7)]
)
def test_real_pairs_have_the_metres_that_open3d_reads(real_data, kind, suffix, far_m):
    folder = real_data / OTHER_FORMATS
    name = kind.upper()
    files = [folder / f"{name}_color.{suffix}", folder / f"{name}_depth.png"]
    read = getattr(open3d.geometry.RGBDImage, f"create_from_{kind}_format")
    images = [open3d.io.read_image(str(file)) for file in files]
    theirs = np.asarray(read(*images).depth)
    ours = depth_m(files, encoding=kind)
    # Open3D's default leaves out what is far: 4 m for TUM, 7 m for SUN and NYU.
    assert np.abs(np.where(ours < far_m, ours, 0) - theirs).max() < 1e-6
    assert 2 < np.median(ours[ours > 0]) < 3


def test_the_real_raw_pair_of_nyuv2_has_the_metres_that_open3d_reads(real_data):
    folder = real_data / OTHER_FORMATS
    files = [folder / "NYU_color.ppm", folder / "NYU_depth.pgm"]
    (frame,) = open_image_pair(files[::-1], encoding="nyu-raw")
    assert frame.color_intrinsics == RAW_COLOR_CAMERA
    assert frame.depth_intrinsics == RAW_DEPTH_CAMERA
    rgb = np.frombuffer(files[0].read_bytes()[15:], np.uint8).reshape(480, 640, 3)
    assert np.array_equal(frame.rgb, rgb)
    # Open3D swaps the bytes itself; and it rounds to millimetres, half of which it is
    # off, where we keep a fifth.
    swapped = np.frombuffer(files[1].read_bytes()[17:], ">u2").reshape(480, 640)
    theirs = open3d.geometry.RGBDImage.create_from_nyu_format(
        open3d.geometry.Image(rgb.copy()),
        open3d.geometry.Image(swapped.astype(np.uint16)),
    )
    ours = frame.depth * frame.depth_scale
    assert ours.max() < 7  # here nothing is left out
    difference = np.abs(ours - np.asarray(theirs.depth))
    assert 0.4e-3 < difference.max() < 0.61e-3


def test_hn_label_takes_the_encoding_of_a_pair(real_data):
    folder = real_data / OTHER_FORMATS
    files = (folder / "NYU_color.ppm", folder / "NYU_depth.pgm")
    found = json.loads(label(LabelConfig(files, stats=True, depth_encoding="nyu-raw")))
    assert found["NYU_color"]["valid_depth"] > 0.9
    assert found["NYU_color"]["labelled"] == 1
    assert 0.8 < found["NYU_color"]["median_camera_height_m"] < 2.0


@pytest.mark.parametrize(
    ("paths", "sentence"),
    [("a.png b.png", "give one of them"), (".", "--depth-encoding are for two image")],
)
def test_an_encoding_where_it_means_nothing_is_refused(pair, paths, sentence):
    inputs = tuple(pair[0].parent / name for name in paths.split())
    config = LabelConfig(inputs, depth_encoding="tum", depth_scale=0.001)
    with pytest.raises(DatasetError, match=sentence):
        label(config)


def test_a_raw_pair_of_another_size_is_refused(pair):
    with pytest.raises(DatasetError, match=r"is 40x24; expected 640x480"):
        open_image_pair(pair, encoding="nyu-raw")[0]
