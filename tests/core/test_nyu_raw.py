"""Raw scenes of NYUv2, byte by byte as libfreenect writes them."""

import logging
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from written_images import refusal

from core import nyuv2
from core.frame import RgbdFrame
from core.interchange import open_frames
from core.interchange.nyu_raw import nyu_raw_folder
from core.nyuv2 import RAW_COLOR_CAMERA, RAW_DEPTH_CAMERA, T_RAW_COLOR_DEPTH
from core.registration import register_depth

OTHER_FORMATS = "open3d_test_data/examples/test_data/RGBD/other_formats"


def disparity_of(number: int) -> np.ndarray:
    """(480, 640) of 11 bits."""
    random = np.random.default_rng(number)
    return random.integers(0, 2048, (480, 640), dtype=np.uint16)


def write_depth(folder: Path, time: str, number: int) -> Path:
    file = folder / f"d-{time}-{1000 + number}.pgm"
    data = disparity_of(number).astype("<u2").tobytes()
    file.write_bytes(b"P5 640 480 65535\n" + data)
    return file


def write_color(folder: Path, time: str, number: int) -> Path:
    rgb = np.zeros((480, 640, 3), np.uint8)
    rgb[...] = 200, 10 * number, 30
    file = folder / f"r-{time}-{2000 + number}.ppm"
    file.write_bytes(b"P6 640 480 255\n" + rgb.tobytes())
    return file


@pytest.fixture
def scene(tmp_path) -> Path:
    """Three depth images; the second has no colour image within 20 ms."""
    write_depth(tmp_path, "1316653580.471513", 1)
    write_depth(tmp_path, "1316653580.505000", 2)
    write_depth(tmp_path, "1316653580.600000", 3)
    write_color(tmp_path, "1316653580.459000", 1)
    write_color(tmp_path, "1316653580.470000", 2)
    write_color(tmp_path, "1316653580.615123", 3)
    (tmp_path / "a-1316653580.480000-3000.dump").write_bytes(bytes(12))
    (tmp_path / "INDEX.txt").write_text("r-1316653580.459000-2001.ppm\n")
    return tmp_path


def test_depth_is_paired_with_the_nearest_colour(scene, caplog):
    with caplog.at_level(logging.WARNING):
        source = open_frames(scene)
    frames = list(source)
    assert [int(frame.rgb[0, 0, 1]) for frame in frames] == [20, 30]
    assert [frame.timestamp_ns for frame in frames] == [
        1_316_653_580_470_000_000,
        1_316_653_580_615_123_000,
    ]
    assert source.unpaired == (
        "r-1316653580.459000-2001.ppm",
        "d-1316653580.505000-1002.pgm",
    )
    assert "2 images have no partner" in caplog.text


def test_disparity_becomes_metres(scene):
    frame = open_frames(scene)[1]
    raw = disparity_of(3).astype(np.float64)
    # depth_rel2depth_abs.m; it clamps to 0 and 10 m what is none.
    expected = 351.3 / (1092.5 - raw)
    is_measured = (expected > 0) & (expected < 10)
    depth_m = frame.depth * frame.depth_scale
    assert np.abs(depth_m - expected)[is_measured].max() <= 1.0001e-4
    assert (frame.depth[~is_measured] == 0).all()
    assert 0.45 < is_measured.mean() < 0.55
    # Every step of the Kinect is a step here: disparity can be told from depth.
    numbers = np.arange(1058)
    units = nyuv2.depth_units_of_raw(numbers.astype(np.uint16))
    back = 1092.5 - 351.3 / (units * nyuv2.DEPTH_SCALE)
    assert np.array_equal(np.rint(back), numbers)
    # What reads the bytes in the order that PGM has would see other numbers.
    assert nyuv2.depth_units_of_raw(np.array([0xFF07], np.uint16)) == 0


def test_the_cameras_are_those_of_the_toolbox(scene):
    frame = open_frames(scene)[0]
    assert frame.color_intrinsics == RAW_COLOR_CAMERA
    assert frame.depth_intrinsics == RAW_DEPTH_CAMERA
    # camera_params.m and depth_world2rgb_world.m, with MATLAB's order of elements.
    numbers = -np.array(
        [
            *(9.9997798940829263e-01, 5.0518419386157446e-03, 4.3011152014118693e-03),
            *(-5.0359919480810989e-03, 9.9998051861143999e-01, -3.6879781309514218e-03),
            *(-4.3196624923060242e-03, 3.6662365748484798e-03, 9.9998394948385538e-01),
        ]
    )
    R = np.linalg.inv(numbers.reshape(3, 3, order="F").T)
    T = np.array(
        (2.5031875059141302e-02, -2.9342312935846411e-04, 6.6238747008330102e-04)
    )
    for point in ((0.3, -0.2, 1.7), (-1.1, 0.4, 3.2)):
        theirs = R @ point + T
        ours = frame.T_color_depth[:3, :3] @ point + frame.T_color_depth[:3, 3]
        assert ours[:2] / ours[2] == pytest.approx(theirs[:2] / theirs[2], abs=1e-12)
        assert ours[2] > 0
    rotation = frame.T_color_depth[:3, :3]
    assert np.linalg.det(rotation) == pytest.approx(1)


@pytest.mark.parametrize("num_bytes", [0, 40, 640 * 480 * 2 + 16])
def test_images_that_were_cut_off_are_left_out_with_one_warning(
    scene, caplog, num_bytes
):
    cut = write_depth(scene, "1316653580.469000", 4)
    cut.write_bytes(cut.read_bytes()[:num_bytes])
    color = write_color(scene, "1316653580.601000", 5)
    color.write_bytes(color.read_bytes()[:-1])
    with caplog.at_level(logging.WARNING):
        frames = list(open_frames(scene))
    assert [int(frame.rgb[0, 0, 1]) for frame in frames] == [20, 30]
    assert caplog.text.count("cut off") == 1
    assert "2 images are empty or cut off and are left out" in caplog.text


@pytest.mark.parametrize(
    ("dump", "up"),
    [
        # Rolled a little, and looking up: z, forward, has some of up.
        (struct.pack("<3hbxi", 90, 780, 200, 0, 0), (-90, -780, 200)),
        (struct.pack("<3hbxi", 90, 600, 200, 0, 0), None),  # it falls
        (b"\0" * 12, None),
        (b"\0\1\2", None),
        (b"", None),
    ],
)
def test_up_is_where_the_accelerometer_points(scene, dump, up):
    (scene / "a-1316653580.473000-3001.dump").write_bytes(dump)
    first, second = open_frames(scene)
    if up is None:
        assert first.up_hint is None
    else:
        expected = np.array(up) / np.linalg.norm(up)
        np.testing.assert_allclose(first.up_hint, expected)
    assert second.up_hint is None  # nothing was measured within 20 ms


def test_a_scene_without_pairs_is_refused(scene):
    for file in scene.glob("r-*"):
        file.write_bytes(b"")
    assert "no whole colour and depth image" in refusal(scene)
    for file in scene.glob("r-*"):
        file.unlink()
    assert "holds no frames" in refusal(scene)


def test_names_that_hold_no_time_are_no_images_of_a_scene(tmp_path):
    (tmp_path / "d-nan-1.pgm").write_bytes(b"")
    (tmp_path / "d-1.5.pgm").write_bytes(b"")
    (tmp_path / "r-x-1.ppm").write_bytes(b"")
    for time in ("1e99999999", "99999999999.5", "inf"):  # no clock is so late
        write_color(tmp_path, time, 1)
        write_depth(tmp_path, time, 1)
    assert "holds no frames" in refusal(tmp_path)


def misalignment(rgb: np.ndarray, frame: RgbdFrame) -> float:
    """Pixels from edges of depth to the nearest edge of colour, on average."""
    color = frame.color_intrinsics
    gray = cv2.undistort(rgb, color.K, np.array(color.distortion)).mean(axis=2)
    gray = cv2.GaussianBlur(gray.astype(np.uint8), (0, 0), 1)
    far = cv2.distanceTransform(255 - cv2.Canny(gray, 40, 100), cv2.DIST_L2, 5)
    depth = register_depth(frame)[20:-20, 20:-20].astype(float)
    beside = np.roll(depth, 4, axis=1), np.roll(depth, 4, axis=0)
    edge = np.zeros(depth.shape, bool)
    for other in beside:
        both = (depth > 0) & (other > 0)
        edge |= both & (np.abs(depth - other) > 0.08 * np.minimum(depth, other))
    edge = np.roll(edge, (-2, -2), (0, 1))
    return float(np.minimum(far[20:-20, 20:-20][edge], 10).mean())


def test_depth_of_the_real_pair_lies_on_its_colours(real_data):
    files = real_data / OTHER_FORMATS
    pairs = [(files / "NYU_color.ppm", files / "NYU_depth.pgm")]
    (frame,) = nyu_raw_folder(files, pairs)
    assert (frame.depth > 0).mean() > 0.9
    assert 2 < np.median(frame.depth[frame.depth > 0]) * frame.depth_scale < 5
    best = misalignment(frame.rgb, frame)
    inverse = np.linalg.inv(T_RAW_COLOR_DEPTH)
    transposed = T_RAW_COLOR_DEPTH.copy()
    transposed[:3, :3] = transposed[:3, :3].T
    other_way = T_RAW_COLOR_DEPTH.copy()
    other_way[:3, 3] *= -1
    for wrong in (inverse, transposed, other_way, np.eye(4)):
        moved = RgbdFrame(
            frame.rgb,
            frame.depth,
            frame.depth_scale,
            frame.color_intrinsics,
            frame.depth_intrinsics,
            wrong,
        )
        assert misalignment(frame.rgb, moved) > 1.2 * best
