"""Lamps, pictures, mirrors, screens, curtains and other things that dress a room.

Standing things have their bottom's centre at the origin; hanging things their back's
lower middle.
"""

from dataclasses import replace

import numpy as np

from core.simulation.materials import (
    BLACK,
    CHROME,
    STEEL,
    WHITE,
    Look,
    Material,
    Parts,
    moved,
    part,
)
from core.simulation.shapes import (
    SHEET,
    ball,
    box,
    cushion,
    cylinder,
    facing,
    grid,
    lathe,
    motion,
    other_side,
)


def _framed(
    name: str, frame: Material, image: Material, width: float, height: float, rim: float
) -> Parts:
    """An image in a frame 3 cm deep, its back at y = 0."""
    back = box(width, 0.022, height, 0, 0.011)
    bars = [
        box(width, 0.03, rim, 0, 0.015, 0),
        box(width, 0.03, rim, 0, 0.015, height - rim),
        box(rim, 0.03, height, -(width - rim) / 2, 0.015),
        box(rim, 0.03, height, (width - rim) / 2, 0.015),
    ]
    face = facing(width - 2 * rim, height - 2 * rim, 0.023, rim)
    return part(name, frame, back, *bars) + part(name, image, face)


def picture(look: Look) -> Parts:
    """A painting, print or photograph in a frame."""
    rng = look.rng
    width, height = rng.uniform(0.35, 0.9), rng.uniform(0.35, 0.75)
    image = look.image("landscape", "landscape", "abstract", "botanical", "portrait")
    frame = (BLACK, WHITE, look.dark_wood, look.wood)[int(rng.integers(4))]
    return _framed("picture", frame, image, width, height, rng.uniform(0.02, 0.045))


def wall_mirror(look: Look) -> Parts:
    """A framed mirror."""
    image = look.image("mirror", is_glossy=True)
    width, height = look.rng.uniform(0.45, 0.8), look.rng.uniform(0.6, 0.9)
    return _framed("mirror", look.wood, image, width, height, 0.03)


def board(look: Look) -> Parts:
    """A whiteboard with writing on it."""
    width = look.rng.uniform(1.2, 1.9)
    return _framed("whiteboard", STEEL, look.image("whiteboard"), width, 0.95, 0.02)


def television(look: Look, width: float | None = None) -> Parts:
    """A flat screen on a foot."""
    width = look.rng.uniform(0.9, 1.3) if width is None else width
    height = width * 0.58
    on = look.rng.random() < 0.35
    image = look.image("screen_on", glow=0.8) if on else look.image("screen_off")
    image = replace(image, is_glossy=True)
    parts = part("television", BLACK, box(width, 0.04, height, 0, 0, 0.06))
    parts += part(
        "television", image, facing(width - 0.03, height - 0.03, 0.0205, 0.075)
    )
    foot = box(width * 0.4, 0.2, 0.015)
    return parts + part("television", BLACK, foot, box(0.08, 0.03, 0.07))


def monitor(look: Look) -> Parts:
    """A computer screen, mostly switched on."""
    width, height = 0.54, 0.33
    glow = 0.85 if look.rng.random() < 0.75 else 0.0
    image = look.image("screen_on" if glow else "screen_off", glow=glow, is_glossy=True)
    parts = part("television", BLACK, box(width, 0.03, height, 0, 0, 0.12))
    parts += part(
        "television", image, facing(width - 0.02, height - 0.02, 0.0155, 0.13)
    )
    return parts + part(
        "television", BLACK, box(0.22, 0.16, 0.012), box(0.05, 0.02, 0.14)
    )


def floor_lamp(look: Look) -> Parts:
    """A shade on a tall stand."""
    height = look.rng.uniform(1.45, 1.7)
    stand = cylinder(0.14, 0.025, 18)
    pole = cylinder(0.012, height - 0.2, 8)
    return part("lamp", BLACK, stand, pole) + moved(
        _shade(look, 0.20, 0.26), motion(z=height - 0.26)
    )


def table_lamp(look: Look) -> Parts:
    """A ceramic foot and a shade."""
    size = look.rng.uniform(0.8, 1.1)
    profile = [
        (0.0, 0.0),
        (0.07, 0.0),
        (0.09, 0.08),
        (0.05, 0.18),
        (0.015, 0.22),
        (0.012, 0.30),
    ]
    foot = lathe([(r * size, z * size) for r, z in profile], 14)
    shade = _shade(look, 0.14 * size, 0.19 * size)
    return part("lamp", look.vivid(), foot) + moved(shade, motion(z=0.25 * size))


def _shade(look: Look, radius: float, height: float) -> Parts:
    glow = look.lamp_glow()
    cloth = Material(
        "cloth", (1.0, 0.90, 0.72) if glow else (0.92, 0.88, 0.80), 0.3, 0, glow
    )
    outside = [(radius, 0.0), (radius * 0.72, height)]
    inside = [(r - SHEET, z) for r, z in outside[::-1]]
    return part("lamp", cloth, lathe(outside, 20), lathe(inside, 20))


def pendant(look: Look, drop: float) -> Parts:
    """A lamp that hangs from z = 0 down to -drop."""
    radius = look.rng.uniform(0.16, 0.24)
    cord = box(0.01, 0.01, drop - 0.15, 0, 0, 0.15 - drop)
    dome = [
        (radius, -drop),
        (radius * 0.85, 0.08 - drop),
        (0.05, 0.16 - drop),
        (0.0, 0.17 - drop),
    ]
    metal = look.vivid()
    bulb = ball(0.05, 12).moved(motion(z=0.05 - drop))
    lit = Material(
        "plain", (1.0, 0.93, 0.80), glow=look.lamp_glow() if look.is_day else 1.35
    )
    parts = part("lamp", BLACK, cord) + part("lamp", metal, lathe(dome, 24))
    inside = [(max(r - SHEET, 0.0), z - SHEET) for r, z in dome[::-1]]
    return parts + part("lamp", lit, lathe(inside, 24), bulb)


def ceiling_lamp(look: Look) -> Parts:
    """A flat round or square lamp below z = 0."""
    # At night a room without any other lamp must still be lit.
    lit = Material(
        "plain", (1.0, 0.97, 0.92), glow=look.lamp_glow() if look.is_day else 1.35
    )
    if look.rng.random() < 0.5:
        return part(
            "lamp", lit, cylinder(0.22, 0.07, 24, top=0.24).moved(motion(z=-0.07))
        )
    rim = part("lamp", STEEL, box(0.62, 0.62, 0.03, z=-0.03))
    return rim + part("lamp", lit, box(0.58, 0.58, 0.03, z=-0.05))


def clothes(look: Look) -> Parts:
    """Coats on hooks along a rail, backs at y = 0."""
    rail = box(0.9, 0.02, 0.08, 0, 0.01, 0.95)
    parts = part("other structure", look.wood, rail)
    for x in np.linspace(-0.32, 0.32, int(look.rng.integers(2, 4))):
        length = look.rng.uniform(0.65, 0.9)
        coat = cushion(0.30, 0.12, length, x, 0.09, 0.97 - length, 0.05, 0.02)
        parts += part("clothes", look.vivid("cloth", 0.4), coat)
        parts += part("other structure", CHROME, box(0.02, 0.07, 0.02, x, 0.05, 0.97))
    return parts


def curtain(look: Look, width: float, height: float) -> Parts:
    """A wavy sheet, its back at y = 0 and its lower middle at the origin."""
    columns = max(13, int(width / 0.022))
    x = np.linspace(-width / 2, width / 2, columns)
    folds = max(2, round(width / 0.11))
    wave = 0.028 * np.sin(
        np.linspace(0, 2 * np.pi * folds, columns) + look.rng.uniform(0, 6)
    )
    rows = np.array((0.0, 0.5, 1.0))
    points = np.empty((3, columns, 3))
    points[..., 0] = -x * (1.0 - 0.06 * np.sin(np.pi * rows))[:, None]
    points[..., 1] = 0.105 + wave * (1.0 - 0.4 * rows[:, None])
    points[..., 2] = rows[:, None] * height
    behind = other_side(points, np.array((0.0, -SHEET, 0.0)))
    return part("curtain", look.curtain, grid(points), behind)


def rug(look: Look, width: float, depth: float) -> Parts:
    """A floor mat 1 cm thick, its back edge at y = 0."""
    return part("floor mat", look.image("rug"), box(width, depth, 0.01, 0, depth / 2))


def towel(look: Look) -> Parts:
    """A towel over a rail on the wall."""
    rail = box(0.6, 0.02, 0.02, 0, 0.06, 0.55)
    cloth = cushion(0.42, 0.05, 0.57, 0, 0.06, 0.02, 0.02)
    return part("other structure", CHROME, rail) + part("towel", look.cover, cloth)
