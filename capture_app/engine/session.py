"""One camera session: a sensor, the live view of its frames, and the recorder.

Arrows never turn back: the sensor's thread hands each frame to the live view, which may
skip it, and to the recorder, which may not. The window and hn-record poll the session;
nothing here knows of them.
"""

import logging
import threading

from capture_app.engine.live import LiveView
from capture_app.engine.problems import Problem, ProblemLog
from capture_app.engine.recorder import Recorder, RecordingPlan, RecordingSummary
from capture_app.engine.states import (
    SOURCE_TRANSITIONS,
    RecorderState,
    SourceState,
    StateMachine,
)
from capture_app.engine.stats import Gaps, LiveStats, Rate
from capture_app.sensors.sensor import Sensor
from core.errors import HNError, RecordingError
from core.frame import RgbdFrame

logger = logging.getLogger(__name__)

FIRST_FRAME_TIMEOUT_S = 5.0
FRAME_TIMEOUT_S = 2.0


class _Stopped(Exception):  # noqa: N818 - not an error; it unwinds a sensor's open()
    """The session is closing."""


class CaptureSession:
    """Runs one sensor on a thread of its own, from `start` to `close`.

    Every failure ends up as a state and as a `Problem` to show; none escapes a thread.
    """

    def __init__(self, sensor: Sensor, live: LiveView | None = None) -> None:
        self.sensor = sensor
        self.live = live
        self._problems = ProblemLog()
        self._source = StateMachine(SourceState.IDLE, SOURCE_TRANSITIONS)
        self._recorder: Recorder | None = None
        self._recorder_lock = threading.Lock()
        self._opening: tuple[int, int] | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._camera_rate = Rate()
        self._num_frames = 0
        self._num_lost = 0

    @property
    def source_state(self) -> SourceState:
        """What the sensor is doing."""
        return self._source.state

    @property
    def recorder_state(self) -> RecorderState:
        """What the recorder is doing."""
        recorder = self._recorder
        return RecorderState.OFF if recorder is None else recorder.state

    @property
    def opening_progress(self) -> tuple[int, int] | None:
        """(steps done, all steps) of a sensor that is slow to open."""
        return self._opening

    @property
    def recording(self) -> RecordingSummary | None:
        """The running recording, or else the last one."""
        return None if self._recorder is None else self._recorder.summary()

    def stats(self) -> LiveStats:
        """How fast everything runs at the moment."""
        live = self.live
        return LiveStats(
            camera_fps=self._camera_rate.per_second,
            label_fps=0.0 if live is None else live.label_fps,
            prediction_fps=0.0 if live is None else live.prediction_fps,
            latency_ms=0.0 if live is None else live.latency_ms,
            num_frames=self._num_frames,
            num_lost=self._num_lost,
        )

    def take_problems(self) -> list[Problem]:
        """What went wrong since the last call."""
        live = [] if self.live is None else self.live.problems.take()
        return self._problems.take() + live

    def start(self, record: RecordingPlan | None = None) -> None:
        """Open the sensor and stream; with `record`, record from the first frame on."""
        self._source.move(SourceState.OPENING)
        if self._thread is not None:
            self._thread.join()
        self._opening = None
        self._thread = threading.Thread(
            target=self._run, args=(record,), name="sensor", daemon=True
        )
        self._thread.start()

    def start_recording(self, plan: RecordingPlan) -> None:
        """Record from the next frame on; RecordingError says why that cannot be."""
        with self._recorder_lock:
            if self.source_state is not SourceState.STREAMING:
                raise RecordingError(
                    f"the camera is {self.source_state.value}; a recording needs one "
                    "that is streaming"
                )
            if self.recorder_state is RecorderState.RECORDING:
                raise RecordingError("a recording is running already; stop it first")
            if self.recorder_state is RecorderState.FINALISING:
                raise RecordingError(
                    "the last recording is still being saved; try again when it is done"
                )
            self._recorder = Recorder(
                plan,
                self.sensor.name,
                self.sensor.fps,
                self._recording_ended,
                self._warn,
            )

    def request_stop(self) -> None:
        """Have the running recording end; the recorder is OFF once it is saved."""
        with self._recorder_lock:
            recorder = self._recorder
        if recorder is not None:
            recorder.request_stop()

    def stop_recording(self) -> RecordingSummary | None:
        """Wait until the recording is saved; what it holds, or None if none was on."""
        with self._recorder_lock:
            recorder = self._recorder
            was_on = self.recorder_state is not RecorderState.OFF
        if recorder is None:
            return None
        summary = recorder.stop()
        return summary if was_on else None

    def close(self) -> None:
        """Finish the recording and stop every thread; safe to call twice."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self.stop_recording()
        if self.live is not None:
            self.live.close()
        self._source.move_if_allowed(SourceState.CLOSED)

    def __enter__(self) -> "CaptureSession":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _run(self, record: RecordingPlan | None) -> None:
        try:
            try:
                self.sensor.open(self._on_progress)
                self._source.move(SourceState.STREAMING)
                if record is not None:
                    self.start_recording(record)
                self._stream()
            finally:
                self.sensor.close()
        except _Stopped:
            pass
        except (HNError, OSError) as error:
            self._fail(_sentence(str(error)))
        except Exception as error:
            logger.exception("the sensor thread stopped")
            self._fail(f"The camera stopped ({type(error).__name__}: {error}).")

    def _stream(self) -> None:
        gaps = Gaps()
        timeout_s = FIRST_FRAME_TIMEOUT_S
        while not self._stopping.is_set():
            frame = self.sensor.read(timeout_s)
            if frame is None:
                self._leave_streaming(SourceState.ENDED)
                return
            timeout_s = FRAME_TIMEOUT_S
            self._num_lost += len(gaps.before(frame.number))
            self._hand_out(frame)

    def _hand_out(self, frame: RgbdFrame) -> None:
        self._num_frames += 1
        self._camera_rate.tick()
        recorder = self._recorder
        if recorder is not None:
            recorder.offer(frame)
        if self.live is not None:
            self.live.offer(frame)

    def _on_progress(self, done: int, total: int) -> None:
        if self._stopping.is_set():
            raise _Stopped
        self._opening = (done, total)

    def _leave_streaming(self, target: SourceState) -> None:
        """Close a running recording whole, then take the state `target`."""
        self.stop_recording()
        with self._recorder_lock:
            self._source.move(target)
        self.stop_recording()  # one that was started in between; it is empty

    def _fail(self, message: str) -> None:
        saved = self.stop_recording()
        if saved is not None and saved.num_frames > 0:
            message += (
                f" The recording up to here is saved: {saved.num_frames} frames in "
                f"{saved.path}."
            )
        self._problems.add(message, can_retry=True)
        self._leave_streaming(SourceState.FAILED)

    def _recording_ended(self, summary: RecordingSummary) -> None:
        if summary.error is not None:
            self._problems.add(_sentence(summary.error))

    def _warn(self, text: str) -> None:
        logger.warning("%s", text)
        self._problems.add(_sentence(text), is_warning=True)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."
