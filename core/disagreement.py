"""Where a network's HN prediction, from colour alone, differs from what depth says."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from core.bins import IGNORE_LABEL, HNBins

AGREES, NEXT_HEIGHT, FAR_HEIGHT, WRONG_ANGLE = range(4)
KIND_NAMES = ("same class", "height one bin off", "height further off", "surface wrong")


@dataclass(frozen=True, eq=False)
class Disagreement:
    """The kinds of mistakes of one prediction."""

    kinds: np.ndarray
    """(H, W) uint8, AGREES to WRONG_ANGLE; 255 where there is no label."""
    serious_share: float | None
    """0..1, of FAR_HEIGHT and WRONG_ANGLE among pixels with a label; None without."""


def disagreement(
    predicted: np.ndarray, labels: np.ndarray, bins: HNBins
) -> Disagreement:
    """Compare two (H, W) uint8 images of HN classes, of the same frame and bins.

    A wrong angle counts as that, whatever the height. Heights one bin apart are no
    serious mistake: next to an edge, both bins are nearly right.
    """
    if predicted.shape != labels.shape:
        raise ValueError(
            f"prediction {predicted.shape} and labels {labels.shape} differ in size"
        )
    kinds = np.take(_kind_of_pair(bins), cv2.merge((predicted, labels)).view(np.uint16))
    kinds = kinds[..., 0]
    num_ignored, num_far, num_wrong = (
        np.count_nonzero(kinds == kind)
        for kind in (IGNORE_LABEL, FAR_HEIGHT, WRONG_ANGLE)
    )
    num_labelled = kinds.size - num_ignored
    share = float((num_far + num_wrong) / num_labelled) if num_labelled else None
    return Disagreement(kinds, share)


@lru_cache(maxsize=4)
def _kind_of_pair(bins: HNBins) -> np.ndarray:
    """(65536,) uint8: the kind at index predicted + 256 * label."""
    classes = np.arange(256)
    angles, heights = np.divmod(classes, bins.num_heights)
    heights_apart = np.abs(heights[:, None] - heights)
    kinds = np.choose(np.minimum(heights_apart, 2), (AGREES, NEXT_HEIGHT, FAR_HEIGHT))
    kinds[angles[:, None] != angles] = WRONG_ANGLE
    no_class = classes >= bins.num_classes
    kinds[no_class] = kinds[:, no_class] = IGNORE_LABEL
    return kinds.astype(np.uint8).ravel()
