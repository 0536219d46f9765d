"""Kitchen and bathroom fittings. Backs at y = 0, facing +y, standing on z = 0."""

import numpy as np

from core.simulation import decoration, props
from core.simulation.materials import (
    BLACK,
    CERAMIC,
    CHROME,
    STEEL,
    WHITE,
    Look,
    Material,
    Parts,
    moved,
    part,
)
from core.simulation.shapes import Shape, box, cushion, cylinder, lathe, motion
from core.simulation.storage import chest, handle_material


def _hollow(
    width: float, depth: float, height: float, rim: float, floor: float
) -> list[Shape]:
    """An open tub: four walls and a bottom."""
    return [
        box(width, depth, floor, 0, depth / 2),
        box(width, rim, height - floor, 0, rim / 2, floor),
        box(width, rim, height - floor, 0, depth - rim / 2, floor),
        box(rim, depth - 2 * rim, height - floor, (width - rim) / 2, depth / 2, floor),
        box(rim, depth - 2 * rim, height - floor, (rim - width) / 2, depth / 2, floor),
    ]


def _tap(x: float, y: float, z: float) -> list[Shape]:
    return [
        cylinder(0.018, 0.20, 10).moved(motion(x, y, z)),
        box(0.025, 0.16, 0.02, x, y + 0.07, z + 0.19),
    ]


def kitchen_run(look: Look, width: float, has_window: bool) -> Parts:
    """Base units with sink and stove, wall units, a tiled splash back."""
    rng = look.rng
    depth, height = 0.60, 0.90
    carcass, handle = look.carcass, handle_material(look)
    parts = chest(
        "cabinet",
        carcass,
        handle,
        (width, depth, height - 0.03),
        max(2, round(width / 0.5)),
        1,
    )
    sink_x = -width * rng.uniform(0.1, 0.28)
    stove_x = width * rng.uniform(0.22, 0.32)
    hole = 0.50
    left, right = sink_x - hole / 2, sink_x + hole / 2
    top = [
        box(
            left + width / 2 + 0.01,
            depth + 0.03,
            0.04,
            (left - width / 2 - 0.01) / 2,
            depth / 2 + 0.015,
            height - 0.04,
        ),
        box(
            width / 2 - right + 0.01,
            depth + 0.03,
            0.04,
            (right + width / 2 + 0.01) / 2,
            depth / 2 + 0.015,
            height - 0.04,
        ),
        box(hole, 0.11, 0.04, sink_x, 0.055, height - 0.04),
        box(hole, 0.12, 0.04, sink_x, depth - 0.03, height - 0.04),
    ]
    parts += part("counter", look.counter, *top)
    basin = [
        s.moved(motion(sink_x, 0.11, height - 0.025))
        for s in _hollow(hole, 0.40, 0.03, 0.02, 0.004)
    ]
    parts += part("sink", STEEL, *basin, *_tap(sink_x, 0.08, height))
    parts += _stove(stove_x, depth, height)
    splash = Material("tiles", (0.88, 0.90, 0.90), 0.6)
    parts += part("wall", splash, box(width, 0.008, 0.5, 0, 0.004, height))
    for x in (sink_x - 0.42, sink_x + 0.45, width / 2 - 0.15):
        if abs(x - stove_x) > 0.4 and abs(x) < width / 2 - 0.1:
            things = (
                props.mug,
                props.bowl,
                props.vase,
                _bottle,
                _toaster,
            )
            thing = things[int(rng.integers(5))]
            parts += moved(thing(look), motion(x, 0.26, height, rng.uniform(-30, 30)))
    if not has_window:
        upper = chest(
            "cabinet",
            carcass,
            handle,
            (width, 0.34, 0.70),
            max(2, round(width / 0.5)),
            1,
            0.0,
        )
        parts += moved(upper, motion(z=1.42))
    return parts


def _stove(x: float, depth: float, height: float) -> Parts:
    plate = box(0.58, 0.50, 0.008, x, depth / 2, height)
    rings = [
        cylinder(r, 0.004, 20).moved(motion(x + a, depth / 2 + b, height + 0.008))
        for a, b, r in (
            (-0.14, -0.11, 0.08),
            (0.14, -0.11, 0.10),
            (-0.14, 0.12, 0.10),
            (0.14, 0.12, 0.08),
        )
    ]
    oven = box(0.56, 0.012, 0.50, x, depth + 0.006, 0.22)
    window = box(0.42, 0.006, 0.26, x, depth + 0.014, 0.34)
    bar = box(0.46, 0.03, 0.02, x, depth + 0.03, 0.66)
    knobs = [
        box(0.03, 0.02, 0.03, x + a, depth + 0.01, 0.78)
        for a in np.linspace(-0.2, 0.2, 5)
    ]
    glass = Material("plain", (0.10, 0.10, 0.11), is_glossy=True)
    ring = Material("plain", (0.24, 0.24, 0.25))
    parts = part("other furniture", glass, plate, window) + part(
        "other furniture", ring, *rings
    )
    return parts + part("other furniture", STEEL, oven, bar, *knobs)


def _bottle(look: Look) -> Parts:
    profile = [
        (0, 0),
        (0.035, 0),
        (0.035, 0.17),
        (0.013, 0.22),
        (0.013, 0.28),
        (0, 0.28),
    ]
    return part("other prop", look.vivid(), lathe(profile, 14))


def _toaster(look: Look) -> Parts:
    body = cushion(0.28, 0.17, 0.18, radius=0.04)
    slots = [box(0.2, 0.025, 0.004, 0, y, 0.179) for y in (-0.035, 0.035)]
    return part("other prop", STEEL, body) + part("other prop", BLACK, *slots)


def refrigerator(look: Look) -> Parts:
    """A fridge with a freezer door above or below."""
    rng = look.rng
    material = STEEL if rng.random() < 0.5 else WHITE
    width, depth, height = 0.62, 0.64, rng.uniform(1.65, 1.9)
    split = height * rng.choice((0.36, 0.66))
    body = box(width, depth - 0.06, height - 0.04, 0, depth / 2 - 0.03, 0.04)
    doors = [
        cushion(width, 0.06, split - 0.05, 0, depth - 0.03, 0.045, 0.015),
        cushion(width, 0.06, height - split - 0.005, 0, depth - 0.03, split, 0.015),
    ]
    side = rng.choice((-1, 1)) * (width / 2 - 0.06)
    bars = [
        box(0.02, 0.035, 0.4, side, depth + 0.015, split - 0.46),
        box(
            0.02,
            0.035,
            min(0.4, height - split - 0.1),
            side,
            depth + 0.015,
            split + 0.06,
        ),
    ]
    foot = box(width - 0.02, depth - 0.1, 0.04, 0, depth / 2 - 0.04)
    parts = part("refrigerator", material, body, *doors)
    parts += part("refrigerator", BLACK, foot) + part("refrigerator", CHROME, *bars)
    for _ in range(int(rng.integers(0, 4))):
        note = box(
            0.1,
            0.002,
            0.13,
            rng.uniform(-0.1, 0.1),
            depth + 0.001,
            rng.uniform(split + 0.02, height - 0.2),
        )
        parts += part("paper", look.image("paper", "landscape"), note)
    return parts


def toilet(look: Look) -> Parts:
    """A bowl, a lid and a cistern."""
    foot = lathe([(0, 0), (0.14, 0), (0.11, 0.12), (0.19, 0.38), (0, 0.38)], 20).moved(
        motion(0, 0.42)
    )
    lid = cylinder(0.195, 0.035, 22).moved(motion(0, 0.43, 0.38))
    hinge = box(0.36, 0.14, 0.36, 0, 0.22, 0.04)
    tank = cushion(0.40, 0.18, 0.38, 0, 0.10, 0.40, 0.03)
    button = cylinder(0.02, 0.01, 12).moved(motion(0, 0.1, 0.78))
    return part("toilet", CERAMIC, foot, lid, hinge, tank) + part(
        "toilet", CHROME, button
    )


def bathtub(look: Look) -> Parts:
    """A built-in tub with a shower curtain at its foot."""
    length, depth, height = look.rng.uniform(1.55, 1.75), 0.74, 0.56
    tub = _hollow(length, depth, height, 0.07, 0.16)
    parts = part("bathtub", CERAMIC, *tub)
    parts += part("bathtub", CHROME, *_tap(0.0, 0.03, height))
    sheet = decoration.curtain(look, 0.7, 1.45)
    hung = moved(sheet, motion(-length / 2 + 0.36, depth - 0.10, 0.52))
    hung = [
        each
        for piece in hung
        for each in part("shower curtain", piece.material, piece.shape)
    ]
    rod = box(length, 0.02, 0.02, 0, depth - 0.03, 1.98)
    return parts + hung + part("other structure", CHROME, rod)


def vanity(look: Look) -> Parts:
    """A washbasin on a cabinet, with a mirror above."""
    width, depth, height = look.rng.uniform(0.7, 1.1), 0.48, 0.80
    parts = chest("cabinet", look.any_wood(), CHROME, (width, depth, height), 2, 1)
    basin = [
        s.moved(motion(0, 0.05, height)) for s in _hollow(0.50, 0.38, 0.10, 0.03, 0.02)
    ]
    parts += part("sink", CERAMIC, *basin, *_tap(0, 0.07, height + 0.09))
    parts += moved(decoration.wall_mirror(look), motion(0, 0, 1.15))
    side = width / 2 - 0.1
    return parts + moved(props.mug(look), motion(side, 0.2, height))
