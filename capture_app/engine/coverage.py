"""Which HN classes a scene has shown so far, and what to point the camera at next."""

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np

from core.bins import HNBins
from core.label_report import RARE_CLASS
from core.near_duplicates import Thumbnail, difference

# All our choice.
SEEN_LOOKS = 20  # views with 1 % of the class, and it is seen: four seconds of moving
REMEMBERED = 24  # views that a new one is compared with; 0.1 ms each
PATIENCE = 40  # looks in which a class that was asked for did not show: ask for another
HIGHEST_TOP_M = 1.0  # of what is looked down at: a carried camera sees few tops above
LOW_M, MIDDLE_M = 0.5, 1.5  # where the lower and the middle part of a wall end
SEATS_M, TABLES_M = 0.7, 0.95  # seats and low tables, then tables and counters

_NOTHING = "Nothing has been seen yet: begin with the floor"
_ALL = "Everything has been seen"


class Facing(Enum):
    """Which way the surfaces of an angle bin face."""

    UP = "up"
    SIDEWAYS = "sideways"
    DOWN = "down"
    SLANTED = "slanted"
    ANY = "any"


@dataclass(frozen=True, eq=False)
class Coverage:
    """What a scene has shown so far, each view once."""

    bins: HNBins
    shares: np.ndarray
    """(num_classes,) of the pixels that have a class."""
    looks: np.ndarray
    """(num_classes,) int64, views with at least 1 % of a class."""
    num_looks: int
    """Views that were counted."""
    hint: str
    """What to point the camera at next: one sentence."""

    @cached_property
    def is_reachable(self) -> np.ndarray:
        """(num_classes,) bool: what most rooms have and a carried camera sees."""
        return reachable_classes(self.bins)

    @cached_property
    def is_seen(self) -> np.ndarray:
        """(num_classes,) bool: shown by enough views."""
        return self.looks >= SEEN_LOOKS

    @property
    def num_reachable(self) -> int:
        """Classes that can be expected of a room."""
        return int(self.is_reachable.sum())

    @property
    def num_seen(self) -> int:
        """Those of them that were seen."""
        return int((self.is_reachable & self.is_seen).sum())


class CoverageCounter:
    """Counts the views of one scene; used by one thread, read by any."""

    def __init__(self, bins: HNBins) -> None:
        self._bins = bins
        self._is_reachable = reachable_classes(bins)
        self._pixels = np.zeros(bins.num_classes, np.int64)
        self._looks = np.zeros(bins.num_classes, np.int64)
        self._views: deque[Thumbnail] = deque(maxlen=REMEMBERED)
        self._num_looks = 0
        self._target: int | None = None
        self._given_up: set[int] = set()
        self._waits = 0
        self.coverage = self._counted()
        """The newest."""

    def add(self, classes: np.ndarray, view: Thumbnail) -> None:
        """Count (H, W) uint8 classes, unless an earlier view shows the same."""
        if any(difference(kept, view) < 1.0 for kept in self._views):
            return
        self._views.append(view)
        counts = np.bincount(classes.ravel(), minlength=256)[: len(self._pixels)]
        in_view = counts >= RARE_CLASS * classes.size
        self._pixels += counts
        self._looks += in_view
        self._num_looks += 1
        self._wait_for_target(in_view)
        self.coverage = self._counted()

    def _counted(self) -> Coverage:
        return Coverage(
            self._bins,
            self._pixels / max(self._pixels.sum(), 1),
            self._looks.copy(),
            self._num_looks,
            self._hint(),
        )

    def _wait_for_target(self, in_view: np.ndarray) -> None:
        """Ask for a class until it is seen, or in vain: perhaps this room has none."""
        is_missing = self._is_reachable & (self._looks < SEEN_LOOKS)
        missing = np.flatnonzero(is_missing).tolist()
        self._waits += 1
        if self._target is not None and is_missing[self._target]:
            if in_view[self._target]:
                self._waits = 0
            if self._waits < PATIENCE:
                return
            self._given_up.add(self._target)
        if self._given_up.issuperset(missing):
            self._given_up.clear()
        asked = [k for k in missing if k not in self._given_up]
        self._target = min(asked, key=lambda k: self._looks[k], default=None)
        self._waits = 0

    def _hint(self) -> str:
        if not self._pixels.any():
            return _NOTHING
        if self._target is None:
            return _ALL
        is_rare = bool(self._looks[self._target])
        surfaces, places = describe(self._bins, self._target)
        return f"{surfaces} are {'rare' if is_rare else 'missing'}: look at {places}"


def reachable_classes(bins: HNBins) -> np.ndarray:
    """(num_classes,) bool: walls at every height, tops up to a counter's, ceilings."""
    reachable = np.zeros(bins.num_classes, bool)
    for k in range(bins.num_classes):
        facing, (bottom, top) = facing_of(bins, k), _heights(bins, k)
        is_below = bottom < HIGHEST_TOP_M
        is_ceiling = math.isinf(top) and facing is _facing_of_ceilings(bins)
        reachable[k] = {
            Facing.UP: is_below or is_ceiling,
            Facing.SIDEWAYS: True,
            Facing.DOWN: is_ceiling,
            Facing.SLANTED: False,
            Facing.ANY: True,
        }[facing]
    return reachable


def facing_of(bins: HNBins, k: int) -> Facing:
    """Which way the surfaces of class k face."""
    largest = 180.0 if bins.signed_angles else 90.0
    edges = (0.0, *bins.angle_edges, largest)
    low, high = edges[k // bins.num_heights :][:2]
    if low == 0.0:
        return Facing.ANY if high >= 90.0 else Facing.UP
    if low <= 90.0 <= high:
        return Facing.SIDEWAYS
    return Facing.DOWN if high == 180.0 else Facing.SLANTED


def describe(bins: HNBins, k: int) -> tuple[str, str]:
    """The surfaces of class k by where they are, and what people call such places."""
    facing, (bottom, top) = facing_of(bins, k), _heights(bins, k)
    if bottom == 0.0:
        where = "" if math.isinf(top) else f" below {top:.2f} m"
    else:
        where = f" above {bottom:.2f} m" if math.isinf(top) else _between(bottom, top)
    if math.isinf(top) and bottom > 0.0 and facing is _facing_of_ceilings(bins):
        return f"Level surfaces{where}", "the ceiling"
    words = {
        Facing.UP: (f"Surfaces{where} facing up", _tops(bottom, top)),
        Facing.SIDEWAYS: (f"Upright surfaces{where}", _sides(bottom, top)),
        Facing.DOWN: (f"Surfaces{where} facing down", "the undersides of things"),
        Facing.SLANTED: (f"Slanted surfaces{where}", "ramps and chair backs"),
        Facing.ANY: (f"Surfaces{where}", "what is at that height"),
    }
    return words[facing]


def _facing_of_ceilings(bins: HNBins) -> Facing:
    """A ceiling is as level as a floor, unless angles have a sign."""
    return Facing.DOWN if bins.signed_angles else Facing.UP


def _between(bottom: float, top: float) -> str:
    return f" at {bottom:.2f}-{top:.2f} m"


def _tops(bottom: float, top: float) -> str:
    if bottom == 0.0:
        return "the floor"
    if bottom < SEATS_M:
        return "seats and low tables"
    return "tables and counters" if bottom < TABLES_M else "shelves"


def _sides(bottom: float, top: float) -> str:
    if bottom < LOW_M and top < MIDDLE_M:
        return "the lower part of walls and furniture"
    if bottom < MIDDLE_M:
        return "walls and the fronts of furniture"
    return "walls higher up" if not math.isinf(top) else "walls below the ceiling"


def _heights(bins: HNBins, k: int) -> tuple[float, float]:
    """Metres from and to, of class k; the lowest begins at 0, the highest is open."""
    edges = (0.0, *bins.height_edges, math.inf)
    bottom, top = edges[k % bins.num_heights :][:2]
    return bottom, top
