"""Puts furniture into a room without collisions: along, before and on its walls."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from core.simulation.materials import Look, Parts, extent, moved
from core.simulation.shapes import motion
from core.simulation.shell import Wall

Build = Callable[[Look], Parts]
_GAP = 0.02
_TRIES = 24


@dataclass
class Plan:
    """A room that is being furnished. Its floor is 0..width x 0..depth."""

    look: Look
    width: float
    depth: float
    height: float
    walls: list[Wall]
    parts: Parts = field(default_factory=list)
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Floor rectangles x0, y0, x1, y1 where something stands."""
    covered: dict[int, list[tuple[float, float, float, float]]] = field(
        default_factory=dict
    )
    """For every wall the rectangles x0, x1, z0, z1 in its frame that are not bare."""

    @property
    def rng(self) -> np.random.Generator:
        """The room's generator."""
        return self.look.rng

    def keep_free(self, wall: int, x0: float, x1: float, reach: float) -> None:
        """Let nothing stand within `reach` metres of a stretch of wall."""
        T = self.walls[wall].T_room_wall
        self.taken.append(_footprint(np.array((x0, 0, 0)), np.array((x1, reach, 0)), T))

    def against_wall(
        self, build: Build, *, front: float = 0.0, in_corner: bool = False
    ) -> bool:
        """Stand a piece with its back to some wall; whether it found a place.

        `front` metres before it stay free as well.
        """
        parts = build(self.look)
        low, high = extent(parts)
        wide = high[0] - low[0]
        for number in self.rng.permutation(len(self.walls)):
            wall = self.walls[number]
            slack = wall.length / 2 - wide / 2 - _GAP
            if slack < 0.0:
                continue
            for x in self._stations(slack, in_corner):
                shift = x - (low[0] + high[0]) / 2
                span = (shift + low[0], shift + high[0], max(low[2], 0.0), high[2])
                if self._blocks_opening(wall, span):
                    continue
                T = wall.place(shift, _GAP - min(low[1], 0.0))
                spot = _footprint(low, high + np.array((0, front, 0)), T)
                if self._is_free(spot):
                    self._stand(moved(parts, T), _footprint(low, high, T))
                    self.covered.setdefault(int(number), []).append(span)
                    return True
        return False

    def _stations(self, slack: float, in_corner: bool) -> Iterable[float]:
        if in_corner:
            return self.rng.permutation((-slack, slack))
        return self.rng.uniform(-slack, slack, _TRIES)

    def in_the_open(self, build: Build, margin: float = 0.45) -> bool:
        """Stand a piece on the free floor, parallel to the walls; whether it fits."""
        parts = build(self.look)
        low, high = extent(parts)
        size = np.array((self.width, self.depth))
        around = np.array((margin, margin, 0))
        for _ in range(_TRIES):
            x, y = self.rng.uniform(margin, size - margin)
            T = motion(x, y, yaw_deg=90.0 * self.rng.integers(4))
            spot = _footprint(low - around, high + around, T)
            if self._is_free(spot, wall_gap=0.0):
                self._stand(moved(parts, T), _footprint(low, high, T))
                return True
        return False

    def beside_wall(self, build: Build, turn_deg: float = 180.0) -> bool:
        """Put something small near a wall, turned at random; whether it fits."""
        turn = self.rng.uniform(-turn_deg, turn_deg)
        return self.against_wall(lambda look: moved(build(look), motion(yaw_deg=turn)))

    def hang(self, build: Build, low: float, high: float) -> bool:
        """Hang a piece on bare wall, its bottom at low..high; whether it fits."""
        parts = build(self.look)
        bottom, top = extent(parts)
        half = (top[0] - bottom[0]) / 2
        for number in self.rng.permutation(len(self.walls)):
            wall = self.walls[number]
            slack = wall.length / 2 - half - 0.1
            if slack < 0.0:
                continue
            for x in self.rng.uniform(-slack, slack, 8):
                z = float(self.rng.uniform(low, high))
                span = (x - half, x + half, z + bottom[2], z + top[2])
                if z + top[2] > self.height - 0.08 or self._is_covered(number, span):
                    continue
                self.parts += moved(parts, wall.place(x, 0.004, z))
                self.covered.setdefault(int(number), []).append(span)
                return True
        return False

    def _is_covered(self, number: int, span: tuple[float, float, float, float]) -> bool:
        wall = self.walls[number]
        half = wall.length / 2
        others = list(self.covered.get(int(number), []))
        others += [
            (o.left - half - 0.35, o.right - half + 0.35, 0.0, self.height)
            for o in wall.openings
        ]
        return any(
            span[0] < b + 0.06
            and a - 0.06 < span[1]
            and span[2] < d + 0.08
            and c < span[3]
            for a, b, c, d in others
        )

    def _blocks_opening(
        self, wall: Wall, span: tuple[float, float, float, float]
    ) -> bool:
        half = wall.length / 2
        return any(
            span[0] < o.right - half + 0.2
            and o.left - half - 0.2 < span[1]
            and (o.kind == "door" or span[3] > o.bottom - 0.03)
            for o in wall.openings
        )

    def _is_free(
        self, spot: tuple[float, float, float, float], wall_gap: float = -1e-3
    ) -> bool:
        x0, y0, x1, y1 = spot
        if (
            min(x0, y0) < wall_gap
            or x1 > self.width - wall_gap
            or y1 > self.depth - wall_gap
        ):
            return False
        return not any(
            x0 < c + _GAP and a - _GAP < x1 and y0 < d + _GAP and b - _GAP < y1
            for a, b, c, d in self.taken
        )

    def _stand(self, parts: Parts, spot: tuple[float, float, float, float]) -> None:
        self.parts += parts
        self.taken.append(spot)


def _footprint(
    low: np.ndarray, high: np.ndarray, T: np.ndarray
) -> tuple[float, float, float, float]:
    corners = np.array(
        [(x, y, 0.0) for x in (low[0], high[0]) for y in (low[1], high[1])]
    )
    floor = (corners @ T[:3, :3].T + T[:3, 3])[:, :2]
    (x0, y0), (x1, y1) = floor.min(axis=0), floor.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)
