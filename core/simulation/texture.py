"""Procedural patterns that repeat without a seam: wood, tiles, carpet, cloth, plaster.

A pattern is (SIZE, SIZE, 3) float32 in 0..1, as displayed, multiplied by a colour.
u runs along the columns.
"""

from collections.abc import Callable

import cv2
import numpy as np

SIZE = 256
Pattern = Callable[[np.random.Generator], np.ndarray]


def noise(rng: np.random.Generator, cells_u: int, cells_v: int) -> np.ndarray:
    """(SIZE, SIZE) float32 of seamless smooth noise, mean 0 and deviation 1."""
    cells = rng.standard_normal((cells_v, cells_u), dtype=np.float32)
    pad = 3
    cells = np.pad(cells, pad, mode="wrap")
    step_u, step_v = SIZE / cells_u, SIZE / cells_v
    columns = (np.arange(SIZE, dtype=np.float32) + 0.5) / step_u - 0.5 + pad
    rows = (np.arange(SIZE, dtype=np.float32) + 0.5) / step_v - 0.5 + pad
    u, v = np.meshgrid(columns, rows)
    image = cv2.remap(cells, u, v, cv2.INTER_CUBIC)
    return (image - image.mean()) / max(float(image.std()), 1e-6)


def _grey(values: np.ndarray) -> np.ndarray:
    return np.repeat(np.clip(values, 0.0, 1.0)[..., None], 3, axis=2).astype(np.float32)


def _warm(values: np.ndarray, amount: float = 0.5) -> np.ndarray:
    """Shades whose dark parts turn brown, as in wood."""
    values = np.clip(values, 0.02, 1.0)[..., None]
    return np.power(values, 1.0 + amount * np.array((0.0, 0.3, 0.7))).astype(np.float32)


def _coordinates() -> tuple[np.ndarray, np.ndarray]:
    steps = (np.arange(SIZE, dtype=np.float32) + 0.5) / SIZE
    u, v = np.meshgrid(steps, steps)
    return u, v


def plain(rng: np.random.Generator) -> np.ndarray:
    """Paint or lacquer: almost even."""
    return _grey(0.97 + 0.006 * noise(rng, 8, 8) + 0.004 * noise(rng, 128, 128))


def plaster(rng: np.random.Generator) -> np.ndarray:
    """A painted wall, rolled on."""
    return _grey(
        0.95
        + 0.008 * noise(rng, 5, 5)
        + 0.008 * noise(rng, 40, 40)
        + 0.010 * noise(rng, 110, 110)
    )


def striped_wallpaper(rng: np.random.Generator) -> np.ndarray:
    """Upright stripes of two close tones."""
    u, _ = _coordinates()
    count = int(rng.integers(3, 7))
    stripe = np.sin(2 * np.pi * count * u) > rng.uniform(-0.6, 0.3)
    soft = cv2.GaussianBlur(stripe.astype(np.float32), (0, 0), 1.0)
    return _grey(0.86 + 0.10 * soft + 0.006 * noise(rng, 100, 100))


def printed_wallpaper(rng: np.random.Generator) -> np.ndarray:
    """A small motif on a half-drop lattice."""
    u, v = _coordinates()
    count = int(rng.integers(3, 5))
    petals = int(rng.integers(4, 7))
    print_ = np.zeros((SIZE, SIZE), np.float32)
    for shift in (0.0, 0.5):
        a = (u * count + shift) % 1.0 - 0.5
        b = (v * count + shift) % 1.0 - 0.5
        radius, angle = np.hypot(a, b), np.arctan2(b, a)
        flower = 0.20 * (0.65 + 0.35 * np.cos(petals * angle))
        print_ = np.maximum(print_, np.clip((flower - radius) * 30.0, 0.0, 1.0))
    return _grey(0.95 - 0.13 * print_ + 0.006 * noise(rng, 90, 90))


def bricks(rng: np.random.Generator) -> np.ndarray:
    """Painted or bare bricks in running bond."""
    u, v = _coordinates()
    rows, columns = 12, 4
    row = np.floor(v * rows)
    a = (u * columns + 0.5 * (row % 2)) % columns
    tone = rng.normal(0.0, 0.05, (rows, columns))[row.astype(int), a.astype(int)]
    edge = np.minimum(
        _distance_to_line(a) / columns, _distance_to_line(v * rows) / rows
    )
    mortar = np.clip((0.010 - edge) * 250.0, 0.0, 1.0)
    brick = 0.80 + tone + 0.03 * noise(rng, 60, 60) + 0.02 * noise(rng, 12, 12)
    return _grey(brick * (1.0 - mortar) + 0.92 * mortar)


def _distance_to_line(values: np.ndarray) -> np.ndarray:
    return np.abs((values + 0.5) % 1.0 - 0.5)


def wood(rng: np.random.Generator) -> np.ndarray:
    """A board with its grain along u."""
    _, v = _coordinates()
    bend = 0.10 * noise(rng, 2, 3) + 0.03 * noise(rng, 4, 6)
    rings = np.sin(2 * np.pi * (5.0 * v + 3.0 * bend))
    return _warm(
        0.84
        + 0.045 * rings
        + 0.030 * noise(rng, 2, 40)
        + 0.022 * noise(rng, 5, 110)
        + 0.030 * noise(rng, 2, 4)
    )


def planks(rng: np.random.Generator) -> np.ndarray:
    """A floor of boards along u, two lengths to the tile."""
    u, v = _coordinates()
    rows = 9
    row = np.minimum((v * rows).astype(int), rows - 1)
    shift = rng.random(rows)[row]
    position = (u + shift) * 2.0 % 2.0
    board = position.astype(int)
    tone = rng.normal(0.0, 0.055, (rows, 2))[row, board]
    gap = np.minimum(
        _distance_to_line(v * rows) / rows, _distance_to_line(position) / 2.0
    )
    grain = 0.030 * noise(rng, 3, 128) + 0.022 * noise(rng, 2, 50)
    flecks = 0.020 * noise(rng, 8, 120)
    seam = np.clip((0.0035 - gap) * 300.0, 0.0, 1.0)
    return _warm((0.85 + tone + grain + flecks) * (1.0 - 0.45 * seam), 0.7)


def parquet(rng: np.random.Generator) -> np.ndarray:
    """Basket weave: squares of four strips, turned every other square."""
    u, v = _coordinates()
    squares = 4
    a, b = u * squares, v * squares
    is_turned = (np.floor(a) + np.floor(b)) % 2 > 0
    across = np.where(is_turned, a, b) * 4.0
    strip = np.floor(across).astype(int) % 16
    square = (np.floor(a) * squares + np.floor(b)).astype(int)
    tone = rng.normal(0.0, 0.05, (squares * squares, 16))[square, strip]
    gap = np.minimum(_distance_to_line(across) / 16, _distance_to_line(a) / squares)
    gap = np.minimum(gap, _distance_to_line(b) / squares)
    grain = np.where(is_turned, noise(rng, 120, 4), noise(rng, 4, 120))
    seam = np.clip((0.0035 - gap) * 300.0, 0.0, 1.0)
    return _warm((0.84 + tone + 0.03 * grain) * (1.0 - 0.35 * seam), 0.7)


def tiles(rng: np.random.Generator) -> np.ndarray:
    """Four by four ceramic tiles with light grout."""
    return _tiled(rng, tones=rng.normal(0.0, 0.025, (4, 4)))


def checker_tiles(rng: np.random.Generator) -> np.ndarray:
    """Tiles in two tones."""
    return _tiled(rng, tones=-0.25 * (np.indices((4, 4)).sum(axis=0) % 2))


def _tiled(rng: np.random.Generator, tones: np.ndarray) -> np.ndarray:
    u, v = _coordinates()
    a, b = u * 4.0, v * 4.0
    tone = tones[a.astype(int), b.astype(int)]
    edge = np.minimum(_distance_to_line(a), _distance_to_line(b)) / 4.0
    grout = np.clip((0.007 - edge) * 250.0, 0.0, 1.0)
    bevel = 0.05 * np.clip((0.016 - edge) * 100.0, 0.0, 1.0)
    clouds = 0.018 * noise(rng, 7, 7) + 0.010 * noise(rng, 30, 30)
    return _grey((0.91 + tone + clouds - bevel) * (1.0 - grout) + 0.74 * grout)


def carpet(rng: np.random.Generator) -> np.ndarray:
    """Short pile with light and dark tufts."""
    return _grey(
        0.80
        + 0.075 * noise(rng, 128, 128)
        + 0.045 * noise(rng, 64, 64)
        + 0.025 * noise(rng, 10, 10)
    )


def cloth(rng: np.random.Generator) -> np.ndarray:
    """A plain weave."""
    u, v = _coordinates()
    weave = np.sin(2 * np.pi * 64 * u) * np.sin(2 * np.pi * 64 * v)
    return _grey(
        0.86
        + 0.045 * weave
        + 0.030 * noise(rng, 128, 24)
        + 0.030 * noise(rng, 24, 128)
        + 0.015 * noise(rng, 6, 6)
    )


def striped_cloth(rng: np.random.Generator) -> np.ndarray:
    """Woven stripes along u."""
    _, v = _coordinates()
    tones = rng.permutation((1.0, 0.72, 0.50, 0.95, 0.62))
    bands = tones[(v * 10).astype(int) % 5]
    return _grey(bands * cloth(rng)[..., 0] + 0.06)


def checked_cloth(rng: np.random.Generator) -> np.ndarray:
    """Tartan: the same bands both ways."""
    u, v = _coordinates()
    bands = rng.permutation((1.0, 0.72, 0.50, 0.95))
    along, across = bands[(v * 8).astype(int) % 4], bands[(u * 8).astype(int) % 4]
    return _grey(np.sqrt(along * across) * cloth(rng)[..., 0] + 0.05)


def dotted_cloth(rng: np.random.Generator) -> np.ndarray:
    """A printed dot or ring on a half-drop lattice."""
    u, v = _coordinates()
    dots = np.zeros((SIZE, SIZE), np.float32)
    size = rng.uniform(0.18, 0.30)
    hollow = size * rng.choice((0.0, 0.55))
    for shift in (0.0, 0.5):
        radius = np.hypot((u * 6 + shift) % 1.0 - 0.5, (v * 6 + shift) % 1.0 - 0.5)
        ring = np.clip((size - radius) * 20, 0, 1) * np.clip(
            (radius - hollow) * 20, 0, 1
        )
        dots = np.maximum(dots, ring)
    return _grey(cloth(rng)[..., 0] * (0.72 + 0.35 * dots))


def leather(rng: np.random.Generator) -> np.ndarray:
    """Fine creases on soft shading."""
    creases = np.abs(noise(rng, 60, 60)) + 0.6 * np.abs(noise(rng, 110, 110))
    return _grey(0.80 + 0.030 * creases + 0.030 * noise(rng, 5, 5))


def stone(rng: np.random.Generator) -> np.ndarray:
    """Speckled granite."""
    speckle = noise(rng, 128, 128) + 0.6 * noise(rng, 60, 60)
    return _grey(
        0.80 + 0.05 * speckle + 0.04 * noise(rng, 9, 9) - 0.2 * (speckle < -1.9)
    )


def marble(rng: np.random.Generator) -> np.ndarray:
    """Pale stone with thin veins."""
    field = noise(rng, 3, 3) + 0.5 * noise(rng, 9, 9) + 0.25 * noise(rng, 24, 24)
    veins = np.exp(-np.abs(field) * 7.0)
    return _grey(0.95 - 0.22 * veins + 0.012 * noise(rng, 12, 12))


def metal(rng: np.random.Generator) -> np.ndarray:
    """Brushed along u."""
    return _grey(0.86 + 0.025 * noise(rng, 3, 128) + 0.03 * noise(rng, 2, 3))


def wicker(rng: np.random.Generator) -> np.ndarray:
    """A basket's weave."""
    u, v = _coordinates()
    row = np.floor(v * 24)
    strand = np.abs(np.sin(np.pi * (u * 24 + 0.5 * row))) * np.abs(
        np.sin(np.pi * 24 * v)
    )
    return _warm(0.50 + 0.42 * np.sqrt(strand) + 0.03 * noise(rng, 50, 50))


def slats(rng: np.random.Generator) -> np.ndarray:
    """The closed slats of a blind, each lit from above."""
    _, v = _coordinates()
    slat = (v * 8) % 1.0
    return _grey(
        0.97 - 0.22 * slat**2 - 0.25 * (slat > 0.93) + 0.005 * noise(rng, 9, 90)
    )


def foliage(rng: np.random.Generator) -> np.ndarray:
    """Leaves in light and shade."""
    shade = 0.62 + 0.16 * noise(rng, 20, 20) + 0.09 * noise(rng, 60, 60)
    return _warm(shade, -0.3)


REPEATING: dict[str, Pattern] = {
    pattern.__name__: pattern
    for pattern in (
        plain, plaster, striped_wallpaper, printed_wallpaper, bricks, wood, planks,
        parquet, tiles, checker_tiles, carpet, cloth, striped_cloth, checked_cloth,
        dotted_cloth, leather, stone, marble, metal, wicker, slats, foliage,
    )
}  # fmt: skip
