"""Files of the RealSense SDK, written by its own recorder."""

import builtins
import logging
import sqlite3
import struct
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pyrealsense2 as rs
import pytest
import zstandard
from recorded_file import color_image, depth_image, push_frames, record, rewrite
from software_camera import (
    COLOR_DISTORTION,
    COLOR_SIZE,
    DEPTH_SCALE,
    DEPTH_SIZE,
    FPS,
    ROTATION,
    TRANSLATION,
    SoftwareCamera,
)

from capture_app.sensors import realsense_db3, realsense_playback
from capture_app.sensors.files import open_file
from capture_app.sensors.realsense_contents import (
    Contents,
    DamagedError,
    read_contents,
)
from capture_app.sensors.realsense_db3 import Db3Reader
from capture_app.sensors.realsense_file import RealSenseFileSensor
from capture_app.sensors.realsense_frames import Sample, to_rgb
from capture_app.sensors.realsense_playback import Playback
from capture_app.sensors.registry import open_sensor
from core.errors import SensorError
from core.frame import RgbdFrame

PAGE = 4096


def frames_of(path: Path) -> list[RgbdFrame]:
    with RealSenseFileSensor(path, at_pace=False) as sensor:
        frames = []
        while (frame := sensor.read(2.0)) is not None:
            frames.append(frame)
        assert sensor.read(2.0) is None
    return frames


def samples_of(source: Playback | Db3Reader) -> dict[tuple[str, int], Sample]:
    samples = {}
    while (sample := source.next(2.0)) is not None:
        samples[sample.stream, sample.number] = sample
    source.close()
    return samples


def check_exact(frames: list[RgbdFrame], *numbers: int) -> None:
    assert [frame.number for frame in frames] == list(numbers)
    for frame in frames:
        np.testing.assert_array_equal(frame.depth, depth_image(frame.number))
        np.testing.assert_array_equal(frame.rgb, color_image(frame.number))


def walk_with_losses(camera: SoftwareCamera) -> None:
    """Frames 1 to 12; 5 is lost, 8 has no colour, 10 no depth. Colour comes late."""
    push_frames(1, 2, 3, 4, 6, 7)(camera)
    camera.push_depth(8, depth_image(8))
    camera.push_depth(9, depth_image(9))
    camera.push_color(9, color_image(9), 9 * 1000 / FPS + 14.0)
    camera.push_color(10, color_image(10), 10 * 1000 / FPS)
    push_frames(11, 12)(camera)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recorded") / "a walk.db3"
    return record(path, SoftwareCamera(), walk_with_losses)


@pytest.fixture(scope="module")
def raw_walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recorded") / "raw.db3"
    camera_frames = push_frames(*range(1, 7))
    return record(path, SoftwareCamera(), camera_frames, is_compressed=False)


@pytest.fixture
def copy(walk: Path, tmp_path: Path) -> Path:
    path = tmp_path / "copy.db3"
    path.write_bytes(walk.read_bytes())
    return path


def test_every_pair_comes_once_and_pixel_by_pixel(walk: Path) -> None:
    frames = frames_of(walk)
    check_exact(frames, 1, 2, 3, 4, 6, 7, 9, 11, 12)
    for frame in frames:
        assert frame.timestamp_ns == pytest.approx(frame.number * 1e9 / FPS, abs=1000)


def test_the_sensor_knows_how_many_frames_there_can_be(walk: Path) -> None:
    with RealSenseFileSensor(walk) as sensor:
        assert (sensor.num_frames, sensor.fps) == (10, FPS)
        assert sensor.name == "a walk.db3 (Intel RealSense D435I)"


def test_the_calibration_is_the_camera_s(walk: Path) -> None:
    frame = frames_of(walk)[0]
    assert frame.depth_scale == np.float32(DEPTH_SCALE)
    color, depth = frame.color_intrinsics, frame.depth_intrinsics
    assert (color.width, color.height) == COLOR_SIZE
    assert (color.fx, color.fy, color.cx, color.cy) == (77.0, 78.5, 41.25, 28.75)
    assert color.distortion == tuple(float(np.float32(k)) for k in COLOR_DISTORTION)
    assert (depth.width, depth.height) == DEPTH_SIZE
    assert (depth.fx, depth.fy, depth.cx, depth.cy) == (61.5, 62.25, 30.5, 25.25)
    assert depth.distortion == ()
    # The SDK writes six decimals.
    np.testing.assert_allclose(frame.T_color_depth[:3, :3], ROTATION, atol=1e-6)
    np.testing.assert_allclose(frame.T_color_depth[:3, 3], TRANSLATION, atol=1e-6)


@pytest.mark.parametrize("is_compressed", [True, False])
def test_the_sdk_itself_reads_the_same_samples(
    is_compressed: bool, tmp_path: Path
) -> None:
    def push(camera: SoftwareCamera) -> None:
        camera.push_acceleration(0, (0.5, -9.7, 0.25), 20.0)
        push_frames(1, 2, 3, 4)(camera)
        camera.push_acceleration(1, (0.25, -9.5, -0.125), 120.0)

    path = tmp_path / "walk.db3"
    record(path, SoftwareCamera(has_imu=True), push, is_compressed)
    ours, theirs = Db3Reader(path), Playback(path)
    assert (ours.fps, ours.has_imu) == (theirs.fps, theirs.has_imu) == ((30, 30), True)
    a, b = ours.calibration, theirs.calibration
    assert (a.color, a.depth, a.depth_scale) == (b.color, b.depth, b.depth_scale)
    np.testing.assert_allclose(a.T_color_depth, b.T_color_depth, atol=1e-7)
    read, played = samples_of(ours), samples_of(theirs)
    assert read.keys() == played.keys() and len(read) == 4 + 4 + 2
    for key, sample in read.items():
        assert sample.time_ms == played[key].time_ms
        np.testing.assert_array_equal(sample.data, played[key].data)


def test_up_follows_the_accelerations_between_frames(tmp_path: Path) -> None:
    first, second = np.array((0.6, -9.7, 0.9)), np.array((-0.3, -9.75, 0.5))
    swing = np.array((0.2, 0.05, -0.1))

    def push(camera: SoftwareCamera) -> None:
        camera.push_acceleration(0, tuple(first + swing), 10.0)
        camera.push_acceleration(1, tuple(first - swing), 30.0)
        # Measured after the frame, but on its way faster.
        camera.push_acceleration(2, tuple(second + swing), 34.0)
        push_frames(1)(camera)
        camera.push_acceleration(3, tuple(second - swing), 60.0)
        camera.push_acceleration(4, (3.0, -12.0, 1.0), 70.0)  # shaken
        push_frames(2, 3)(camera)

    record(path := tmp_path / "walk.db3", SoftwareCamera(has_imu=True), push)
    ups = [frame.up_hint for frame in frames_of(path)]
    expected = [first / np.linalg.norm(first)]
    mixed = 0.9 * expected[0] + 0.1 * second / np.linalg.norm(second)
    expected += [mixed / np.linalg.norm(mixed)] * 2
    np.testing.assert_allclose(ups, expected, atol=1e-6)


def test_yuyv_comes_out_as_the_sdk_would_show_it(tmp_path: Path) -> None:
    for is_compressed in (True, False):
        path = tmp_path / f"yuyv {is_compressed}.db3"
        record(
            path,
            SoftwareCamera(color_format=rs.format.yuyv),
            lambda camera: camera.push(1, depth_image(1), color_image(1, 2)),
            is_compressed,
        )
        (frame,) = frames_of(path)
        played = samples_of(Playback(path))["color", 1]
        np.testing.assert_array_equal(frame.rgb, played.data)


@pytest.mark.parametrize(
    ("color_format", "pixels", "expected"),
    [
        ("rgb8", [[[10, 20, 30]]], [10, 20, 30]),
        ("bgr8", [[[10, 20, 30]]], [30, 20, 10]),
        ("rgba8", [[[10, 20, 30, 40]]], [10, 20, 30]),
        ("bgra8", [[[10, 20, 30, 40]]], [30, 20, 10]),
        # Red in ITU-R BT.601: Y 81, U 90, V 240.
        ("yuyv", [[[81, 90], [81, 240]]], [255, 0, 0]),
        ("uyvy", [[[90, 81], [240, 81]]], [255, 0, 0]),
    ],
)
def test_red_is_the_first_channel(
    color_format: str, pixels: list, expected: list[int]
) -> None:
    image = np.array(pixels, np.uint8)
    rgb = to_rgb(image, color_format)
    np.testing.assert_allclose(rgb[0, 0], expected, atol=2)
    assert not np.shares_memory(rgb, image)


def test_a_file_of_sdk_2_58_is_read_too(raw_walk: Path, tmp_path: Path) -> None:
    path = tmp_path / "old.db3"
    path.write_bytes(raw_walk.read_bytes())
    rewrite(
        path,
        "UPDATE messages SET data = pack(data)",
        pack=zstandard.ZstdCompressor().compress,
    )
    check_exact(frames_of(path), *range(1, 7))


def test_a_file_can_be_played_again_and_stays_closed_after(walk: Path) -> None:
    sensor = RealSenseFileSensor(walk, at_pace=False)
    for _ in range(2):
        sensor.open()
        first = sensor.read(2.0)
        assert first is not None
        check_exact([first], 1)
        sensor.close()
        sensor.close()
    with pytest.raises(SensorError, match="is closed; open it to read"):
        sensor.read(2.0)
    np.testing.assert_array_equal(first.depth, depth_image(1))


def test_frames_come_at_their_pace_if_that_is_asked_for(raw_walk: Path) -> None:
    for at_pace in (True, False):
        with RealSenseFileSensor(raw_walk, at_pace) as sensor:
            sensor.read(2.0)
            start = time.monotonic()
            for _ in range(3):
                sensor.read(2.0)
            elapsed_s = time.monotonic() - start
        assert (elapsed_s > 3 / FPS - 0.01) == at_pace


def test_a_path_names_the_sensor(walk: Path, tmp_path: Path) -> None:
    assert isinstance(open_sensor(str(walk)), RealSenseFileSensor)
    assert isinstance(open_file(walk), RealSenseFileSensor)
    (tmp_path / "x.BAG").touch()
    assert isinstance(open_file(tmp_path / "x.BAG"), RealSenseFileSensor)
    assert open_file(tmp_path / "missing.db3") is None


def test_a_colour_camera_of_half_the_rate_sets_the_pace(tmp_path: Path) -> None:
    def push(camera: SoftwareCamera) -> None:
        for number in range(1, 10):
            camera.push_depth(number, depth_image(number))
            if number % 2:
                color = number // 2 + 50
                camera.push_color(color, color_image(color), number * 1000 / FPS)

    path = record(tmp_path / "walk.db3", SoftwareCamera(), push)
    rewrite(
        path,
        "UPDATE messages SET data = slow(data) WHERE topic_id = "
        "(SELECT id FROM topics WHERE name LIKE '%/Color_0/info')",
        slow=lambda text: text.replace(b"fps=30", b"fps=15"),
    )
    frames = frames_of(path)
    assert [frame.number for frame in frames] == [50, 51, 52, 53, 54]  # no gaps
    for number, frame in zip((1, 3, 5, 7, 9), frames, strict=True):
        np.testing.assert_array_equal(frame.depth, depth_image(number))
        np.testing.assert_array_equal(frame.rgb, color_image(frame.number))
    with RealSenseFileSensor(path) as sensor:
        assert sensor.fps == 15


# Damage


def test_of_a_file_that_was_cut_off_the_frames_before_are_exact(
    raw_walk: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(realsense_db3, "_LONGEST_GAP", 1000)
    whole = raw_walk.read_bytes()
    path = tmp_path / "cut.db3"
    counts = []
    for num_pages in np.linspace(18, len(whole) // PAGE, 5, dtype=int):
        # Zeros, with which SQLite fills a cut page, would be seen in the last image.
        for num_bytes in (num_pages * PAGE, num_pages * PAGE - 100):
            path.write_bytes(whole[:num_bytes])
            caplog.clear()
            frames = frames_of(path)
            check_exact(frames, *range(1, 1 + len(frames)))
            counts.append(len(frames))
            if num_bytes < len(whole):
                (message,) = caplog.messages
                assert "is damaged" in message and "can still be read" in message
    assert 1 <= counts[0] < counts[-2] == 6


def test_an_image_whose_last_page_was_cut_is_no_image(
    raw_walk: Path, tmp_path: Path
) -> None:
    path = tmp_path / "cut.db3"
    last = "(SELECT max(id) FROM whole.messages WHERE length(data) > 14000)"
    rest = "topic_id, timestamp, data FROM whole.messages WHERE id"
    rewrite(
        path,
        f"ATTACH '{raw_walk}' AS whole",
        "CREATE TABLE topics AS SELECT * FROM whole.topics",
        "CREATE TABLE messages (id INTEGER PRIMARY KEY, topic_id, timestamp, data)",
        f"INSERT INTO messages SELECT id, {rest} NOT IN ({last}, {last} + 1)",
        # The last colour image on the last pages, behind its metadata.
        "INSERT INTO messages VALUES (9000, 0, 0, zeroblob(4040))",
        f"INSERT INTO messages SELECT 9002, {rest} = {last} + 1",
        f"INSERT INTO messages SELECT 9001, {rest} = {last}",
    )
    check_exact(frames_of(path), *range(1, 7))
    content = path.read_bytes()
    end = content.rindex(color_image(6).tobytes()[-8:])
    assert len(content) - end < PAGE
    path.write_bytes(content[: end + 4])
    check_exact(frames_of(path), *range(1, 6))


def row_id_position(content: bytes, leaf: int, row: int) -> int:
    """Where a row's id is, in the page that starts at `leaf`; ids below 128.

    sqlite.org/fileformat2.html, 1.6: a row starts with its length, 7 bits a byte.
    """
    (num_rows,) = struct.unpack_from(">H", content, leaf + 3)
    (start,) = struct.unpack_from(">H", content, leaf + 8 + 2 * (row % num_rows))
    while content[leaf + start] & 0x80:
        start += 1
    return leaf + start + 1


def test_a_row_that_points_back_does_not_lead_in_circles(
    copy: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = bytearray(copy.read_bytes())
    starts = range(10 * PAGE, len(content), PAGE)
    leaves = [start for start in starts if content[start] == 13]
    leaves.sort(key=lambda leaf: content[row_id_position(content, leaf, 0)])
    leaf, following = leaves[len(leaves) // 2 :][:2]
    content[row_id_position(content, leaf, -1)] = 5
    content[following : following + PAGE] = b"\xff" * PAGE
    copy.write_bytes(content)
    frames = frames_of(copy)
    check_exact(frames, *(frame.number for frame in frames))
    assert len(frames) > 5 and frames[-1].number == 12
    assert "is damaged" in caplog.text


def test_a_byte_that_is_wrong_costs_one_frame_and_is_told(
    copy: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture,
) -> None:
    with closing(sqlite3.connect(copy)) as database:
        (png,) = database.execute(
            "SELECT data FROM messages JOIN topics ON topic_id = topics.id "
            "WHERE name LIKE '%Depth_0/image/data%' LIMIT 1 OFFSET 2"
        ).fetchone()
    content = bytearray(copy.read_bytes())
    content[content.index(png[1000:1040]) + 7] ^= 4
    copy.write_bytes(content)
    check_exact(frames_of(copy), 1, 2, 4, 6, 7, 9, 11, 12)
    assert "is damaged; 9 of its 10 frames could be read" in caplog.text
    assert not capfd.readouterr().err


def test_pages_overwritten_in_the_middle_cost_what_was_on_them(
    copy: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = bytearray(copy.read_bytes())
    middle = len(content) // 2 // PAGE * PAGE
    content[middle : middle + 2 * PAGE] = b"\xff" * 2 * PAGE
    copy.write_bytes(content)
    frames = frames_of(copy)
    assert 5 <= len(frames) < 9
    assert (frames[0].number, frames[-1].number) == (1, 12)
    check_exact(frames, *(frame.number for frame in frames))
    assert "is damaged" in caplog.text


def test_a_lost_index_loses_nothing(copy: Path) -> None:
    rewrite(copy, "DROP INDEX timestamp_idx")
    check_exact(frames_of(copy), 1, 2, 3, 4, 6, 7, 9, 11, 12)


def test_images_in_an_unknown_form_are_left_to_the_sdk(copy: Path) -> None:
    rewrite(
        copy,
        "UPDATE messages SET data = spoil(data) WHERE length(data) > 4000",
        spoil=lambda png: png[:-17] + b"\0" + png[-16:],  # the checksum of the pixels
    )
    check_exact(frames_of(copy), 1, 2, 3, 4, 6, 7, 9, 11, 12)


def refused(path: Path) -> str:
    with pytest.raises(SensorError) as caught:
        frames_of(path)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message
    return message


@pytest.mark.parametrize("suffix", ["db3", "bag"])
def test_what_is_no_recording_says_so(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"walk.{suffix}"
    assert "is not a file" in refused(path)
    path.touch()
    assert "is empty" in refused(path)
    path.write_bytes(b"something else " * 999)
    assert "nothing of it can be read: copy it again" in refused(path)


def test_a_database_of_another_program_says_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "other.db3"
    rewrite(path, "CREATE TABLE birds (id INTEGER)")
    assert "not recorded by the RealSense SDK: it holds nothing" in refused(path)
    rewrite(
        path,
        "CREATE TABLE topics (id INTEGER PRIMARY KEY, name TEXT)",
        "CREATE TABLE messages (id INTEGER PRIMARY KEY, topic_id INTEGER, data BLOB)",
        "INSERT INTO topics VALUES (1, '/camera/depth/image_rect_raw')",
    )
    assert "it holds /camera/depth/image_rect_raw" in refused(path)


def test_a_file_without_colour_or_depth_says_which(tmp_path: Path) -> None:
    def push_depth(camera: SoftwareCamera) -> None:
        camera.push_depth(1, depth_image(1))

    def push_color(camera: SoftwareCamera) -> None:
        camera.push_color(1, color_image(1), 33.0)

    record(path := tmp_path / "depth.db3", SoftwareCamera(), push_depth)
    assert "holds no colour images; switch both" in refused(path)
    record(path := tmp_path / "color.db3", SoftwareCamera(), push_color)
    assert "holds no depth images" in refused(path)


def test_images_that_never_belong_together_are_no_frames(tmp_path: Path) -> None:
    def push(camera: SoftwareCamera) -> None:
        camera.push(1, depth_image(1), color_image(1), color_delay_ms=25.0)

    record(path := tmp_path / "walk.db3", SoftwareCamera(), push)
    assert "gives no frame: no two of the 1 depth and 1 colour images" in refused(path)


def test_a_colour_format_without_colour_is_refused(copy: Path) -> None:
    rewrite(
        copy,
        "UPDATE messages SET data = grey(data) WHERE topic_id = "
        "(SELECT id FROM topics WHERE name LIKE '%/Color_0/info')",
        grey=lambda text: text.replace(b"RGB8", b"Y8"),
    )
    assert "holds colour as y8; expected one of rgb8" in refused(copy)


def test_images_of_another_size_than_their_camera_s_are_no_frames(copy: Path) -> None:
    rewrite(
        copy,
        "UPDATE messages SET data = widen(data) WHERE topic_id = "
        "(SELECT id FROM topics WHERE name LIKE '%/Depth_0/camera_info')",
        widen=lambda text: text.replace(b"width=64", b"width=66"),
    )
    assert "gives no frame: no two of the 0 depth" in refused(copy)


def test_a_file_without_its_calibration_is_not_guessed(copy: Path) -> None:
    rewrite(
        copy,
        "DELETE FROM messages WHERE topic_id IN "
        "(SELECT id FROM topics WHERE name LIKE '%/tf/ref_1')",
    )
    assert "nothing of it can be read" in refused(copy)


# ROS bags


def bag(topics: dict[str, int], is_closed: bool = True) -> bytes:
    """An empty bag whose index speaks of so many messages of each topic.

    wiki.ros.org/Bags/Format/2.0
    """

    def record(data: bytes, **fields: bytes) -> bytes:
        header = b""
        for name, value in fields.items():
            field = name.encode() + b"=" + value
            header += struct.pack("<I", len(field)) + field
        sizes = struct.pack("<I", len(header)), struct.pack("<I", len(data))
        return sizes[0] + header + sizes[1] + data

    start = b"#ROSBAG V2.0\n"
    position = len(start) + 4096 if is_closed else 0
    header = record(
        b"",
        op=b"\3",
        index_pos=struct.pack("<Q", position),
        conn_count=struct.pack("<I", len(topics)),
        chunk_count=struct.pack("<I", 2),
    )
    header = header[:-4] + struct.pack("<I", 4096 - len(header))
    index = b""
    for connection, topic in enumerate(topics):
        index += record(
            b"", op=b"\7", conn=struct.pack("<I", connection), topic=topic.encode()
        )
    for chunk in (0, 1):  # the second has the rest of what was halved
        counts = [(count + chunk) // 2 for count in topics.values()]
        data = b"".join(struct.pack("<II", *item) for item in enumerate(counts))
        index += record(data, op=b"\6", ver=struct.pack("<I", 1))
    return start + header.ljust(4096) + index


REALSENSE_TOPICS = {
    "/file_version": 1,
    "/device_0/sensor_0/Depth_0/image/data": 7,
    "/device_0/sensor_0/Depth_0/image/metadata": 70,
    "/device_0/sensor_0/Infrared_1/image/data": 700,
    "/device_0/sensor_1/Color_0/image/data": 4,
}


def test_the_index_of_a_bag_tells_how_many_frames_there_are(tmp_path: Path) -> None:
    path = tmp_path / "walk.bag"
    path.write_bytes(bag(REALSENSE_TOPICS))
    contents = read_contents(path)
    assert contents == Contents(num_depth=7, num_color=4)
    assert contents.num_frames == 4


def test_a_bag_that_was_cut_off_says_so(tmp_path: Path) -> None:
    path = tmp_path / "walk.bag"
    for content in (bag(REALSENSE_TOPICS)[:-1], bag(REALSENSE_TOPICS, is_closed=False)):
        path.write_bytes(content)
        assert "index at its end is missing or cut); nothing of it can" in refused(path)


def test_a_bag_of_another_program_says_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "walk.bag"
    path.write_bytes(bag({"/scan": 7, "/odom": 3}))
    assert "not recorded by the RealSense SDK: it holds /odom, /scan" in refused(path)


def test_a_bag_that_the_sdk_cannot_open_passes_on_why(tmp_path: Path) -> None:
    path = tmp_path / "walk.bag"
    path.write_bytes(bag(REALSENSE_TOPICS))
    assert "is damaged (" in refused(path)


def test_a_bag_by_another_name_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "walk.db3"
    path.write_bytes(bag(REALSENSE_TOPICS))
    assert "is a ROS bag in spite of its name" in refused(path)
    assert "rename it to walk.bag" in refused(path)


# The SDK


def test_the_sdk_waits_for_a_slow_reader_and_can_be_left(tmp_path: Path) -> None:
    numbers = range(1, 61)
    path = record(tmp_path / "x.db3", SoftwareCamera(), push_frames(*numbers))
    played = Playback(path)
    assert played.next(2.0) is not None
    time.sleep(0.1)
    assert len(played._samples._samples) < 60
    start = time.monotonic()
    played.close()
    played.close()
    assert time.monotonic() - start < 1.0
    assert len(samples_of(Playback(path))) == 120


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("import os; os.abort()", "the RealSense SDK crashes"),
        ("import time; time.sleep(60)", "the RealSense SDK does not finish"),
    ],
)
def test_a_file_on_which_the_sdk_crashes_or_hangs_is_damaged(
    program: str, reason: str, walk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realsense_playback, "_OPEN", program)
    monkeypatch.setattr(realsense_playback, "_LONGEST_OPENING_S", 0.3)
    with pytest.raises(DamagedError, match=reason):
        Playback(walk)


def test_only_bags_need_the_sdk(
    walk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_import: Callable = builtins.__import__

    def import_without_sdk(name: str, *args: object) -> object:
        if name == "pyrealsense2":
            raise ModuleNotFoundError("No module named 'pyrealsense2'")
        return real_import(name, *args)

    monkeypatch.delitem(sys.modules, "pyrealsense2")
    monkeypatch.setattr(builtins, "__import__", import_without_sdk)
    check_exact(frames_of(walk)[:2], 1, 2)
    path = tmp_path / "walk.bag"
    path.write_bytes(bag(REALSENSE_TOPICS))
    with pytest.raises(SensorError, match="pip install pyrealsense2"):
        frames_of(path)


def test_a_sound_file_is_played_without_a_warning(
    walk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        frames_of(walk)
    assert not caplog.records
