"""Recordings written in the layouts of others, and read back."""

import logging
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lopsided import lopsided_frame
from written_images import HEIGHT, WIDTH, depth_of, pose_of, rgb_of, with_orientation

from core.errors import DatasetError
from core.frame import Intrinsics, RgbdFrame
from core.images import EncodedImage, decode_color
from core.interchange import FrameSource, open_frames
from core.interchange.export import depth_in_units, on_color_grid
from core.interchange.layout import Layout
from core.interchange.layouts import layout
from core.recording import Recording, RecordingWriter

# Halves and powers of two would hide a lost digit.
CAMERA = Intrinsics(
    *(WIDTH, HEIGHT, 31.1 / 3, 33.7 / 7, 19.9 / 11, 11.3 / 13),
    distortion=(0.21, -0.58 / 3, 7e-4, 1e-3 / 7, 0.499),
)
TIMES_NS = [
    1_712_345_678_987_654_321,
    1_712_345_679_000_000_007,
    1_712_345_679_100_000_000,
]


def frame_of(number: int, depth_scale: float = 0.001) -> RgbdFrame:
    """Frame `number`, its depth on the colour grid and nearer than 13.1 m."""
    depth = depth_of(number) % np.uint16(13100)
    depth[5, 7:11] = 0
    return RgbdFrame.aligned(
        rgb_of(number),
        depth,
        CAMERA,
        depth_scale,
        timestamp_ns=TIMES_NS[number],
        number=70 + number,
    )


def png(rgb: np.ndarray) -> EncodedImage:
    """With a mark that only the bytes show."""
    _, data = cv2.imencode(".png", rgb[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return EncodedImage("png", data.tobytes())


@pytest.fixture
def recording(tmp_path) -> Recording:
    """Three frames: a JPEG without a pose, then a PNG and a JPEG with poses."""
    with RecordingWriter(tmp_path / "room") as writer:
        writer.write(frame_of(0))
        writer.write(frame_of(1), pose_of(1), png(rgb_of(1)))
        writer.write(frame_of(2), pose_of(2))
    return Recording(tmp_path / "room")


def exported(source: FrameSource, target: Layout, out: Path) -> FrameSource:
    """What the layout reads of what it has written of a source."""
    out.mkdir()
    done = []
    target.write(source, out, lambda *progress: done.append(progress))
    assert done == [(n + 1, len(source)) for n in range(len(source))]
    return open_frames(out)


def assert_same_depth(frame: RgbdFrame, expected: RgbdFrame) -> None:
    """Equal metres, pixel for pixel, in whatever units."""
    steps = expected.depth_scale / frame.depth_scale
    assert steps == pytest.approx(round(steps), abs=1e-6)
    assert np.array_equal(frame.depth, expected.depth * round(steps))


@pytest.mark.parametrize("name", ["tum", "open3d", "7scenes"])
def test_what_is_written_is_read_back_the_same(recording, tmp_path, name):
    source = exported(recording, layout(name), tmp_path / "out")
    assert len(source) == 3
    for index, (frame, expected) in enumerate(zip(source, recording, strict=True)):
        assert_same_depth(frame, expected)
        assert np.array_equal(frame.rgb, expected.rgb)
        assert frame.color_intrinsics == CAMERA
        assert frame.is_aligned
        if name == "tum":
            assert frame.timestamp_ns == expected.timestamp_ns
        if name != "7scenes":  # its colour files are PNG
            assert source.encoded_color(index) == recording.encoded_color(index)
    assert source.pose(0) is None
    for index in (1, 2):
        assert np.allclose(source.pose(index), pose_of(index), rtol=0, atol=1e-9)


def test_each_layout_has_its_units(recording, tmp_path):
    scales = {
        name: exported(recording, layout(name), tmp_path / name)[0].depth_scale
        for name in ("tum", "open3d", "7scenes")
    }
    assert scales == {"tum": 1 / 5000, "open3d": 1 / 1000, "7scenes": 1 / 1000}


def test_the_files_are_those_that_others_look_for(recording, tmp_path):
    for name in ("tum", "open3d", "7scenes"):
        exported(recording, layout(name), tmp_path / name)
    tum, open3d, scenes = (tmp_path / name for name in ("tum", "open3d", "7scenes"))
    time = "1712345678.987654321"
    rows = (tum / "rgb.txt").read_text().splitlines()
    assert rows[:3] == [
        "# color images",
        "# timestamp filename",
        f"{time} rgb/{time}.jpg",
    ]
    depth = cv2.imread(str(tum / "depth" / f"{time}.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(depth, frame_of(0).depth * 5)
    assert (tum / "rgb" / "1712345679.000000007.png").is_file()
    poses = np.loadtxt(tum / "groundtruth.txt")
    assert poses.shape == (2, 8)
    assert np.allclose(poses[1, 1:4], pose_of(2)[:3, 3])
    assert sorted(file.name for file in (open3d / "color").iterdir()) == [
        "000000.jpg",
        "000001.png",
        "000002.jpg",
    ]
    assert (open3d / "trajectory.log").read_text().startswith("0 0 1\nnan")
    missing = cv2.imread(str(scenes / "frame-000002.depth.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(missing == 65535, frame_of(2).depth == 0)
    assert (missing == 65535).any()
    assert not (scenes / "frame-000000.pose.txt").exists()
    assert np.array_equal(np.loadtxt(scenes / "frame-000002.pose.txt").shape, (4, 4))


def test_what_a_layout_cannot_hold_is_said_once(tmp_path, caplog):
    far = frame_of(0).depth.copy()
    far[2, 3:6] = 13108, 20000, 65534
    up = np.array([0.6, -0.8, 0.0])
    with RecordingWriter(tmp_path / "room") as writer:
        writer.write(replace(frame_of(0), depth=far, up_hint=up))
        writer.write(replace(frame_of(1), depth=far, up_hint=up))
    recording = Recording(tmp_path / "room")
    with caplog.at_level(logging.WARNING):
        source = exported(recording, layout("tum"), tmp_path / "tum")
    assert source[0].depth[2, 3:6].tolist() == [0, 0, 0]
    assert caplog.messages == [
        "the colour camera's distortion is kept in camera_intrinsic.json, where other "
        "programs do not look for it",
        "6 pixels beyond 13.1 m are written as missing",
        "frames are counted from 0; their numbers are not kept",
        "the IMU's directions are not kept",
    ]
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        exported(recording, layout("open3d"), tmp_path / "open3d")
    assert caplog.messages[1:] == [
        "the times of frames are not kept",
        "frames are counted from 0; their numbers are not kept",
        "the IMU's directions are not kept",
    ]


def test_depth_of_finer_steps_is_rounded_and_said_to_be(tmp_path, caplog):
    with RecordingWriter(tmp_path / "room") as writer:
        depth = frame_of(0).depth.copy()
        depth[3, :4] = 1, 2, 3, 65535
        writer.write(replace(frame_of(0, depth_scale=0.00025), depth=depth))
    recording = Recording(tmp_path / "room")
    with caplog.at_level(logging.WARNING):
        source = exported(recording, layout("7scenes"), tmp_path / "out")
    assert np.array_equal(source[0].depth, np.rint(recording[0].depth * 0.25))
    num_rounded = np.count_nonzero(recording[0].depth % 4)
    assert f"depth of {num_rounded} pixels is rounded to 1 mm" in caplog.text
    assert "beyond" not in caplog.text


@given(st.integers(1, 13), st.floats(-1e-7, 1e-7))
def test_whole_numbers_of_units_are_exact(factor, error):
    """As far as a float32 tells a scale, too."""
    depth = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    camera = Intrinsics(256, 256, 300, 300, 128, 128)
    rgb = np.zeros((256, 256, 3), np.uint8)
    frame = RgbdFrame.aligned(rgb, depth, camera, factor / 5000 * (1 + error))
    units = depth.astype(np.int64) * factor
    units[units > 65535] = 0
    assert np.array_equal(depth_in_units(frame, 5000), units)


def test_depth_of_its_own_camera_is_moved_to_the_colour_camera(tmp_path):
    color = Intrinsics(60, 36, 50.5, 52.5, 29.2, 17.9, (0.05, -0.02, 1e-3, -2e-3))
    depth = Intrinsics(90, 60, 45.1, 46.3, 44.2, 29.8)
    T_color_depth = np.eye(4)
    T_color_depth[:3, 3] = 0.03, -0.01, 0.25
    # A wall across the view, 2 m from the depth camera, is 2.25 m from the other.
    frame = RgbdFrame(
        np.full((36, 60, 3), (200, 90, 20), np.uint8),
        np.full((60, 90), 2000, np.uint16),
        0.001,
        color,
        depth,
        T_color_depth,
        timestamp_ns=5,
        number=3,
    )
    moved = on_color_grid(frame)
    assert moved.is_aligned
    assert moved.color_intrinsics == color
    assert moved.depth.shape == (36, 60)
    assert (moved.depth[3:-3, 3:-3] == 2250).all()
    assert (moved.timestamp_ns, moved.number) == (5, 3)
    assert on_color_grid(moved) is moved
    with RecordingWriter(tmp_path / "room") as writer:
        writer.write(frame)
    source = exported(Recording(tmp_path / "room"), layout("tum"), tmp_path / "out")
    assert (source[0].depth[3:-3, 3:-3] == 11250).all()


def test_moved_depth_lies_on_the_distorted_pixels(tmp_path):
    """What the colour camera's lens bends, depth is bent with."""
    color = Intrinsics(120, 80, 60.5, 62.5, 59.2, 39.9, (-0.3, 0.1, 0.0, 0.0))
    depth = Intrinsics(240, 160, 100.1, 102.3, 119.2, 79.8)
    # A wall with a step at x = 1.4 m, seen by both cameras from one place.
    left = (np.arange(240) - depth.cx) / depth.fx * 2.0 < 1.4
    image = np.where(left, np.uint16(2000), np.uint16(2100))
    T_color_depth = np.eye(4)
    T_color_depth[0, 3] = 1e-9  # not the same place, but as good as
    frame = RgbdFrame(
        np.zeros((80, 120, 3), np.uint8),
        np.tile(image, (160, 1)),
        0.001,
        color,
        depth,
        T_color_depth,
    )
    moved = on_color_grid(frame).depth
    points = np.array([[1.4, 0.3, 2.0], [1.4, -0.5, 2.0]])
    pixels, _ = cv2.projectPoints(
        points, np.zeros(3), np.zeros(3), color.K, np.array(color.distortion)
    )
    for u, v in np.rint(pixels[:, 0]).astype(int):
        assert moved[v, u - 3] == 2000
        assert moved[v, u + 3] == 2100


def test_a_jpeg_that_other_tools_would_turn_becomes_a_png(tmp_path):
    _, data = cv2.imencode(".jpg", rgb_of(1)[..., ::-1])
    jpeg = with_orientation(data.tobytes(), 3)  # upside down
    with RecordingWriter(tmp_path / "room") as writer:
        rgb = decode_color(jpeg)
        writer.write(replace(frame_of(1), rgb=rgb), color=EncodedImage("jpeg", jpeg))
    source = exported(Recording(tmp_path / "room"), layout("open3d"), tmp_path / "out")
    (file,) = (tmp_path / "out" / "color").iterdir()
    seen = cv2.imread(str(file))[..., ::-1]  # it turns what has such a tag
    assert np.array_equal(seen, rgb)
    assert np.array_equal(source[0].rgb, rgb)


def test_frames_of_one_time_have_no_names_in_tum(tmp_path):
    with RecordingWriter(tmp_path / "room") as writer:
        writer.write(frame_of(0))
        writer.write(replace(frame_of(1), timestamp_ns=TIMES_NS[0]))
    (tmp_path / "out").mkdir()
    with pytest.raises(DatasetError, match="frame 1 of room is not later"):
        layout("tum").write(
            Recording(tmp_path / "room"), tmp_path / "out", lambda done, total: None
        )


def test_a_frame_as_a_camera_gives_it_can_be_written(tmp_path):
    """Two lenses, eight distortion numbers, a scale that is no round number."""
    with RecordingWriter(tmp_path / "room") as writer:
        writer.write(lopsided_frame(0))
    recording = Recording(tmp_path / "room")
    for name in ("tum", "open3d", "7scenes"):
        source = exported(recording, layout(name), tmp_path / name)
        assert source[0].color_intrinsics == recording.calibration.color
    scale = open_frames(tmp_path / "open3d")[0].depth_scale
    assert scale == pytest.approx(recording.calibration.depth_scale, rel=1e-15)
