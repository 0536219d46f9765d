"""The window as an application: started, shown, and shut down in order."""

import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import cv2
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from capture_app.engine.recorder import RecordingPlan
from capture_app.engine.session import CaptureSession
from capture_app.engine.setup import SessionSetup, make_session
from capture_app.ui.native import forget_opencv_plugins
from capture_app.ui.window import CaptureWindow, Folders
from core.errors import HNError, SensorError

logger = logging.getLogger(__name__)

_SCREENSHOT_TIMEOUT_S = 90


def run_window(
    setup: SessionSetup,
    folders: Folders,
    screenshot: Path | None,
    min_free_bytes: int,
    collects: bool = False,
    notes: Sequence[str] = (),
) -> None:
    """Show the window until it is closed, or until its `screenshot` is saved; `notes`
    are sentences to begin with."""
    with _shown_window(
        lambda: CaptureWindow(
            make_session,
            folders,
            setup,
            min_free_bytes=min_free_bytes,
            collects=collects,
        )
    ) as (app, window):
        if notes:
            window.show_warning(" ".join(notes))
        if screenshot is None:
            app.exec()
        else:
            _save_first_live_picture(app, window, screenshot)


def record_in_window(
    make_session: Callable[[], CaptureSession], plan: RecordingPlan
) -> CaptureSession:
    """Show the window while it records `plan`; the session, closed, that did it.

    Ends early, with what the window had to say, when something goes wrong.
    """
    problems: list[str] = []
    with _shown_window(
        lambda: CaptureWindow(
            lambda _: make_session(), Folders(plan.path.parent), record=plan
        )
    ) as (app, window):
        window.has_problem.connect(problems.append)
        window.has_problem.connect(app.quit)
        window.capture.recorded.connect(app.quit)
        app.exec()
    if problems:
        raise SensorError(" ".join(problems))
    return window.capture.session


@contextmanager
def _shown_window(
    make_window: Callable[[], CaptureWindow],
) -> Iterator[tuple[QApplication, CaptureWindow]]:
    forget_opencv_plugins()
    cv2.setNumThreads(1)  # the live view's threads share the cores already
    app = QApplication(["hn-capture"])
    window = make_window()
    hooks = sys.excepthook, threading.excepthook
    sys.excepthook = _show_exceptions_in(window)
    threading.excepthook = _show_exceptions_of_threads(window)
    signals = (signal.SIGINT, signal.SIGTERM)
    # By a timer, since a window that closes before the event loop runs cannot end it.
    previous = [
        signal.signal(s, lambda *_: QTimer.singleShot(0, window.close)) for s in signals
    ]
    try:
        window.show()
        yield app, window
    finally:
        if isValid(window):  # it may be gone with the event loop
            window.close()
        sys.excepthook, threading.excepthook = hooks
        for number, handler in zip(signals, previous, strict=True):
            signal.signal(number, handler)


def _save_first_live_picture(
    app: QApplication, window: CaptureWindow, path: Path
) -> None:
    problems: list[HNError] = []
    is_saved = False

    def give_up(message: str) -> None:
        problems.append(SensorError(message))
        app.quit()

    def save() -> None:
        nonlocal is_saved
        path.parent.mkdir(parents=True, exist_ok=True)
        is_saved = window.grab().save(str(path))
        if not is_saved:
            problems.append(
                HNError(
                    f"cannot write the picture {path}; use a name such as window.png"
                )
            )
        app.quit()

    # Its last texts have to be laid out first.
    window.capture.became_live.connect(lambda: QTimer.singleShot(50, save))
    window.has_problem.connect(give_up)
    QTimer.singleShot(
        1000 * _SCREENSHOT_TIMEOUT_S,
        lambda: give_up(
            f"no labelled frame came within {_SCREENSHOT_TIMEOUT_S} s; is the "
            "floor in view?"
        ),
    )
    app.exec()
    if problems:
        raise problems[0]
    if not is_saved:
        raise HNError(
            f"the window was closed before its first labelled frame; {path} was not "
            "saved: run it again and let it end by itself"
        )


def _show_exceptions_in(
    window: CaptureWindow,
) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    """A last resort for faults of ours in the window's own code."""

    def show(
        kind: type[BaseException],
        error: BaseException,
        traceback: TracebackType | None,
    ) -> None:
        logger.error("fault in the window", exc_info=(kind, error, traceback))
        window.show_problem(
            f"Something in the window failed ({kind.__name__}: {error}). The camera "
            "and a running recording go on; the log has the details."
        )

    return show


def _show_exceptions_of_threads(
    window: CaptureWindow,
) -> Callable[[threading.ExceptHookArgs], None]:
    """The same for threads that nobody watches."""

    def show(fault: threading.ExceptHookArgs) -> None:
        name = "a thread" if fault.thread is None else f"the thread {fault.thread.name}"
        kind, error = fault.exc_type, fault.exc_value
        logger.error("fault in %s", name, exc_info=error)
        window.capture.session.report(
            f"Something in the background failed, in {name} ({kind.__name__}: "
            f"{error}). The camera and a running recording go on; the log has the "
            "details."
        )

    return show
