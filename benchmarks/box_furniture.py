"""Random furniture for box rooms: tables, cabinets, sofas, chairs, balls, odd boxes."""

from collections.abc import Callable

import numpy as np

from benchmarks.box_rooms import Box, BoxRoom, Solid, Sphere

_SQUARE_TO_NOTHING = 0.2


def random_room(rng: np.random.Generator, clutter: int) -> BoxRoom:
    """A room of 3..8 m with `clutter` pieces, most of them square to its walls."""
    width, depth = rng.uniform(3.0, 8.0, 2)
    height = rng.uniform(2.3, 3.2)
    reach = np.array((width, depth)) / 2 - 0.3
    furniture: list[Solid] = []
    if rng.random() < _SQUARE_TO_NOTHING:
        panel = _box((0, 0, height / 2), (rng.uniform(0.5, 1.5), 0.05, height / 2))
        furniture += _placed([panel], rng.uniform(-reach, reach), rng.uniform(0, np.pi))
    shares = np.array([share for share, _ in _PIECES])
    for _ in range(clutter):
        build = _PIECES[rng.choice(len(_PIECES), p=shares)][1]
        square = np.pi / 2 * rng.integers(4) + np.radians(rng.normal(0.0, 2.0))
        is_turned = rng.random() < _SQUARE_TO_NOTHING
        turn = rng.uniform(0.0, 2 * np.pi) if is_turned else square
        furniture += _placed(build(rng), rng.uniform(-reach, reach), turn)
    return BoxRoom((width, depth, height), tuple(furniture))


def _placed(parts: list[Solid], xy: np.ndarray, turn: float) -> list[Solid]:
    return [part.moved(_about_z(turn), np.array((*xy, 0.0))) for part in parts]


def _about_z(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array(((c, -s, 0.0), (s, c, 0.0), (0.0, 0.0, 1.0)))


def _about_x(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array(((1.0, 0.0, 0.0), (0.0, c, -s), (0.0, s, c)))


def _box(
    centre: tuple[float, float, float],
    half: tuple[float, float, float],
    tilt: float = 0.0,
) -> Box:
    return Box(np.array(centre, float), np.array(half, float), _about_x(tilt))


def _legs(x: float, y: float, top: float, half: float) -> list[Solid]:
    feet = [(sx * x, sy * y) for sx in (-1, 1) for sy in (-1, 1)]
    return [_box((*foot, top / 2), (half, half, top / 2)) for foot in feet]


def _table(rng: np.random.Generator) -> list[Solid]:
    half_x, half_y = rng.uniform((0.3, 0.3), (0.9, 0.6))
    top = rng.uniform(0.45, 0.95)
    parts: list[Solid] = [_box((0, 0, top - 0.02), (half_x, half_y, 0.02))]
    parts += _legs(half_x - 0.04, half_y - 0.04, top - 0.04, 0.025)
    for _ in range(rng.integers(3)):  # things on it
        size = rng.uniform(0.04, 0.2, 3)
        x, y = rng.uniform((0.1 - half_x, 0.1 - half_y), (half_x - 0.1, half_y - 0.1))
        thing = _box((0, 0, top + size[2]), (size[0], size[1], size[2]))
        parts += _placed([thing], np.array((x, y)), rng.uniform(0, np.pi))
    return parts


def _cabinet(rng: np.random.Generator) -> list[Solid]:
    x, y, z = rng.uniform((0.2, 0.2, 0.2), (0.6, 0.4, 1.0))
    return [_box((0, 0, z), (x, y, z))]


def _sofa(rng: np.random.Generator) -> list[Solid]:
    x, y, seat = rng.uniform((0.6, 0.4, 0.18), (1.1, 1.0, 0.26))
    return [
        _box((0, 0, seat), (x, y, seat)),
        _box((0, y - 0.08, 0.42), (x, 0.08, 0.42)),
    ]


def _chair(rng: np.random.Generator) -> list[Solid]:
    lean = np.radians(rng.uniform(-15.0, 0.0))
    seat = _box((0, 0, 0.43), (0.22, 0.22, 0.02))
    back = _box((0, 0.2, 0.68), (0.22, 0.015, 0.25), lean)
    return [seat, back, *_legs(0.2, 0.2, 0.41, 0.015)]


def _ball(rng: np.random.Generator) -> list[Solid]:
    radius = rng.uniform(0.1, 0.35)
    z = radius if rng.random() < 0.5 else rng.uniform(0.5, 1.6)
    return [Sphere(np.array((0.0, 0.0, z)), radius)]


def _tilted_box(rng: np.random.Generator) -> list[Solid]:
    x, y, z = rng.uniform(0.08, 0.4, 3)
    return [_box((0, 0, z + 0.1), (x, y, z), rng.uniform(-0.7, 0.7))]


def _cupboard(rng: np.random.Generator) -> list[Solid]:
    return [_box((0, 0, rng.uniform(1.5, 2.0)), (0.5, 0.18, 0.35))]


_PIECES: tuple[tuple[float, Callable[[np.random.Generator], list[Solid]]], ...] = (
    (0.25, _table),
    (0.25, _cabinet),
    (0.15, _sofa),
    (0.13, _chair),
    (0.10, _ball),
    (0.08, _tilted_box),
    (0.04, _cupboard),
)
