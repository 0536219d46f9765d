"""The empty room: floor, ceiling and walls with their doors and windows."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.simulation.decoration import curtain
from core.simulation.materials import CHROME, WHITE, Look, Material, Parts, moved, part
from core.simulation.shapes import Shape, box, facing, motion, panel

RECESS = 0.09  # how far doors and windows lie behind the wall, metres


@dataclass(frozen=True)
class Opening:
    """A door or a window in a wall."""

    kind: Literal["door", "window"]
    left: float
    """Metres along the wall's x, from its end."""
    width: float
    bottom: float
    height: float

    @property
    def right(self) -> float:
        """Metres along the wall's x, from its end."""
        return self.left + self.width

    @property
    def top(self) -> float:
        """Metres above the floor."""
        return self.bottom + self.height


@dataclass(frozen=True)
class Wall:
    """One wall: stands along the room's edge and faces inside."""

    T_room_wall: np.ndarray
    """(4, 4): x along the wall from its middle, y into the room, z up."""
    length: float
    openings: tuple[Opening, ...] = ()

    def place(self, x: float, y: float = 0.0, z: float = 0.0) -> np.ndarray:
        """(4, 4) motion that puts a piece's back y before the wall, its middle at x."""
        return self.T_room_wall @ motion(x, y, z)


def four_walls(width: float, depth: float) -> list[Wall]:
    """The walls round the floor 0..width x 0..depth, from y = 0 counter-clockwise."""
    return [
        Wall(motion(width / 2, 0.0, yaw_deg=0), width),
        Wall(motion(width, depth / 2, yaw_deg=90), depth),
        Wall(motion(width / 2, depth, yaw_deg=180), width),
        Wall(motion(0.0, depth / 2, yaw_deg=270), depth),
    ]


def floor_and_ceiling(look: Look, width: float, depth: float, height: float) -> Parts:
    """The two level surfaces, facing inside."""
    floor = panel((0, 0, 0), (width, 0, 0), (0, depth, 0))
    ceiling = panel((0, depth, height), (width, 0, 0), (0, -depth, 0))
    return part("floor", look.floor, floor) + part("ceiling", look.ceiling, ceiling)


def wall_parts(look: Look, wall: Wall, material: Material, height: float) -> Parts:
    """A wall in its own frame, with its doors, windows and skirting."""
    parts: Parts = []
    half = wall.length / 2
    x = -half
    spans: list[tuple[float, float, float, float]] = []
    skirting: list[tuple[float, float]] = []
    for opening in sorted(wall.openings, key=lambda each: each.left):
        left, right = opening.left - half, opening.right - half
        spans.append((x, left, 0.0, height))
        spans.append((left, right, opening.top, height))
        skirting.append((x, left if opening.kind == "door" else right))
        if opening.bottom > 0.0:
            spans.append((left, right, 0.0, opening.bottom))
        x = right
        place = motion((left + right) / 2, 0.0, opening.bottom)
        build = _door if opening.kind == "door" else _window
        parts += moved(build(look, opening.width, opening.height), place)
        parts += part("wall", material, *_reveal(left, right, opening))
        if opening.kind == "door":
            under = panel((left, -RECESS, 0.0), (right - left, 0, 0), (0, RECESS, 0))
            parts += part("floor", look.floor, under)
    spans.append((x, half, 0.0, height))
    skirting.append((x, half))
    faces = [
        panel((b, 0.0, low), (a - b, 0.0, 0.0), (0.0, 0.0, high - low))
        for a, b, low, high in spans
        if b - a > 1e-6 and high - low > 1e-6
    ]
    strips = [
        box(b - a, 0.012, 0.075, (a + b) / 2, 0.006)
        for a, b in skirting
        if b - a > 0.03
    ]
    return parts + part("wall", material, *faces) + part("wall", look.trim, *strips)


def _reveal(left: float, right: float, opening: Opening) -> list[Shape]:
    """The sides of the recess, facing its middle."""
    low, high = opening.bottom, opening.top
    deep = np.array((0.0, RECESS, 0.0))
    sides = [
        panel((right, 0.0, low), -deep, (0, 0, high - low)),
        panel((left, -RECESS, low), deep, (0, 0, high - low)),
        panel((left, -RECESS, high), deep, (right - left, 0, 0)),
    ]
    if low > 0.0:
        sides.append(panel((right, -RECESS, low), deep, (left - right, 0, 0)))
    return sides


def _door(look: Look, width: float, height: float) -> Parts:
    """A door leaf with two panels, its handle and its frame."""
    back = 0.035 - RECESS
    leaf = box(width, 0.035, height, 0, -RECESS + 0.0175)
    inset = []
    for low, high in ((0.12, 0.42 * height), (0.48 * height, height - 0.14)):
        for a, b, c, d in _rim(width - 0.26, high - low, 0.03):
            inset.append(box(b - a, 0.012, d - c, (a + b) / 2, back + 0.006, low + c))
    rim = 0.07
    frame = [
        box(rim, 0.018, height + rim, side * (width + rim) / 2, 0.009)
        for side in (-1, 1)
    ]
    frame.append(box(width, 0.018, rim, 0, 0.009, height))
    grip = width / 2 - 0.08
    handle = [
        box(0.04, 0.012, 0.16, grip, back + 0.006, 0.96),
        box(0.12, 0.02, 0.02, grip - 0.04, back + 0.045, 1.04),
        box(0.02, 0.04, 0.02, grip, back + 0.025, 1.04),
    ]
    parts = part("door", look.door, leaf, *inset)
    return parts + part("door", look.trim, *frame) + part("door", CHROME, *handle)


def _rim(
    width: float, height: float, thick: float
) -> list[tuple[float, float, float, float]]:
    half = width / 2
    return [
        (-half, half, 0.0, thick),
        (-half, half, height - thick, height),
        (-half, thick - half, thick, height - thick),
        (half - thick, half, thick, height - thick),
    ]


def _window(look: Look, width: float, height: float) -> Parts:
    """A view behind glass, its bars and a sill."""
    view = look.image("outdoors", glow=1.1 if look.is_day else 0.08, is_glossy=True)
    glass = facing(width, height, 0.02 - RECESS)
    bars = [
        box(b - a, 0.045, d - c, (a + b) / 2, 0.035 - RECESS, c)
        for a, b, c, d in _rim(width, height, 0.05)
    ]
    count = max(1, round(width / 0.7))
    for k in range(1, count):
        x = k * width / count - width / 2
        bars.append(box(0.05, 0.05, height - 0.1, x, 0.035 - RECESS, 0.05))
    sill = box(width + 0.1, 0.08, 0.025, 0, 0.02, -0.025)
    return part("window", view, glass) + part("window", WHITE, *bars, sill)


def window_dressing(look: Look, opening: Opening, height: float) -> Parts:
    """Curtains, a blind half way down, or nothing; in the opening's frame."""
    choice = look.rng.random()
    if choice < 0.6:
        wide = opening.width * look.rng.uniform(0.22, 0.32) + 0.12
        top = min(height - 0.06, opening.top + 0.14)
        low = 0.03 if look.rng.random() < 0.6 else opening.bottom - 0.18
        sheets: Parts = []
        for side in (-1, 1):
            x = side * (opening.width / 2 + 0.12 - wide / 2)
            sheets += moved(
                curtain(look, wide, top - low), motion(x, 0.0, low - opening.bottom)
            )
        rod = box(opening.width + 0.4, 0.025, 0.025, 0, 0.105, top - opening.bottom)
        return sheets + part("curtain", look.dark_wood, rod)
    if choice < 0.85:
        drop = opening.height * look.rng.uniform(0.25, 0.7)
        blind = box(opening.width - 0.01, 0.012, drop, 0, -0.02, opening.height - drop)
        return part("blinds", Material("slats", (0.93, 0.91, 0.86), 0.30), blind)
    return []
