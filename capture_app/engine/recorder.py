"""Frames to disk on a thread of their own; what does not fit in time is counted."""

import logging
import shutil
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from capture_app.engine.states import (
    RECORDER_TRANSITIONS,
    RecorderState,
    StateMachine,
)
from capture_app.engine.stats import Gaps
from core.errors import RecordingError
from core.frame import RgbdFrame
from core.recording import RecordingWriter

logger = logging.getLogger(__name__)

QUEUE_LENGTH = 60
MIN_FREE_BYTES = 200_000_000
_FRAMES_BETWEEN_DISK_CHECKS = 15
_FILES = ("capture.mcap", "scene.json")


@dataclass(frozen=True)
class RecordingPlan:
    """What to record and where."""

    path: Path
    seconds: float | None = None
    """Of the sensor's time; None records until it is stopped."""
    tags: Sequence[str] = ()
    notes: str = ""
    settings: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordingSummary:
    """What a recording holds, now or at its end."""

    path: Path
    num_frames: int
    num_dropped: int
    seconds: float
    size_bytes: int
    error: str | None = None
    """Why it ended early, if it did."""


class Recorder:
    """Writes the frames it is offered into one recording until it is stopped.

    It takes frames while RECORDING, writes the rest of them while FINALISING, and is
    OFF once the recording is closed and `on_end` has heard of it.

    `offer` never waits: when the queue is full, or when the sensor skipped numbers, the
    missing numbers are counted as dropped and kept with the recording.
    """

    def __init__(
        self,
        plan: RecordingPlan,
        device: str,
        fps: float,
        on_end: Callable[[RecordingSummary], None],
    ) -> None:
        _check_free_space(plan.path)
        self.plan = plan
        self._writer = RecordingWriter(
            plan.path,
            device=device,
            tags=plan.tags,
            notes=plan.notes,
            settings=plan.settings,
        )
        self._period_s = 1.0 / fps
        self._on_end = on_end
        self._changed = threading.Condition()
        self._queue: deque[RgbdFrame] = deque()
        self._dropped: list[int] = []
        self._state = StateMachine(RecorderState.OFF, RECORDER_TRANSITIONS)
        self._state.move(RecorderState.RECORDING)
        self._gaps = Gaps()
        self._first_ns: int | None = None
        self._seconds = 0.0
        self._error: str | None = None
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def state(self) -> RecorderState:
        """What it is doing."""
        return self._state.state

    def offer(self, frame: RgbdFrame) -> None:
        """Record `frame`, or count it as dropped; ignored once the recording ends."""
        with self._changed:
            if self.state is not RecorderState.RECORDING:
                return
            if self._first_ns is None:
                self._first_ns = frame.timestamp_ns
            elapsed_s = (frame.timestamp_ns - self._first_ns) / 1e9
            # Half a period, so that a clock's jitter adds or loses no frame at the end.
            end_s = self.plan.seconds
            if end_s is not None and elapsed_s + self._period_s / 2 > end_s:
                self._state.move(RecorderState.FINALISING)
            else:
                self._seconds = elapsed_s + self._period_s
                self._dropped += self._gaps.before(frame.number)
                if len(self._queue) < QUEUE_LENGTH:
                    self._queue.append(frame)
                else:
                    self._dropped.append(frame.number)
            self._changed.notify()

    def request_stop(self) -> None:
        """Take no more frames; its own thread writes what is queued and ends."""
        with self._changed:
            self._state.move_if_allowed(RecorderState.FINALISING)
            self._changed.notify()

    def stop(self) -> RecordingSummary:
        """Wait until what is queued is written and the recording closed; sum it up."""
        self.request_stop()
        self._thread.join()
        return self.summary()

    def summary(self) -> RecordingSummary:
        """How far the recording is."""
        size_bytes = _size_on_disk(self.plan.path)  # `offer` must not wait for the disk
        with self._changed:
            return RecordingSummary(
                path=self.plan.path,
                num_frames=self._writer.num_frames,
                num_dropped=self._writer.num_dropped + len(self._dropped),
                seconds=self._seconds,
                size_bytes=size_bytes,
                error=self._error,
            )

    def _run(self) -> None:
        try:
            try:
                self._write_all()
            finally:
                self._count_drops(and_queued=True)
                self._writer.close()
        except Exception as error:
            logger.exception("the recording of %s ended early", self.plan.path)
            num_frames = self._writer.num_frames
            self._error = (
                f"the recording ended after {num_frames} frames, which are saved in "
                f"{self.plan.path}: {error}"
                if num_frames > 0
                else f"the recording ended before its first frame: {error}"
            )
        if self._writer.num_frames == 0:
            _remove_empty_recording(self.plan.path)
        self._on_end(self.summary())
        self._state.move(RecorderState.OFF)

    def _write_all(self) -> None:
        while (frame := self._next_frame()) is not None:
            if self._writer.num_frames % _FRAMES_BETWEEN_DISK_CHECKS == 0:
                _check_free_space(self.plan.path)
            self._count_drops()
            self._writer.write(frame)
            with self._changed:
                self._queue.popleft()

    def _next_frame(self) -> RgbdFrame | None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._queue or self.state is not RecorderState.RECORDING
            )
            # It stays in the queue until it is written, so that no error can lose it.
            return self._queue[0] if self._queue else None

    def _count_drops(self, and_queued: bool = False) -> None:
        with self._changed:
            dropped, self._dropped = self._dropped, []
            if and_queued:
                self._state.move_if_allowed(RecorderState.FINALISING)
                dropped += [frame.number for frame in self._queue]
                self._queue.clear()
        if dropped:
            self._writer.count_drop(dropped)


def _check_free_space(path: Path) -> None:
    """RecordingError when the disk of `path` is all but full."""
    folder = path.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        raise RecordingError(
            f"the disk of {path} has {free / 1e6:.0f} MB left, recording needs "
            f"{MIN_FREE_BYTES / 1e6:.0f} MB; free some space or record elsewhere"
        )


def _size_on_disk(path: Path) -> int:
    """Bytes of a recording's files, as far as they are there."""
    size = 0
    for name in _FILES:
        with suppress(OSError):
            size += (path / name).stat().st_size
    return size


def _remove_empty_recording(path: Path) -> None:
    """Delete what the writer made for a recording that got no frame."""
    try:
        for name in _FILES:
            (path / name).unlink(missing_ok=True)
        path.rmdir()
    except OSError as error:
        logger.warning("%s has no frames and cannot be deleted: %s", path, error)
