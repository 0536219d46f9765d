"""Predictions in the chunks of their frames; everything else as it was."""

import json
import shutil
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from lopsided import lopsided_frame
from lopsided_take import write_take
from mcap.reader import make_reader
from mcap_bytes import MAGIC, Op, records
from mcap_doctor import examine
from PIL import Image
from small_disk import disk_of

from core.annotations import save_annotations
from core.files import whole_folder
from core.overlay import semantic_palette
from core.recording import Recording, RecordingWriter, repair_recording
from core.recording.predicted_copy import PredictedCopy
from core.recording.predictions import encode_prediction
from core.recording.scene import save_scene

BY = {"model": "model.onnx", "sha256": "12ab"}
TOPICS = ["/prediction/classes", "/prediction/overlay"]
PALETTE = semantic_palette(7)


def classes_of(index: int) -> np.ndarray:
    """(48, 80), of another pattern in each frame."""
    v, u = np.mgrid[:48, :80]
    return ((u // 9 + v // 5 + index) % 7).astype(np.uint8)


def encoded(index: int):
    overlay = np.full((48, 80, 3), (200, 30 + index, 90), np.uint8)
    return encode_prediction(classes_of(index), overlay, PALETTE)


def predicted_take(path: Path, predicted=(1, 3)) -> Path:
    """A copy of a take of four frames, of which these are predicted."""
    write_take(path / "take")
    (path / "copy").mkdir()
    copy_take(path / "take", path / "copy", predicted)
    return path / "copy"


def copy_take(source: Path, to: Path, predicted=(1, 3), by=BY) -> None:
    with closing(PredictedCopy(Recording(source), to, by)) as copy:
        for index in range(len(Recording(source))):
            copy.write(index, encoded(index) if index in predicted else None)
        copy.finish()


def messages(path: Path) -> list[tuple[str, int, bytes]]:
    """Topic, time and bytes of all messages, as MCAP's own reader gives them."""
    with (path / "capture.mcap").open("rb") as file:
        found = make_reader(file, validate_crcs=True).iter_messages(
            log_time_order=False
        )
        return [(c.topic, m.log_time, m.data) for _, c, m in found]


def test_a_copy_has_every_message_of_the_recording_and_the_predictions(tmp_path):
    copy = predicted_take(tmp_path)
    found = messages(copy)
    assert [m for m in found if m[0] not in TOPICS] == messages(tmp_path / "take")
    times = [frame.timestamp_ns for frame in Recording(copy)]
    told = [(topic, time) for topic, time, _ in found if topic in TOPICS]
    assert told == [(topic, times[k]) for k in (1, 3) for topic in TOPICS]
    assert examine((copy / "capture.mcap").read_bytes()) == ([], [])


def test_classes_come_back_number_by_number_and_only_where_they_are(tmp_path):
    recording = Recording(predicted_take(tmp_path))
    assert recording.predicted_by == BY
    for index in (1, 3):
        np.testing.assert_array_equal(recording.prediction(index), classes_of(index))
    assert recording.prediction(0) is None and recording.prediction(2) is None


def test_any_viewer_shows_classes_in_their_colours():
    image = Image.open(BytesIO(encoded(2).classes.data))
    assert image.mode == "P"
    shown = np.array(image.convert("RGB"))
    np.testing.assert_array_equal(shown, PALETTE[classes_of(2)])


def test_ros_tools_read_both_images_as_they_are_stored(tmp_path):
    reader = pytest.importorskip("rosbags.highlevel", reason="rosbags is not installed")
    path = predicted_take(tmp_path)
    with reader.AnyReader([path / "capture.mcap"]) as bag:
        found = {}
        for connection, time, data in bag.messages():
            if connection.topic in TOPICS:
                found[connection.topic, time] = bag.deserialize(
                    data, connection.msgtype
                )
    times = [frame.timestamp_ns for frame in Recording(path)]
    for index in (1, 3):
        for topic, image in zip(TOPICS, encoded(index), strict=True):
            message = found.pop((topic, times[index]))
            assert (message.format, bytes(message.data)) == image
            assert message.header.frame_id == "camera_color_optical_frame"
            stamp = message.header.stamp
            assert stamp.sec * 10**9 + stamp.nanosec == times[index]
    assert not found


def test_a_recording_without_predictions_names_no_topic_of_them(tmp_path):
    write_take(tmp_path / "take")
    recording = Recording(tmp_path / "take")
    assert recording.predicted_by is None and recording.prediction(0) is None
    assert b"/prediction" not in (tmp_path / "take" / "capture.mcap").read_bytes()
    with (tmp_path / "take" / "capture.mcap").open("rb") as file:
        assert len(make_reader(file).get_summary().channels) == 9


def test_what_lies_beside_the_capture_comes_along(tmp_path):
    write_take(tmp_path / "take")
    save_annotations(tmp_path / "take", [(2, classes_of(5))], list("abcdefg"))
    (tmp_path / "copy").mkdir()
    copy_take(tmp_path / "take", tmp_path / "copy")
    scene = (tmp_path / "take" / "scene.json").read_bytes()
    assert (tmp_path / "copy" / "scene.json").read_bytes() == scene
    (annotation,) = Recording(tmp_path / "copy").annotations.items()
    assert annotation[0] == 2
    np.testing.assert_array_equal(annotation[1], classes_of(5))


def test_a_copy_may_lie_among_the_annotations(tmp_path):
    write_take(tmp_path / "take")
    save_annotations(tmp_path / "take", [(2, classes_of(5))], list("abcdefg"))
    with whole_folder(tmp_path / "take" / "annotations" / "copy") as folder:
        copy_take(tmp_path / "take", folder)
    copy = Recording(tmp_path / "take" / "annotations" / "copy")
    assert list(copy.annotations) == [2]


def test_what_is_predicted_again_replaces_what_was(tmp_path):
    first = predicted_take(tmp_path, predicted=(0, 1))
    (tmp_path / "second").mkdir()
    copy_take(first, tmp_path / "second", predicted=(2,), by={**BY, "sha256": "7"})
    second = Recording(tmp_path / "second")
    assert second.predicted_by["sha256"] == "7"
    has_classes = [second.prediction(k) is not None for k in range(4)]
    assert has_classes == [False, False, True, False]


@pytest.mark.parametrize("predicted", [(0, 2), (1, 2)])
def test_a_repair_keeps_the_predictions_of_the_frames_that_are_left(
    tmp_path, predicted
):
    copy = predicted_take(tmp_path, predicted)
    file = copy / "capture.mcap"
    data = file.read_bytes()
    chunks = [r for r in records(data[: -len(MAGIC)], len(MAGIC)) if r.op == Op.CHUNK]
    damaged = bytearray(data[: chunks[3].offset + 50])  # the last frame is cut off
    # The first one predicted, whose chunk names the topics, has a wrong bit.
    lost = predicted[0]
    damaged[chunks[lost].offset + chunks[lost].length // 2] ^= 1
    file.write_bytes(damaged)
    repair_recording(copy)
    repaired = Recording(copy)
    assert len(repaired) == 2 and repaired.predicted_by == BY
    np.testing.assert_array_equal(repaired.prediction(1), classes_of(2))
    assert repaired.prediction(0) is None
    assert examine(file.read_bytes()) == ([], [])


def test_a_writer_goes_on_behind_predictions_and_leaves_them_as_they_are(tmp_path):
    path = tmp_path / "scene"
    with RecordingWriter(path, predicted_by=BY) as writer:
        writer.write(lopsided_frame(0))
        writer.write(lopsided_frame(1), prediction=encoded(1))
    before = messages(path)
    with RecordingWriter(path, goes_on=True) as writer:
        assert len(writer.kept) == 2
        writer.write(lopsided_frame(2), prediction=encoded(2))
    assert messages(path)[: len(before)] == before
    recording = Recording(path)
    assert recording.predicted_by == BY
    np.testing.assert_array_equal(recording.prediction(1), classes_of(1))
    np.testing.assert_array_equal(recording.prediction(2), classes_of(2))
    assert examine((path / "capture.mcap").read_bytes()) == ([], [])


def test_a_copy_of_a_recording_that_was_cut_off_is_whole(tmp_path):
    write_take(tmp_path / "take")
    file = tmp_path / "take" / "capture.mcap"
    file.write_bytes(file.read_bytes()[:-300])
    scene = Recording(tmp_path / "take").scene
    save_scene(tmp_path / "take", replace(scene, frames=0))  # until it is closed
    (tmp_path / "copy").mkdir()
    copy_take(tmp_path / "take", tmp_path / "copy", predicted=(0,))
    copy = Recording(tmp_path / "copy")
    assert len(copy) == 4 and not copy.is_cut_off
    assert json.loads((copy.path / "scene.json").read_text())["frames"] == 4


def test_a_full_disk_is_an_error_and_never_a_shorter_copy(tmp_path):
    copy = predicted_take(tmp_path)
    size = (copy / "capture.mcap").stat().st_size
    shutil.rmtree(copy)
    for num_bytes in (size // 2, size - 20):
        (tmp_path / "copy").mkdir()
        with pytest.raises(OSError), disk_of(num_bytes):
            copy_take(tmp_path / "take", tmp_path / "copy")
        shutil.rmtree(copy)
