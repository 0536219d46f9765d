"""Which pieces make a living room, a bedroom, a kitchen, an office, a bathroom."""

from functools import partial

import numpy as np

from core.simulation import decoration, fixtures, props, seating, storage, tables
from core.simulation.arrange import Build, Plan
from core.simulation.materials import Look, Parts, extent, moved
from core.simulation.shapes import motion


def _beside(
    main: Parts, other: Parts, side: int, back: float = 0.0, gap: float = 0.04
) -> Parts:
    """`other` at the left (-1) or right (1) of `main`, backs to the same wall."""
    low, high = extent(main)
    other_low, other_high = extent(other)
    edge = high[0] - other_low[0] + gap if side > 0 else low[0] - other_high[0] - gap
    return moved(other, motion(edge, back - other_low[1]))


def _sofa_group(look: Look) -> Parts:
    """A sofa, a rug and a coffee table before it, sometimes a lamp at its side."""
    rng = look.rng
    sofa = seating.sofa(look)
    parts = list(sofa)
    coffee = tables.coffee_table(look)
    y = extent(sofa)[1][1] + rng.uniform(0.28, 0.4)
    parts += moved(coffee, motion(rng.uniform(-0.15, 0.15), y, 0.01))
    if rng.random() < 0.8:
        size = rng.uniform((1.6, 1.2), (2.4, 1.7))
        parts += moved(
            decoration.rug(look, *size), motion(0, y - 0.35, 0, rng.normal(0, 1.5))
        )
    side = int(rng.choice((-1, 1)))
    if rng.random() < 0.6:
        parts += _beside(sofa, decoration.floor_lamp(look), side, 0.12)
    return parts


def _dining_group(look: Look) -> Parts:
    """A table with chairs round it."""
    rng = look.rng
    width, depth = rng.choice((0.85, 1.3, 1.7)), rng.uniform(0.75, 0.9)
    parts = moved(tables.set_table(look, width, depth), motion(0, -depth / 2))
    count = max(1, int(width / 0.65))
    frame = look.any_wood()
    for side in (0, 1):
        for k in range(count):
            if rng.random() < 0.85:
                x = (k - (count - 1) / 2) * width / count + rng.normal(0, 0.02)
                out = depth / 2 + rng.uniform(0.12, 0.32)
                turn = motion(yaw_deg=180.0 * side)
                place = motion(x, -out - 0.25, yaw_deg=rng.normal(0, 7))
                parts += moved(seating.chair(look, frame), turn @ place)
    return parts


def _desk_group(look: Look) -> Parts:
    """A desk and its chair."""
    desk = tables.desk(look)
    y = extent(desk)[1][1]
    chair = (
        seating.office_chair(look) if look.rng.random() < 0.75 else seating.chair(look)
    )
    turn = (
        motion(0, 0.3) @ motion(yaw_deg=180 + look.rng.normal(0, 30)) @ motion(0, -0.3)
    )
    place = motion(look.rng.uniform(-0.1, 0.1), y - look.rng.uniform(0.0, 0.2) + 0.12)
    return desk + moved(chair, place @ turn)


def _bed_group(look: Look) -> Parts:
    """A bed with night stands, a mat beside it."""
    rng = look.rng
    bed = seating.bed(look)
    parts = list(bed)
    for side in (-1, 1):
        if rng.random() < 0.75:
            parts += _beside(bed, storage.night_stand(look), side, 0.02)
    if rng.random() < 0.5:
        side = int(rng.choice((-1, 1)))
        mat = decoration.rug(look, rng.uniform(0.6, 0.8), rng.uniform(1.0, 1.4))
        parts += _beside(bed, mat, side, 0.65, gap=0.06)
    return parts


def _pick(rng: np.random.Generator, *builds: Build) -> Build:
    return builds[int(rng.integers(len(builds)))]


def _fill(plan: Plan, *builds: Build) -> None:
    """More of these along the walls of a large room."""
    for _ in range(int(plan.width * plan.depth / 5.0)):
        plan.against_wall(_pick(plan.rng, *builds), front=0.25)


def _scatter(plan: Plan, *builds: Build, count: int) -> None:
    for _ in range(count):
        plan.beside_wall(_pick(plan.rng, *builds))


def _decorate(plan: Plan, pictures: int) -> None:
    for _ in range(pictures):
        plan.hang(decoration.picture, 1.25, 1.5)


def _living_room(plan: Plan) -> None:
    rng = plan.rng
    if not plan.against_wall(_sofa_group):
        plan.against_wall(seating.sofa)
    plan.against_wall(storage.tv_stand, front=0.5)
    plan.against_wall(storage.bookshelf, front=0.3)
    plan.in_the_open(_dining_group, margin=0.3)
    for build in (seating.armchair, storage.cabinet, storage.bookshelf):
        if rng.random() < 0.6:
            plan.against_wall(build, front=0.2)
    plan.against_wall(props.plant, in_corner=True)
    _fill(
        plan,
        seating.armchair,
        storage.cabinet,
        props.plant,
        _desk_group,
        storage.dresser,
    )
    if rng.random() < 0.5:
        plan.against_wall(decoration.floor_lamp, in_corner=True)
    _scatter(
        plan,
        props.basket,
        props.bag,
        seating.stool,
        props.carton,
        count=4,
    )
    if rng.random() < 0.4:
        plan.hang(storage.wall_shelf, 1.25, 1.4)
    _decorate(plan, 4)


def _bedroom(plan: Plan) -> None:
    rng = plan.rng
    if not plan.against_wall(_bed_group, front=0.3):
        plan.against_wall(lambda look: seating.bed(look, 0.95))
    plan.against_wall(storage.wardrobe, front=0.4)
    plan.against_wall(storage.dresser, front=0.3)
    if rng.random() < 0.6:
        plan.against_wall(_desk_group)
    if rng.random() < 0.4:
        plan.against_wall(seating.armchair, front=0.2)
    if rng.random() < 0.5:
        plan.against_wall(storage.bookshelf, front=0.3)
    _fill(plan, storage.cabinet, storage.bookshelf, seating.armchair, props.plant)
    plan.hang(decoration.wall_mirror, 1.0, 1.2)
    if rng.random() < 0.6:
        plan.hang(decoration.clothes, 0.75, 0.85)
    _scatter(
        plan,
        props.basket,
        props.bag,
        props.carton,
        seating.stool,
        count=3,
    )
    if rng.random() < 0.5:
        plan.against_wall(props.plant, in_corner=True)
    _decorate(plan, 3)


def _kitchen(plan: Plan) -> None:
    rng = plan.rng
    lengths = np.arange(3.2, 1.5, -0.4) - rng.uniform(0.0, 0.3)
    # The longest run that fits, with wall units unless a window is in the way.
    runs = (
        partial(fixtures.kitchen_run, width=w, has_window=b)
        for w in lengths
        for b in (False, True)
    )
    any(plan.against_wall(run, front=0.5) for run in runs)
    plan.against_wall(fixtures.refrigerator, front=0.5, in_corner=True)
    plan.in_the_open(_dining_group, margin=0.3)
    for build in (storage.cabinet, storage.open_rack):
        if rng.random() < 0.6:
            plan.against_wall(build, front=0.3)
    _fill(plan, storage.cabinet, storage.open_rack, seating.chair, props.plant)
    plan.hang(decoration.towel, 0.6, 0.8)
    if rng.random() < 0.6:
        plan.hang(storage.wall_shelf, 1.3, 1.45)
    _scatter(
        plan,
        props.waste_bin,
        props.carton,
        props.bag,
        props.basket,
        count=3,
    )
    _decorate(plan, 2)


def _office(plan: Plan) -> None:
    rng = plan.rng
    for _ in range(int(rng.integers(2, 4))):
        plan.against_wall(_desk_group)
    plan.against_wall(storage.bookshelf, front=0.3)
    plan.against_wall(storage.file_cabinet, front=0.3)
    plan.against_wall(_pick(rng, storage.open_rack, storage.bookshelf), front=0.3)
    if min(plan.width, plan.depth) > 4.2:
        plan.in_the_open(_dining_group, margin=0.35)
    _fill(plan, _desk_group, storage.file_cabinet, storage.bookshelf, props.plant)
    plan.hang(decoration.board, 0.9, 1.0)
    if rng.random() < 0.5:
        plan.hang(decoration.clothes, 0.75, 0.85)
    plan.against_wall(props.plant, in_corner=True)
    _scatter(plan, props.waste_bin, props.carton, props.bag, count=4)
    _decorate(plan, 2)


def _bathroom(plan: Plan) -> None:
    plan.against_wall(fixtures.bathtub, in_corner=True)
    plan.against_wall(fixtures.vanity, front=0.4)
    plan.against_wall(fixtures.toilet, front=0.3)
    plan.against_wall(_pick(plan.rng, storage.cabinet, storage.open_rack), front=0.3)
    plan.hang(decoration.towel, 0.6, 0.8)
    _scatter(plan, props.basket, props.waste_bin, seating.stool, count=2)
    plan.in_the_open(lambda look: decoration.rug(look, 0.9, 0.6), margin=0.1)
    _decorate(plan, 1)


FURNISH = {
    "living": _living_room,
    "bedroom": _bedroom,
    "kitchen": _kitchen,
    "office": _office,
    "bathroom": _bathroom,
}
