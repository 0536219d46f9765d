"""A take: one recording, or several when the camera was lost meanwhile."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from capture_app.engine.naming import next_segment
from capture_app.engine.recorder import Recorder, RecordingPlan, RecordingSummary
from capture_app.engine.states import RecorderState
from core.errors import RecordingError
from core.frame import RgbdFrame

logger = logging.getLogger(__name__)


class Take:
    """Records one plan after the other, each into as many folders as it needs.

    A folder holds frames of one opening of the camera. When the camera is lost,
    `suspend` closes it whole and `resume` goes on in the next one, until the seconds
    asked for are there. The recorder's `on_end` and `on_warning` hear of each folder.
    """

    def __init__(
        self,
        on_end: Callable[[RecordingSummary], None],
        on_warning: Callable[[str], None] = logger.warning,
    ) -> None:
        self._on_end = on_end
        self._on_warning = on_warning
        self._changing = threading.Lock()
        self._plan: RecordingPlan | None = None
        self._recorder: Recorder | None = None
        self._earlier: tuple[RecordingSummary, ...] = ()
        self._is_waiting = False
        self._period_s = 0.0

    @property
    def state(self) -> RecorderState:
        """What it is doing; WAITING between two folders."""
        is_waiting = self._is_waiting
        recorder = self._recorder  # after it: the next one is there before it is over
        if recorder is None:
            return RecorderState.OFF
        state = recorder.state
        is_between = is_waiting and state is RecorderState.OFF
        return RecorderState.WAITING if is_between else state

    @property
    def queued_share(self) -> float:
        """How full the recorder's queue is, 0 to 1."""
        recorder = self._recorder
        return 0.0 if recorder is None else recorder.queued_share

    def summary(self) -> RecordingSummary | None:
        """Of the folder that is recorded or was the last one, with those before it."""
        recorder = self._recorder
        if recorder is None:
            return None
        summary = recorder.summary()
        earlier = tuple(s for s in self._earlier if s.path != summary.path)
        return replace(summary, earlier=earlier)

    def begin(self, plan: RecordingPlan, device: str, fps: float) -> None:
        """Record from the next frame on; RecordingError says why that cannot be."""
        with self._changing:
            if self.state in (RecorderState.RECORDING, RecorderState.WAITING):
                raise RecordingError("a recording is running already; stop it first")
            if self.state is RecorderState.FINALISING:
                raise RecordingError(
                    "the last recording is still being saved; try again when it is done"
                )
            self._record(plan, device, fps)
            self._plan, self._earlier = plan, ()

    def offer(self, frame: RgbdFrame) -> None:
        """Record `frame` if a recording is on."""
        recorder = self._recorder
        if recorder is not None:
            recorder.offer(frame)

    def request_stop(self) -> None:
        """Have it end; it is OFF once what it has is saved."""
        with self._changing:
            self._is_waiting = False
            if self._recorder is not None:
                self._recorder.request_stop()

    def stop(self) -> RecordingSummary | None:
        """Wait until it is saved; what it holds, or None if none was on."""
        with self._changing:
            was_on = self.state is not RecorderState.OFF
            self._is_waiting = False
            recorder = self._recorder
        if recorder is None:
            return None
        recorder.stop()
        return self.summary() if was_on else None

    def suspend(self) -> RecordingSummary | None:
        """The camera was lost: close the folder whole and wait for `resume`.

        What was saved, or None if no recording was on or it need not go on.
        """
        with self._changing:
            recorder = self._recorder
            self._is_waiting = self.state is RecorderState.RECORDING
        if recorder is None or not self._is_waiting:
            return None
        summary = recorder.stop()  # others may ask and stop meanwhile
        with self._changing:
            if summary.num_frames > 0:
                self._earlier += (summary,)
            if summary.error is not None or self._next_plan() is None:
                self._is_waiting = False
            return summary if self._is_waiting else None

    def resume(self, device: str, fps: float) -> Path | None:
        """The camera is back: go on in the next folder, and in which; None if nobody
        waits. RecordingError says why that cannot be."""
        with self._changing:
            plan = self._next_plan() if self._is_waiting else None
            try:
                if plan is not None:
                    self._record(plan, device, fps)
            finally:
                self._is_waiting = False
            return None if plan is None else plan.path

    def _record(self, plan: RecordingPlan, device: str, fps: float) -> None:
        self._recorder = Recorder(plan, device, fps, self._on_end, self._on_warning)
        self._period_s = 1 / fps

    def _next_plan(self) -> RecordingPlan | None:
        """What is still to be recorded, and where; None if that is nothing."""
        assert self._plan is not None
        seconds, settings = self._plan.seconds, dict(self._plan.settings)
        if seconds is not None:
            seconds -= sum(summary.seconds for summary in self._earlier)
            if seconds < self._period_s / 2:
                return None
        if self._earlier:
            settings["continues"] = self._earlier[-1].path.name
        path = next_segment(self._plan.path)
        return replace(self._plan, path=path, seconds=seconds, settings=settings)
