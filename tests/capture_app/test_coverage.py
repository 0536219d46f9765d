"""Which classes a scene has shown, counted from made-up views."""

import numpy as np
import pytest

from capture_app.engine.coverage import (
    PATIENCE,
    SEEN_LOOKS,
    CoverageCounter,
    Facing,
    describe,
    facing_of,
    reachable_classes,
)
from core.bins import HNBins
from core.near_duplicates import Thumbnail

BINS = HNBins()
SIGNED = HNBins((0.25, 2.0), (45.0, 135.0), signed_angles=True)
FLAT_FLOOR, FLAT_SEAT, FLAT_CEILING, WALL = 0, 1, 9, 13


def view_of(seed: int) -> Thumbnail:
    """Small pictures of which no two are alike."""
    rng = np.random.default_rng(seed)
    gray = rng.integers(0, 255, (24, 32)).astype(np.uint8)
    depth = rng.uniform(800, 4000, (12, 16)).astype(np.float32)
    return Thumbnail(gray, depth)


def classes_of(**shares: int) -> np.ndarray:
    """(20, 30) with so many pixels of class k2, k14 ...; the rest has none."""
    classes = np.full(600, 255, np.uint8)
    start = 0
    for name, count in shares.items():
        classes[start : start + count] = int(name[1:])
        start += count
    return classes.reshape(20, 30)


def test_pixels_and_views_are_counted_by_class() -> None:
    counter = CoverageCounter(BINS)
    counter.add(classes_of(k0=300, k13=100), view_of(0))
    counter.add(classes_of(k13=200), view_of(1))
    found = counter.coverage
    assert found.num_looks == 2
    assert found.shares[[FLAT_FLOOR, WALL]].tolist() == [0.5, 0.5]
    assert found.shares.sum() == pytest.approx(1.0)
    assert found.looks[[FLAT_FLOOR, WALL, FLAT_SEAT]].tolist() == [1, 2, 0]


def test_a_class_of_less_than_a_hundredth_is_not_in_view() -> None:
    counter = CoverageCounter(BINS)
    counter.add(classes_of(k0=5, k13=6), view_of(0))
    assert counter.coverage.looks[[FLAT_FLOOR, WALL]].tolist() == [0, 1]


def test_a_still_camera_adds_nothing() -> None:
    counter = CoverageCounter(BINS)
    rng = np.random.default_rng(1)
    still = view_of(0)
    for _ in range(50):
        noise = rng.integers(-2, 3, still.gray.shape)
        gray = np.clip(still.gray + noise, 0, 255).astype(np.uint8)
        counter.add(classes_of(k0=300), still._replace(gray=gray))
    assert counter.coverage.num_looks == 1
    assert counter.coverage.looks[FLAT_FLOOR] == 1


def test_a_view_that_comes_back_is_not_counted_again() -> None:
    counter = CoverageCounter(BINS)
    for seed in (0, 1, 2, 1, 0, 2):
        counter.add(classes_of(k0=300), view_of(seed))
    assert counter.coverage.num_looks == 3


def test_a_class_is_seen_once_enough_views_show_it() -> None:
    counter = CoverageCounter(BINS)
    for seed in range(SEEN_LOOKS):
        assert counter.coverage.num_seen == 0
        counter.add(classes_of(k0=300, k5=20), view_of(seed))
    assert counter.coverage.num_seen == 1  # tops at 1.25 m are no class to expect
    assert counter.coverage.is_seen[5]


def test_in_most_rooms_there_are_walls_low_tops_and_a_ceiling() -> None:
    reachable = reachable_classes(BINS).reshape(2, 10).astype(int).tolist()
    assert reachable == [[1, 1, 1, 1, 0, 0, 0, 0, 0, 1], [1] * 10]
    # Below, between and above 0.25 and 2 m; what faces up, sideways and down.
    assert reachable_classes(SIGNED).reshape(3, 3).astype(int).tolist() == [
        [1, 1, 0],
        [1, 1, 1],
        [0, 0, 1],
    ]
    three = HNBins((0.25,), (30.0, 60.0))
    assert reachable_classes(three).tolist() == [True, True, False, False, True, True]
    assert reachable_classes(HNBins((0.5,), ())).tolist() == [True, True]


def test_angles_say_which_way_surfaces_face() -> None:
    assert [facing_of(SIGNED, k) for k in (0, 3, 6)] == [
        Facing.UP,
        Facing.SIDEWAYS,
        Facing.DOWN,
    ]
    assert facing_of(HNBins((0.5,), (30.0, 60.0)), 2) is Facing.SLANTED
    assert facing_of(HNBins((0.5,), ()), 1) is Facing.ANY


@pytest.mark.parametrize(
    ("bins", "k", "surfaces", "places"),
    [
        (BINS, 0, "Surfaces below 0.25 m facing up", "the floor"),
        (BINS, 2, "Surfaces at 0.50-0.75 m facing up", "seats and low tables"),
        (BINS, 3, "Surfaces at 0.75-1.00 m facing up", "tables and counters"),
        (BINS, 9, "Level surfaces above 2.25 m", "the ceiling"),
        (
            BINS,
            10,
            "Upright surfaces below 0.25 m",
            "the lower part of walls and furniture",
        ),
        (BINS, 14, "Upright surfaces at 1.00-1.25 m", "walls and the fronts of furni"),
        (BINS, 17, "Upright surfaces at 1.75-2.00 m", "walls higher up"),
        (BINS, 19, "Upright surfaces above 2.25 m", "walls below the ceiling"),
        (SIGNED, 8, "Level surfaces above 2.00 m", "the ceiling"),
        (SIGNED, 2, "Surfaces above 2.00 m facing up", "shelves"),
        (HNBins((), ()), 0, "Surfaces", "what is at that height"),
    ],
)
def test_classes_have_names_that_people_use(
    bins: HNBins, k: int, surfaces: str, places: str
) -> None:
    found = describe(bins, k)
    assert found[0] == surfaces
    assert found[1].startswith(places)


def test_the_hint_asks_for_the_rarest_until_all_was_seen() -> None:
    counter = CoverageCounter(BINS)
    assert counter.coverage.hint == "Nothing has been seen yet: begin with the floor"
    most = {f"k{k}": 25 for k in (0, *range(3, 20))}
    counter.add(classes_of(**most, k1=25), view_of(0))
    hint = counter.coverage.hint
    assert hint == (
        "Surfaces at 0.50-0.75 m facing up are missing: look at seats and low tables"
    )
    counter.add(classes_of(k2=50), view_of(1))
    assert "are rare: look at seats" in counter.coverage.hint
    for seed in range(2, 2 + SEEN_LOOKS):
        counter.add(classes_of(**most, k1=25, k2=25), view_of(seed))
    assert counter.coverage.hint == "Everything has been seen"
    assert counter.coverage.num_seen == counter.coverage.num_reachable == 15


def test_the_hint_stays_while_it_is_followed() -> None:
    counter = CoverageCounter(BINS)
    counter.add(classes_of(k13=300), view_of(0))
    assert "look at the floor" in counter.coverage.hint
    for seed in range(1, SEEN_LOOKS):
        counter.add(classes_of(k0=300), view_of(seed))
        assert "look at the floor" in counter.coverage.hint
    counter.add(classes_of(k0=300), view_of(SEEN_LOOKS))
    assert "look at seats" in counter.coverage.hint


def test_what_a_room_seems_to_lack_is_not_asked_for_forever() -> None:
    only_high = HNBins((0.25, 0.5), ())
    counter = CoverageCounter(only_high)
    hints = []
    for seed in range(2 * PATIENCE + 2):
        counter.add(classes_of(k2=300), view_of(seed))
        hints.append(counter.coverage.hint.split(":")[0])
    low, middle = "Surfaces below 0.25 m are missing", "Surfaces at 0.25-0.50 m"
    assert hints[0] == hints[PATIENCE - 1] == low
    assert hints[PATIENCE] == hints[2 * PATIENCE - 1] == f"{middle} are missing"
    assert hints[2 * PATIENCE] == low  # nothing else is left to ask for
