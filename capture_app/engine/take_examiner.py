"""What a take is worth, found once it is saved and while nothing else is recorded."""

import logging
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from core.bins import HNBins
from core.errors import HNError, RecordingError
from core.frame import RgbdFrame
from core.label_report import LabelStatistics
from core.label_source import FrameLabeller, take_quality
from core.recording import Recording
from core.recording.survey import recorded_survey
from core.recording.writer import CAPTURE_FILE
from core.survey import Survey

logger = logging.getLogger(__name__)

MAX_LABELLED = 100  # frames, evenly spread; enough to see which classes are rare
_LONGEST_REST_S = 0.2  # the first frame may have to wait for a compiler


@dataclass(frozen=True, eq=False)
class TakeReport:
    """What was found out about a take."""

    num_frames: int
    size_bytes: int
    floors: dict[str, int]
    """Frames by the source of their floor: measured, tracked, none."""
    statistics: LabelStatistics
    """Quality of all frames, labels of some."""


@dataclass(frozen=True, eq=False)
class Examination:
    """How far the look at a take is."""

    path: Path
    progress: float = 0.0
    """0..1."""
    report: TakeReport | None = None
    """Once it is done."""
    problem: str = ""
    """Why it ended early, if it did."""
    survey: Survey | None = None
    """Floor and quality of every frame, as soon as they are known."""


class TakeExaminer:
    """Examines one take at a time on a thread that rests half of the time."""

    def __init__(self, bins: HNBins) -> None:
        self.bins = bins
        self._examination: Examination | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def examination(self) -> Examination | None:
        """The running one, or else the last; None when there was none yet."""
        return self._examination

    def examine(self, path: Path) -> None:
        """Have the recording at `path` examined, and nothing else."""
        self.stop()
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run,
            args=(path, self._stopping, self._thread),
            name="examiner",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Have a running examination end; it is over within a frame."""
        self._stopping.set()

    def close(self) -> None:
        """Stop, and wait for that; safe to call twice."""
        self.stop()
        if self._thread is not None:
            self._thread.join()

    def _run(
        self,
        path: Path,
        stopping: threading.Event,
        before: threading.Thread | None,
    ) -> None:
        if before is not None:
            before.join()
        self._examination = Examination(path)
        try:
            report = self._report(_StoppableRecording(path, stopping))
            self._note(progress=1.0, report=report)
        except _Stopped:
            self._note(problem="stopped, since the next recording began")
        except HNError as error:
            self._note(problem=str(error))
        except Exception as error:
            logger.exception("the examination of %s ended", path)
            self._note(problem=f"failed ({type(error).__name__}: {error})")

    def _report(self, recording: "_StoppableRecording") -> TakeReport:
        num_frames = len(recording)
        numbers = range(0, num_frames, -(-num_frames // MAX_LABELLED))
        num_steps = num_frames + len(numbers)
        num_done = 0

        def advance() -> None:
            nonlocal num_done
            num_done += 1
            self._note(progress=num_done / num_steps)

        found = recorded_survey(recording, advance, num_workers=1)
        num_done = num_frames  # if it was kept from before
        self._note(survey=found)
        quality = take_quality(recording, found)
        statistics = LabelStatistics("live", self.bins, quality)
        labeller = FrameLabeller(recording, found.floors, "live", self.bins)
        for number in numbers:
            report = labeller(number)
            if not isinstance(report, HNError):
                statistics.add(report)
            advance()
        if not statistics.frames:
            raise RecordingError("none of its frames can be read")
        sources = ["none" if f is None else f.source for f in found.floors]
        floors = {word: sources.count(word) for word in statistics.floors}
        size_bytes = (recording.path / CAPTURE_FILE).stat().st_size
        return TakeReport(num_frames, size_bytes, floors, statistics)

    def _note(self, **changes: object) -> None:
        assert self._examination is not None
        self._examination = replace(self._examination, **changes)  # type: ignore[arg-type]


class _Stopped(Exception):  # noqa: N818 - not an error; it unwinds an examination
    """Somebody wants the examination to end."""


class _StoppableRecording(Recording):
    """Gives no frame any more once it is to stop.

    Between two frames it rests as long as the first was worked on, since the live view
    and the camera want the interpreter too.
    """

    def __init__(self, path: Path, stopping: threading.Event) -> None:
        super().__init__(path)
        self._stopping = stopping
        self._busy_since: float | None = None

    def __getitem__(self, index: int) -> RgbdFrame:
        now = time.monotonic()
        worked_s = 0.0 if self._busy_since is None else now - self._busy_since
        if self._stopping.wait(min(worked_s, _LONGEST_REST_S)):
            raise _Stopped
        self._busy_since = time.monotonic()
        return super().__getitem__(index)
