"""Sofas, chairs and beds. Backs at y = 0, facing +y, standing on z = 0."""

from dataclasses import replace

import numpy as np

from core.simulation.materials import BLACK, CHROME, Look, Material, Parts, moved, part
from core.simulation.shapes import Shape, box, cushion, cylinder, motion


def sofa(look: Look, width: float | None = None) -> Parts:
    """Two to four seats, arms, back cushions and some loose pillows."""
    rng = look.rng
    width = float(rng.uniform(1.6, 2.4)) if width is None else width
    depth, seat_z, back_z = rng.uniform(0.82, 0.95), 0.42, rng.uniform(0.74, 0.88)
    arm, arm_z = rng.uniform(0.14, 0.22), rng.uniform(0.55, 0.64)
    inner = width - 2 * arm
    count = max(1, round(inner / 0.68))
    one = inner / count
    shapes = [
        cushion(width - 0.02, depth - 0.06, 0.22, 0, depth / 2, 0.08, 0.03),
        cushion(width, 0.24, back_z - 0.08, 0, 0.12, 0.08, 0.07),
    ]
    for side in (-1, 1):
        at = side * (width - arm) / 2
        shapes.append(cushion(arm, depth, arm_z - 0.06, at, depth / 2, 0.06, 0.06))
    for k in range(count):
        at = (k - (count - 1) / 2) * one
        seat = cushion(
            one, depth - 0.22, 0.16, at, depth / 2 + 0.13, seat_z - 0.14, 0.05, 0.02
        )
        back = cushion(
            one - 0.01, 0.18, back_z - seat_z + 0.04, radius=0.07, bulge=0.03
        )
        lean = motion(at, 0.31, seat_z - 0.01, tilt_deg=12)
        shapes += [seat, back.moved(lean)]
    feet = [
        box(0.05, 0.05, 0.09, x * (width / 2 - 0.1), y)
        for x in (-1, 1)
        for y in (0.08, depth - 0.08)
    ]
    parts = part("sofa", look.seat, *shapes) + part("sofa", look.dark_wood, *feet)
    # Pillows have places of their own, half a metre apart.
    places = np.linspace(0.25 - inner / 2, inner / 2 - 0.25, max(1, int(inner / 0.5)))
    if inner < 0.8:
        places = np.zeros(1)
    for at in rng.permutation(places)[: int(rng.integers(1, 4))]:
        spot = motion(at, 0.50, seat_z + 0.02, rng.uniform(-20, 20), 20)
        parts += moved(pillow(look), spot)
    return parts


def pillow(look: Look, width: float = 0.42, height: float = 0.40) -> Parts:
    """A pillow standing on its edge."""
    material = look.pillows[int(look.rng.integers(len(look.pillows)))]
    return part(
        "pillow", material, cushion(width, 0.10, height, radius=0.05, bulge=0.05)
    )


def armchair(look: Look) -> Parts:
    """A sofa for one, sometimes of its own cloth."""
    if look.rng.random() < 0.5:
        look = replace(look, seat=replace(look.vivid("cloth", 0.4), variant=1))
    return sofa(look, width=float(look.rng.uniform(0.85, 1.0)))


def _legs(
    width: float, depth: float, height: float, thick: float, inset: float
) -> list[Shape]:
    x, y = width / 2 - inset, depth / 2 - inset
    return [
        box(thick, thick, height, a * x, depth / 2 + b * y)
        for a in (-1, 1)
        for b in (-1, 1)
    ]


def chair(look: Look, material: Material | None = None) -> Parts:
    """A kitchen chair: four legs, a seat, a leaning back of slats or a board."""
    rng = look.rng
    frame = material or look.any_wood()
    size, seat_z, top = rng.uniform(0.42, 0.46), 0.45, rng.uniform(0.85, 1.0)
    shapes = _legs(size, size, seat_z - 0.03, 0.035, 0.03)
    shapes.append(cushion(size, size, 0.035, 0, size / 2, seat_z - 0.035, 0.012))
    lean = motion(0, 0.03, seat_z, tilt_deg=8)
    high = top - seat_z
    posts = [box(0.035, 0.03, high, side * (size / 2 - 0.02)) for side in (-1, 1)]
    if rng.random() < 0.5:
        back = [
            box(size - 0.06, 0.018, 0.07, 0, 0, z)
            for z in (0.14, high - 0.22, high - 0.07)
        ]
    else:
        back = [
            box(0.03, 0.016, high - 0.1, x, 0, 0.04)
            for x in np.linspace(-0.14, 0.14, 4)
        ]
        back.append(box(size - 0.04, 0.022, 0.08, 0, 0, high - 0.08))
    parts = part("chair", frame, *shapes, *(each.moved(lean) for each in posts + back))
    if rng.random() < 0.6:
        pad = cushion(
            size - 0.05, size - 0.06, 0.05, 0, size / 2 + 0.01, seat_z, 0.02, 0.012
        )
        parts += part("chair", look.pillows[0], pad)
    return parts


def office_chair(look: Look) -> Parts:
    """Five castors, a gas lift, a padded seat and back."""
    rng = look.rng
    pad = BLACK if rng.random() < 0.5 else look.seat
    pad = replace(pad, pattern="cloth", tile_m=0.3, variant=2)
    if pad.color == BLACK.color:
        pad = replace(pad, color=(0.20, 0.20, 0.22))
    middle = 0.30
    star = []
    for k in range(5):
        foot = box(0.30, 0.05, 0.04, 0.15, 0, 0.06).moved(
            motion(0, middle, 0, 72 * k + 18)
        )
        wheel = box(0.05, 0.03, 0.06, 0.28).moved(motion(0, middle, 0, 72 * k + 18))
        star += [foot, wheel]
    lift = cylinder(0.03, 0.34).moved(motion(0, middle, 0.09))
    seat = cushion(0.50, 0.48, 0.08, 0, middle, 0.42, 0.035, 0.02)
    back = cushion(0.46, 0.07, 0.55, radius=0.035, bulge=0.02)
    bar = box(0.06, 0.03, 0.30, 0, 0.01, 0.42)
    parts = part("chair", BLACK, *star, bar) + part("chair", CHROME, lift)
    parts += part("chair", pad, seat, back.moved(motion(0, 0.06, 0.56, tilt_deg=8)))
    if rng.random() < 0.6:
        for side in (-1, 1):
            rest = cushion(0.06, 0.28, 0.03, side * 0.28, middle, 0.66, 0.014)
            post = box(0.03, 0.05, 0.20, side * 0.28, middle, 0.46)
            parts += part("chair", BLACK, rest, post)
    return parts


def stool(look: Look) -> Parts:
    """A round padded stool."""
    height = look.rng.uniform(0.38, 0.46)
    body = cylinder(0.20, height - 0.06, 18).moved(motion(0, 0.22))
    top = cylinder(0.22, 0.07, 18).moved(motion(0, 0.22, height - 0.07))
    return part("chair", look.wood, body) + part("chair", look.vivid("cloth", 0.3), top)


def bed(look: Look, width: float | None = None) -> Parts:
    """Headboard, mattress, duvet and pillows; the head is at y = 0."""
    rng = look.rng
    width = float(rng.choice((0.95, 1.45, 1.65))) if width is None else width
    length, top = 2.05, rng.uniform(0.48, 0.58)
    wood = look.any_wood()
    board = cushion(width + 0.06, 0.07, rng.uniform(0.85, 1.15), 0, 0.035, 0, 0.02)
    if rng.random() < 0.4:
        head = part("bed", look.seat, board)
    else:
        head = part(
            "bed", wood, box(width + 0.06, 0.06, rng.uniform(0.8, 1.1), 0, 0.03)
        )
    frame = box(width + 0.03, length - 0.05, 0.22, 0, length / 2 + 0.03, 0.08)
    feet = [
        box(0.06, 0.06, 0.08, x * (width / 2 - 0.05), length - 0.1) for x in (-1, 1)
    ]
    linen = Material("cloth", (0.93, 0.92, 0.89), 0.5)
    mattress = cushion(
        width - 0.02, length - 0.1, top - 0.30, 0, length / 2 + 0.04, 0.30, 0.06
    )
    fold = rng.uniform(0.55, 0.75)
    reach = length - fold
    duvet = cushion(
        width + 0.05, reach, top - 0.16, 0, fold + reach / 2 + 0.03, 0.20, 0.06, 0.02
    )
    turned = cushion(width + 0.03, 0.22, 0.05, 0, fold + 0.08, top + 0.02, 0.024)
    parts = head + part("bed", wood, frame, *feet)
    parts += part("bed", linen, mattress, turned) + part("bed", look.cover, duvet)
    count = 1 if width < 1.2 else 2
    for k in range(count):
        at = (k - (count - 1) / 2) * width / 2
        soft = cushion(
            min(0.62, width / count - 0.08), 0.40, 0.14, radius=0.06, bulge=0.04
        )
        lie = motion(at, 0.30, top - 0.01, rng.uniform(-6, 6), tilt_deg=-12)
        parts += part("pillow", linen, soft.moved(lie))
        if rng.random() < 0.6:
            parts += moved(
                pillow(look), motion(at, 0.52, top + 0.02, rng.uniform(-12, 12), 35)
            )
    return parts
