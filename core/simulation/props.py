"""Small things to stand about: plants, vases, books, boxes, bags.

Their bottom's centre is at the origin.
"""

import numpy as np

from core.simulation.materials import CERAMIC, STEEL, Look, Material, Parts, moved, part
from core.simulation.shapes import (
    SHEET,
    Shape,
    ball,
    box,
    cushion,
    cylinder,
    grid,
    lathe,
    motion,
    other_side,
)


def plant(look: Look) -> Parts:
    """Leaves in a pot, knee to shoulder high."""
    rng = look.rng
    size = rng.uniform(0.6, 1.2)
    pot = lathe(
        [(0, 0), (0.12, 0), (0.16, 0.26), (0.13, 0.26), (0.12, 0.22), (0, 0.22)], 18
    )
    green = Material("foliage", (0.38, 0.56, 0.28), 0.5, look.variant())
    leaves = []
    for _ in range(int(rng.integers(14, 24))):
        length, wide = size * rng.uniform(0.35, 0.6), rng.uniform(0.05, 0.09)
        leaves += _leaf(length, wide, rng.uniform(15, 65), rng.uniform(0, 360))
    stem = cylinder(0.02, 0.22 + size * 0.25, 8)
    parts = part("other prop", look.vivid(), pot) + part(
        "other prop", look.dark_wood, stem
    )
    return parts + moved(
        part("other prop", green, *leaves), motion(z=0.22 + size * 0.2)
    )


def _leaf(length: float, wide: float, lean_deg: float, yaw_deg: float) -> list[Shape]:
    """A curved blade, as two sheets back to back."""
    s = np.linspace(0, 1, 5)
    angle = np.radians(lean_deg) * (0.4 + 1.1 * s)
    step = length / 4
    out = np.cumsum(np.sin(angle)) * step
    rise = np.cumsum(np.cos(angle)) * step
    half = wide * np.sin(np.pi * (0.12 + 0.86 * s))
    points = np.stack(
        [np.stack((sign * half, -out, rise), axis=-1) for sign in (1, 0, -1)], axis=1
    )
    points[:, 1, 2] -= 0.3 * half
    turn = motion(yaw_deg=yaw_deg)
    under = other_side(points, np.array((0.0, 0.0, -SHEET)))
    return [grid(points).moved(turn), under.moved(turn)]


def vase(look: Look) -> Parts:
    """A vase with a few stems."""
    rng = look.rng
    size = rng.uniform(0.7, 1.1)
    profile = [
        (0, 0),
        (0.05, 0),
        (0.08, 0.08),
        (0.06, 0.18),
        (0.035, 0.22),
        (0.045, 0.25),
        (0.03, 0.25),
        (0.03, 0.2),
        (0, 0.2),
    ]
    pot = lathe([(r * size, z * size) for r, z in profile], 16)
    green = Material("foliage", (0.45, 0.60, 0.32), 0.5, look.variant())
    leaves = []
    for _ in range(7):
        leaves += _leaf(0.25 * size, 0.02, rng.uniform(5, 40), rng.uniform(0, 360))
    blades = moved(part("other prop", green, *leaves), motion(z=0.2 * size))
    return part("other prop", look.vivid(), pot) + blades


def bowl(look: Look) -> Parts:
    """A bowl with fruit."""
    profile = [
        (0, 0),
        (0.06, 0),
        (0.13, 0.07),
        (0.125, 0.07),
        (0.05, 0.015),
        (0, 0.015),
    ]
    parts = part("other prop", look.vivid(), lathe(profile, 20))
    for k in range(4):
        fruit = ball(0.04, 10).moved(
            motion(0.045 * (k % 2) - 0.02, 0.05 * (k // 2) - 0.02, 0.06)
        )
        color = ((0.85, 0.25, 0.15), (0.90, 0.62, 0.15), (0.55, 0.65, 0.20))[k % 3]
        parts += part("other prop", Material("plain", color), fruit)
    return parts


def mug(look: Look) -> Parts:
    """A cup."""
    profile = [
        (0, 0),
        (0.035, 0),
        (0.042, 0.10),
        (0.036, 0.10),
        (0.032, 0.02),
        (0, 0.02),
    ]
    handle = box(0.012, 0.03, 0.06, 0, 0.05, 0.02)
    return part("other prop", look.vivid(), lathe(profile, 14), handle)


def papers(look: Look) -> Parts:
    """Loose sheets, one over the other."""
    rng = look.rng
    sheets = []
    for k in range(int(rng.integers(1, 4))):
        sheet = box(0.21, 0.297, 0.002, z=0.002 * k)
        turn = motion(
            rng.uniform(-0.06, 0.06), rng.uniform(-0.05, 0.05), 0, rng.uniform(-25, 25)
        )
        sheets.append(sheet.moved(turn))
    return part("paper", look.image("paper"), *sheets)


def book_pile(look: Look) -> Parts:
    """Books lying on each other."""
    parts: Parts = []
    z = 0.0
    for _ in range(int(look.rng.integers(2, 5))):
        thick = look.rng.uniform(0.02, 0.045)
        book = box(
            look.rng.uniform(0.14, 0.18), look.rng.uniform(0.20, 0.25), thick, z=z
        )
        turned = book.moved(motion(yaw_deg=look.rng.uniform(-20, 20)))
        parts += part("books", look.vivid(), turned)
        z += thick
    return parts


def carton(look: Look) -> Parts:
    """A cardboard box."""
    width, depth, height = look.rng.uniform((0.28, 0.25, 0.2), (0.5, 0.42, 0.42))
    return part("box", look.image("cardboard"), box(width, depth, height))


def basket(look: Look) -> Parts:
    """A round wicker basket, open at the top."""
    radius, height = look.rng.uniform(0.17, 0.24), look.rng.uniform(0.25, 0.4)
    profile = [
        (0, 0),
        (radius * 0.85, 0),
        (radius, height),
        (radius - 0.02, height),
        (radius * 0.8, 0.03),
        (0, 0.03),
    ]
    straw = Material("wicker", (0.85, 0.70, 0.50), 0.4)
    return part("other prop", straw, lathe(profile, 22))


def bag(look: Look) -> Parts:
    """A rucksack leaning back."""
    cloth = look.vivid("cloth", 0.3)
    body = cushion(0.32, 0.16, 0.44, radius=0.07, bulge=0.02)
    pocket = cushion(0.24, 0.07, 0.2, 0, 0.10, 0.05, radius=0.03)
    strap = box(0.12, 0.02, 0.05, 0, 0, 0.43)
    lean = motion(z=0.012, tilt_deg=8)
    return part("bag", cloth, body.moved(lean), pocket.moved(lean), strap.moved(lean))


def waste_bin(look: Look) -> Parts:
    """A waste paper bin."""
    profile = [(0, 0), (0.12, 0), (0.15, 0.32), (0.14, 0.32), (0.11, 0.02), (0, 0.02)]
    material = STEEL if look.rng.random() < 0.5 else CERAMIC
    return part("other prop", material, lathe(profile, 18))
