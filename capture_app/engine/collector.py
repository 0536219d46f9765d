"""Frames at which a network is very wrong, kept as a recording for its next training.

Active collection: what the network does not know yet is worth more than what it does.
"""

import logging
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from capture_app.engine.naming import hard_scene, next_free
from capture_app.engine.networks import Network
from capture_app.engine.problems import ProblemLog
from capture_app.engine.recorder import (
    RecordingPlan,
    refuse_full_disk,
    remove_empty_recording,
)
from core.errors import HNError
from core.frame import RgbdFrame
from core.recording import RecordingWriter
from core.recording.frames import Calibration

logger = logging.getLogger(__name__)

# All our choice.
PERIOD_S = 2.0  # closer frames show the same
LEAST_SHARE = 0.10  # of its pixels are seriously wrong in a frame that is kept
MEMORY_S = 60.0
PERCENTILE = 80.0  # of what was seen lately: what is hard depends on the place
LEAST_SEEN = 30  # frames, before that can be told
QUEUE_LENGTH = 4


def hard_plan(
    folder: Path, scene: str, network: Network, min_free_bytes: int
) -> RecordingPlan:
    """What to keep and where: a recording beside those of `scene`."""
    return RecordingPlan(
        next_free(folder, hard_scene(scene)),
        tags=("hard",),
        notes=f"Frames at which {network.name} disagreed with depth.",
        settings={"collected": {"model": network.name, "least_share": LEAST_SHARE}},
        min_free_bytes=min_free_bytes,
    )


class HardFrames:
    """Chooses frames by the share of their pixels that is seriously wrong."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()
        self._chosen_s: float | None = None

    def is_hard(self, share: float, at_s: float) -> bool:
        """Whether to keep the next frame, which came at `at_s` seconds.

        It is wrong in at least a tenth, and in more than four fifths of the last
        minute's frames were, and the last one was kept two seconds ago or more.
        """
        while self._seen and self._seen[0][0] < at_s - MEMORY_S:
            self._seen.popleft()
        shares = [share for _, share in self._seen]
        self._seen.append((at_s, share))
        if share < LEAST_SHARE or len(shares) < LEAST_SEEN:
            return False
        if self._chosen_s is not None and at_s - self._chosen_s < PERIOD_S:
            return False
        if share <= np.percentile(shares, PERCENTILE):
            return False
        self._chosen_s = at_s
        return True


@dataclass(frozen=True)
class Collection:
    """How far a collection is."""

    path: Path
    num_kept: int
    """In all its recordings."""
    num_lost: int
    """Frames that were to be kept and for which there was no time or no disk."""
    is_on: bool
    earlier: tuple[Path, ...] = ()
    """Where those are that were kept before the camera was opened anew."""

    @property
    def where(self) -> str:
        """All its recordings, for people."""
        return ", ".join(str(p) for p in dict.fromkeys((*self.earlier, self.path)))


class Collector:
    """Writes the frames it chooses on a thread of its own, until it is stopped.

    The recording is made with the first of them, and another one when the camera was
    opened anew: a recording holds frames of one opening. `offer` never waits. A fault
    ends the collection, and nothing else: what was kept is closed whole, and `problems`
    hears of it.
    """

    def __init__(self, plan: RecordingPlan, device: str, problems: ProblemLog) -> None:
        self._plan = plan
        self._device = device
        self._problems = problems
        self._hard_frames = HardFrames()
        self._changed = threading.Condition()
        self._queue: deque[RgbdFrame] = deque()
        self._lost: list[int] = []
        self._is_on = True
        self._writer: RecordingWriter | None = None
        self._last: RgbdFrame | None = None  # that was written
        self._num_kept = 0
        self._earlier: tuple[Path, ...] = ()
        self._thread = threading.Thread(target=self._run, name="collector", daemon=True)
        self._thread.start()

    @property
    def is_on(self) -> bool:
        """Whether it takes frames."""
        return self._is_on

    @property
    def collection(self) -> Collection:
        """How far it is."""
        writer = self._writer
        path = (*self._earlier, self._plan.path)[0] if writer is None else writer.path
        return Collection(
            path, self._num_kept, len(self._lost), self._is_on, self._earlier
        )

    def offer(self, frame: RgbdFrame, serious_share: float, at_s: float) -> None:
        """Keep `frame` if it is a hard one; its floor must be known."""
        with self._changed:
            if not self._is_on or not self._hard_frames.is_hard(serious_share, at_s):
                return
            if len(self._queue) < QUEUE_LENGTH:
                self._queue.append(frame)
            else:
                self._lost.append(frame.number)
            self._changed.notify()

    def request_stop(self) -> None:
        """Take no more frames; what is queued is written, and the recording closed."""
        with self._changed:
            self._is_on = False
            self._changed.notify()

    def close(self) -> None:
        """Stop and wait until the recording is whole; safe to call twice."""
        self.request_stop()
        self._thread.join()

    def _run(self) -> None:
        try:
            try:
                while (frame := self._next_frame()) is not None:
                    self._write(frame)
            finally:
                self._finish()
        except HNError as error:
            self._report(str(error))
        except Exception as error:
            logger.exception("the collection into %s ended early", self._plan.path)
            self._report(str(error))

    def _next_frame(self) -> RgbdFrame | None:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or not self._is_on)
            # It stays in the queue until it is written: what fails is counted as lost.
            return self._queue[0] if self._queue else None

    def _write(self, frame: RgbdFrame) -> None:
        refuse_full_disk(self._plan)
        if self._last is not None and not _is_of_one_opening(self._last, frame):
            self._begin_anew()
        if self._writer is None:
            self._writer = self._new_writer()
        self._writer.write(frame)
        self._last = frame
        self._num_kept += 1
        with self._changed:
            self._queue.popleft()

    def _begin_anew(self) -> None:
        writer, self._writer, self._last = self._writer, None, None
        if writer is not None:
            self._earlier += (writer.path,)
            writer.close()

    def _new_writer(self) -> RecordingWriter:
        plan, path = self._plan, self._plan.path
        if path.exists():  # meanwhile: another window collects too, or this one did
            path = next_free(path.parent, path.name)
        return RecordingWriter(
            path,
            device=self._device,
            tags=plan.tags,
            notes=plan.notes,
            settings=plan.settings,
        )

    def _finish(self) -> None:
        with self._changed:
            self._is_on = False
            self._lost += [frame.number for frame in self._queue]
            self._queue.clear()
        if self._writer is None:
            return
        self._writer.count_drop(self._lost)
        try:
            self._writer.close()
        finally:
            if self._writer.num_frames == 0:
                remove_empty_recording(self._writer.path)

    def _report(self, reason: str) -> None:
        kept = self.collection
        saved = f"; {kept.num_kept} are saved in {kept.where}" if kept.num_kept else ""
        self._problems.add(
            f"No hard frames are kept any more{saved}: {reason}. The camera and a "
            "running recording go on; press C to begin again."
        )


def _is_of_one_opening(last: RgbdFrame, frame: RgbdFrame) -> bool:
    """Whether a camera went on from one frame to the other: its numbers and times begin
    anew when it is opened, and its calibration may be another then."""
    return (
        frame.number > last.number
        and frame.timestamp_ns >= last.timestamp_ns
        and Calibration.of(last).is_of(frame)
    )
