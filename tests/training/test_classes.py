from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pytest

from core.errors import DatasetError
from core.nyuv2 import NYU40_NAMES
from training.datasets.classes import (
    class_lookup,
    class_notes,
    classes_beyond,
    union_of_classes,
)


def data(name: str, *classes: str) -> SimpleNamespace:
    return SimpleNamespace(name=name, class_names=classes)


def notes(*datasets: SimpleNamespace) -> list[str]:
    return class_notes(datasets)  # type: ignore[arg-type]


def test_classes_come_in_the_order_in_which_they_are_first_named() -> None:
    lists = [("door", "plant"), (), ("cat", "plant", "wall"), ("door",)]
    assert union_of_classes(lists) == ("door", "plant", "cat", "wall")
    assert union_of_classes([]) == () == union_of_classes([(), ()])


def test_case_and_underscores_make_no_other_class() -> None:
    lists = [("Night_Stand", "floor  mat"), ("floor mat", "night stand", "NIGHT_STAND")]
    assert union_of_classes(lists) == ("Night_Stand", "floor  mat")
    assert class_lookup(lists[1], union_of_classes(lists))[:3].tolist() == [1, 0, 0]


def test_a_list_with_all_classes_of_the_others_is_taken_as_it_is() -> None:
    part = ("chair", "Night_Stand", "wall")
    assert union_of_classes([part, NYU40_NAMES]) == NYU40_NAMES
    assert union_of_classes([NYU40_NAMES, part]) == NYU40_NAMES
    lookup = class_lookup(part, NYU40_NAMES)
    assert lookup[:3].tolist() == [4, 31, 0]  # NYUv2's 5, 32 and 1
    more = (*part, "my cup")
    assert union_of_classes([part, NYU40_NAMES, more]) == (
        *part,
        *(name for name in NYU40_NAMES if name not in ("chair", "night stand", "wall")),
        "my cup",
    )


def test_what_has_no_class_stays_without_one() -> None:
    lookup = class_lookup(("b", "a"), ("a", "c", "b"))
    assert (lookup.shape, lookup.dtype) == ((256,), np.uint8)
    assert lookup[:2].tolist() == [2, 0]
    assert (lookup[2:] == 255).all()


@pytest.mark.parametrize("seed", range(5))
def test_every_class_keeps_its_name(seed: int) -> None:
    random = np.random.default_rng(seed)
    words = [f"Thing_{k}" for k in range(30)]
    lists: list[Sequence[str]] = []
    for _ in range(4):
        own = random.choice(words, random.integers(1, 20), replace=False).tolist()
        lists.append(
            [str.lower, str.upper][random.integers(2)]("|".join(own)).split("|")
        )
    union = union_of_classes(lists)
    assert len({name.lower() for name in union}) == len(union)
    assert {name.lower() for name in union} == {n.lower() for own in lists for n in own}
    for own in lists:
        for number, name in zip(class_lookup(own, union), own, strict=False):
            assert union[number].lower() == name.lower()


def test_more_classes_than_8_bits_tell_apart_are_refused() -> None:
    lists = [[f"a{k}" for k in range(200)], [f"b{k}" for k in range(56)]]
    with pytest.raises(DatasetError, match="256 different classes, and at most 255"):
        union_of_classes(lists)
    assert len(union_of_classes([lists[0], lists[1][1:]])) == 255


def test_a_note_says_who_lacks_classes() -> None:
    nyu = data("nyu", *NYU40_NAMES)
    some = [data(f"take{k}", "Wall", "door") for k in range(5)]
    assert notes(nyu, data("no labels"), *some) == [
        "take0, take1, take2 and 2 more: 2 of the 40 classes (Wall, door)"
    ]
    assert notes(nyu, data("nyu too", *NYU40_NAMES[::-1])) == []
    assert notes(data("no labels")) == []


def test_a_note_says_who_shares_no_class_with_the_others() -> None:
    found = notes(data("a", "door", "wall"), data("b", "wall", "cat"), data("c", "hat"))
    assert found == [
        "a: 2 of the 4 classes (door, wall)",
        "b: 2 of the 4 classes (wall, cat)",
        "c: 1 of the 4 classes (hat), none of which any other data has",
    ]


def test_classes_are_told_to_be_unknown_by_name_however_spelt() -> None:
    found = classes_beyond(
        ("night stand", "Wall"), ("wall", "lamp", "Night_stand", "x")
    )
    assert found == ("lamp", "x")
