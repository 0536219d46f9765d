"""A recording that is opened to be looked at: its time line and its newest frames."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.errors import CheckpointError
from core.floor import FloorPlane
from core.frame import RgbdFrame
from core.prediction import ModelInfo, Task
from core.quality import LONGEST_PAUSE_S
from core.recording import Recording
from core.recording.kept import load_kept
from core.recording.survey import FLOORS, QUALITY, survey_from_json
from core.recording.times import frame_times_ns
from core.survey import Survey

NOMINAL_PERIOD_S = 1 / 30  # of frames whose times say nothing
_EXACT_S = 1e-6  # what sums of periods may be off
_KEPT_FRAMES = 24  # decoded, so that going to and fro costs nothing: 40 MB at 640x480


@dataclass(frozen=True, eq=False)
class Track:
    """What the player knows of a recording from the moment it is open."""

    recording: Recording
    times_ns: np.ndarray
    """(n,) int64, the sensor's clock at every frame."""
    seconds: np.ndarray
    """(n,) float64 since the first frame, never falling: when each is played."""
    drops: tuple[tuple[int, int], ...]
    """(position, how many): frames that were lost right before a position."""
    model: ModelInfo | None
    """Of the predictions in it."""
    floors: Sequence[FloorPlane | None] | None
    """Of every frame, where they are kept already."""
    frames: "NewestFrames" = field(repr=False)

    def __len__(self) -> int:
        return len(self.times_ns)

    @property
    def models(self) -> Mapping[Task, ModelInfo]:
        """That of the predictions, by its task."""
        return {} if self.model is None else {self.model.task: self.model}

    def at(self, seconds: float, direction: int) -> int:
        """The position that is played at a time, for -1 from the end to the start."""
        if direction > 0:
            late = seconds + _EXACT_S
            position = int(np.searchsorted(self.seconds, late, "right")) - 1
        else:
            position = int(np.searchsorted(self.seconds, seconds - _EXACT_S, "left"))
        return min(max(position, 0), len(self) - 1)


class NewestFrames:
    """Frames of a recording; those asked for last are kept. For any thread."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, RgbdFrame] = OrderedDict()

    def __getitem__(self, position: int) -> RgbdFrame:
        with self._lock:
            if position in self._kept:
                self._kept.move_to_end(position)
                return self._kept[position]
        frame = self._recording[position]
        with self._lock:
            self._kept[position] = frame
            if len(self._kept) > _KEPT_FRAMES:
                self._kept.popitem(last=False)
        return frame


def open_track(path: Path) -> Track:
    """The recording at a path, with all that can be known without decoding its frames;
    RecordingError if it is none."""
    recording = Recording(path)
    times_ns = frame_times_ns(path)[: len(recording)]
    frames = NewestFrames(recording)
    dropped = recording.scene.dropped
    first = frames[0].number if dropped else 0
    kept = kept_survey(recording)
    return Track(
        recording,
        times_ns,
        play_seconds(times_ns),
        drop_positions(first, len(recording), dropped),
        _model_of(recording),
        None if kept is None else kept.floors,
        frames,
    )


def kept_survey(recording: Recording) -> Survey | None:
    """What is known of all frames already; None where that has to be computed."""
    kept = {name: load_kept(recording, name) for name in (FLOORS, QUALITY)}
    return survey_from_json(kept, len(recording))


def play_seconds(times_ns: np.ndarray) -> np.ndarray:
    """(n,) float64 seconds from the first frame on, for (n,) times of a clock.

    Where it stands, jumps back or is set anew, a usual period goes by.
    """
    steps = np.diff(times_ns) / 1e9
    is_usual = (steps > 0) & (steps < LONGEST_PAUSE_S)
    usual = float(np.median(steps[is_usual])) if is_usual.any() else NOMINAL_PERIOD_S
    steps = np.where(is_usual, steps, usual)
    return np.concatenate(([0.0], np.cumsum(steps)))


def drop_positions(
    first: int, num_frames: int, dropped: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """Where the frames of these numbers are missing, as `Track.drops` has it.

    Frames count up from `first` but for those; any lost before it is at position 0.
    """
    counts: dict[int, int] = {}
    num_before = 0  # dropped numbers since the first frame
    for number in sorted(set(dropped)):
        position = 0
        if number >= first:
            position = min(number - first - num_before, num_frames)
            num_before += 1
        counts[position] = counts.get(position, 0) + 1
    return tuple(sorted(counts.items()))


def _model_of(recording: Recording) -> ModelInfo | None:
    if recording.predicted_by is None:
        return None
    try:
        return ModelInfo.from_metadata(dict(recording.predicted_by))
    except CheckpointError:  # of an earlier version; it is as if there was none
        return None
