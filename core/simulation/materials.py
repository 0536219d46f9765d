"""What surfaces are made of, and the colour scheme that holds one room together."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.nyuv2 import NYU40_NAMES
from core.simulation.shapes import Shape

Color = tuple[float, float, float]


@dataclass(frozen=True)
class Material:
    """A coloured pattern laid on a surface."""

    pattern: str
    """A name of `texture.REPEATING`, or of `picture.STRETCHED`."""
    color: Color = (1.0, 1.0, 1.0)
    """As displayed, 0..1; multiplies the pattern."""
    tile_m: float = 1.0
    """Metres that one repeat covers; 0 stretches the pattern over every patch."""
    variant: int = 0
    """Which of the pattern's random variants."""
    glow: float = 0.0
    """Brightness as displayed of a surface that shines by itself; 0 for all others."""
    is_glossy: bool = False
    """Glass and black gloss, on which depth sensors often see nothing."""


@dataclass(frozen=True, eq=False)
class Part:
    """One surface of one material that belongs to one semantic class."""

    shape: Shape
    material: Material
    semantic: int
    """Index into NYU40_NAMES."""


Parts = list[Part]


def part(name: str, material: Material, *shapes: Shape) -> Parts:
    """The shapes as parts of the NYU-40 class `name`."""
    semantic = NYU40_NAMES.index(name)
    return [Part(shape, material, semantic) for shape in shapes]


def moved(parts: Parts, T: np.ndarray) -> Parts:
    """All parts after the rigid (4, 4) motion T."""
    return [replace(each, shape=each.shape.moved(T)) for each in parts]


def extent(parts: Parts) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and highest x, y, z of all parts, (3,) each."""
    corners = np.concatenate([each.shape.corners.reshape(-1, 3) for each in parts])
    return corners.min(axis=0), corners.max(axis=0)


# Colours as displayed, chosen to sit well beside each other.
_WALLS = (
    (0.93, 0.91, 0.86), (0.84, 0.87, 0.80), (0.80, 0.86, 0.90), (0.95, 0.90, 0.79),
    (0.87, 0.87, 0.87), (0.93, 0.84, 0.78), (0.78, 0.82, 0.84), (0.90, 0.88, 0.92),
)  # fmt: skip
_ACCENTS = (
    (0.40, 0.52, 0.55), (0.55, 0.62, 0.50), (0.75, 0.55, 0.45), (0.36, 0.42, 0.55),
    (0.72, 0.62, 0.45), (0.60, 0.48, 0.55),
)  # fmt: skip
_WOODS = (
    (0.78, 0.60, 0.42), (0.52, 0.35, 0.24), (0.86, 0.73, 0.56), (0.64, 0.42, 0.28),
    (0.36, 0.26, 0.21), (0.70, 0.63, 0.55),
)  # fmt: skip
_FLOOR_WOODS = (
    (0.72, 0.54, 0.37), (0.82, 0.68, 0.50), (0.55, 0.38, 0.26), (0.68, 0.60, 0.52),
    (0.62, 0.43, 0.29),
)  # fmt: skip
_CARPETS = (
    (0.62, 0.58, 0.52), (0.48, 0.52, 0.58), (0.72, 0.66, 0.56), (0.50, 0.46, 0.45),
    (0.56, 0.60, 0.54),
)  # fmt: skip
_TILES = (
    (0.90, 0.88, 0.84), (0.80, 0.76, 0.70), (0.84, 0.70, 0.58), (0.72, 0.75, 0.77),
)  # fmt: skip
_CLOTHS = (
    (0.42, 0.47, 0.55), (0.62, 0.57, 0.50), (0.35, 0.50, 0.48), (0.66, 0.33, 0.28),
    (0.78, 0.74, 0.66), (0.48, 0.44, 0.42), (0.28, 0.36, 0.52), (0.72, 0.56, 0.30),
    (0.52, 0.57, 0.40), (0.62, 0.42, 0.48),
)  # fmt: skip
_VIVID = (
    (0.88, 0.66, 0.22), (0.78, 0.30, 0.24), (0.22, 0.50, 0.58), (0.90, 0.86, 0.76),
    (0.30, 0.42, 0.66), (0.48, 0.62, 0.36), (0.84, 0.50, 0.42), (0.52, 0.36, 0.54),
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """The materials one room is furnished with."""

    wall: Material
    accent_wall: Material
    ceiling: Material
    floor: Material
    trim: Material
    door: Material
    wood: Material
    dark_wood: Material
    lacquer: Material
    seat: Material
    cover: Material
    pillows: tuple[Material, ...]
    curtain: Material
    counter: Material
    carcass: Material
    is_day: bool
    """Whether daylight comes in; at night lamps are on and windows are dark."""
    rng: np.random.Generator
    """Draws what differs from piece to piece."""

    def variant(self) -> int:
        """One of the three variants that every pattern has in a room."""
        return int(self.rng.integers(3))

    def image(
        self, *patterns: str, glow: float = 0.0, is_glossy: bool = False
    ) -> Material:
        """One of the stretched patterns, in one of its variants."""
        pattern = patterns[int(self.rng.integers(len(patterns)))]
        return Material(
            pattern,
            tile_m=0.0,
            variant=self.variant(),
            glow=glow,
            is_glossy=is_glossy,
        )

    def vivid(self, pattern: str = "plain", tile_m: float = 1.0) -> Material:
        """A strong colour for small things."""
        color = _VIVID[int(self.rng.integers(len(_VIVID)))]
        return Material(pattern, _varied(self.rng, color), tile_m, self.variant())

    def lamp_glow(self) -> float:
        """The brightness of one lamp as displayed; 0 when it is off."""
        return 1.35 if self.rng.random() < (0.35 if self.is_day else 0.8) else 0.0

    def any_wood(self) -> Material:
        """Mostly the room's wood, now and then another."""
        choices = (self.wood, self.wood, self.dark_wood, self.lacquer)
        return choices[int(self.rng.integers(len(choices)))]


BLACK = Material("plain", (0.13, 0.13, 0.14))
WHITE = Material("plain", (0.93, 0.93, 0.92))
STEEL = Material("metal", (0.72, 0.73, 0.75), 0.6)
CHROME = Material("metal", (0.82, 0.84, 0.86), 0.3)
CERAMIC = Material("plain", (0.95, 0.95, 0.94))


def random_look(rng: np.random.Generator, kind: str) -> Look:
    """A colour scheme for a room of one kind of `rooms.KINDS`."""

    def pick(colors: tuple[Color, ...]) -> Color:
        return _varied(rng, colors[int(rng.integers(len(colors)))])

    wall_patterns = {
        "bedroom": ("plaster", "plaster", "striped_wallpaper", "printed_wallpaper"),
        "bathroom": ("tiles",),
    }.get(kind, ("plaster", "plaster", "plaster", "striped_wallpaper"))
    pattern = str(rng.choice(wall_patterns))
    tile_m = {"plaster": 1.2, "tiles": 0.8}.get(pattern, 0.7)
    wall = Material(pattern, pick(_WALLS), tile_m)
    accent = wall
    if kind != "bathroom" and rng.random() < 0.6:
        is_brick = kind in ("living", "office") and rng.random() < 0.3
        accent = Material(
            "bricks" if is_brick else "plaster",
            (0.80, 0.52, 0.42) if is_brick else pick(_ACCENTS),
            1.0 if is_brick else 1.2,
        )
    is_light = rng.random() < 0.25
    lacquer = Material("plain", _varied(rng, (0.92, 0.91, 0.88)))
    wood = lacquer if is_light else Material("wood", pick(_WOODS), 0.9)
    carcasses = (lacquer, wood, Material("plain", pick(_ACCENTS)))
    pillow_patterns = ("cloth", "striped_cloth", "checked_cloth", "dotted_cloth")
    return Look(
        wall=wall,
        accent_wall=accent,
        ceiling=Material("plaster", (0.95, 0.95, 0.94), 1.2),
        floor=_random_floor(rng, kind, pick),
        trim=Material("plain", _varied(rng, (0.94, 0.94, 0.92))),
        door=lacquer if rng.random() < 0.5 else Material("wood", pick(_WOODS), 1.1, 1),
        wood=wood,
        dark_wood=Material("wood", pick(_WOODS), 0.8, 2),
        lacquer=lacquer,
        seat=Material(
            str(rng.choice(("cloth", "cloth", "leather"))), pick(_CLOTHS), 0.4
        ),
        cover=Material(
            str(rng.choice(pillow_patterns)), pick(_CLOTHS + _VIVID), 0.7, 1
        ),
        pillows=tuple(
            Material(str(rng.choice(pillow_patterns)), pick(_VIVID), 0.35, variant)
            for variant in range(3)
        ),
        curtain=Material(
            str(rng.choice(("cloth", "striped_cloth", "dotted_cloth"))),
            pick(_CLOTHS + _VIVID),
            0.8,
            2,
        ),
        counter=Material(
            str(rng.choice(("stone", "marble", "wood"))),
            pick(((0.85, 0.83, 0.80), (0.42, 0.42, 0.44), (0.72, 0.66, 0.58))),
            0.7,
        ),
        carcass=carcasses[int(rng.integers(3))],
        is_day=bool(rng.random() < 0.75),
        rng=rng,
    )


def _random_floor(
    rng: np.random.Generator, kind: str, pick: Callable[[tuple[Color, ...]], Color]
) -> Material:
    covers = {
        "living": ("planks", "planks", "parquet", "carpet"),
        "bedroom": ("planks", "carpet", "carpet"),
        "kitchen": ("tiles", "checker_tiles", "planks"),
        "office": ("carpet", "carpet", "planks"),
        "bathroom": ("tiles", "checker_tiles"),
    }
    cover = str(rng.choice(covers[kind]))
    colors, tile_m = {
        "planks": (_FLOOR_WOODS, 1.5),
        "parquet": (_FLOOR_WOODS, 1.2),
        "carpet": (_CARPETS, 0.6),
        "tiles": (_TILES, 1.6),
        "checker_tiles": (_TILES, 1.4),
    }[cover]
    return Material(cover, pick(colors), tile_m)


def _varied(rng: np.random.Generator, color: Color) -> Color:
    """The colour, a little different each time."""
    red, green, blue = np.clip(np.array(color) + rng.normal(0, 0.02, 3), 0.03, 0.97)
    return float(red), float(green), float(blue)
