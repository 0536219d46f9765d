"""Up and floor: of single frames at any pitch, and of walks that hide the floor."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path

import numpy as np

from benchmarks.box_rooms import View
from benchmarks.box_views import (
    SENSORS,
    distortion,
    floor_share,
    random_walk,
    sense,
    stratified_views,
    turned,
)
from benchmarks.label_engine.report import Row, middle_and_tail, share
from core import FloorPlane, Labeler, RgbdFrame, label_frame
from core.geometry import angle_deg

VISIBLE, BARELY, NOT_VISIBLE = 0.02, 0.01, 0.001
"""Shares of the pixels with depth that are floor."""
IMU_ERROR_DEG = 5.0
UP_WITHIN_DEG, HEIGHT_WITHIN_M = 5.0, 0.10
"""A single frame's floor is right within these; of a recording, up within 3 deg."""
RECORDING_UP_WITHIN_DEG = 3.0

FindFloor = Callable[[RgbdFrame], FloorPlane | None]


@dataclass(frozen=True)
class Found:
    """What was found in one frame, against its truth."""

    floor_share: float
    """Of the pixels with depth."""
    is_emitted: bool
    up_error_deg: float = np.inf
    height_error_m: float = np.inf


def _judged(
    floor: FloorPlane | None, up: np.ndarray, camera_height: float, floor_share: float
) -> Found:
    if floor is None:
        return Found(floor_share, False)
    height_error = abs(floor.camera_height - camera_height)
    return Found(floor_share, True, angle_deg(floor.up, up), height_error)


@dataclass(frozen=True, eq=False)
class Score:
    """Frames of one kind."""

    found: Sequence[Found]
    up_within_deg: float = UP_WITHIN_DEG

    def where(self, low: float, high: float) -> "Score":
        """The frames with low <= floor share < high."""
        chosen = [f for f in self.found if low <= f.floor_share < high]
        return Score(chosen, self.up_within_deg)

    @property
    def emitted(self) -> np.ndarray:
        """(N,) bool."""
        return np.array([f.is_emitted for f in self.found], bool)

    @property
    def right(self) -> np.ndarray:
        """(N,) bool whether a floor was emitted and lies where it should."""
        errors = [(f.up_error_deg, f.height_error_m) for f in self.found]
        limits = (self.up_within_deg, HEIGHT_WITHIN_M)
        return np.all(np.array(errors).reshape(-1, 2) < limits, axis=1)

    @property
    def wrong(self) -> np.ndarray:
        """(N,) bool whether a floor was emitted that lies somewhere else."""
        return self.emitted & ~self.right

    @property
    def up_errors_deg(self) -> np.ndarray:
        """Of the frames with a floor."""
        return np.array([f.up_error_deg for f in self.found if f.is_emitted])

    @property
    def height_errors_cm(self) -> np.ndarray:
        """Of the frames with a floor."""
        return np.array([100 * f.height_error_m for f in self.found if f.is_emitted])


@dataclass(frozen=True, eq=False)
class _Still:
    frame: RgbdFrame
    up: np.ndarray
    camera_height: float
    floor_share: float
    hint: np.ndarray


@lru_cache
def _stills(per_stratum: int) -> tuple[_Still, ...]:
    """Stratified frames of distorted Kinects, each with the up of a poor IMU."""
    rng = np.random.default_rng(11)
    lens, stills = SENSORS["kinect"], []
    for view in stratified_views(rng, lens, per_stratum):
        frame = sense(view, "kinect", rng, distortion(rng, view.depth_m.shape))
        hint = turned(view.up, rng.normal(0.0, IMU_ERROR_DEG), rng)
        seen = floor_share(view, frame.depth)
        stills.append(_Still(frame, view.up, view.camera_height, seen, hint))
    return tuple(stills)


def up(data: Path, quick: bool) -> Iterator[Row]:
    """Single frames, pitch -60..40 deg, roll +-20, 0..25 pieces of furniture."""
    stills = _stills(5 if quick else 30)
    asked = "median <= 0.5 deg, 100 % < 5 deg; wrong <= 0.5 %, none without floor"
    yield from _up_rows("with an IMU (5 deg sd)", asked, _score(stills, _with_imu))
    yield from _up_rows("without a hint", asked, _score(stills, _without_hint))
    yield from _up_rows('method="paper"', "", _score(stills, _paper))


def _score(
    stills: Sequence[_Still], find: Callable[[_Still], FloorPlane | None]
) -> Score:
    return Score(
        [_judged(find(s), s.up, s.camera_height, s.floor_share) for s in stills]
    )


def _floor(frame: RgbdFrame, **options: str) -> FloorPlane | None:
    labelled = label_frame(frame, **options)  # type: ignore[arg-type]
    return None if labelled is None else labelled.floor


def _with_imu(still: _Still) -> FloorPlane | None:
    return _floor(replace(still.frame, up_hint=still.hint))


def _without_hint(still: _Still) -> FloorPlane | None:
    return _floor(still.frame)


def _paper(still: _Still) -> FloorPlane | None:
    return _floor(still.frame, method="paper")


def _up_rows(name: str, asked: str, score: Score) -> Iterator[Row]:
    visible = score.where(VISIBLE, np.inf)
    little = score.where(NOT_VISIBLE, VISIBLE)
    hidden = score.where(0.0, NOT_VISIBLE)
    yield Row(
        f"up, floor >= 2 % visible ({len(visible.found)} frames), {name}",
        asked,
        f"{middle_and_tail(visible.up_errors_deg, 'deg')}, "
        f"< 5 deg {share(visible.up_errors_deg < UP_WITHIN_DEG)} of floors found; "
        f"floor right {share(visible.right)}, wrong {share(visible.wrong)}, "
        f"height {middle_and_tail(visible.height_errors_cm, 'cm', 1)}",
    )
    yield Row(
        f"- floor 0.1-2 % ({len(little.found)} frames), {name}",
        "",
        f"floor right {share(little.right)}, wrong {share(little.wrong)}",
    )
    yield Row(
        f"- floor < 0.1 % ({len(hidden.found)} frames), {name}",
        "",
        f"floor emitted {share(hidden.emitted)}, wrong {share(hidden.wrong)}",
    )
    yield Row(
        f"- all {len(score.found)} frames, {name}",
        "",
        f"wrong floor emitted {share(score.wrong)}",
    )


@dataclass(frozen=True, eq=False)
class WalkFrames:
    """Frames of a walk as a recording has them, and beside them the truth."""

    name: str
    frames: list[RgbdFrame]
    ups: list[np.ndarray]
    camera_heights: list[float]
    floor_shares: list[float]

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> RgbdFrame:
        return self.frames[index]

    def __iter__(self) -> Iterator[RgbdFrame]:
        return iter(self.frames)

    def pose(self, index: int) -> None:
        """Nothing: whoever labels them must find it out."""

    def judged(self, floors: Sequence[FloorPlane | None]) -> list[Found]:
        """A floor for each frame against the truth."""
        truth = (self.ups, self.camera_heights, self.floor_shares)
        return [_judged(*one) for one in zip(floors, *truth, strict=True)]


def walk_frames(number: int, frames: slice) -> WalkFrames:
    """Of walks 1, 3, 5 with a distorted Kinect, of the others with a perfect one."""
    rng = np.random.default_rng(100 + number)
    lens = SENSORS["kinect"]
    views = random_walk(rng).views(lens, frames)
    is_distorted = number % 2 == 1
    factors = distortion(rng, (lens.height, lens.width)) if is_distorted else None
    result = WalkFrames(f"walk {number}", [], [], [], [])
    for view in views:
        frame = sense(view, "kinect", rng, factors)
        _add(result, view, replace(frame, number=len(result)))
    return result


def _add(walk: WalkFrames, view: View, frame: RgbdFrame) -> None:
    walk.frames.append(frame)
    walk.ups.append(view.up)
    walk.camera_heights.append(view.camera_height)
    walk.floor_shares.append(floor_share(view, frame.depth))


FindFloors = Callable[[WalkFrames], Sequence[FloorPlane | None]]


def hidden(data: Path, quick: bool) -> Iterator[Row]:
    """Six walks of 150 frames whose pitch hides the floor for stretches."""
    numbers, part = ((2, 3), slice(60, 120)) if quick else (range(6), slice(None))
    walks = [walk_frames(number, part) for number in numbers]
    ways: dict[str, FindFloors] = {
        "sequence_floors": _recording_floors,
        "Labeler, live": _live_floors,
        'method="paper", frame by frame': _paper_floors,
    }
    for name, find in ways.items():
        asked = ">= 95 %" if find is _recording_floors else ""
        try:
            found = [walk.judged(find(walk)) for walk in walks]
        except ImportError as error:
            yield Row(f"hidden floors, {name}", asked, f"not measured: {error}")
            continue
        score = Score(list(chain(*found)), RECORDING_UP_WITHIN_DEG)
        hard = Score(list(chain(*found[1::2])), RECORDING_UP_WITHIN_DEG)
        yield _walk_row(f"floor < 1 %, {name}", asked, score.where(0.0, BARELY))
        yield _walk_row(f"- of distorted walks, {name}", "", hard.where(0.0, BARELY))
        yield _walk_row(f"- floor >= 2 %, {name}", "", score.where(VISIBLE, np.inf))


def _walk_row(name: str, asked: str, score: Score) -> Row:
    return Row(
        f"{name} ({len(score.found)} frames)",
        asked,
        f"right {share(score.right)}, wrong {share(score.wrong)}; "
        f"up {middle_and_tail(score.up_errors_deg, 'deg')}, "
        f"height {middle_and_tail(score.height_errors_cm, 'cm', 1)}",
    )


def _recording_floors(walk: WalkFrames) -> Sequence[FloorPlane | None]:
    from core.sequence_floors import sequence_floors

    return sequence_floors(walk, lambda: None)


def _live_floors(walk: WalkFrames) -> Sequence[FloorPlane | None]:
    labeler = Labeler()
    labelled = [labeler(frame) for frame in walk]
    return [None if labels is None else labels.floor for labels in labelled]


def _paper_floors(walk: WalkFrames) -> Sequence[FloorPlane | None]:
    return [_floor(frame, method="paper") for frame in walk]
