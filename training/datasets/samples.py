"""Pairs of image and target, drawn from prepared data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np

from training.datasets.class_counts import ClassCounts
from training.datasets.classes import class_lookup
from training.datasets.dataset import Part, Target
from training.datasets.prepare import PreparedData
from training.datasets.splits import evenly

Read = Callable[[int], tuple[np.ndarray, np.ndarray]]
"""Frame of a dataset, for any thread: (H, W, 3) uint8 image and (H, W) uint8 target."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Images with their target classes, gathered from several datasets."""

    reads: tuple[Read, ...]
    """One a dataset."""
    places: np.ndarray
    """(M, 2) int64, the dataset and the frame of every sample."""

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """(H, W, 3) uint8 image and (H, W) uint8 target, 255 = ignore."""
        dataset, frame = self.places[index].tolist()
        return self.reads[dataset](frame)

    def evenly(self, limit: int | None) -> "Samples":
        """At most `limit` of these, the same distance apart."""
        if limit is None:
            return self
        return replace(self, places=evenly(self.places, limit))


def samples(
    data: Sequence[PreparedData],
    target: Target,
    part: Part,
    class_names: Sequence[str] | None = None,
) -> Samples:
    """The samples with this target in this part of the data.

    Semantic classes are numbered as in `class_names`, which has those of all data; as
    in each dataset's own list without it.
    """
    places = [
        (number, frame)
        for number, prepared in enumerate(data)
        for frame in np.flatnonzero(
            (prepared.parts == part) & _counts(prepared, target).has_target
        )
    ]
    names = class_names if target == "semantic" else None
    return Samples(
        reads=tuple(_reader(prepared, target, names) for prepared in data),
        places=np.array(places, np.int64).reshape(-1, 2),
    )


def with_others_targets(samples: Samples, seed: int) -> Samples:
    """The same images, each with the target of another one; the same for a seed."""
    # One cycle through all of them, so that none keeps its own.
    cycle = np.random.default_rng((seed, len(samples))).permutation(len(samples))
    other = np.empty_like(cycle)
    other[cycle] = np.roll(cycle, -1)

    number_of = {tuple(place): k for k, place in enumerate(samples.places.tolist())}

    def read(dataset: int, frame: int) -> tuple[np.ndarray, np.ndarray]:
        k = number_of[dataset, frame]
        return samples[k][0], samples[int(other[k])][1]

    reads = tuple(partial(read, number) for number in range(len(samples.reads)))
    return replace(samples, reads=reads)


def pixels_of_classes(
    data: Sequence[PreparedData],
    target: Target,
    drawn: Samples,
    class_names: Sequence[str],
) -> np.ndarray:
    """(M, C) int64: how many pixels of each class every sample has, at its original
    size; `class_names` as those that the samples were numbered by."""
    pixels = np.zeros((len(drawn), len(class_names)), np.int64)
    for number, prepared in enumerate(data):
        rows = np.flatnonzero(drawn.places[:, 0] == number)
        own = _counts(prepared, target).pixels[drawn.places[rows, 1]]
        columns = np.arange(own.shape[1])
        if target == "semantic":
            columns = class_lookup(prepared.class_names, class_names)[: own.shape[1]]
        np.add.at(pixels, (rows[:, None], columns[None]), own)
    return pixels


def _counts(prepared: PreparedData, target: Target) -> ClassCounts:
    # Depth is a target of the frames that have HN-labels.
    return prepared.semantic_counts if target == "semantic" else prepared.hn_counts


def _reader(
    prepared: PreparedData, target: Target, class_names: Sequence[str] | None
) -> Read:
    """What reads the frames of a dataset, their classes numbered as in the list."""
    own = prepared.class_names
    if class_names is None or tuple(class_names) == own:
        return lambda frame: prepared.frames.read(frame, target)
    lookup = class_lookup(own, class_names)

    def read(frame: int) -> tuple[np.ndarray, np.ndarray]:
        rgb, classes = prepared.frames.read(frame, target)
        return rgb, cv2.LUT(classes, lookup)

    return read
