"""Networks held against depth: frames of a floor whose mistakes are known."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_runs import floor_takes
from predicting_inputs import BINS, model
from scripted import wait_until

from capture_app.engine.compare import Compared, Comparer, Look, words_at
from capture_app.engine.compare_source import open_compared, recordings_in
from capture_app.engine.picture import View
from core.errors import HNError
from core.recording import Recording, RecordingWriter

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.fixture
def comparer() -> Iterator[Comparer]:
    comparer = Comparer()
    yield comparer
    comparer.close()
    comparer.close()


@pytest.fixture
def takes(tmp_path: Path) -> Path:
    return floor_takes(tmp_path / "recordings" / "floor")


@pytest.fixture
def hn_model(tmp_path: Path) -> Path:
    folder = tmp_path / "hn"
    folder.mkdir()
    return model(folder, BINS)


def answer(comparer: Comparer, look: Look) -> Compared:
    comparer.ask(look)
    answers: list[Compared] = []

    def has_come() -> bool:
        found = comparer.take()
        answers.extend([] if found is None else [found])
        return bool(answers)

    wait_until(has_come, 100.0)  # the first one may wait for a compiler
    assert not comparer.is_busy
    return answers[-1]


def test_the_shares_of_each_kind_of_mistake_are_those_of_the_frame(
    comparer, takes, hn_model
):
    found = answer(comparer, Look((hn_model,), source=takes))
    assert (found.problem, found.note, found.num_frames) == ("", "", 3)
    agreement = found.agreement
    assert agreement is not None
    assert agreement.same == pytest.approx(5 / 8, abs=0.02)
    assert agreement.nearly == pytest.approx(1 / 4, abs=0.02)
    assert agreement.serious == pytest.approx(1 / 8, abs=0.02)


def test_the_mean_counts_every_frame_once(comparer, takes, hn_model):
    look = Look((hn_model,), source=takes)
    for frame in (0, 0, 2):
        found = answer(
            comparer, Look(look.models, source=takes, frame=frame, size=(90, 60))
        )
    assert found.so_far is not None
    assert found.so_far.num_frames == 2
    assert found.agreement is not None
    assert found.agreement.serious == pytest.approx(0.0, abs=0.01)
    assert found.so_far.serious == pytest.approx(1 / 16, abs=0.02)


def test_another_network_begins_another_mean(comparer, takes, hn_model, tmp_path):
    answer(comparer, Look((hn_model,), source=takes))
    (tmp_path / "other").mkdir()
    other = model(tmp_path / "other", BINS)
    found = answer(comparer, Look((other,), source=takes, frame=1))
    assert found.so_far is not None
    assert found.so_far.num_frames == 1


def test_pictures_fit_into_their_place_and_show_what_is_known(
    comparer, takes, hn_model, tmp_path
):
    semantic = model(tmp_path)
    look = Look((hn_model, semantic), source=takes, size=(84, 200))
    found = answer(comparer, look)
    assert list(found.pictures) == [
        View.HN_LABELS,
        View.HN_PREDICTION,
        View.DISAGREEMENT,
        View.SEMANTIC,
    ]
    assert {picture.pixels.shape for picture in found.pictures.values()} == {(63, 84)}


def test_a_place_is_told_in_the_words_of_every_view(
    comparer, takes, hn_model, tmp_path
):
    found = answer(comparer, Look((hn_model, model(tmp_path)), source=takes))
    at_the_right = words_at(found, 0.97, 0.5).splitlines()
    assert at_the_right == [
        f"Depth says: {BINS.class_names[0]}",
        f"Network says: {BINS.class_names[2]}",
        "Where they differ: height further off",
        "Semantic network: blue",
    ]
    assert "Network says: " + BINS.class_names[0] in words_at(found, 0.1, 0.5)


def test_a_frame_without_floor_has_nothing_to_compare_with(
    comparer, hn_model, tmp_path, monkeypatch
):
    monkeypatch.setattr("capture_app.engine.compare.label_frame", lambda *_, **__: None)
    found = answer(comparer, Look((hn_model,), source=floor_takes(tmp_path / "take")))
    assert list(found.pictures) == [View.COLOR, View.HN_PREDICTION]
    assert (found.agreement, found.so_far) == (None, None)
    assert "No floor" in found.note


def test_a_semantic_network_alone_is_shown_beside_depth(comparer, takes, tmp_path):
    found = answer(comparer, Look((model(tmp_path),), source=takes))
    assert list(found.pictures) == [View.HN_LABELS, View.SEMANTIC]
    assert "no HN network" in found.note


@pytest.mark.parametrize("what", ["model", "recording"])
def test_what_cannot_be_read_is_named_and_the_next_look_works(
    comparer, takes, hn_model, tmp_path, what
):
    missing = tmp_path / "missing"
    look = Look((missing,), source=takes)
    if what == "recording":
        look = Look((hn_model,), source=missing)
    assert str(missing) in answer(comparer, look).problem
    assert not answer(comparer, Look((hn_model,), source=takes)).problem


def test_a_damaged_frame_leaves_the_others_to_compare(comparer, takes, hn_model):
    file = takes / "capture.mcap"
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    file.write_bytes(content)
    problems = [
        answer(comparer, Look((hn_model,), source=takes, frame=k)).problem
        for k in range(3)
    ]
    assert [bool(problem) for problem in problems].count(True) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_is_told_and_does_not_end_the_comparing(
    comparer, takes, hn_model, monkeypatch
):
    look = Look((hn_model,), source=takes)
    with monkeypatch.context() as patch:
        patch.setattr("capture_app.engine.compare.disagreement", None)
        assert "failed" in answer(comparer, look).problem
    wait_until(lambda: comparer._worker.has_failed)
    assert not answer(comparer, look).problem


def test_a_network_that_is_replaced_is_loaded_again(comparer, takes, hn_model):
    before = answer(comparer, Look((hn_model,), source=takes))
    model(hn_model.parent, type(BINS)((0.2, 1.0), ()))
    os.utime(hn_model, (5, 5))
    after = answer(comparer, Look((hn_model,), source=takes))
    assert before.names[View.HN_LABELS] == BINS.class_names
    assert after.names[View.HN_LABELS][0] == "below 0.20 m"


def test_the_newest_recording_comes_first_and_hidden_ones_do_not(tmp_path):
    recordings = tmp_path / ".cache" / "recordings"
    for age, name in enumerate(("old", "paper/new", ".trash/gone")):
        file = recordings / name / "capture.mcap"
        file.parent.mkdir(parents=True)
        file.touch()
        os.utime(file, (1000 + age, 1000 + age))
    found = [path.name for path in recordings_in(recordings)]
    assert found == ["new", "old"]
    assert recordings_in(tmp_path / "none") == ()


def test_without_a_recording_there_is_a_simulated_room():
    frames = open_compared(None)
    assert len(frames) > 10
    assert frames.floors is None


def test_the_floors_that_are_kept_are_used(takes):
    assert open_compared(takes).floors is None
    known = Recording(takes).floors
    found = open_compared(takes).floors
    assert found is not None
    assert [f.camera_height for f in found] == [f.camera_height for f in known]


def test_a_recording_without_frames_says_so(tmp_path):
    with RecordingWriter(tmp_path / "empty", device="made"):
        pass
    with pytest.raises(HNError):
        open_compared(tmp_path / "empty")
