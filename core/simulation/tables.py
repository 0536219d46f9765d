"""Tables, desks and what stands on them."""

import numpy as np

from core.simulation import decoration, props
from core.simulation.materials import BLACK, CHROME, Look, Parts, moved, part
from core.simulation.shapes import box, cushion, cylinder, motion


def table(
    look: Look, width: float, depth: float, height: float, name: str = "table"
) -> Parts:
    """A top on four legs, or on two panels; its back edge at y = 0."""
    rng = look.rng
    wood = look.any_wood()
    top = cushion(width, depth, 0.035, 0, depth / 2, height - 0.035, 0.010)
    under = height - 0.035
    x, y = width / 2 - 0.06, depth / 2 - 0.06
    style = rng.integers(3)
    if style == 0:
        legs = [box(0.03, depth - 0.06, under, side * x, depth / 2) for side in (-1, 1)]
    elif style == 1:
        legs = [
            cylinder(0.020, under, 10, top=0.032).moved(
                motion(a * x, depth / 2 + b * y)
            )
            for a in (-1, 1)
            for b in (-1, 1)
        ]
    else:
        thick = rng.uniform(0.045, 0.07)
        legs = [
            box(thick, thick, under, a * x, depth / 2 + b * y)
            for a in (-1, 1)
            for b in (-1, 1)
        ]
        legs += [
            box(2 * x, 0.02, 0.07, 0, depth / 2 + b * y, under - 0.07) for b in (-1, 1)
        ]
    frame = wood if rng.random() < 0.6 else (BLACK, CHROME)[int(rng.integers(2))]
    return part(name, wood, top) + part(name, frame, *legs)


def round_table(look: Look, radius: float, height: float) -> Parts:
    """A round top on one foot."""
    wood = look.any_wood()
    top = cylinder(radius, 0.03, 28).moved(motion(0, radius, height - 0.03))
    post = cylinder(0.045, height - 0.05, 14).moved(motion(0, radius, 0.02))
    foot = cylinder(radius * 0.55, 0.03, 24, top=radius * 0.45).moved(motion(0, radius))
    return part("table", wood, top, post, foot)


def coffee_table(look: Look) -> Parts:
    """A low table with a few things on it."""
    rng = look.rng
    height = rng.uniform(0.38, 0.46)
    if rng.random() < 0.3:
        radius = rng.uniform(0.35, 0.45)
        parts, width, depth = round_table(look, radius, height), radius, 2 * radius
    else:
        width, depth = rng.uniform(0.8, 1.2), rng.uniform(0.5, 0.65)
        parts = table(look, width, depth, height)
        if rng.random() < 0.5:
            parts += part(
                "table",
                look.wood,
                box(width - 0.14, depth - 0.1, 0.02, 0, depth / 2, 0.13),
            )
    things = (
        props.book_pile,
        props.vase,
        props.mug,
        props.papers,
        props.bowl,
    )
    for k, pick in enumerate(rng.permutation(len(things))[:2]):
        at = (k - 0.5) * width * 0.45
        place = motion(
            at, depth / 2 + rng.uniform(-0.08, 0.08), height, rng.uniform(0, 360)
        )
        parts += moved(things[pick](look), place)
    return parts


def desk(look: Look, width: float | None = None) -> Parts:
    """A desk with drawers, a monitor or laptop, keyboard, papers and a lamp."""
    rng = look.rng
    width = float(rng.uniform(1.1, 1.6)) if width is None else width
    depth, height = rng.uniform(0.6, 0.75), rng.uniform(0.72, 0.76)
    wood = look.any_wood()
    side = rng.choice((-1, 1))
    top = cushion(width, depth, 0.03, 0, depth / 2, height - 0.03, 0.008)
    board = box(
        0.03, depth - 0.04, height - 0.03, -side * (width / 2 - 0.03), depth / 2
    )
    chest = box(
        0.42, depth - 0.06, height - 0.08, side * (width / 2 - 0.23), depth / 2, 0.05
    )
    screen = box(width - 0.5, 0.02, 0.35, -side * 0.22, 0.06, height - 0.38)
    parts = part("desk", wood, top, board, chest, screen)
    front = depth - 0.03
    for k in range(3):
        z = 0.08 + k * (height - 0.14) / 3
        drawer = box(
            0.38, 0.018, (height - 0.17) / 3, side * (width / 2 - 0.23), front, z
        )
        handle = box(
            0.12, 0.018, 0.015, side * (width / 2 - 0.23), front + 0.015, z + 0.11
        )
        parts += part("desk", wood, drawer) + part("desk", CHROME, handle)
    middle = -side * 0.2
    parts += moved(
        decoration.monitor(look), motion(middle, 0.16, height, rng.uniform(-12, 12))
    )
    keys = box(0.42, 0.14, 0.02, middle, depth - 0.20, height)
    parts += part("other prop", look.image("keyboard"), keys)
    parts += moved(
        props.papers(look), motion(side * width * 0.28, depth * 0.55, height, 20)
    )
    if rng.random() < 0.7:
        corner = motion(side * (width / 2 - 0.16), 0.18, height)
        parts += moved(decoration.table_lamp(look), corner)
    if rng.random() < 0.6:
        spot = motion(-side * (width / 2 - 0.16), 0.22, height, rng.uniform(0, 90))
        parts += moved(props.book_pile(look), spot)
    if rng.random() < 0.6:
        parts += moved(props.mug(look), motion(middle + 0.30, depth - 0.22, height))
    return parts


def set_table(look: Look, width: float, depth: float) -> Parts:
    """A dining table with plates or a vase on it."""
    rng = look.rng
    height = rng.uniform(0.73, 0.77)
    parts = table(look, width, depth, height)
    centre = (props.vase, props.bowl, props.book_pile)[int(rng.integers(3))]
    parts += moved(centre(look), motion(0, depth / 2, height, rng.uniform(0, 360)))
    if rng.random() < 0.6:
        for x in np.linspace(
            -width / 2 + 0.25, width / 2 - 0.25, max(2, round(width / 0.6))
        ):
            parts += moved(
                props.mug(look),
                motion(x, depth - 0.2, height, rng.uniform(0, 360)),
            )
    if rng.random() < 0.3:
        runner = box(width * 0.7, 0.32, 0.004, 0, depth / 2, height)
        parts = part("towel", look.pillows[1], runner) + parts
    return parts
