"""Throwing recordings away and bringing them back, with real files."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from scripted import make_frame

from capture_app.engine import trash
from capture_app.engine.trash import delete_forever, discard, restore, trashed_in
from core.errors import DatasetError, HNError, RecordingError
from core.inputs import named_frames
from core.recording import Recording, RecordingWriter
from training.datasets.opening import open_data


def record(path: Path, num_frames: int = 1) -> Path:
    with RecordingWriter(path) as writer:
        for number in range(num_frames):
            writer.write(make_frame(number))
    return path


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    record(folder / "kitchen", num_frames=2)
    record(folder / "hall")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_a_recording_comes_back_as_it_was(recordings: Path) -> None:
    before = contents(recordings)
    trashed = discard(recordings / "kitchen")
    assert trashed.name == "kitchen"
    assert trashed.path == recordings / ".trash" / "kitchen"
    assert not (recordings / "kitchen").exists()
    assert len(Recording(trashed.path)) == 2
    assert restore(trashed) == recordings / "kitchen"
    assert contents(recordings) == before
    assert not (recordings / ".trash").exists()


def test_neither_training_nor_labelling_sees_what_was_thrown_away(
    recordings: Path,
) -> None:
    discard(recordings / "kitchen")
    assert [one.name for one in open_data([str(recordings)])] == [
        str(recordings / "hall")
    ]
    assert [name for name, _ in named_frames(recordings)] == ["hall"]
    discard(recordings / "hall")
    with pytest.raises(DatasetError):
        open_data([str(recordings)])
    with pytest.raises(HNError):
        named_frames(recordings)


def test_recordings_of_one_name_lie_beside_each_other(recordings: Path) -> None:
    first = discard(recordings / "kitchen")
    record(recordings / "kitchen")
    second = discard(recordings / "kitchen")
    assert second.path == recordings / ".trash" / "kitchen-2"
    assert trashed_in(recordings) == [second, first]
    assert restore(first) == recordings / "kitchen"
    assert restore(second) == recordings / "kitchen-2"  # the name is taken again
    assert len(Recording(recordings / "kitchen")) == 2
    assert len(Recording(recordings / "kitchen-2")) == 1
    assert trashed_in(recordings) == []


def test_the_name_comes_back_that_the_trash_had_to_change(recordings: Path) -> None:
    discard(recordings / "kitchen")
    second = discard(record(recordings / "kitchen"))
    assert second.path.name == "kitchen-2"
    assert restore(second) == recordings / "kitchen"
    assert len(Recording(recordings / "kitchen")) == 1


def test_the_trash_of_folders_below_is_listed_too(recordings: Path) -> None:
    nested = record(recordings / "monday" / "attic")
    trashed = discard(nested)
    assert trashed.path == recordings / "monday" / ".trash" / "attic"
    assert trashed_in(recordings) == [trashed]
    assert restore(trashed) == nested


def test_the_newest_comes_first_whatever_its_name(recordings: Path) -> None:
    for name in ("b", "c", "a"):
        discard(record(recordings / name))
    os.utime(recordings / ".trash" / "b")  # what is done to it there does not count
    assert [one.name for one in trashed_in(recordings)] == ["a", "c", "b"]


def test_what_is_deleted_for_good_is_gone(recordings: Path) -> None:
    kitchen, hall = discard(recordings / "kitchen"), discard(recordings / "hall")
    delete_forever(kitchen)
    assert trashed_in(recordings) == [hall]
    with pytest.raises(RecordingError, match="kitchen is not in the trash any more"):
        restore(kitchen)
    with pytest.raises(RecordingError, match="not in the trash"):
        delete_forever(kitchen)
    delete_forever(hall)
    assert list(recordings.iterdir()) == []


def test_only_what_is_in_the_trash_is_deleted(recordings: Path) -> None:
    outside = trash.Trashed("hall", recordings / "hall", "2024-05-01T10:00:00+02:00")
    with pytest.raises(ValueError, match="does not lie in a trash"):
        delete_forever(outside)
    assert (recordings / "hall" / "capture.mcap").is_file()


def test_only_recordings_can_be_thrown_away(recordings: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="only a recording can be"):
        discard(recordings)
    with pytest.raises(RecordingError, match=r"no capture\.mcap"):
        discard(tmp_path / "nowhere")
    assert trashed_in(recordings) == []


@pytest.mark.skipif(sys.platform == "win32", reason="its files cannot be locked so")
def test_a_recording_that_goes_on_stays(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "attic") as writer:
        writer.write(make_frame(0))
        with pytest.raises(RecordingError, match="is still being recorded; stop"):
            discard(tmp_path / "attic")
    assert discard(tmp_path / "attic").name == "attic"


def test_what_cannot_be_moved_stays_and_leaves_no_note(
    recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(RecordingError, match=r"Permission denied\); it stays where"):
        discard(recordings / "hall")
    assert sorted(p.name for p in recordings.iterdir()) == ["hall", "kitchen"]


@pytest.mark.parametrize(
    "note", ["", "no json", "[]", "{}", '{"name": "../a", "deleted": "2024-05-01"}']
)
def test_without_a_good_note_it_can_be_brought_back_all_the_same(
    recordings: Path, note: str, caplog: pytest.LogCaptureFixture
) -> None:
    trashed = discard(recordings / "kitchen")
    trashed.path.with_name("kitchen.json").write_text(note)
    (found,) = trashed_in(recordings)
    assert (found.name, found.path) == ("kitchen", trashed.path)
    assert "cannot be read" in caplog.text
    assert restore(found) == recordings / "kitchen"
    assert not np.isnan(Recording(recordings / "kitchen")[1].depth_scale)


def test_a_link_is_thrown_away_and_not_what_it_is_to(
    recordings: Path, tmp_path: Path
) -> None:
    far = record(tmp_path / "elsewhere")
    link = recordings / "linked"
    link.symlink_to(far, target_is_directory=True)
    delete_forever(discard(link))
    assert not link.is_symlink()
    assert len(Recording(far)) == 1
