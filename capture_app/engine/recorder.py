"""Frames to disk on a thread of their own; what does not fit in time is counted."""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from capture_app.engine.disk_space import (
    MIN_FREE_BYTES,
    DiskSpace,
    free_bytes,
    size_in_words,
    time_in_words,
)
from capture_app.engine.elapsed import Elapsed
from capture_app.engine.states import (
    RECORDER_TRANSITIONS,
    RecorderState,
    StateMachine,
)
from capture_app.engine.stats import Gaps
from core.errors import HNError, RecordingError
from core.frame import RgbdFrame
from core.recording import RecordingWriter

logger = logging.getLogger(__name__)

# At 30 fps a disk may stand still for 11 s of 640x480, or for 3.7 s of 1280x720.
QUEUE_BYTES = 512_000_000
LOOK_PERIOD_S = 1.0
_SOON_S = 300.0  # time enough to make room, or to end the take well
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
    min_free_bytes: int = MIN_FREE_BYTES
    """It ends when its disk has less than that left."""


@dataclass(frozen=True)
class RecordingSummary:
    """What a recording holds, now or at its end."""

    path: Path
    num_frames: int
    num_dropped: int
    seconds: float
    size_bytes: int
    queued_bytes: int = 0
    """Of frames that wait to be written."""
    free_bytes: int | None = None
    """What its disk has left, if anybody has looked."""
    seconds_left: float | None = None
    """Until the disk has no more room for it, if that is known."""
    error: str | None = None
    """Why it ended early, if it did."""
    earlier: tuple["RecordingSummary", ...] = ()
    """What the same take recorded before the camera was lost, folder by folder."""


class Recorder:
    """Writes the frames it is offered into one recording until it is stopped.

    It takes frames while RECORDING, writes the rest of them while FINALISING, and is
    OFF once the recording is closed and `on_end` has heard of it.

    `offer` never waits: when the queue is full, or when the sensor skipped numbers, the
    missing numbers are counted as dropped and kept with the recording. `on_warning` is
    told once, in a sentence, when the disk will soon have too little room.
    """

    def __init__(
        self,
        plan: RecordingPlan,
        device: str,
        fps: float,
        on_end: Callable[[RecordingSummary], None],
        on_warning: Callable[[str], None] = logger.warning,
    ) -> None:
        refuse_full_disk(plan)
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
        self._on_warning = on_warning
        self._changed = threading.Condition()
        self._queue: deque[RgbdFrame] = deque()
        self._queued_bytes = 0
        self._dropped: list[int] = []
        self._state = StateMachine(RecorderState.OFF, RECORDER_TRANSITIONS)
        self._state.move(RecorderState.RECORDING)
        self._gaps = Gaps()
        self._elapsed = Elapsed(self._period_s)
        self._seconds = 0.0
        self._disk: DiskSpace | None = None
        self._has_warned = False
        self._reason: str | None = None
        self._error: str | None = None
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def state(self) -> RecorderState:
        """What it is doing."""
        return self._state.state

    @property
    def queued_share(self) -> float:
        """How full the queue is, 0 to 1."""
        return self._queued_bytes / QUEUE_BYTES

    def offer(self, frame: RgbdFrame) -> None:
        """Record `frame`, or count it as dropped; ignored once the recording ends."""
        with self._changed:
            if self.state is not RecorderState.RECORDING:
                return
            elapsed_s = self._elapsed.at(frame.timestamp_ns)
            # Half a period, so that a clock's jitter adds or loses no frame at the end.
            end_s = self.plan.seconds
            if end_s is not None and elapsed_s + self._period_s / 2 > end_s:
                self._state.move(RecorderState.FINALISING)
            else:
                self._seconds = elapsed_s + self._period_s
                self._dropped += self._gaps.before(frame.number)
                if self._queued_bytes + _num_bytes(frame) <= QUEUE_BYTES:
                    self._queue.append(frame)
                    self._queued_bytes += _num_bytes(frame)
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
        disk = self._disk
        with self._changed:
            return RecordingSummary(
                path=self.plan.path,
                num_frames=self._writer.num_frames,
                num_dropped=self._writer.num_dropped + len(self._dropped),
                seconds=self._seconds,
                size_bytes=size_bytes,
                queued_bytes=self._queued_bytes,
                free_bytes=None if disk is None else disk.free_bytes,
                seconds_left=None if disk is None else disk.seconds_left,
                error=self._error,
            )

    def _run(self) -> None:
        where = f", which are saved in {self.plan.path}"
        try:
            try:
                self._write_all()
            finally:
                self._count_drops(and_queued=True)
                self._writer.close()
        except HNError as error:  # the writer says itself what is saved where
            self._reason, where = str(error), ""
        except Exception as error:
            logger.exception("the recording of %s ended early", self.plan.path)
            self._reason = str(error)
        num_frames = self._writer.num_frames
        if self._reason is not None:
            self._error = (
                f"the recording ended after {num_frames} frames{where}: {self._reason}"
                if num_frames > 0
                else f"the recording ended before its first frame: {self._reason}"
            )
        if num_frames == 0:
            remove_empty_recording(self.plan.path)
        self._on_end(self.summary())
        self._state.move(RecorderState.OFF)

    def _write_all(self) -> None:
        looked_at = -math.inf
        while (frame := self._next_frame()) is not None:
            if time.monotonic() - looked_at >= LOOK_PERIOD_S:
                self._look_at_disk()
                looked_at = time.monotonic()
            self._count_drops()
            self._writer.write(frame)
            with self._changed:
                self._queue.popleft()
                self._queued_bytes -= _num_bytes(frame)

    def _look_at_disk(self) -> None:
        """Warn when the floor is near; at the floor, take no more frames."""
        path = self.plan.path
        try:
            free = free_bytes(path)
        except OSError:  # a disk that is really gone, the next write tells of
            return
        num_written = self._writer.num_frames
        with self._changed:
            share = num_written / (num_written + len(self._queue))
            seconds = share * self._seconds
        disk = DiskSpace(free, self.plan.min_free_bytes, _size_on_disk(path), seconds)
        self._disk = disk
        left_s = disk.seconds_left
        if disk.is_used_up:
            with self._changed:
                if self._state.move_if_allowed(RecorderState.FINALISING):
                    self._reason = _too_little_room(disk)
        elif left_s is not None and left_s < _SOON_S and not self._has_warned:
            self._has_warned = True
            self._on_warning(
                f"in {time_in_words(left_s)} the disk of {path} is down to the "
                f"{size_in_words(disk.min_free_bytes)} that a recording leaves free; "
                "it ends then and is saved: make room, or end it earlier"
            )

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
                self._queued_bytes = 0
        if dropped:
            self._writer.count_drop(dropped)


def refuse_full_disk(plan: RecordingPlan) -> None:
    """RecordingError when a recording would have to end at once."""
    disk = DiskSpace(free_bytes(plan.path), plan.min_free_bytes, 0, 0.0)
    if disk.is_used_up:
        raise RecordingError(
            f"nothing can be recorded into {plan.path}: {_too_little_room(disk)}"
        )


def _too_little_room(disk: DiskSpace) -> str:
    return (
        f"its disk has {size_in_words(disk.free_bytes)} left and a recording leaves "
        f"{size_in_words(disk.min_free_bytes)} free; make room, record elsewhere or "
        "lower --min-free-gb"
    )


def _num_bytes(frame: RgbdFrame) -> int:
    return frame.rgb.nbytes + frame.depth.nbytes


def _size_on_disk(path: Path) -> int:
    """Bytes of a recording's files, as far as they are there."""
    size = 0
    for name in _FILES:
        with suppress(OSError):
            size += (path / name).stat().st_size
    return size


def remove_empty_recording(path: Path) -> None:
    """Delete what the writer made for a recording that got no frame."""
    try:
        for name in _FILES:
            (path / name).unlink(missing_ok=True)
        path.rmdir()
    except OSError as error:
        logger.warning("%s has no frames and cannot be deleted: %s", path, error)
