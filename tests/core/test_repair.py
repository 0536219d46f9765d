"""What a repair does besides saving frames: annotations follow, and nothing is lost."""

import errno
from pathlib import Path

import cv2
import numpy as np
import pytest
from lopsided import COLOR, assert_same_but_for_jpeg, lopsided_frame
from small_disk import disk_of

from core.annotations import save_annotation
from core.errors import RecordingError
from core.recording import Recording, RecordingWriter, repair, repair_recording

NUM_FRAMES = 5
NAMES = ("wall", "floor", "chair", "table", "lamp")


@pytest.fixture
def take(tmp_path) -> tuple[Path, list[int]]:
    """A recording of five frames, and where each of these ends in its file."""
    path = tmp_path / "scene"
    ends = []
    with RecordingWriter(path) as writer:
        for number in range(NUM_FRAMES):
            writer.write(lopsided_frame(number))
            ends.append((path / "capture.mcap").stat().st_size)
    return path, ends


def flip(file: Path, position: int, bits: int = 4) -> None:
    data = bytearray(file.read_bytes())
    data[position] ^= bits
    file.write_bytes(data)


@pytest.fixture
def annotated(take) -> Path:
    """The recording with frame 2 of 0..4 damaged and 1, 2, 4 annotated, each with its
    own class."""
    path, ends = take
    for index in (1, 2, 4):
        classes = np.full((COLOR.height, COLOR.width), index, np.uint8)
        save_annotation(path, index, classes, NAMES)
    (path / "annotations" / "notes.txt").write_text("mine")
    flip(path / "capture.mcap", (ends[1] + ends[2]) // 2)
    return path


def annotations_of(path: Path) -> dict[int, int]:
    """Sensor's frame number to the class in its annotation."""
    recording = Recording(path)
    return {
        recording[index].number - lopsided_frame(0).number: int(classes[5, 7])
        for index, classes in recording.annotations.items()
    }


def test_annotations_stay_with_their_frames(annotated):
    result = repair_recording(annotated)
    assert result.num_frames == 4
    assert annotations_of(annotated) == {1: 1, 4: 4}
    assert Recording(annotated).annotation_classes == NAMES
    assert (annotated / "annotations" / "notes.txt").read_text() == "mine"
    # The one of the lost frame is still there, with all the others as they were.
    assert result.cut_annotations == annotated / "annotations.cut"
    for index in (1, 2, 4):
        image = cv2.imread(
            str(result.cut_annotations / f"{index:06d}.png"), cv2.IMREAD_UNCHANGED
        )
        assert (image == index).all()
    assert not [file.name for file in annotated.iterdir() if file.name[0] == "."]


def test_annotations_before_the_first_lost_frame_are_not_touched(take):
    path, ends = take
    classes = np.ones((COLOR.height, COLOR.width), np.uint8)
    save_annotation(path, 1, classes, NAMES)
    flip(path / "capture.mcap", (ends[1] + ends[2]) // 2)
    assert repair_recording(path).cut_annotations is None
    assert annotations_of(path) == {1: 1}
    assert not (path / "annotations.cut").exists()


@pytest.mark.parametrize("has_replaced", [False, True])
def test_a_crash_in_a_repair_mixes_no_annotations(annotated, monkeypatch, has_replaced):
    put_in_place = repair._put_in_place

    def crash(*files: Path) -> None:
        if has_replaced:
            put_in_place(*files)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(repair, "_put_in_place", crash)
        patch.setattr(repair, "settle_annotations", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            repair_recording(annotated)
    assert list(Recording(annotated).annotations) == []
    repair_recording(annotated)
    assert annotations_of(annotated) == {1: 1, 4: 4}


def test_a_repair_that_fails_puts_the_annotations_back(annotated, monkeypatch):
    def fail(*_: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    before = {f: f.read_bytes() for f in annotated.rglob("*") if f.is_file()}
    monkeypatch.setattr(repair, "_put_in_place", fail)
    with pytest.raises(RecordingError, match="is as it was"):
        repair_recording(annotated)
    assert before == {f: f.read_bytes() for f in annotated.rglob("*") if f.is_file()}


def test_what_an_earlier_repair_kept_of_the_annotations_is_not_overwritten(annotated):
    (annotated / "annotations.cut").mkdir()
    (annotated / ".annotations.partial").mkdir()  # of a repair that was interrupted
    before = (annotated / "capture.mcap").read_bytes()
    with pytest.raises(RecordingError, match=r"annotations\.cut is there from"):
        repair_recording(annotated)
    assert (annotated / "capture.mcap").read_bytes() == before
    (annotated / "annotations.cut").rmdir()
    repair_recording(annotated)
    assert annotations_of(annotated) == {1: 1, 4: 4}


@pytest.mark.parametrize("has_room_for_frames", [True, False])
def test_a_repair_that_runs_out_of_room_changes_nothing(take, has_room_for_frames):
    path, ends = take
    file = path / "capture.mcap"
    cut = file.read_bytes()[: ends[-1]]
    file.write_bytes(cut)
    # With room for every frame but not for the index, the last frames would make room.
    room = ends[-1] + 10 if has_room_for_frames else ends[2]
    with (
        disk_of(room),
        pytest.raises(RecordingError, match=r"not be repaired .* as it was"),
    ):
        repair_recording(path)
    assert file.read_bytes() == cut
    assert {f.name for f in path.iterdir()} == {"capture.mcap", "scene.json"}
    assert repair_recording(path).num_frames == NUM_FRAMES


def test_frames_are_found_by_the_index_where_the_file_cannot_be_walked(take):
    path, ends = take
    flip(path / "capture.mcap", ends[1] + 3)  # how long frame 2 is
    flip(path / "capture.mcap", (ends[3] + ends[4]) // 2)
    assert repair_recording(path).num_frames == 4
    for frame, number in zip(Recording(path), (0, 1, 2, 3), strict=True):
        assert_same_but_for_jpeg(frame, lopsided_frame(number))
