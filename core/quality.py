"""How good the frames of a source are to train on: blurred, repeated, lost.

`measure_frame` looks at one frame, `judge_frames` compares the frames of a source, and
`TakeQuality` says what they add up to.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from core.frame import RgbdFrame
from core.near_duplicates import Thumbnail, are_duplicates, thumbnail
from core.sharpness import are_blurred, sharpness

# Both our choice, and the recorder's too: no camera is silent for so long, or loses so
# many frames at once, and goes on.
LONGEST_PAUSE_S = 10.0  # a longer one is a clock that was set anew
LONGEST_GAP = 10_000  # more are numbers that begin anew
PAUSE_PERIODS = 2.0  # what a slow exposure may add, in periods
IN_ORDER = 0.5  # of the frames of a sequence follow from the one before


class FrameMeasures(NamedTuple):
    """What was measured of one frame, and what it takes to compare it with others."""

    number: int
    timestamp_ns: int
    sharpness: float | None
    thumbnail: Thumbnail
    pose: np.ndarray | None
    """(4, 4) T_world_camera."""
    T_previous_current: np.ndarray | None
    """(4, 4) from tracking; None where that was lost."""


@dataclass(frozen=True)
class FrameQuality:
    """How good one frame of a source is."""

    number: int
    """The sensor's."""
    timestamp_ns: int
    """The sensor's clock."""
    sharpness: float | None
    """As `core.sharpness` has it; None where the picture is too plain to tell."""
    shift_m: float | None
    """How far the camera came since the frame before; None where that is not known."""
    turn_deg: float | None
    """How far it turned."""
    is_blurred: bool | None
    """Clearly less sharp than its neighbours; None where frames are in no order."""
    is_duplicate: bool
    """It shows what an earlier frame shows that is neither blurred nor a duplicate."""


def measure_frame(
    frame: RgbdFrame,
    pose: np.ndarray | None = None,
    T_previous_current: np.ndarray | None = None,
) -> FrameMeasures:
    """All that is measured of a frame; 0.7 ms at 640x480."""
    gray = cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2GRAY)
    return FrameMeasures(
        frame.number,
        frame.timestamp_ns,
        sharpness(gray),
        thumbnail(gray, frame.depth),
        pose,
        T_previous_current,
    )


def judge_frames(
    measured: Sequence[FrameMeasures | None], has_clock: bool
) -> list[FrameQuality | None]:
    """The quality of every frame of a source; None for one that cannot be read.

    Frames are in order if they have a clock, or if most follow from the one before.
    """
    readable = [one for one in measured if one is not None]
    before: list[FrameMeasures | None] = [None, *readable]
    moves = [_move(a, b) for a, b in zip(before, readable, strict=False)]
    num_joined = sum(move is not None for move in moves)
    blurred: Sequence[bool | None] = [None] * len(readable)
    if has_clock or num_joined >= IN_ORDER * len(readable):
        blurred = are_blurred([one.sharpness for one in readable])
    duplicates = are_duplicates(
        [
            None if is_blurred else one.thumbnail
            for one, is_blurred in zip(readable, blurred, strict=True)
        ]
    )
    judged = map(_quality, readable, moves, blurred, duplicates)
    return [None if one is None else next(judged) for one in measured]


@dataclass(frozen=True)
class TakeQuality:
    """What the frames of one source add up to."""

    frames: Sequence[FrameQuality | None]
    """None for one that cannot be read."""
    dropped: Collection[int]
    """Numbers of frames that the recorder says it has lost."""
    has_clock: bool
    """Whether timestamps tell when frames were taken."""

    @property
    def num_dropped(self) -> int:
        """Frames missing by the gaps in their numbers or by the recorder's word."""
        numbers = [frame.number for frame in self._readable]
        beyond = set(self.dropped)
        if numbers:
            first, last = min(numbers), max(numbers)
            beyond = {number for number in beyond if not first <= number <= last}
        return len(beyond) + self._num_in_gaps()

    @property
    def blurred_share(self) -> float | None:
        """0..1 of the frames; None where they are in no order."""
        flags = [frame.is_blurred for frame in self._readable]
        return None if None in flags else _share(flags)

    @property
    def duplicate_share(self) -> float:
        """0..1 of the frames, near-duplicates of one before them."""
        return _share([frame.is_duplicate for frame in self._readable])

    @property
    def duration_s(self) -> float | None:
        """From the first frame to the last, without the clock's jumps."""
        return float(self._steps()[0].sum()) if self.has_clock else None

    @property
    def clock_jumps(self) -> int | None:
        """How often the clock went back, stood still or leapt ahead."""
        return int(self._steps()[1].sum()) if self.has_clock else None

    def summary(self) -> dict[str, object]:
        """In the names and units of statistics.json."""
        speeds_m_s, speeds_deg_s = self._speeds()
        return {
            "duration_s": _rounded(self.duration_s),
            "clock_jumps": self.clock_jumps,
            "dropped_frames": self.num_dropped,
            "blurred_share": _rounded(self.blurred_share),
            "near_duplicate_share": _rounded(self.duplicate_share),
            "median_speed_m_s": _quantile(speeds_m_s, 0.5),
            "p95_speed_m_s": _quantile(speeds_m_s, 0.95),
            "median_turn_deg_s": _quantile(speeds_deg_s, 0.5),
            "p95_turn_deg_s": _quantile(speeds_deg_s, 0.95),
        }

    @property
    def _readable(self) -> list[FrameQuality]:
        return [frame for frame in self.frames if frame is not None]

    def _num_in_gaps(self) -> int:
        """Numbers missing between frames, but for those that cannot be read and where
        the numbers jump."""
        missing, num_unreadable, last = 0, 0, None
        for frame in self.frames:
            if frame is None:
                num_unreadable += 1
                continue
            if last is not None and frame.number <= last + LONGEST_GAP:
                missing += max(0, frame.number - last - 1 - num_unreadable)
            num_unreadable, last = 0, frame.number
        return missing

    def _steps(self) -> tuple[np.ndarray, np.ndarray]:
        return step_seconds(
            [frame.number for frame in self._readable],
            [frame.timestamp_ns for frame in self._readable],
        )

    def _speeds(self) -> tuple[list[float], list[float]]:
        """m/s and deg/s between frames where the motion and the clock are known."""
        if not self.has_clock:
            return [], []
        steps_s, _ = self._steps()
        moves = [
            (frame.shift_m / step_s, frame.turn_deg / step_s)
            for frame, step_s in zip(self._readable[1:], steps_s, strict=True)
            if frame.shift_m is not None and frame.turn_deg is not None and step_s > 0
        ]
        return [shift for shift, _ in moves], [turn for _, turn in moves]


def step_seconds(
    numbers: Sequence[int], timestamps_ns: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """(N - 1,) seconds from each frame to the next, and (N - 1,) whether the clock
    jumped there.

    Where it did, the step lasts as long as steps usually do for each missing number.
    """
    gaps = np.diff(np.array(numbers, np.int64))
    num_periods = np.where((gaps < 1) | (gaps > LONGEST_GAP), 1, gaps)
    seconds = np.diff(np.array(timestamps_ns, np.int64)).astype(np.float64) / 1e9
    periods = (seconds / num_periods)[seconds > 0]
    period = float(np.median(periods)) if periods.size else 0.0
    longest = PAUSE_PERIODS * num_periods * period + LONGEST_PAUSE_S
    has_jumped = (seconds <= 0) | (seconds > longest)
    return np.where(has_jumped, num_periods * period, seconds), has_jumped


def _move(before: FrameMeasures | None, after: FrameMeasures) -> np.ndarray | None:
    """(4, 4) T_before_after by the poses, or else by tracking; None for the first."""
    if before is None:
        return None
    if before.pose is not None and after.pose is not None:
        return np.linalg.inv(before.pose) @ after.pose
    return after.T_previous_current


def _quality(
    measured: FrameMeasures,
    move: np.ndarray | None,
    is_blurred: bool | None,
    is_duplicate: bool,
) -> FrameQuality:
    """Numbers are rounded here, so that what is kept is what was told."""
    shift_m, turn_deg = None, None
    if move is not None:
        shift_m = round(float(np.linalg.norm(move[:3, 3])), 5)
        turn = cv2.Rodrigues(np.ascontiguousarray(move[:3, :3]))[0]
        turn_deg = round(float(np.degrees(np.linalg.norm(turn))), 4)
    sharp = None if measured.sharpness is None else round(measured.sharpness, 4)
    return FrameQuality(
        measured.number,
        measured.timestamp_ns,
        sharp,
        shift_m,
        turn_deg,
        is_blurred,
        is_duplicate,
    )


def _share(flags: Sequence[bool | None]) -> float:
    return sum(map(bool, flags)) / max(1, len(flags))


def _quantile(values: Sequence[float], share: float) -> float | None:
    return _rounded(float(np.quantile(values, share))) if values else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
