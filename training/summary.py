"""What a run found in its data, told before training starts.

A shifted class id or an image upside down shows here: the most frequent classes are
named, and those highest and lowest in the images, which people know.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.datasets.class_counts import ClassCounts
from training.datasets.dataset import UNUSED
from training.datasets.prepare import PreparedData

NUM_NAMED = 3
MIN_PLACED = 0.01  # of the pixels; where rarer classes are says little
MOST_APART = 12  # more datasets are too many to read one by one


@dataclass(frozen=True)
class ClassShares:
    """How often each class occurs in some target images, and where."""

    num_frames: int
    ignored: float
    """Share of the pixels without a class."""
    shares: tuple[tuple[str, float], ...]
    """(name, share of the pixels with a class), most frequent first, none that is 0."""
    places: tuple[tuple[str, float], ...]
    """(name, mean place in the image, 0 at its top and 1 at its bottom) of the classes
    that are not rare, highest first."""

    def __str__(self) -> str:
        if not self.num_frames:
            return "none"
        named = ", ".join(f"{name} {s:.0%}" for name, s in self.shares[:NUM_NAMED])
        text = f"{self.num_frames} frames, {self.ignored:.0%} ignored; {named}"
        if len(self.places) > 1:
            (highest, _), (lowest, _) = self.places[0], self.places[-1]
            text += f"; highest in the image {highest}, lowest {lowest}"
        return text


@dataclass(frozen=True)
class DataSummary:
    """One dataset in a few numbers."""

    name: str
    num_frames: int
    num_test: int
    num_unused: int
    """Left out: too near to another part's, or in none."""
    hn: ClassShares
    semantic: ClassShares
    skipped: tuple[tuple[str, int], ...]
    """(reason, frames)."""


def summarise(
    data: Sequence[PreparedData], hn_names: Sequence[str]
) -> list[DataSummary]:
    """The numbers of every dataset; of many in one folder, all together."""
    groups: dict[object, list[PreparedData]] = {}
    for part in data:
        key = (str(Path(part.name).parent), part.class_names)
        groups.setdefault(key if len(data) > MOST_APART else id(part), []).append(part)
    return [_summary(group, hn_names) for group in groups.values()]


def _summary(group: Sequence[PreparedData], hn_names: Sequence[str]) -> DataSummary:
    parts = np.concatenate([data.parts for data in group])
    usable = np.concatenate([data.has_hn | data.has_semantic for data in group])
    skipped: Counter[str] = Counter()
    for data in group:
        skipped.update(data.skipped)
    name = group[0].name
    return DataSummary(
        name=name if len(group) == 1 else f"{Path(name).parent} ({len(group)} scenes)",
        num_frames=len(parts),
        num_test=int((usable & (parts == "test")).sum()),
        num_unused=int((parts == UNUSED).sum()),
        hn=_shares(ClassCounts.together([d.hn_counts for d in group]), hn_names),
        semantic=_shares(
            ClassCounts.together([d.semantic_counts for d in group]),
            group[0].class_names,
        ),
        skipped=tuple(skipped.items()),
    )


def as_table(summaries: Sequence[DataSummary]) -> str:
    """Lines for the terminal."""
    lines = []
    for summary in summaries:
        unused = f", {summary.num_unused} left out between the parts or as noted"
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


def _shares(counts: ClassCounts, names: Sequence[str]) -> ClassShares:
    pixels, num_ignored = counts.pixels.sum(axis=0), int(counts.ignored.sum())
    known = pixels / max(1, pixels.sum())
    order = [k for k in np.argsort(-known, kind="stable") if known[k] > 0]
    by_row = [k for k in np.argsort(counts.rows) if known[k] >= MIN_PLACED]
    return ClassShares(
        num_frames=int(counts.has_target.sum()),
        ignored=num_ignored / max(1, num_ignored + int(pixels.sum())),
        shares=tuple((names[k], float(known[k])) for k in order),
        places=tuple((names[k], float(counts.rows[k])) for k in by_row),
    )
