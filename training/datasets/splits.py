"""Which frames are pretrained on, validated on and tested on."""

from collections.abc import Sequence

import numpy as np

from training.datasets.dataset import Dataset

VALIDATION_SHARE = 10  # one training frame in this many
NUM_BLOCKS = 5


def choose_hn_frames(datasets: Sequence[Dataset], limit: int) -> list[np.ndarray]:
    """(N,) bool a dataset: which of its frames get HN-labels.

    All test frames do. Of the others at most `limit`, drawn evenly from every dataset
    and evenly along it, as section 4 draws from scenes; a dataset that is too short
    leaves its share to the others.
    """
    available = [dataset.has_depth & ~dataset.is_test for dataset in datasets]
    shares = even_shares([int(a.sum()) for a in available], limit)
    chosen = []
    for dataset, frames, share in zip(datasets, available, shares, strict=True):
        mask = dataset.has_depth & dataset.is_test
        mask[evenly(np.flatnonzero(frames), share)] = True
        chosen.append(mask)
    return chosen


def even_shares(sizes: Sequence[int], limit: int) -> list[int]:
    """How many to take of each: equal numbers, none above its size, `limit` in all."""
    shares = [0] * len(sizes)
    for rank, k in enumerate(sorted(range(len(sizes)), key=sizes.__getitem__)):
        shares[k] = min(sizes[k], (limit - sum(shares)) // (len(sizes) - rank))
    return shares


def evenly(items: np.ndarray, limit: int) -> np.ndarray:
    """At most `limit` of the items, the same distance apart, in order."""
    if len(items) <= limit:
        return items
    return items[np.arange(limit) * len(items) // limit]


def validation_blocks(is_train: np.ndarray) -> np.ndarray:
    """(N,) bool: about a tenth of the marked frames, in a few runs of neighbours.

    Neighbours show the same place, so single frames drawn at random would be seen in
    training too. Fewer than four frames leave nothing to validate on.
    """
    indices = np.flatnonzero(is_train)
    is_validation = np.zeros(len(is_train), bool)
    if len(indices) < 4:
        return is_validation
    num_frames = max(1, len(indices) // VALIDATION_SHARE)
    num_blocks = min(NUM_BLOCKS, num_frames)
    for part in np.array_split(indices, num_blocks):
        length = num_frames // num_blocks
        start = (len(part) - length) // 2
        is_validation[part[start : start + length]] = True
    return is_validation
