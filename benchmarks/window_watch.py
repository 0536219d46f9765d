"""The capture window, looked at while it runs."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtGui import QPaintEvent
from session_watch import memory_mb

from capture_app.engine.live import LiveView
from capture_app.engine.networks import Networks
from capture_app.engine.picture import View
from capture_app.engine.recorder import RecordingPlan
from capture_app.engine.session import CaptureSession
from capture_app.sensors.simulated import SimulatedSensor
from capture_app.ui.frame_view import FrameView
from capture_app.ui.window import CaptureWindow, Folders
from core.bins import HNBins
from core.frame import RgbdFrame
from core.hn_labels import HNLabels, Labeler

TICK_MS = 16
LIVE_TIMEOUT_S = 120.0


@dataclass
class Seen:
    """What happened between `begin` and `end`."""

    seconds: float = 0.0
    num_frames: int = 0
    num_labelled: int = 0
    num_lost: int = 0
    cpu_s: float = 0.0
    gui_cpu_s: float = 0.0
    ticks_ms: list[float] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    prediction_fps: list[float] = field(default_factory=list)
    """Once a second."""
    memory_mb: list[tuple[float, float]] = field(default_factory=list)
    """Seconds, and megabytes without the frames that wait to be written."""


class CountingLabeler:
    """Labels, and counts."""

    def __init__(self, bins: HNBins) -> None:
        self.num_calls = 0
        self._labeler = Labeler(bins)

    def __call__(self, frame: RgbdFrame) -> HNLabels | None:
        """The labels of the next frame."""
        self.num_calls += 1
        return self._labeler(frame)


class WatchedWindow:
    """A window with the simulated camera that records into `folder`."""

    def __init__(
        self, networks: Networks, view: View, folder: Path, collects: bool
    ) -> None:
        bins = HNBins()
        if "hn" in networks:
            bins = networks["hn"].info.bins or bins
        self._folder = folder
        self._seen = Seen()
        self.first_painted_s = 0.0
        """On the wall clock."""
        self._labeler = CountingLabeler(bins)
        self._painted: object = None
        self._watch_paint()
        self._window = CaptureWindow(
            lambda _: CaptureSession(
                SimulatedSensor(), LiveView(self._labeler, bins, networks)
            ),
            Folders(folder),
            collects=collects and "hn" in networks,
        )
        self._window.capture.show_view(view)
        self._live = self._window.capture.session.live
        self._window.show()
        self._last_tick_s = time.monotonic()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK_MS)

    def run(self, seconds: float) -> None:
        """Let the window live."""
        loop = QEventLoop()
        QTimer.singleShot(round(1000 * seconds), loop.quit)
        loop.exec()

    def run_until_live(self) -> None:
        """Return when the first picture with classes is painted."""
        end_s = time.monotonic() + LIVE_TIMEOUT_S
        while not self._seen.latencies_ms:
            self.run(0.05)
            assert time.monotonic() < end_s, "no picture came"

    def begin(self) -> None:
        """Start the recording, and everything anew."""
        self._window.capture.session.start_recording(
            RecordingPlan(self._folder / "take")
        )
        self._seen = Seen()
        self._before = self._counts()

    def end(self) -> Seen:
        """What was seen since `begin`; the window is closed."""
        seen, before, now = self._seen, self._before, self._counts()
        (
            seen.seconds,
            seen.cpu_s,
            seen.gui_cpu_s,
            seen.num_frames,
            seen.num_labelled,
            num_lost,
        ) = (b - a for a, b in zip(before, now, strict=True))
        self._timer.stop()
        self._window.close()
        summary = self._window.capture.session.recording
        assert summary is not None and summary.error is None
        collection = self._live.collection
        seen.num_lost = int(num_lost) + summary.num_dropped
        seen.num_lost += 0 if collection is None else collection.num_lost
        return seen

    def _counts(self) -> tuple[float, ...]:
        stats = self._window.capture.session.stats()
        return (
            time.monotonic(),
            time.process_time(),
            time.thread_time(),
            stats.num_frames,
            self._labeler.num_calls,
            stats.num_lost,
        )

    def _tick(self) -> None:
        now_s = time.monotonic()
        self._seen.ticks_ms.append(1000 * (now_s - self._last_tick_s))
        self._last_tick_s = now_s
        looked = self._seen.memory_mb
        if not looked or now_s - looked[-1][0] >= 1.0:
            recording = self._window.capture.session.recording
            queued = 0 if recording is None else recording.queued_bytes
            looked.append((now_s, memory_mb() - queued / 1e6))
            self._seen.prediction_fps.append(self._live.prediction_fps)

    def _watch_paint(self) -> None:
        """Note when each picture with classes has been painted for the first time."""
        paint = FrameView.paintEvent

        def watched(view: FrameView, event: QPaintEvent) -> None:
            paint(view, event)
            picture = view.picture
            if picture is None or picture.layers is self._painted:
                return
            self._painted = picture.layers
            self.first_painted_s = self.first_painted_s or time.time()
            if picture.has_classes:
                latency_s = time.monotonic() - picture.layers.arrived_s
                self._seen.latencies_ms.append(1000 * latency_s)

        FrameView.paintEvent = watched  # type: ignore[method-assign]
