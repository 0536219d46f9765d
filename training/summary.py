"""What a run found in its data, told before training starts.

A shifted class id or a mirrored floor shows here: the shares of the classes are named.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.bins import IGNORE_LABEL
from training.datasets.dataset import UNUSED
from training.datasets.prepare import PreparedData

NUM_NAMED = 3


@dataclass(frozen=True)
class ClassShares:
    """How often each class occurs in some target images."""

    num_frames: int
    ignored: float
    """Share of the pixels without a class."""
    shares: tuple[tuple[str, float], ...]
    """(name, share of the pixels with a class), most frequent first, none that is 0."""

    def __str__(self) -> str:
        if not self.num_frames:
            return "none"
        named = ", ".join(f"{name} {s:.0%}" for name, s in self.shares[:NUM_NAMED])
        return f"{self.num_frames} frames, {self.ignored:.0%} ignored; {named}"


@dataclass(frozen=True)
class DataSummary:
    """One dataset in a few numbers."""

    name: str
    num_frames: int
    num_test: int
    num_unused: int
    """Left out because they are too near to another part's."""
    hn: ClassShares
    semantic: ClassShares
    skipped: tuple[tuple[str, int], ...]
    """(reason, frames)."""


def summarise(data: PreparedData, hn_names: Sequence[str]) -> DataSummary:
    """The numbers of one prepared dataset."""
    usable = data.has_hn | data.has_semantic
    return DataSummary(
        name=data.name,
        num_frames=len(data.rgb),
        num_test=int((usable & (data.parts == "test")).sum()),
        num_unused=int((data.parts == UNUSED).sum()),
        hn=_shares(data.hn, data.has_hn, hn_names),
        semantic=_shares(data.semantic, data.has_semantic, data.class_names),
        skipped=tuple(data.skipped.items()),
    )


def as_table(summaries: Sequence[DataSummary]) -> str:
    """Lines for the terminal."""
    lines = []
    for summary in summaries:
        unused = f", {summary.num_unused} between the parts unused"
        lines += [
            f"{summary.name}: {summary.num_frames} frames, "
            f"{summary.num_test} of them for testing only"
            + (unused if summary.num_unused else ""),
            f"    HN        {summary.hn}",
            f"    semantic  {summary.semantic}",
        ]
        lines += [
            f"    skipped   {n} frames: {reason}" for reason, n in summary.skipped
        ]
    return "\n".join(lines)


def _shares(classes: np.ndarray, used: np.ndarray, names: Sequence[str]) -> ClassShares:
    counts = np.zeros(256, np.int64)
    for row in np.flatnonzero(used):  # one at a time: the array may be on disk
        counts += np.bincount(classes[row].ravel(), minlength=256)
    ignored = counts[IGNORE_LABEL] / max(1, counts.sum())
    known = counts[: len(names)] / max(1, counts[: len(names)].sum())
    order = [k for k in np.argsort(-known, kind="stable") if known[k] > 0]
    return ClassShares(
        num_frames=int(used.sum()),
        ignored=float(ignored),
        shares=tuple((names[k], float(known[k])) for k in order),
    )
