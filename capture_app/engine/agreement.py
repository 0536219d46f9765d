"""How far an HN network agrees with depth, over the frames looked at."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.disagreement import (
    AGREES,
    FAR_HEIGHT,
    NEXT_HEIGHT,
    WRONG_ANGLE,
    Disagreement,
)


@dataclass(frozen=True)
class Agreement:
    """Pixels of each kind of mistake, of one frame or of several."""

    counts: tuple[int, int, int, int]
    """As `core.disagreement` numbers the kinds."""
    num_frames: int = 1

    @classmethod
    def of(cls, found: Disagreement) -> "Agreement | None":
        """Of one frame; None where no pixel has a label."""
        kinds = np.bincount(found.kinds.ravel(), minlength=256)[: WRONG_ANGLE + 1]
        same, next_height, far, wrong = map(int, kinds)
        if not kinds.any():
            return None
        return cls((same, next_height, far, wrong))

    @property
    def same(self) -> float:
        """0..1, the share of the labelled pixels whose class is the same."""
        return self.counts[AGREES] / sum(self.counts)

    @property
    def nearly(self) -> float:
        """0..1, the share whose height is one bin off."""
        return self.counts[NEXT_HEIGHT] / sum(self.counts)

    @property
    def serious(self) -> float:
        """0..1, the share whose height is further off or whose surface is wrong."""
        return (self.counts[FAR_HEIGHT] + self.counts[WRONG_ANGLE]) / sum(self.counts)


def together(found: Iterable[Agreement]) -> Agreement | None:
    """Of all the frames, every pixel counting the same; None without any."""
    parts = list(found)
    if not parts:
        return None
    same, next_height, far, wrong = np.sum([p.counts for p in parts], axis=0).tolist()
    return Agreement(
        (same, next_height, far, wrong), sum(part.num_frames for part in parts)
    )
