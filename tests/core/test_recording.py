"""Recordings: what is written comes back, here and in other tools."""

import json
import multiprocessing
import pickle
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lopsided import (
    COLOR,
    DEPTH,
    assert_same_but_for_jpeg,
    lopsided_frame,
    lopsided_transform,
)
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory

from core.errors import RecordingError
from core.floor import FloorPlane
from core.images import encoded_color, read_color, write_image
from core.recording import Recording, RecordingWriter, kept
from core.recording.scene import save_scene
from core.recording.survey import recorded_survey
from core.recording.writer import CAPTURE_FILE


def record(path: Path, num_frames: int = 4) -> Recording:
    with RecordingWriter(path) as writer:
        for number in range(num_frames):
            writer.write(lopsided_frame(number))
    return Recording(path)


def test_frames_come_back_bit_for_bit_but_for_the_jpeg(tmp_path):
    recording = record(tmp_path / "kitchen")
    assert len(recording) == 4
    for number in (2, 0, 3, 1):
        assert_same_but_for_jpeg(recording[number], lopsided_frame(number))
    assert_same_but_for_jpeg(recording[-1], lopsided_frame(3))
    assert [f.number - 5_000_000_000 for f in recording] == [0, 1, 2, 3]
    with pytest.raises(IndexError):
        recording[4]


@pytest.mark.parametrize("distortion", [(), (0.1, 0.2, 3e-3, 4e-3)])
def test_every_distortion_model_and_a_missing_up_hint_come_back(tmp_path, distortion):
    camera = replace(COLOR, distortion=distortion)
    frames = [
        replace(lopsided_frame(k, has_up=k == 1), color_intrinsics=camera)
        for k in range(3)
    ]
    with RecordingWriter(tmp_path / "scene") as writer:
        for frame in frames:
            writer.write(frame)
    for frame, expected in zip(Recording(tmp_path / "scene"), frames, strict=True):
        assert_same_but_for_jpeg(frame, expected)


def test_poses_come_back_where_they_are_known(tmp_path):
    turn = np.eye(4)
    turn[:3, :3] = np.diag((-1, 1, -1))  # half a turn, where quaternions are tricky
    turn[:3, 3] = 1.5, -2.25, 1e-7
    poses = [lopsided_transform(), None, turn]
    with RecordingWriter(tmp_path / "scene") as writer:
        for number, pose in enumerate(poses):
            writer.write(lopsided_frame(number), pose)
    recording = Recording(tmp_path / "scene")
    for number, pose in enumerate(poses):
        found = recording.pose(number)
        if pose is None:
            assert found is None
        else:
            np.testing.assert_allclose(found, pose, rtol=0, atol=1e-15)
    with pytest.raises(IndexError):
        recording.pose(3)


def test_a_pose_that_is_none_is_refused(tmp_path):
    lost = np.full((4, 4), -np.inf)
    with RecordingWriter(tmp_path / "scene") as writer:
        for wrong in (lost, np.eye(3)):
            with pytest.raises(ValueError, match="pose"):
                writer.write(lopsided_frame(0), wrong)


@pytest.mark.parametrize(("suffix", "format"), [(".jpg", "jpeg"), (".png", "png")])
def test_a_colour_image_that_came_encoded_is_stored_as_it_came(
    tmp_path, suffix, format
):
    write_image(tmp_path / f"image{suffix}", lopsided_frame(0).rgb)
    color = encoded_color(tmp_path / f"image{suffix}")
    assert color is not None
    frame = replace(lopsided_frame(0), rgb=read_color(tmp_path / f"image{suffix}"))
    with RecordingWriter(tmp_path / "scene") as writer:
        writer.write(frame, color=color)
    recording = Recording(tmp_path / "scene")
    stored = (tmp_path / f"image{suffix}").read_bytes()
    assert recording.encoded_color(0) == (format, stored)
    assert recording[0].rgb.tobytes() == frame.rgb.tobytes()


def test_frames_stay_in_the_order_they_were_written_when_the_clock_jumps(tmp_path):
    times = [7_000_000_000, 3, 2_000_000_000, 2_000_000_000]
    with RecordingWriter(tmp_path / "scene") as writer:
        for k, time in enumerate(times):
            writer.write(replace(lopsided_frame(k), timestamp_ns=time))
    assert [frame.timestamp_ns for frame in Recording(tmp_path / "scene")] == times


def decoded(path: Path, topic: str) -> list:
    with (path / "capture.mcap").open("rb") as file:
        reader = make_reader(
            file, validate_crcs=True, decoder_factories=[DecoderFactory()]
        )
        return [
            message.decoded_message for message in reader.iter_decoded_messages([topic])
        ]


def test_ros_tools_read_the_images_and_the_frame_numbers(tmp_path):
    record(tmp_path / "scene", num_frames=3)
    frame = lopsided_frame(2)
    depth = decoded(tmp_path / "scene", "/camera/depth/image")[2]
    assert (depth.height, depth.width, depth.step) == (57, 101, 202)
    assert (depth.encoding, depth.is_bigendian) == ("16UC1", 0)
    assert bytes(depth.data) == frame.depth.astype("<u2").tobytes()
    stamp = depth.header.stamp
    assert stamp.sec * 10**9 + stamp.nanosec == frame.timestamp_ns
    color = decoded(tmp_path / "scene", "/camera/color/image/compressed")[2]
    assert color.format == "jpeg"
    assert bytes(color.data[:3]) == b"\xff\xd8\xff"
    assert bytes(color.data[-2:]) == b"\xff\xd9"
    numbers = decoded(tmp_path / "scene", "/camera/frame_number")
    assert [number.data - 5_000_000_000 for number in numbers] == [0, 1, 2]


def test_ros_tools_read_the_calibration(tmp_path):
    record(tmp_path / "scene")
    color = decoded(tmp_path / "scene", "/camera/color/camera_info")[3]
    stamp = color.header.stamp
    assert stamp.sec * 10**9 + stamp.nanosec == lopsided_frame(3).timestamp_ns
    assert (color.height, color.width) == (48, 80)
    assert color.distortion_model == "plumb_bob"
    assert list(color.d) == list(COLOR.distortion)
    assert list(color.k) == [71.3, 0, 38.7, 0, 69.1 + 1e-13, 25.2, 0, 0, 1]
    assert list(color.p[:4]) == [71.3, 0, 38.7, 0]
    depth = decoded(tmp_path / "scene", "/camera/depth/camera_info")[3]
    assert depth.distortion_model == "rational_polynomial"
    assert list(depth.d) == list(DEPTH.distortion)
    static = decoded(tmp_path / "scene", "/tf_static")[3]
    _, transform = static.transforms
    assert transform.header.frame_id == color.header.frame_id
    assert transform.child_frame_id == depth.header.frame_id
    q, t = transform.transform.rotation, transform.transform.translation
    expected = lopsided_transform()
    assert np.array_equal([t.x, t.y, t.z], expected[:3, 3])
    # The first column of a quaternion's matrix, and its last, written out by hand.
    first = [1 - 2 * (q.y**2 + q.z**2), 2 * (q.x * q.y + q.z * q.w)]
    last = [2 * (q.x * q.z + q.y * q.w), 2 * (q.y * q.z - q.x * q.w)]
    np.testing.assert_allclose(first, expected[:2, 0], atol=1e-12)
    np.testing.assert_allclose(last, expected[:2, 2], atol=1e-12)


def test_the_accelerometer_in_the_file_points_up_and_is_one_gravity_long(tmp_path):
    record(tmp_path / "scene")
    imu = decoded(tmp_path / "scene", "/camera/imu")[1].linear_acceleration
    expected = lopsided_frame(1).up_hint * 9.80665
    np.testing.assert_allclose([imu.x, imu.y, imu.z], expected, rtol=1e-15)


def test_the_index_carries_the_checksum_that_the_format_asks_for(tmp_path):
    record(tmp_path / "scene")
    data = (tmp_path / "scene" / "capture.mcap").read_bytes()
    # A footer: opcode, length, start of the summary, of its offsets, checksum; magic.
    opcode, length, start, _, checksum = struct.unpack("<BQQQI", data[-37:-8])
    assert (opcode, length) == (2, 20)
    assert checksum == zlib.crc32(data[start:-12])


def test_a_frame_with_another_calibration_is_refused_and_the_take_goes_on(tmp_path):
    frame = lopsided_frame(1)
    other = replace(COLOR, fx=71.4)
    with RecordingWriter(tmp_path / "scene") as writer:
        writer.write(lopsided_frame(0))
        with pytest.raises(RecordingError, match="another calibration"):
            writer.write(replace(frame, color_intrinsics=other))
        with pytest.raises(RecordingError, match="another calibration"):
            writer.write(replace(frame, depth_scale=0.001))
        with pytest.raises(RecordingError, match="another calibration"):
            writer.write(replace(frame, T_color_depth=np.eye(4)))
        with pytest.raises(ValueError, match="timestamp_ns"):
            writer.write(replace(frame, timestamp_ns=-1))
        writer.write(frame)
    assert len(Recording(tmp_path / "scene")) == 2


def test_a_recording_is_never_overwritten(tmp_path):
    record(tmp_path / "scene")
    before = {file: file.read_bytes() for file in (tmp_path / "scene").iterdir()}
    with pytest.raises(RecordingError, match="already holds a recording"):
        RecordingWriter(tmp_path / "scene")
    assert {f: f.read_bytes() for f in (tmp_path / "scene").iterdir()} == before


def test_a_recording_wants_a_folder_of_its_own(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RecordingError, match=r"holds thesis\.txt"):
        RecordingWriter(tmp_path)
    with pytest.raises(RecordingError, match="is a file"):
        RecordingWriter(tmp_path / "thesis.txt")
    with pytest.raises(RecordingError, match="cannot create"):
        RecordingWriter(tmp_path / "thesis.txt" / "scene")
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_scene_tells_of_device_drops_and_settings(tmp_path):
    path = tmp_path / "Küche"
    writer = RecordingWriter(
        path,
        device="D435",
        tags=("home", "tiles"),
        notes="5 o'clock",
        settings={"a": 1},
    )
    writer.write(lopsided_frame(0))
    writer.count_drop([1, 2])
    writer.count_drop(iter([7]))
    assert (writer.num_frames, writer.num_dropped) == (1, 3)
    writer.close()
    writer.close()
    with pytest.raises(RecordingError, match="closed"):
        writer.write(lopsided_frame(1))
    scene = Recording(path).scene
    assert (scene.name, scene.device, scene.notes) == ("Küche", "D435", "5 o'clock")
    assert (scene.tags, scene.settings) == (("home", "tiles"), {"a": 1})
    assert (scene.frames, scene.dropped, scene.num_dropped) == (1, (1, 2, 7), 3)
    assert scene.created[:2] == "20"
    assert json.loads((path / "scene.json").read_text("utf-8"))["frames"] == 1


def test_a_lost_scene_file_is_read_from_the_capture_and_a_broken_one_is_named(tmp_path):
    with RecordingWriter(tmp_path / "scene", device="D435") as writer:
        writer.write(lopsided_frame(0))
    file = tmp_path / "scene" / "scene.json"
    file.write_text('{"name": "scene"}')
    with pytest.raises(RecordingError, match=r"scene\.json cannot be read .*device"):
        Recording(tmp_path / "scene")
    file.unlink()
    assert Recording(tmp_path / "scene").scene.device == "D435"


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12
def test_threads_processes_and_pickles_may_share_a_recording(tmp_path):
    recording = record(tmp_path / "scene", num_frames=12)
    expected = [lopsided_frame(k).depth.sum() for k in range(12)] * 3
    recording[3]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(_depth_sum, [recording] * 36, [*range(12)] * 3)) == (
            expected
        )
    with multiprocessing.get_context("fork").Pool(2) as processes:
        pairs = [(recording, k) for k in range(12)] * 3
        assert processes.starmap(_depth_sum, pairs) == expected
    with multiprocessing.get_context("spawn").Pool(1) as processes:
        assert_same_but_for_jpeg(
            processes.apply(Recording.__getitem__, (recording, 7)), lopsided_frame(7)
        )
    assert_same_but_for_jpeg(
        pickle.loads(pickle.dumps(recording))[5], lopsided_frame(5)
    )


def _depth_sum(recording: Recording, index: int) -> int:
    return int(recording[index].depth.sum())


class FakeFloors:
    """Finds the floor `number / 10` metres below every second frame."""

    def __init__(self) -> None:
        self.num_frames = 0

    def __call__(self, source, advance, watch, num_workers):
        for index, frame in enumerate(source):
            watch(index, frame, None)
        return [self._floor(frame.number - 5_000_000_000) for frame in source]

    def _floor(self, number):
        self.num_frames += 1
        if number % 2:
            return None
        return FloorPlane(np.array([0.6, -0.8, 0.0]), number / 10, "tracked", 0.25)


def test_floors_are_computed_once_and_again_when_they_are_stale(tmp_path, monkeypatch):
    found = FakeFloors()
    monkeypatch.setattr("core.survey.sequence_floors", found)
    path = tmp_path / "scene"

    def check_floors() -> None:
        first, second, third = record_again.floors
        assert second is None
        assert (first.camera_height, third.camera_height) == (0.0, 0.2)
        assert third.up.tolist() == [0.6, -0.8, 0.0]
        assert (third.source, third.confidence) == ("tracked", 0.25)

    record_again = record(path, num_frames=3)
    check_floors()
    record_again = Recording(path)
    check_floors()
    assert found.num_frames == 3
    kept = json.loads((path / "floors.json").read_text())
    kept["key"]["frames"] = 4
    older = kept | {"key": kept["key"] | {"frames": 3, "version": 1}}
    for name in ("floors.json", "quality.json"):
        for stale in (json.dumps(kept), json.dumps(older), "{", "[]"):
            (path / name).write_text(stale)
            found.num_frames = 0
            record_again = Recording(path)
            check_floors()
            assert found.num_frames == 3


@pytest.mark.parametrize("change", ["capture", "scene", "copy", "code"])
def test_what_is_kept_is_of_this_capture_and_of_this_code(
    tmp_path, monkeypatch, change
):
    monkeypatch.setattr("core.survey.sequence_floors", FakeFloors())
    path = tmp_path / "scene"
    recorded_survey(record(path, num_frames=3))
    if change == "capture":
        with RecordingWriter(tmp_path / "other") as writer:
            for number in (1, 2, 4):
                writer.write(lopsided_frame(number))
        (tmp_path / "other" / CAPTURE_FILE).replace(path / CAPTURE_FILE)
    elif change == "code":
        monkeypatch.setattr("core.recording.kept._code", lambda: "newer")
    elif change == "scene":
        save_scene(path, replace(Recording(path).scene, tags=("tiles",)))
    else:
        copied = tmp_path / "copied"
        copied.mkdir()
        for file in path.iterdir():  # with the time of now
            (copied / file.name).write_bytes(file.read_bytes())
        path = copied
    found = FakeFloors()
    monkeypatch.setattr("core.survey.sequence_floors", found)
    numbers = [frame.number for frame in recorded_survey(Recording(path)).quality]
    offsets = (1, 2, 4) if change == "capture" else (0, 1, 2)
    assert numbers == [5_000_000_000 + k for k in offsets]
    assert found.num_frames == (3 if change in ("capture", "code") else 0)


def test_the_code_that_is_told_apart_reads_frames_and_looks_at_them(monkeypatch):
    files = []
    monkeypatch.setattr("core.recording.kept.state_of", files.extend)
    kept._code.__wrapped__()
    names = {"/".join(file.parts[-2:]) for file in files}
    assert {"recording/frames.py", "core/sharpness.py", "core/images.py"} <= names
    assert any(name.startswith("kernels/") for name in names)


def test_the_quality_of_a_recording_is_computed_once_and_kept_beside_it(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("core.survey.sequence_floors", FakeFloors())
    path = tmp_path / "scene"
    found = recorded_survey(record(path, num_frames=3)).quality
    assert [frame.number - 5_000_000_000 for frame in found] == [0, 1, 2]
    monkeypatch.setattr("core.survey.sequence_floors", None)
    assert recorded_survey(Recording(path)).quality == found
    kept = json.loads((path / "quality.json").read_text())
    for damage in ({"number": [0]}, {"sharpness": "sharp"}, {"is_blurred": None}):
        columns = kept | {"quality": kept["quality"] | damage}
        (path / "quality.json").write_text(json.dumps(columns))
        with pytest.raises(TypeError, match="not callable"):  # it is computed again
            recorded_survey(Recording(path))


def test_what_cannot_be_kept_beside_a_recording_is_told_once_found(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr("core.survey.sequence_floors", FakeFloors())
    recording = record(tmp_path / "scene", num_frames=3)

    def refuse(path, data):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("core.recording.kept.write_atomically", refuse)
    assert recording.floors[2].camera_height == 0.2
    assert "quality.json is not kept: Read-only file system" in caplog.text
