"""Which frames a network is quantised by, and on which its loss is measured."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.bins import IGNORE_LABEL
from core.errors import DatasetError, UnreadableFrameError
from core.prediction import Task
from training.datasets.classes import classes_beyond
from training.datasets.dataset import Dataset, Part
from training.datasets.frame_source import Recipe, resize_rgb
from training.datasets.opening import class_names
from training.datasets.prepare import prepare
from training.datasets.samples import samples
from training.datasets.splits import even_shares, evenly
from training.evaluation import Pairs

MEASURED_FRAMES = 200
CALIBRATED_ON: tuple[Part, ...] = ("train", "validation", "test")
MEASURED_ON: tuple[Part, ...] = ("validation", "test", "train")
"""The first of these that there is."""


@dataclass(frozen=True, eq=False)
class Images:
    """Images of one part of the data; no class of any pixel is known."""

    part: Part
    rgb: tuple[np.ndarray, ...]
    """(H, W, 3) uint8 each."""

    def __len__(self) -> int:
        return len(self.rgb)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Image and target, as of all Pairs; the target is 255 everywhere."""
        rgb = self.rgb[index]
        return rgb, np.full(rgb.shape[:2], IGNORE_LABEL, np.uint8)

    def evenly(self, limit: int | None) -> "Images":
        """At most `limit` of these, the same distance apart."""
        kept = evenly(np.arange(len(self)), len(self) if limit is None else limit)
        return Images(self.part, tuple(self.rgb[k] for k in kept))


def calibration_images(
    datasets: Sequence[Dataset], size: tuple[int, int], limit: int
) -> Images:
    """At most `limit` training images, evenly from all data sets, at (height, width).

    DatasetError if there is none.
    """
    return _images(datasets, size, limit, CALIBRATED_ON)


def pairs_to_measure(
    datasets: Sequence[Dataset],
    task: Task,
    known: tuple[str, ...],
    recipe: Recipe,
) -> tuple[Pairs, Part]:
    """Frames held out, with their classes, numbered as in `known` and then others; or
    images alone where no frame has labels."""
    for part in MEASURED_ON:
        has = [one.has_depth if task == "hn" else one.has_semantic for one in datasets]
        chosen = _choose(datasets, part, has, MEASURED_FRAMES)
        if not any(map(len, chosen)):
            continue
        prepared = []
        for dataset, indices in zip(datasets, chosen, strict=True):
            wants_hn = np.zeros(len(dataset), bool)
            wants_hn[indices] = task == "hn"
            prepared.append(prepare(dataset, wants_hn, recipe, is_kept=False))
        names = (*known, *classes_beyond(known, class_names(datasets)))
        found = samples(prepared, task, part, None if task == "hn" else names)
        if len(found):
            return found.evenly(MEASURED_FRAMES), part
    images = _images(datasets, recipe.size, MEASURED_FRAMES, MEASURED_ON)
    return images, images.part


def _images(
    datasets: Sequence[Dataset],
    size: tuple[int, int],
    limit: int,
    parts: Sequence[Part],
) -> Images:
    for part in parts:
        chosen = _choose(datasets, part, [True] * len(datasets), limit)
        found = []
        for dataset, indices in zip(datasets, chosen, strict=True):
            for index in indices.tolist():
                try:
                    rgb = dataset.read(index, "semantic").rgb
                except UnreadableFrameError:
                    continue
                found.append(resize_rgb(rgb, size))
        if found:
            return Images(part, tuple(found))
    names = " ".join(dataset.name for dataset in datasets)
    raise DatasetError(f"{names} has no image that can be read; name other --data")


def _choose(
    datasets: Sequence[Dataset],
    part: Part,
    usable: Sequence[np.ndarray | bool],
    limit: int,
) -> list[np.ndarray]:
    """At most `limit` usable frames of this part, evenly from all data sets."""
    frames = [
        np.flatnonzero((one.parts == part) & mask)
        for one, mask in zip(datasets, usable, strict=True)
    ]
    shares = even_shares([len(indices) for indices in frames], limit)
    return [
        evenly(indices, share) for indices, share in zip(frames, shares, strict=True)
    ]
