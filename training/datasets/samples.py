"""Pairs of image and target, drawn from prepared data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.datasets.dataset import Part
from training.datasets.prepare import PreparedData
from training.datasets.splits import evenly

Target = Literal["hn", "semantic"]


@dataclass(frozen=True, eq=False)
class Samples:
    """Images with their target classes, gathered from several datasets."""

    rgb: tuple[np.ndarray, ...]
    """One (N, H, W, 3) uint8 a dataset."""
    target: tuple[np.ndarray, ...]
    """One (N, H, W) uint8 a dataset, 255 = ignore."""
    places: np.ndarray
    """(M, 2) int64, the dataset and the row of every sample."""

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """(H, W, 3) uint8 image and (H, W) uint8 target."""
        dataset, row = self.places[index]
        return self.rgb[dataset][row], self.target[dataset][row]

    def evenly(self, limit: int | None) -> "Samples":
        """At most `limit` of these, the same distance apart."""
        if limit is None:
            return self
        return Samples(self.rgb, self.target, evenly(self.places, limit))


def samples(data: Sequence[PreparedData], target: Target, part: Part) -> Samples:
    """The samples with this target in this part of the data."""
    places = [
        (number, row)
        for number, prepared in enumerate(data)
        for row in np.flatnonzero((prepared.parts == part) & _has(prepared, target))
    ]
    return Samples(
        rgb=tuple(prepared.rgb for prepared in data),
        target=tuple(getattr(prepared, target) for prepared in data),
        places=np.array(places, np.int64).reshape(-1, 2),
    )


def _has(prepared: PreparedData, target: Target) -> np.ndarray:
    return prepared.has_hn if target == "hn" else prepared.has_semantic
