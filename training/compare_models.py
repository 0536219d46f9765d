"""Two model files of one network, side by side: what the smaller loses and gains."""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from core.bins import IGNORE_LABEL
from core.prediction import Predictor
from training.evaluation import Pairs
from training.metrics import Scores, confusion_matrix
from training.report import percent


@dataclass(frozen=True, eq=False)
class Measured:
    """One model file on some frames."""

    scores: Scores
    """All nan where no pixel has a label."""
    size: int
    """Of the file, bytes."""
    image_ms: float
    """From image to classes, median."""
    engine: str
    """For people."""


def compare(
    first: Path, second: Path, pairs: Pairs
) -> tuple[Measured, Measured, float]:
    """What each file does, and the share of all pixels that get the same class.

    Labels of classes that the network does not know count as none.
    """
    predictors = Predictor(first), Predictor(second)
    num_classes = len(predictors[0].info.class_names)
    confusions = np.zeros((2, num_classes, num_classes), np.int64)
    times: tuple[list[float], list[float]] = ([], [])
    same = []
    for k in range(len(pairs)):
        rgb, target = pairs[k]
        target = np.where(target < num_classes, target, IGNORE_LABEL)
        found = []
        for number, predictor in enumerate(predictors):
            start = time.perf_counter()
            found.append(predictor(rgb))
            times[number].append(1e3 * (time.perf_counter() - start))
            confusions[number] += confusion_matrix(found[-1], target, num_classes)
        same.append(float((found[0] == found[1]).mean()))
    one, other = (
        Measured(
            Scores.of(confusions[k]),
            file.stat().st_size,
            median(times[k]),
            predictors[k].engine_name,
        )
        for k, file in enumerate((first, second))
    )
    return one, other, float(np.mean(same))


def as_table(one: Measured, other: Measured, same: float, frames: str) -> list[str]:
    """For people: a line a measure, of the network in float and in 8 bits."""
    both = (one, other)
    rows = [("", ["float32", "int8"])]
    if one.scores.confusion.any():
        rows += [
            ("global accuracy", [percent(m.scores.global_accuracy) for m in both]),
            ("class accuracy", [percent(m.scores.class_accuracy) for m in both]),
            ("mean IoU", [percent(m.scores.mean_iou) for m in both]),
        ]
    rows += [
        ("file", [f"{m.size / 1e6:.1f} MB" for m in both]),
        ("image to classes", [f"{m.image_ms:.1f} ms" for m in both]),
        ("same class", ["", percent(same)]),
    ]
    engines = " and ".join(dict.fromkeys(m.engine for m in both))
    return [
        *(f"{name:18}{cells[0]:>10}{cells[1]:>10}" for name, cells in rows),
        f"on {frames}, by {engines}",
    ]
