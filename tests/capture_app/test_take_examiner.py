"""What a take is worth: examined on a thread of its own, shown in the side panel."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from closing import close
from PySide6.QtWidgets import QApplication, QLabel, QToolButton
from pytestqt.qtbot import QtBot
from scripted import RunningSensor, label_all

from capture_app.engine.live import LiveView
from capture_app.engine.recorder import RecordingPlan
from capture_app.engine.session import CaptureSession
from capture_app.engine.take_examiner import (
    Examination,
    TakeExaminer,
    _StoppableRecording,
)
from capture_app.ui.side_panel import SidePanel
from capture_app.ui.take_panel import _FACTS, rare_text
from capture_app.ui.theme import apply_theme
from capture_app.ui.window import CaptureWindow, Folders
from core.bins import HNBins
from core.frame import Intrinsics, RgbdFrame
from core.recording import Recording, RecordingWriter

CAMERA = Intrinsics(160, 120, 145.0, 147.0, 83.0, 57.0)
PITCH = np.radians(35)
BINS = HNBins()


def floor_frame(number: int, camera_height: float) -> RgbdFrame:
    """Nothing but a red floor, seen by a camera looking 35 deg down."""
    v = np.arange(120)[:, None] * np.ones(160)
    down = np.sin(PITCH) + np.cos(PITCH) * (v - 57) / 147
    depth = np.rint(1000 * camera_height / down).astype(np.uint16)
    depth[:, 150:] = 0
    rgb = np.full((120, 160, 3), (200, 60, 10), np.uint8)
    return RgbdFrame.aligned(
        rgb, depth, CAMERA, 0.001, number=number, timestamp_ns=number * 10**8
    )


@pytest.fixture
def take(tmp_path: Path) -> Path:
    """Ten frames of a camera that stood still and then rose; three were lost."""
    path = tmp_path / "recordings" / "hall"
    with RecordingWriter(path) as writer:
        for number in (*range(6), *range(8, 12)):
            writer.write(floor_frame(number, 1.2 if number < 9 else 1.5))
        writer.count_drop([6, 12])
    return path


@pytest.fixture
def examiner() -> Iterator[TakeExaminer]:
    before = set(threading.enumerate())
    examiner = TakeExaminer(BINS)
    yield examiner
    examiner.close()
    examiner.close()
    assert set(threading.enumerate()) == before


def finished(examiner: TakeExaminer) -> Examination:
    assert examiner._thread is not None
    examiner._thread.join()
    assert examiner.examination is not None
    return examiner.examination


def test_a_take_is_examined_from_its_file(examiner: TakeExaminer, take: Path) -> None:
    assert examiner.examination is None
    examiner.examine(take)
    found = finished(examiner)
    assert (found.path, found.progress, found.problem) == (take, 1.0, "")
    report = found.report
    assert report is not None
    assert report.num_frames == 10
    assert report.size_bytes == (take / "capture.mcap").stat().st_size
    assert report.floors == {"measured": 10, "tracked": 0, "none": 0}
    quality = report.statistics.take
    assert quality.num_dropped == 3  # 6, 7 and 12
    assert quality.duration_s == pytest.approx(1.1)
    assert quality.duplicate_share == pytest.approx(8 / 10)
    assert report.statistics.valid_depth == pytest.approx(150 / 160)
    assert report.statistics.class_shares()[0] > 0.98  # all is floor
    # What was found is kept for whoever labels or trains.
    assert (take / "floors.json").is_file() and (take / "quality.json").is_file()


class SlowReading:
    """Lets a recording's frames out one by one, and tells who asks for them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = threading.Semaphore(0)
        self.may_read = threading.Semaphore(0)
        read = Recording.__getitem__

        def read_slowly(recording: Recording, index: int) -> RgbdFrame:
            self.asked.release()
            assert self.may_read.acquire(timeout=5.0)
            return read(recording, index)

        monkeypatch.setattr(Recording, "__getitem__", read_slowly)


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> SlowReading:
    return SlowReading(monkeypatch)


def test_it_stops_within_a_frame_when_the_next_recording_begins(
    examiner: TakeExaminer, take: Path, reading: SlowReading
) -> None:
    examiner.examine(take)
    reading.may_read.release(2)
    for _ in range(3):
        assert reading.asked.acquire(timeout=5.0)
    examiner.stop()
    reading.may_read.release(1)
    found = finished(examiner)
    assert found.report is None
    assert found.problem == "stopped, since the next recording began"
    assert not reading.asked.acquire(blocking=False)  # no fourth frame
    assert not (take / "quality.json").exists()


def test_of_two_takes_the_second_is_examined(
    examiner: TakeExaminer, take: Path, reading: SlowReading
) -> None:
    other = take.with_name("kitchen")
    with RecordingWriter(other) as writer:
        writer.write(floor_frame(3, 1.4))
    examiner.examine(take)
    assert reading.asked.acquire(timeout=5.0)
    examiner.examine(other)  # which waits for the first, unlike who asks for it
    assert not reading.asked.acquire(timeout=0.1)
    reading.may_read.release(50)
    found = finished(examiner)
    assert found.path == other
    assert found.report is not None and found.report.num_frames == 1


def test_it_rests_as_long_as_it_works_and_for_no_compiler(
    take: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, rests = [100.0], []

    class Stopping(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            assert timeout is not None
            rests.append(timeout)
            now[0] += timeout
            return self.is_set()

    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr("capture_app.engine.take_examiner.time", clock)
    recording = _StoppableRecording(take, Stopping())
    for work_s in (0.03, 20.0, 0.05, 0.0):
        recording[1]
        now[0] += work_s
    assert rests == pytest.approx([0.0, 0.03, 0.2, 0.05])


def test_a_take_that_cannot_be_read_is_a_sentence(
    examiner: TakeExaminer,
    take: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    examiner.examine(take.with_name("gone"))
    assert "does not exist" in finished(examiner).problem

    def fail(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("capture_app.engine.take_examiner.recorded_survey", fail)
    examiner.examine(take)
    assert finished(examiner).problem == "failed (ZeroDivisionError: oops)"
    assert "the examination of" in caplog.text


def texts(panel: SidePanel) -> list[str]:
    return [
        plain(label.text())
        for label in panel.findChildren(QLabel)
        if label.isVisibleTo(panel)
    ]


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_the_panel_shows_the_numbers_of_the_last_take(
    qtbot: QtBot, examiner: TakeExaminer, take: Path
) -> None:
    panel = SidePanel(BINS, None)
    qtbot.addWidget(panel)
    panel.show_examination(Examination(take, progress=0.42))
    assert panel.legend.isVisibleTo(panel)  # until there is something to show
    panel.show_take()
    assert "Take hall" in texts(panel) and "Looking through it: 42 %" in texts(panel)
    examiner.examine(take)
    panel.show_examination(finished(examiner))
    assert not panel.legend.isVisibleTo(panel)
    shown = texts(panel)
    for name, value in (
        ("Frames", "10 in 1.1 s"),
        ("Dropped", "3"),
        ("Size", "0 MB"),
        ("Speed", "0.00 m/s, 0 deg/s"),
        ("Valid depth", "94 %"),
        ("Floor measured", "100 %"),
        ("Floor unknown", "0 %"),
        ("Blurred", "0 %"),
        ("Near-duplicates", "80 %"),
    ):
        assert shown[shown.index(name) + 1] == value
    assert "Below 1 %: flat > 0.25 m; upright everywhere" in shown
    (button,) = (b for b in panel.findChildren(QToolButton) if b.text() == "Legend")
    button.click()
    assert panel.legend.isVisibleTo(panel)


def test_a_take_that_was_not_examined_says_why(qtbot: QtBot, tmp_path: Path) -> None:
    panel = SidePanel(BINS, None)
    qtbot.addWidget(panel)
    panel.show_examination(Examination(tmp_path / "hall", problem="its disk is gone"))
    panel.show_take()
    assert "Not examined: its disk is gone." in texts(panel)


def test_a_long_path_goes_over_several_lines(qtbot: QtBot) -> None:
    panel = SidePanel(BINS, None)
    qtbot.addWidget(panel)
    path = Path("recordings") / ("kitchen" * 12)
    panel.show_examination(Examination(path, problem=f"{path} does not exist"))
    panel.show_take()
    panel.grab()  # which lays it out
    state = panel.take._state
    assert state.text().replace("\N{ZERO WIDTH SPACE}", "") == (
        f"Not examined: {path} does not exist."
    )
    assert state.width() >= state.minimumSizeHint().width()
    assert state.fontMetrics().horizontalAdvance(path.name) > 2 * state.width()


def facts_of(panel: SidePanel, examination: Examination) -> dict[str, tuple[str, bool]]:
    """The rows of the panel by their names, and whether they are amber."""
    panel.show_examination(examination)
    return {
        name: (value.text(), value.property("state") == "poor")
        for name, value in zip(_FACTS, panel.take._values, strict=True)
    }


def test_what_is_poor_is_amber(
    qtbot: QtBot, examiner: TakeExaminer, take: Path
) -> None:
    panel = SidePanel(BINS, None)
    qtbot.addWidget(panel)
    examiner.examine(take)
    found = finished(examiner)
    assert found.report is not None
    facts = facts_of(panel, found)
    assert {name for name, (_, is_poor) in facts.items() if is_poor} == {
        "Dropped",
        "Near-duplicates",
    }
    for num_unknown, is_poor in ((2, False), (3, True)):  # of ten
        floors = {"measured": 10 - num_unknown, "tracked": 0, "none": num_unknown}
        report = replace(found.report, floors=floors)
        facts = facts_of(panel, replace(found, report=report))
        assert facts["Floor unknown"] == (f"{num_unknown}0 %", is_poor)


def test_the_speed_is_that_of_the_camera(
    qtbot: QtBot, examiner: TakeExaminer, take: Path
) -> None:
    panel = SidePanel(BINS, None)
    qtbot.addWidget(panel)
    examiner.examine(take)
    found = finished(examiner)
    assert found.report is not None
    statistics = found.report.statistics
    frames = [
        replace(frame, shift_m=0.0234, turn_deg=1.46)  # in a tenth of a second
        for frame in statistics.take.frames
        if frame is not None
    ]
    for moving, text in (
        (frames, "0.23 m/s, 15 deg/s"),
        ([replace(frame, shift_m=None) for frame in frames], "not known"),
    ):
        statistics.take = replace(statistics.take, frames=moving)
        report = replace(found.report, statistics=statistics)
        assert facts_of(panel, replace(found, report=report))["Speed"][0] == text


def test_rare_classes_are_named_in_ranges() -> None:
    shares = np.full(20, 0.05)
    assert rare_text(BINS, shares) == "Every class has 1 % or more."
    shares[[0, 1, 4, 9]] = 0.009
    shares[[10 + 3, 10 + 4, 10 + 5]] = 0.0
    assert plain(rare_text(BINS, shares)) == (
        "Below 1 %: flat < 0.50 m, 1.00–1.25 m, > 2.25 m; "  # noqa: RUF001
        "upright 0.75–1.50 m"  # noqa: RUF001
    )
    three = HNBins(height_edges=(0.5, 1.0), angle_edges=(30.0, 60.0))
    shares = np.array([0, 0.2, 0.2, 0.2, 0, 0, 0, 0.2, 0.2])
    assert plain(rare_text(three, shares)) == (
        "Below 1 %: 0–30° < 0.50 m; 30–60° > 0.50 m; 60–90° < 0.50 m"  # noqa: RUF001
    )
    all_heights = HNBins(height_edges=(), angle_edges=(45.0,))
    assert plain(rare_text(all_heights, np.array([1.0, 0.0]))) == (
        "Below 1 %: upright everywhere"
    )
    assert "no labels" in rare_text(BINS, np.zeros(20))


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[CaptureWindow]:
    apply_theme(qapp)
    sensor = RunningSensor()
    window = CaptureWindow(
        lambda _: CaptureSession(sensor, LiveView(label_all, BINS)), Folders(tmp_path)
    )
    window.show()
    qtbot.waitUntil(lambda: window.capture.frame_view.picture is not None)
    yield window
    close(window)
    assert not [t for t in threading.enumerate() if t.name == "examiner"]


def record(qtbot: QtBot, window: CaptureWindow) -> None:
    window.actions_by_name["record"].trigger()
    qtbot.waitUntil(lambda: window.capture.session.recording.num_frames >= 3)
    with qtbot.waitSignal(window.capture.recorded):
        window.actions_by_name["record"].trigger()


def is_examined(window: CaptureWindow) -> bool:
    window.capture._slow_tick()
    examination = window.capture.examiner.examination
    return examination is not None and examination.report is not None


def test_a_take_is_examined_once_it_is_saved_and_the_next_brings_the_coverage(
    qtbot: QtBot, window: CaptureWindow
) -> None:
    record(qtbot, window)
    qtbot.waitUntil(lambda: is_examined(window), timeout=60_000)
    assert "Take scene_001" in texts(window.capture.side_panel)
    assert not window.capture.side_panel.legend.isVisibleTo(window.capture.side_panel)
    window.actions_by_name["record"].trigger()
    panel = window.capture.side_panel  # while it records, what the scene lacks counts
    assert panel.coverage.isVisibleTo(panel) and not panel.take.isVisibleTo(panel)
    qtbot.waitUntil(lambda: window.capture.session.recording.num_frames >= 1)
    window.actions_by_name["record"].trigger()


def test_the_next_take_ends_the_look_at_the_last(
    qtbot: QtBot, window: CaptureWindow, reading: SlowReading
) -> None:
    record(qtbot, window)
    assert reading.asked.acquire(timeout=5.0)
    window.actions_by_name["record"].trigger()
    reading.may_read.release(50)
    qtbot.waitUntil(lambda: not window.capture.examiner._thread.is_alive())
    examination = window.capture.examiner.examination
    assert examination is not None
    assert examination.problem == "stopped, since the next recording began"


def test_closing_the_window_ends_the_look_at_a_take(
    qtbot: QtBot, window: CaptureWindow, reading: SlowReading
) -> None:
    record(qtbot, window)
    assert reading.asked.acquire(timeout=5.0)
    release = threading.Timer(0.1, reading.may_read.release)
    release.start()
    window.close()
    assert not window.capture.examiner._thread.is_alive()
    release.join()


@pytest.mark.parametrize("size", [(1024, 700), (1500, 900)])
def test_no_text_of_a_take_is_cut_off(
    qtbot: QtBot, window: CaptureWindow, size: tuple[int, int]
) -> None:
    window.resize(*size)
    record(qtbot, window)
    qtbot.waitUntil(lambda: is_examined(window), timeout=60_000)
    statistics = window.capture.examiner.examination.report.statistics
    statistics._counts[:20] = np.arange(20) % 2  # no class that is rare has a neighbour
    window.capture.examiner._note(progress=1.0)
    window.capture._slow_tick()
    for _ in range(3):
        QApplication.processEvents()
    assert (window.width(), window.height()) == size
    for label in window.capture.side_panel.findChildren(QLabel):
        if label.isVisible():
            assert label.width() >= label.minimumSizeHint().width(), label.text()
            assert label.height() >= label.heightForWidth(label.width()), label.text()


def test_a_window_that_closes_after_one_recording_examines_none(
    qtbot: QtBot, tmp_path: Path
) -> None:
    sensor = RunningSensor()
    window = CaptureWindow(
        lambda _: CaptureSession(sensor, LiveView(label_all, BINS)),
        Folders(tmp_path),
        record=RecordingPlan(tmp_path / "kitchen", seconds=0.1),
    )
    with qtbot.waitSignal(window.capture.recorded):
        pass
    assert window.capture.examiner.examination is None
    window.close()
