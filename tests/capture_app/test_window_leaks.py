"""What the window takes it gives back: references, threads, widgets, files, memory."""

import ctypes
import gc
import os
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from still_content import make_still_content
from still_window import PLACES, freeze, make_still_window, run_for, standing_still

from capture_app.engine.states import SourceState
from capture_app.ui.frame_view import FrameView
from capture_app.ui.window import CaptureWindow, Folders

NUM_REPAINTS, NUM_OPENED, NUM_RESTARTS, NUM_LOOKS = 2000, 20, 30, 50
MOST_DRIFT = 50
MOST_MB = 8.0  # of growth after the first rounds, which fill caches
_M_ARENA_MAX = -8  # of malloc.h
_WARM_UP = 10  # rounds, until the allocator has memory for all threads at once

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def one_heap() -> None:
    """Have glibc keep one heap for all threads, as far as it has made no others: each
    new thread could begin one of its own, which is growth but no leak."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


@pytest.fixture(autouse=True)
def still() -> Iterator[None]:
    with standing_still():
        yield


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    folders = Folders(tmp_path / "recordings", tmp_path / "runs")
    make_still_content(folders.recordings, folders.runs)
    return folders


@dataclass(frozen=True)
class Held:
    """What the process holds at a moment."""

    threads: Counter[str]
    widgets: Counter[str]
    files: Counter[str]
    memory_mb: float

    @classmethod
    def now(cls) -> "Held":
        """After everything that nobody holds any more is gone."""
        for _ in range(3):
            gc.collect()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            QApplication.processEvents()
        return cls(
            Counter(thread.name for thread in threading.enumerate()),
            Counter(type(widget).__name__ for widget in QApplication.allWidgets()),
            Counter(_open_files()),
            _memory_mb(),
        )

    def assert_no_more_than(self, before: "Held") -> None:
        assert not self.threads - before.threads
        assert not self.widgets - before.widgets
        assert not self.files - before.files
        grown = self.memory_mb - before.memory_mb
        assert grown < MOST_MB, f"the process grew by {grown:.1f} MB"


def test_repainting_takes_no_reference_to_none_or_true(
    qtbot: QtBot, folders: Folders
) -> None:
    """PySide6 6.12 loses one a call on Python 3.11, until the process aborts."""
    window = make_still_window(folders)
    window.show()
    become_live(qtbot, window)
    freeze(window)
    window.capture.session.close()  # its threads would count as well
    view = window.capture.frame_view
    picture = view.picture
    drifts = []
    for _ in range(2):  # the first round fills caches
        gc.collect()
        before = sys.getrefcount(None), sys.getrefcount(True)
        for _ in range(NUM_REPAINTS // 2):
            view.show_picture(picture)
            view.repaint()
        for _ in range(NUM_REPAINTS // 200):
            window.repaint()
        gc.collect()
        after = sys.getrefcount(None), sys.getrefcount(True)
        drifts.append([b - a for a, b in zip(before, after, strict=True)])
    window.close()
    assert max(abs(drift) for drift in drifts[1]) < MOST_DRIFT, drifts


def test_a_picture_is_let_go_when_the_next_one_comes(
    qtbot: QtBot, folders: Folders
) -> None:
    window = make_still_window(folders)
    window.show()
    become_live(qtbot, window)
    freeze(window)
    pictures = [o for o in gc.get_objects() if type(o).__name__ == "Picture"]
    num_frame_views = len(window.findChildren(FrameView))
    window.close()
    # What is shown, painted next, and waiting to be shown; of each view at the most.
    assert 1 <= len(pictures) <= 3 * num_frame_views + 3


def test_twenty_windows_leave_nothing_behind(qtbot: QtBot, folders: Folders) -> None:
    def open_and_close() -> None:
        window = make_still_window(folders)
        window.show()
        become_live(qtbot, window)
        for place in PLACES:
            window.show_page(place)
            run_for(50)
        window.close()

    assert_nothing_grows(open_and_close, NUM_OPENED)


def test_thirty_restarts_leave_nothing_behind(qtbot: QtBot, folders: Folders) -> None:
    window = make_still_window(folders)
    window.show()
    become_live(qtbot, window)

    def restart() -> None:
        window.capture.restart()
        become_live(qtbot, window)

    try:
        assert_nothing_grows(restart, NUM_RESTARTS)
    finally:
        window.close()


def test_fifty_changes_of_the_look_leave_nothing_behind(
    qtbot: QtBot, folders: Folders
) -> None:
    window = make_still_window(folders)
    window.show()
    become_live(qtbot, window)
    for place in PLACES:
        window.show_page(place)
    run_for(300)  # until they have read what they show
    looks = 0

    def change_look() -> None:
        nonlocal looks
        looks += 1
        window.show_look("light" if looks % 2 else "dark")
        QApplication.processEvents()

    try:
        assert_nothing_grows(change_look, NUM_LOOKS)
    finally:
        window.close()


def assert_nothing_grows(work: Callable[[], None], times: int) -> None:
    for _ in range(_WARM_UP):
        work()
    before = Held.now()
    for _ in range(times - _WARM_UP):
        work()
    Held.now().assert_no_more_than(before)


def become_live(qtbot: QtBot, window: CaptureWindow) -> None:
    def is_live() -> bool:
        picture = window.capture.frame_view.picture
        is_streaming = window.capture.session.source_state is SourceState.STREAMING
        return is_streaming and picture is not None and picture.has_classes

    qtbot.waitUntil(is_live)


def _open_files() -> list[str]:
    """What /proc says of them; nothing but on Linux."""
    try:
        numbers = os.listdir("/proc/self/fd")
    except OSError:
        return []
    files = []
    for number in numbers:
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except OSError:  # the listing's own
            continue
        files.append(re.sub(r"\[\d+\]", "", target))
    return files


def _memory_mb() -> float:
    """Of the process, without mapped files; 0 but on Linux."""
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return 0.0
    (kilobytes,) = re.findall(r"RssAnon:\s+(\d+) kB", text)
    return int(kilobytes) / 1e3
