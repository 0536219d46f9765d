"""What the library knows of folders, with real files and without a window."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from library_recordings import PERIOD_NS, cut_off, floor_frame, write_take

from capture_app.engine.job import Advance, Job
from capture_app.engine.library import (
    Entry,
    Kind,
    Order,
    read_entry,
    recording_folders,
)
from capture_app.engine.library_watch import Changes, LibraryWatch, thumbnail
from capture_app.engine.scene_edits import Edit, SceneSaver, save_words
from capture_app.engine.trash import discard
from core.annotations import save_annotation
from core.bins import HNBins
from core.errors import HNError
from core.lock import lock
from core.recording import Recording, RecordingWriter, repair_recording
from core.recording.scene import load_scene, save_scene
from core.recording.times import frame_times_ns

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


def wait_until(is_so: Callable[[], bool], timeout_s: float = 10.0) -> None:
    ended = threading.Event()
    until = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < until, "it did not come about"
        ended.wait(0.005)


def test_times_are_those_of_the_frames_in_whole_and_cut_off_files(
    tmp_path: Path,
) -> None:
    path = write_take(tmp_path / "hall", 10, dropped=(7, 8))
    expected = [0, 1, *range(4, 12)]
    assert frame_times_ns(path).tolist() == [PERIOD_NS * k for k in expected]
    kept = len(Recording(cut_off(path)))
    assert 2 < kept < 10
    assert frame_times_ns(path).tolist() == [PERIOD_NS * k for k in expected[:kept]]


def test_an_entry_tells_what_is_in_the_folder(tmp_path: Path) -> None:
    path = write_take(tmp_path / "day 1" / "hall", 10, (7, 8), tags=("wide",))
    classes = np.zeros((72, 96), np.uint8)
    save_annotation(path, 3, classes, ("floor",))
    entry = read_entry(path, tmp_path)
    assert (entry.title, entry.kind, entry.problem) == ("day 1/hall", Kind.WHOLE, "")
    assert (entry.num_frames, entry.num_annotated) == (10, 1)
    assert entry.seconds == pytest.approx(0.44)  # 12 periods from frame 5 to 16
    assert entry.scene is not None and entry.scene.num_dropped == 2
    files = [file for file in path.rglob("*") if file.is_file()]
    assert entry.size_bytes == sum(file.stat().st_size for file in files)
    assert entry.floorless is None and not entry.is_repaired
    floors = [None, None, None, {}, {}, {}, {}, {}, {}, {}]
    (path / "floors.json").write_text(json.dumps({"floors": floors}))
    assert read_entry(path, tmp_path).floorless == pytest.approx(0.3)


def test_a_take_that_was_cut_off_is_told_from_one_that_was_repaired(
    tmp_path: Path,
) -> None:
    path = cut_off(write_take(tmp_path / "hall"))
    entry = read_entry(path, tmp_path)
    assert entry.kind is Kind.CUT_OFF and entry.can_play
    assert entry.num_frames == len(Recording(path))
    repair_recording(path)
    entry = read_entry(path, tmp_path)
    assert (entry.kind, entry.is_repaired) == (Kind.WHOLE, True)


def test_a_recording_that_is_being_written_is_not_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hall"
    with RecordingWriter(path) as writer:
        writer.write(floor_frame(5, 0))
        with monkeypatch.context() as patched:
            patched.setattr(
                "capture_app.engine.library.read_index",
                lambda path: pytest.fail("it was read"),
            )
            entry = read_entry(path, tmp_path)
    assert entry.kind is Kind.BEING_WRITTEN and not entry.can_play
    assert read_entry(path, tmp_path).kind is Kind.WHOLE


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("photos.txt", b"x", "holds no capture.mcap"),
        ("capture.mcap", b"", "is empty"),
        ("capture.mcap", b"PK\x03\x04 a zip", "is not an MCAP file"),
    ],
)
def test_what_is_no_recording_says_why(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / name).write_bytes(content)
    entry = read_entry(folder, tmp_path)
    assert entry.kind is Kind.UNREADABLE and not entry.can_play
    assert words in entry.problem and str(folder) in entry.problem


def test_a_scene_that_cannot_be_read_is_told_not_hidden(tmp_path: Path) -> None:
    path = write_take(tmp_path / "hall")
    (path / "scene.json").write_text("{")
    entry = read_entry(path, tmp_path)
    assert entry.kind is Kind.UNREADABLE and "scene.json" in entry.problem


def test_recordings_are_found_below_and_hidden_folders_are_not(tmp_path: Path) -> None:
    for name in ("a", "day/b", "day/c", ".trash/d", "snapshots/x_001", "junk/inner"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("a", "day/b", ".trash/d"):
        (tmp_path / name / "capture.mcap").touch()
    found = [path.relative_to(tmp_path) for path in recording_folders(tmp_path)]
    assert found == [Path("a"), Path("day/b"), Path("day/c"), Path("junk")]
    assert recording_folders(tmp_path / "absent") == []


def entry(name: str, **values: object) -> Entry:
    return Entry(Path(name), name, Kind.WHOLE, 0.0, **values)  # type: ignore[arg-type]


def test_every_word_of_a_search_has_to_be_somewhere(tmp_path: Path) -> None:
    path = write_take(tmp_path / "Hall_2", tags=("Wide",), notes="two lamps")
    found = read_entry(path, tmp_path)
    for search in ("", "hall", "LAMPS wide", "hall_2 two"):
        assert found.is_found_by(search), search
    assert not found.is_found_by("hall three")


def test_orders_put_first_what_they_say() -> None:
    old = replace(entry("b", size_bytes=9, num_frames=1), changed_s=10.0)
    new = replace(entry("a", size_bytes=1, num_frames=1), changed_s=20.0)
    long = replace(entry("C", size_bytes=5, num_frames=7), changed_s=5.0)
    orders = {
        order: [
            e.title for e in sorted((old, new, long), key=lambda e: e.sort_key(order))
        ]
        for order in Order
    }
    assert orders == {
        Order.DATE: ["a", "b", "C"],
        Order.NAME: ["a", "b", "C"],
        Order.SIZE: ["b", "C", "a"],
        Order.FRAMES: ["C", "a", "b"],
    }


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[LibraryWatch]:
    watch = LibraryWatch(tmp_path, HNBins())
    yield watch
    watch.close()
    watch.close()


def changes_until(watch: LibraryWatch, is_so: Callable[[Changes], bool]) -> Changes:
    """All changes up to those that hold what is waited for."""
    found = Changes()

    def come() -> bool:
        new = watch.take()
        found.entries.update(new.entries)
        found.gone |= new.gone
        found.thumbnails.update(new.thumbnails)
        found.trashed = new.trashed or found.trashed
        return is_so(found)

    wait_until(come)
    return found


def test_a_new_take_appears_by_itself_and_goes_by_itself(
    watch: LibraryWatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capture_app.engine.library_watch.LOOK_EVERY_S", 0.01)
    watch.resume()
    wait_until(lambda: watch.is_complete)
    assert not watch.take().entries
    path = tmp_path / "hall"
    with RecordingWriter(path) as writer:
        writer.write(floor_frame(5, 0))
        found = changes_until(watch, lambda c: path in c.entries)
        assert found.entries[path].kind is Kind.BEING_WRITTEN
    changes_until(
        watch, lambda c: path in c.entries and c.entries[path].kind is Kind.WHOLE
    )
    trashed = discard(path)
    found = changes_until(watch, lambda c: path in c.gone and bool(c.trashed))
    assert found.trashed == [trashed]


def test_a_paused_watch_does_nothing(
    watch: LibraryWatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = threading.Event()
    monkeypatch.setattr(
        "capture_app.engine.library_watch.recording_folders",
        lambda path: looked.set() or [],
    )
    watch.look()
    watch.want_thumbnail(tmp_path / "hall")
    assert not looked.wait(0.1)
    watch.resume()
    assert looked.wait(5.0)


def test_a_thumbnail_has_the_labels_of_the_middle_frame(
    watch: LibraryWatch, tmp_path: Path
) -> None:
    path = write_take(tmp_path / "hall")
    blind = write_take(tmp_path / "blind", sees_floor=False)
    watch.resume()
    watch.want_thumbnail(blind)
    watch.want_thumbnail(path)
    found = changes_until(watch, lambda c: len(c.thumbnails) == 2).thumbnails
    assert found[path].shape == found[blind].shape == (120, 160)
    reds = [int(found[p][60, 40]) >> 16 & 255 for p in (path, blind)]
    assert abs(reds[1] - 200) < 8  # the photo alone
    assert reds[0] < 160  # under the dark blue of the floor's class
    assert thumbnail(tmp_path / "absent", HNBins()) is None


def test_words_are_saved_beside_what_others_wrote_meanwhile(tmp_path: Path) -> None:
    path = write_take(tmp_path / "hall", notes="a lamp", tags=("wide", "old"))
    before = Recording(path).scene
    theirs = replace(before, notes="a lamp, broken", tags=("wide", "old", "hn"))
    save_scene(path, replace(theirs, dropped=(7,)))
    saved = save_words(path, before, "two lamps", ("wide", "night"))
    assert saved == load_scene(path, "")
    assert saved.notes == "a lamp, broken\ntwo lamps"
    assert saved.tags == ("wide", "night", "hn")
    assert saved.dropped == (7,)
    assert save_words(path, saved, saved.notes, ("wide",)).tags == ("wide",)
    assert load_scene(path, "").notes == "a lamp, broken\ntwo lamps"


def test_words_that_were_not_changed_leave_the_file_alone(tmp_path: Path) -> None:
    path = write_take(tmp_path / "hall", notes="a lamp")
    scene = Recording(path).scene
    state = (path / "scene.json").stat().st_mtime_ns
    save_words(path, scene, "a lamp", ())
    assert (path / "scene.json").stat().st_mtime_ns == state


def test_all_edits_are_saved_in_order_before_the_end(tmp_path: Path) -> None:
    paths = [write_take(tmp_path / name, 2) for name in ("hall", "den")]
    saver = SceneSaver()
    for path in paths:
        before = Recording(path).scene
        for notes in ("one", "two"):
            saver.save(Edit(path, before, notes, ()))
            before = replace(before, notes=notes)
    saver.save(Edit(tmp_path / "absent", before, "lost", ()))
    saver.close()
    saver.close()
    assert [load_scene(path, "").notes for path in paths] == ["two", "two"]
    saved = saver.take_saved()
    assert [one.scene is None for one in saved] == [False] * 4 + [True]
    assert "absent" in saved[-1].problem


def test_a_job_that_is_given_up_ends_within_a_step() -> None:
    may_go = threading.Event()
    steps = []

    def work(advance: Advance) -> str:
        for k in range(10):
            advance(k, 10)
            steps.append(k)
            may_go.wait(5.0)
        return "all of it"

    job = Job("Counting", work)
    wait_until(lambda: steps == [0])
    job.give_up()
    may_go.set()
    wait_until(lambda: job.is_over)
    assert steps == [0] and "given up" in job.sentence and not job.problem
    job.close()
    job.close()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (HNError("there is no room"), "there is no room"),
        (OSError(28, "No space left on device", "/x"), "/x: no space left on device"),
        (ZeroDivisionError("by 0"), "Counting failed (ZeroDivisionError: by 0)"),
    ],
)
def test_a_job_that_fails_says_why(error: Exception, words: str) -> None:
    def work(advance: Advance) -> str:
        raise error

    job = Job("Counting", work)
    wait_until(lambda: job.is_over)
    assert words in job.problem and not job.sentence
    job.close()


def test_a_lock_of_ours_is_seen_as_being_written(tmp_path: Path) -> None:
    path = cut_off(write_take(tmp_path / "hall"))
    with (path / "capture.mcap").open("rb") as file:
        lock(file)
        assert read_entry(path, tmp_path).kind is Kind.BEING_WRITTEN
    assert read_entry(path, tmp_path).kind is Kind.CUT_OFF
