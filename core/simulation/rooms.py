"""Furnished rooms: the shell, its openings, what stands in it, and the sun."""

from dataclasses import dataclass, replace

import numpy as np

from core.simulation import decoration
from core.simulation.arrange import Plan
from core.simulation.furnishing import FURNISH
from core.simulation.materials import Look, Parts, moved, random_look
from core.simulation.shapes import motion
from core.simulation.shell import (
    Opening,
    Wall,
    floor_and_ceiling,
    four_walls,
    wall_parts,
    window_dressing,
)

_SALT = 35  # its seed 0, what users see first, is a sunny living room
KINDS = ("living", "bedroom", "kitchen", "office", "bathroom")
_CHANCES = (0.32, 0.24, 0.20, 0.18, 0.06)
_SIDES = {
    "living": (3.8, 6.0),
    "bedroom": (3.3, 4.8),
    "kitchen": (3.2, 5.0),
    "office": (3.6, 5.6),
    "bathroom": (3.0, 3.8),
}
"""Shortest and longest wall, metres."""


@dataclass(frozen=True, eq=False)
class Room:
    """A furnished room on the floor 0..width x 0..depth, z up, metres."""

    kind: str
    width: float
    depth: float
    height: float
    parts: Parts
    sun: np.ndarray | None
    """(3,) unit vector towards the sun when it shines in, else None."""


def random_room(seed: int, kind: str | None = None) -> Room:
    """The room of a seed, of a random kind unless one of KINDS is given."""
    rng = np.random.default_rng((seed, _SALT))
    drawn = str(rng.choice(KINDS, p=_CHANCES))
    kind = kind or drawn
    width, depth = rng.uniform(*_SIDES[kind], 2)
    height = rng.uniform(2.35, 3.0)
    look = random_look(rng, kind)
    walls = [
        replace(wall, openings=openings)
        for wall, openings in zip(
            four_walls(width, depth),
            _openings(rng, width, depth, height, kind),
            strict=True,
        )
    ]
    plan = Plan(look, width, depth, height, walls)
    _build_shell(plan)
    FURNISH[kind](plan)
    _hang_lamp(plan)
    return Room(kind, width, depth, height, plan.parts, _sun(rng, look, walls))


def _openings(
    rng: np.random.Generator, width: float, depth: float, height: float, kind: str
) -> list[tuple[Opening, ...]]:
    """A door in one wall, windows in one or two others."""
    door_wall = int(rng.integers(4))
    others = [k for k in range(4) if k != door_wall]
    num_windows = 1 if kind == "bathroom" else int(rng.integers(1, 3))
    window_walls = {int(k) for k in rng.permutation(others)[:num_windows]}
    result: list[tuple[Opening, ...]] = []
    for k in range(4):
        length = (width, depth)[k % 2]
        if k == door_wall:
            wide = 0.88
            left = rng.uniform(0.25, length - wide - 0.25)
            result.append((Opening("door", left, wide, 0.0, 2.02),))
        elif k in window_walls:
            wide = min(rng.uniform(0.8, 2.2), length - 1.2)
            bottom = rng.uniform(0.8, 1.0) if kind != "kitchen" else 1.05
            left = rng.uniform(0.5, length - wide - 0.5)
            tall = min(rng.uniform(1.0, 1.4), height - bottom - 0.2)
            result.append((Opening("window", left, wide, bottom, tall),))
        else:
            result.append(())
    return result


def _build_shell(plan: Plan) -> None:
    look = plan.look
    plan.parts += floor_and_ceiling(look, plan.width, plan.depth, plan.height)
    accent = int(plan.rng.integers(4))
    for number, wall in enumerate(plan.walls):
        material = look.accent_wall if number == accent else look.wall
        plan.parts += moved(
            wall_parts(look, wall, material, plan.height), wall.T_room_wall
        )
        for opening in wall.openings:
            middle = (opening.left + opening.right - wall.length) / 2
            if opening.kind == "door":
                half = opening.width / 2 + 0.1
                plan.keep_free(number, middle - half, middle + half, 0.9)
            else:
                hung = window_dressing(look, opening, plan.height)
                plan.parts += moved(hung, wall.place(middle, 0.0, opening.bottom))
                if hung and hung[0].shape.corners[..., 2].min() < -opening.bottom + 0.1:
                    # Long curtains need their floor.
                    half = opening.width / 2 + 0.2
                    plan.keep_free(number, middle - half, middle + half, 0.16)


def _sun(rng: np.random.Generator, look: Look, walls: list[Wall]) -> np.ndarray | None:
    windows = [w for w in walls if any(o.kind == "window" for o in w.openings)]
    if not look.is_day or rng.random() < 0.45:
        return None
    wall = windows[int(rng.integers(len(windows)))]
    side, high = np.radians(rng.uniform(-45, 45)), np.radians(rng.uniform(25, 50))
    outward = np.array(
        (np.sin(side) * np.cos(high), -np.cos(side) * np.cos(high), np.sin(high))
    )
    return wall.T_room_wall[:3, :3] @ outward


def _hang_lamp(plan: Plan) -> None:
    x = plan.width * plan.rng.uniform(0.42, 0.58)
    y = plan.depth * plan.rng.uniform(0.42, 0.58)
    drop = plan.height - 2.05
    if drop > 0.35 and plan.rng.random() < 0.5:
        lamp = decoration.pendant(plan.look, min(drop, 0.8))
    else:
        lamp = decoration.ceiling_lamp(plan.look)
    plan.parts += moved(lamp, motion(x, y, plan.height))
