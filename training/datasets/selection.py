"""Which frames get HN-labels: new and sharp ones, evenly from all scenes.

Section 4 draws 41K frames evenly from all scenes. Most frames of a recording show what
the one before showed, and some are blurred; those teach little and are left out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.quality import FrameQuality
from training.datasets.dataset import Dataset, Part
from training.datasets.splits import VALIDATION_SHARE, even_shares, evenly

BLURRED = "blurred, so not pretrained on"
DUPLICATE = "near-duplicates, so not pretrained on"

Quality = Sequence[FrameQuality | None]
"""Of every frame of a source; None for one that is not known."""


@dataclass(frozen=True, eq=False)
class Selection:
    """Some frames of one source."""

    indices: np.ndarray
    """(n,) int64, rising."""
    left_out: Mapping[str, int]
    """Why frames were not even considered, and how many."""


def choose_hn_frames(
    datasets: Sequence[Dataset], qualities: Sequence[Quality | None], limit: int
) -> list[Selection]:
    """Which frames of each dataset get HN-labels.

    All test frames do. Of those to train on `select_frames` takes at most `limit`, and
    a tenth as many of those to validate on: these measure, so that they may be poor.
    Quality is None for a dataset whose frames are all as good. A limit of 0 is none at
    all.
    """
    if not limit:  # HN-labels are not wanted at all
        return [Selection(np.zeros(0, np.int64), {}) for _ in datasets]
    train = select_frames(_with_depth(datasets, "train"), qualities, limit)
    validation = select_frames(
        _with_depth(datasets, "validation"),
        [None] * len(datasets),
        -(-limit // VALIDATION_SHARE),
    )
    tests = map(np.flatnonzero, _with_depth(datasets, "test"))
    return [
        Selection(
            np.union1d(one.indices, np.union1d(other.indices, test)), one.left_out
        )
        for one, other, test in zip(train, validation, tests, strict=True)
    ]


def _with_depth(datasets: Sequence[Dataset], part: Part) -> list[np.ndarray]:
    """(N,) bool a dataset: its frames in this part that can have HN-labels."""
    return [dataset.has_depth & (dataset.parts == part) for dataset in datasets]


def select_frames(
    pools: Sequence[np.ndarray], qualities: Sequence[Quality | None], num_frames: int
) -> list[Selection]:
    """At most `num_frames` of all sources' frames, sharp ones that show something new.

    `pools` has (N,) bool a source, the frames to choose from; one without quality is as
    good as any. Every source gives equally many, the same distance apart along those it
    has; one that has too few leaves its share to the others.
    """
    considered = [
        _without_poor(pool, quality)
        for pool, quality in zip(pools, qualities, strict=True)
    ]
    shares = even_shares([len(found.indices) for found in considered], num_frames)
    return [
        Selection(evenly(found.indices, share), found.left_out)
        for found, share in zip(considered, shares, strict=True)
    ]


def _without_poor(pool: np.ndarray, quality: Quality | None) -> Selection:
    indices = np.flatnonzero(pool)
    if quality is None:
        return Selection(indices, {})
    reasons = [_why_poor(quality[index]) for index in indices.tolist()]
    is_good = np.array([reason is None for reason in reasons], bool)
    left_out = Counter(reason for reason in reasons if reason is not None)
    return Selection(indices[is_good], dict(left_out))


def _why_poor(frame: FrameQuality | None) -> str | None:
    """Why a frame is left out; None for a good one, and where that is not known: a
    frame that cannot be read is told of where it is read."""
    if frame is None:
        return None
    if frame.is_blurred:
        return BLURRED
    return DUPLICATE if frame.is_duplicate else None
