"""What a pixel of each class counts in the loss, so that rare classes are learnt."""

from collections.abc import Sequence

import numpy as np

NUM_NAMED = 3


def median_frequency(pixels: np.ndarray) -> np.ndarray:
    """(C,) float64 weights by median frequency balancing; 0 for a class without pixels.

    `pixels` is (N, C), how many each class has in each frame. A class's frequency is
    its share of the labelled pixels of the frames that show it, its weight the median
    of all frequencies over its own. (Badrinarayanan, Kendall and Cipolla, "SegNet",
    after Eigen and Fergus, "Predicting Depth, Surface Normals and Semantic Labels with
    a Common Multi-Scale Convolutional Architecture".)
    """
    of_class = pixels.sum(axis=0, dtype=np.int64)
    of_frames = pixels.sum(axis=1, dtype=np.int64) @ (pixels > 0)
    occurs = of_class > 0
    weights = np.zeros(len(of_class))
    if occurs.any():
        frequencies = of_class[occurs] / of_frames[occurs]
        weights[occurs] = np.median(frequencies) / frequencies
    return weights


def note_on_empty(pixels: np.ndarray, class_names: Sequence[str]) -> str | None:
    """What the user should know about classes without pixels; None if all have some."""
    totals = pixels.sum(axis=0)
    empty = [name for name, num in zip(class_names, totals, strict=True) if not num]
    if not empty:
        return None
    some = ", ".join(empty[:NUM_NAMED])
    more = f" and {len(empty) - NUM_NAMED} more" if len(empty) > NUM_NAMED else ""
    return (
        f"no training frame shows {some}{more}; a class without pixels is never learnt"
    )
