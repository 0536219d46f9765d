"""One camera session: a sensor, the live view of its frames, and the recorder.

Arrows never turn back: the sensor's thread hands each frame to the live view, which may
skip it, and to the recorder, which may not. The window and hn-record poll the session;
nothing here knows of them.
"""

import logging
import threading
import time

from capture_app.engine.hint_check import HintCheck
from capture_app.engine.live import LiveView
from capture_app.engine.live_slot import LiveSlot
from capture_app.engine.problems import Problem, ProblemLog
from capture_app.engine.recorder import RecordingPlan, RecordingSummary
from capture_app.engine.states import (
    SOURCE_TRANSITIONS,
    RecorderState,
    SourceState,
    StateMachine,
)
from capture_app.engine.stats import Gaps, LiveStats, Rate
from capture_app.engine.take import Take
from capture_app.sensors.failures import SensorLostError
from capture_app.sensors.sensor import Sensor
from core.errors import HNError, RecordingError, SensorError
from core.frame import RgbdFrame

logger = logging.getLogger(__name__)

FIRST_FRAME_TIMEOUT_S = 5.0
FRAME_TIMEOUT_S = 2.0
# Between two tries to open a camera that was lost; each pause twice the one before.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0


class _Stopped(Exception):  # noqa: N818 - not an error; it unwinds a sensor's open()
    """The session is closing."""


class CaptureSession:
    """Runs one sensor on a thread of its own, from `start` to `close`.

    Every failure ends up as a state and as a `Problem` to show; none escapes a thread.
    A camera that is lost is opened again until it is back, and the recording that was
    on goes on in a folder of its own.
    """

    def __init__(self, sensor: Sensor, live: LiveView | None = None) -> None:
        self.sensor = sensor
        self._problems = ProblemLog()
        self._slot = LiveSlot(live, self._problems)
        self._source = StateMachine(SourceState.IDLE, SOURCE_TRANSITIONS)
        self._take = Take(self._recording_ended, self._warn)
        self._leaving = threading.Lock()  # streaming, while a recording begins
        self._hint_check = HintCheck(self._warn)
        self._is_behind = False
        self._opening: tuple[int, int] | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._camera_rate = Rate()
        self._num_frames = 0
        self._num_lost = 0

    @property
    def live(self) -> LiveView | None:
        """What shows the frames, if anything does."""
        return self._slot.live

    @property
    def source_state(self) -> SourceState:
        """What the sensor is doing."""
        return self._source.state

    @property
    def recorder_state(self) -> RecorderState:
        """What the recorder is doing."""
        return self._take.state

    @property
    def opening_progress(self) -> tuple[int, int] | None:
        """(steps done, all steps) of a sensor that is slow to open."""
        return self._opening

    @property
    def recording(self) -> RecordingSummary | None:
        """The running recording, or else the last one, with what the same take saved
        before the camera was lost."""
        return self._take.summary()

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
            serious_share=None if live is None else live.serious_share,
        )

    def take_problems(self) -> list[Problem]:
        """What went wrong since the last call."""
        live = self.live
        return self._problems.take() + ([] if live is None else live.problems.take())

    def report(self, message: str) -> None:
        """Have a problem shown that somebody else saw."""
        self._problems.add(message)

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
        with self._leaving:
            if self.source_state is not SourceState.STREAMING:
                raise RecordingError(
                    f"the camera is {self.source_state.value}; a recording needs one "
                    "that is streaming"
                )
            self._take.begin(plan, self.sensor.name, self.sensor.fps)

    def request_stop(self) -> None:
        """Have the running recording end; the recorder is OFF once it is saved."""
        self._take.request_stop()

    def stop_recording(self) -> RecordingSummary | None:
        """Wait until the recording is saved; what it holds, or None if none was on."""
        return self._take.stop()

    def replace_live(self, live: LiveView) -> None:
        """Show the next frames through `live`; neither the sensor nor a recording
        notices. The old one ends by itself, and its collection with it."""
        self._slot.replace(live)

    def close(self) -> None:
        """Finish the recording and stop every thread; safe to call twice."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self.stop_recording()
        self._hint_check.close()
        self._slot.close()
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
                while (lost := self._stream()) is not None:
                    self._reconnect(lost)
            finally:
                self.sensor.close()
        except _Stopped:
            pass
        except (HNError, OSError) as error:
            self._fail(_sentence(str(error)))
        except Exception as error:
            logger.exception("the sensor thread stopped")
            self._fail(f"The camera stopped ({type(error).__name__}: {error}).")

    def _stream(self) -> SensorLostError | None:
        """Hand out frames to the end; what was said if the camera may come back."""
        gaps = Gaps()
        timeout_s = FIRST_FRAME_TIMEOUT_S
        while not self._stopping.is_set():
            for warning in self.sensor.take_warnings():
                self._warn(warning)
            try:
                frame = self.sensor.read(timeout_s)
            except SensorLostError as error:
                return None if self._stopping.is_set() else error
            if frame is None:
                self._leave_streaming(SourceState.ENDED)
                return None
            timeout_s = FRAME_TIMEOUT_S
            self._num_lost += len(gaps.before(frame.number))
            self._hand_out(frame)
        return None

    def _reconnect(self, lost: SensorLostError) -> None:
        """Return when the camera is back and the recording goes on."""
        lost_s = time.monotonic()
        self._suspend(str(lost))
        self.sensor.close()
        pause_s, said = FIRST_PAUSE_S, str(lost)
        while True:
            if self._stopping.wait(pause_s):
                raise _Stopped
            try:
                self.sensor.open(self._on_progress)
                break
            except SensorError as error:
                if str(error) != said:
                    said = str(error)
                    self._warn(said)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        self._resume(time.monotonic() - lost_s)

    def _suspend(self, reason: str) -> None:
        """Close a running recording whole and say what happens now."""
        with self._leaving:
            self._source.move(SourceState.RECONNECTING)
        saved = self._take.suspend()
        text = f"{reason}; it is opened again as soon as it is back"
        if saved is not None:
            text += ", and the recording goes on then"
            if saved.num_frames > 0:
                text += f": {saved.num_frames} frames are saved in {saved.path}"
        self._warn(text)

    def _resume(self, lost_for_s: float) -> None:
        """Stream again, and record again if that was on."""
        text = f"the camera was lost for {lost_for_s:.0f} s"
        with self._leaving:
            self._source.move(SourceState.STREAMING)
            try:
                path = self._take.resume(self.sensor.name, self.sensor.fps)
            except (HNError, OSError) as error:
                self._problems.add(_sentence(f"{text}; {error}"))
                return
        self._warn(text if path is None else f"{text}; the recording goes on in {path}")

    def _hand_out(self, frame: RgbdFrame) -> None:
        self._num_frames += 1
        self._camera_rate.tick()
        self._take.offer(frame)
        if self._shows_none():
            return
        live = self.live  # it may be replaced this moment; the old one takes no harm
        if live is None or not live.is_preparing:
            self._hint_check.look(frame)
        if live is not None:
            live.offer(frame)

    def _shows_none(self) -> bool:
        """Whether labels and pictures leave their time to a recording that falls
        behind: from half a queue on, until a quarter is left."""
        share = self._take.queued_share
        if share > 0.5 and not self._is_behind:
            self._is_behind = True
            self._warn(
                "the recording waits for the disk; labels and pictures pause until it "
                "has caught up, so that no frame is lost"
            )
        elif share < 0.25:
            self._is_behind = False
        return self._is_behind

    def _on_progress(self, done: int, total: int) -> None:
        if self._stopping.is_set():
            raise _Stopped
        self._opening = (done, total)

    def _leave_streaming(self, target: SourceState) -> None:
        """Close a running recording whole, then take the state `target`."""
        self.stop_recording()
        with self._leaving:
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
