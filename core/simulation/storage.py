"""Shelves, cabinets, dressers, wardrobes: backs at y = 0, facing +y, on z = 0."""

from core.simulation import decoration, props
from core.simulation.materials import BLACK, CHROME, Look, Material, Parts, moved, part
from core.simulation.shapes import Shape, box, motion


def bookshelf(
    look: Look, width: float | None = None, height: float | None = None
) -> Parts:
    """Open shelves full of books and a few other things."""
    rng = look.rng
    width = float(rng.uniform(0.8, 1.2)) if width is None else width
    height = float(rng.uniform(1.5, 2.1)) if height is None else height
    depth, thick = 0.30, 0.022
    wood = look.any_wood()
    count = max(1, round((height - 0.1) / 0.36))
    step = (height - 0.08 - thick) / count
    levels = [0.08 + k * step for k in range(count + 1)]
    shapes = [
        box(width - 2 * thick, depth - 0.02, thick, 0, depth / 2, z) for z in levels
    ]
    shapes += [
        box(thick, depth, height, side * (width - thick) / 2, depth / 2)
        for side in (-1, 1)
    ]
    shapes.append(box(width, 0.012, height - 0.02, 0, 0.006, 0.01))
    parts = part("bookshelf", wood, *shapes)
    for z in levels[:-1]:
        parts += _shelf_contents(look, width - 2 * thick, step - thick, z + thick)
    return parts


def _shelf_contents(look: Look, width: float, room: float, z: float) -> Parts:
    """Books in groups, some leaning, with gaps and ornaments between them."""
    rng = look.rng
    parts: Parts = []
    x = -width / 2 + 0.01
    colors = [look.vivid() for _ in range(4)]
    while x < width / 2 - 0.07:
        chance = rng.random()
        left = width / 2 - x
        if chance < 0.10 and left > 0.3:
            parts += moved(props.book_pile(look), motion(x + 0.14, 0.16, z, 90))
            x += 0.30
        elif chance < 0.18 and left > 0.25:
            thing = (props.mug, props.bowl)[int(rng.integers(2))]
            parts += moved(thing(look), motion(x + 0.14, 0.16, z))
            x += 0.28
        elif chance < 0.26:
            x += rng.uniform(0.05, 0.2)
        else:
            color = colors[int(rng.integers(4))] if rng.random() < 0.5 else look.vivid()
            cover = Material("spine", color.color, 0.0, look.variant())
            deep, high = (
                rng.uniform(0.15, 0.22),
                min(room - 0.02, rng.uniform(0.19, 0.29)),
            )
            for _ in range(int(rng.integers(2, 7))):
                thick = rng.uniform(0.018, 0.045)
                if x + thick > width / 2 - 0.01:
                    break
                tall = high * rng.uniform(0.93, 1.0)
                book = box(thick, deep, tall, x + thick / 2, deep / 2 + 0.03, z)
                parts += part("books", cover, book)
                x += thick + 0.001
    return parts


def _doors(
    width: float, height: float, y: float, z: float, columns: int, rows: int
) -> tuple[list[Shape], list[Shape]]:
    """Door or drawer fronts with gaps between them, and their handles."""
    gap = 0.008
    wide, high = width / columns, height / rows
    fronts, handles = [], []
    for column in range(columns):
        x = (column - (columns - 1) / 2) * wide
        for row in range(rows):
            at = z + row * high
            fronts.append(box(wide - gap, 0.02, high - gap, x, y + 0.01, at + gap / 2))
            if high > wide * 0.9:
                side = 1 if column % 2 == 0 else -1
                grip = x + side * (wide / 2 - 0.05)
                handles.append(
                    box(0.012, 0.02, 0.12, grip, y + 0.03, at + high * 0.5 - 0.06)
                )
            else:
                handles.append(
                    box(
                        min(0.14, wide * 0.4),
                        0.02,
                        0.012,
                        x,
                        y + 0.03,
                        at + high * 0.62,
                    )
                )
    return fronts, handles


def chest(
    name: str,
    material: Material,
    handle: Material,
    size: tuple[float, float, float],
    columns: int,
    rows: int,
    plinth: float = 0.07,
) -> Parts:
    """A box of doors or drawers: size is width, depth, height."""
    width, depth, height = size
    body = box(width, depth - 0.02, height - plinth - 0.02, 0, depth / 2 - 0.01, plinth)
    top = box(width + 0.02, depth + 0.01, 0.02, 0, depth / 2, height - 0.02)
    foot = box(width - 0.06, depth - 0.08, plinth, 0, depth / 2 - 0.02)
    fronts, handles = _doors(
        width, height - plinth - 0.03, depth - 0.02, plinth, columns, rows
    )
    return part(name, material, body, top, foot, *fronts) + part(name, handle, *handles)


def handle_material(look: Look) -> Material:
    """What the handles of one piece are made of."""
    return (CHROME, BLACK, look.dark_wood)[int(look.rng.integers(3))]


def cabinet(look: Look) -> Parts:
    """A sideboard with something on top."""
    rng = look.rng
    size = (rng.uniform(0.8, 1.5), rng.uniform(0.38, 0.48), rng.uniform(0.75, 1.0))
    parts = chest(
        "cabinet",
        look.any_wood(),
        handle_material(look),
        size,
        round(size[0] / 0.45),
        1,
    )
    things = (
        props.vase,
        props.book_pile,
        decoration.table_lamp,
        props.bowl,
    )
    for k, pick in enumerate(rng.permutation(4)[:2]):
        spot = motion(
            (k - 0.5) * size[0] * 0.5, size[1] / 2, size[2], rng.uniform(-30, 30)
        )
        parts += moved(things[pick](look), spot)
    return parts


def wardrobe(look: Look) -> Parts:
    """A tall cabinet."""
    width = look.rng.uniform(1.0, 1.8)
    size = (width, 0.6, look.rng.uniform(1.9, 2.15))
    return chest(
        "cabinet", look.any_wood(), handle_material(look), size, round(width / 0.5), 1
    )


def dresser(look: Look) -> Parts:
    """A chest of drawers."""
    rng = look.rng
    size = (rng.uniform(0.8, 1.2), 0.46, rng.uniform(0.75, 1.0))
    parts = chest(
        "dresser",
        look.any_wood(),
        handle_material(look),
        size,
        1 + int(size[0] > 0.95),
        4,
    )
    thing = (props.vase, decoration.table_lamp, props.bowl)[int(rng.integers(3))]
    return parts + moved(thing(look), motion(rng.uniform(-0.25, 0.25), 0.23, size[2]))


def night_stand(look: Look, has_lamp: bool = True) -> Parts:
    """Two drawers and a lamp."""
    size = (0.44, 0.38, look.rng.uniform(0.48, 0.58))
    parts = chest(
        "night stand", look.wood, handle_material(look), size, 1, 2, plinth=0.10
    )
    if has_lamp:
        parts += moved(decoration.table_lamp(look), motion(0.04, 0.17, size[2]))
    return parts


def file_cabinet(look: Look) -> Parts:
    """A steel cabinet of drawers with a carton on top."""
    steel = Material("plain", (0.62, 0.64, 0.65))
    size = (0.46, 0.6, look.rng.choice((0.72, 1.05, 1.32)))
    parts = chest("cabinet", steel, CHROME, size, 1, round(size[2] / 0.34), plinth=0.03)
    if look.rng.random() < 0.5:
        parts += moved(props.carton(look), motion(0, 0.28, size[2], 8))
    return parts


def tv_stand(look: Look) -> Parts:
    """A low cabinet with a television on it."""
    rng = look.rng
    size = (rng.uniform(1.3, 1.8), 0.42, rng.uniform(0.42, 0.55))
    parts = chest("cabinet", look.any_wood(), handle_material(look), size, 3, 1)
    parts += moved(decoration.television(look), motion(0, 0.22, size[2]))
    if rng.random() < 0.6:
        side = rng.choice((-1, 1)) * (size[0] / 2 - 0.12)
        parts += moved(props.vase(look), motion(side, 0.25, size[2]))
    return parts


def wall_shelf(look: Look) -> Parts:
    """Two boards with books on them, to hang on a wall; its lowest point is z = 0."""
    width = look.rng.uniform(0.7, 1.1)
    parts: Parts = []
    for z in (0.0, 0.36):
        parts += part("shelves", look.wood, box(width, 0.22, 0.025, 0, 0.11, z))
        parts += _shelf_contents(look, width, 0.32, z + 0.025)
    return parts


def open_rack(look: Look) -> Parts:
    """A metal rack with boxes on its boards."""
    rng = look.rng
    width, depth, height = rng.uniform(0.8, 1.1), 0.4, rng.uniform(1.5, 1.9)
    metal = Material("metal", (0.55, 0.56, 0.58), 0.5)
    posts = [
        box(
            0.03,
            0.03,
            height,
            a * (width / 2 - 0.015),
            depth / 2 + b * (depth / 2 - 0.015),
        )
        for a in (-1, 1)
        for b in (-1, 1)
    ]
    levels = [0.1 + k * (height - 0.15) / 3 for k in range(4)]
    boards = [box(width - 0.01, depth - 0.01, 0.02, 0, depth / 2, z) for z in levels]
    parts = part("shelves", metal, *posts, *boards)
    for z in levels[:3]:
        for x in (-width / 4, width / 4):
            if rng.random() < 0.75:
                size = rng.uniform((0.24, 0.22, 0.14), (0.36, 0.32, 0.34))
                crate = box(*size).moved(
                    motion(x, depth / 2, z + 0.02, rng.uniform(-6, 6))
                )
                is_carton = rng.random() < 0.6
                material = look.image("cardboard") if is_carton else look.vivid()
                parts += part("box", material, crate)
    return parts
