"""Class lists of several datasets as one: a class is its name."""

from collections.abc import Sequence

import numpy as np

from core.bins import IGNORE_LABEL
from core.errors import DatasetError
from training.datasets.dataset import Dataset

NUM_NAMED = 3


def union_of_classes(lists: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Every class of the lists once, in the order in which they first come.

    A list that has the classes of all others is taken as it is. Names that differ only
    in case, or in "_" for a space, are one class; its first spelling is kept.
    DatasetError where there are more classes than 8 bits can tell apart.
    """
    every = {_key(name) for names in lists for name in names}
    whole = next((own for own in lists if {_key(name) for name in own} == every), ())
    union: dict[str, str] = {}
    for own in (whole, *lists):
        for name in own:
            union.setdefault(_key(name), name)
    if len(union) > IGNORE_LABEL:
        raise DatasetError(
            f"the data has {len(union)} different classes, and at most {IGNORE_LABEL} "
            "can be trained together; leave some of it out, or spell the same classes "
            "alike"
        )
    return tuple(union.values())


def class_lookup(own: Sequence[str], union: Sequence[str]) -> np.ndarray:
    """(256,) uint8, the index in the union of each of a dataset's own classes.

    255 stays 255. The union has all of the classes.
    """
    index_of = {_key(name): index for index, name in enumerate(union)}
    lookup = np.full(256, IGNORE_LABEL, np.uint8)
    lookup[: len(own)] = [index_of[_key(name)] for name in own]
    return lookup


def classes_beyond(known: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Those of `names` that are none of the known classes."""
    keys = {_key(name) for name in known}
    return tuple(name for name in names if _key(name) not in keys)


def class_notes(datasets: Sequence[Dataset]) -> list[str]:
    """Which datasets lack some of the classes, and which have none of the others'."""
    names_of: dict[tuple[str, ...], list[str]] = {}
    for dataset in datasets:
        if dataset.class_names:
            names_of.setdefault(tuple(dataset.class_names), []).append(dataset.name)
    union = union_of_classes(list(names_of))
    notes = []
    for own, names in names_of.items():
        num_own = len({_key(name) for name in own})
        if num_own == len(union):
            continue
        others = {_key(name) for list_ in names_of if list_ != own for name in list_}
        shared = others & {_key(name) for name in own}
        notes.append(
            f"{_some(names)}: {num_own} of the {len(union)} classes ({_some(own)})"
            + ("" if shared else ", none of which any other data has")
        )
    return notes


def _some(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - NUM_NAMED
    return ", ".join(names[:NUM_NAMED]) + (f" and {more} more" if more > 0 else "")


def _key(name: str) -> str:
    return " ".join(name.replace("_", " ").casefold().split())
