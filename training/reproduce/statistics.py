"""Means over seeds with honest intervals, and whether one arm beats another.

Finetunings of one pretraining are not independent: the pretrainings are. So an interval
is Student's t over the means of the pretrainings, or over single runs where nothing is
shared. Which frames are tested on is another source of chance: the bootstrap draws them
again, the same ones for both arms.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
NUM_DRAWS = 1000


@dataclass(frozen=True)
class Estimate:
    """A measure over the runs of an arm."""

    mean: float
    sd: float
    """Over all runs; nan for one."""
    low: float
    """Of the 95 % confidence interval; nan for a single unit."""
    high: float
    num_units: int
    """Independent ones."""
    num_runs: int


@dataclass(frozen=True)
class Verdict:
    """How two arms compare, by their mean IoU."""

    ratio: float
    """Of the means."""
    holds: bool
    """Whether the first is larger, so many times as was expected."""
    is_separated: bool
    """Whether the first's 95 % interval lies above the other's, times that factor."""
    difference: tuple[float, float]
    """95 % of it, when the frames are drawn again."""


def estimate(units: Sequence[Sequence[float]]) -> Estimate:
    """Of values by run, those of an inner sequence being of one unit."""
    runs = np.array([value for unit in units for value in unit])
    means = np.array([np.mean(unit) for unit in units])
    mean = float(means.mean())
    half = np.nan
    if len(means) > 1:
        t = float(stats.t.ppf(0.5 + CONFIDENCE / 2, len(means) - 1))
        half = t * means.std(ddof=1) / np.sqrt(len(means))
    sd = float(runs.std(ddof=1)) if len(runs) > 1 else np.nan
    return Estimate(mean, sd, mean - half, mean + half, len(means), len(runs))


def compare(
    better: Estimate,
    worse: Estimate,
    confusions: tuple[Sequence[np.ndarray], Sequence[np.ndarray]],
    factor: float = 1.0,
) -> Verdict:
    """Two arms by the estimates of their mean IoU, and the (F, C, C) confusions of the
    frames of each of their runs."""
    first, second = (_drawn_again(runs) for runs in confusions)
    low, high = np.quantile(
        first - factor * second, (0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2)
    )
    return Verdict(
        ratio=better.mean / worse.mean if worse.mean else np.inf,
        holds=better.mean > factor * worse.mean,
        is_separated=bool(better.low > factor * worse.high),
        difference=(float(low), float(high)),
    )


def _drawn_again(runs: Sequence[np.ndarray]) -> np.ndarray:
    """(draws,) mean over the runs of the mean IoU on frames drawn with replacement.

    The draws are the same for all runs on as many frames.
    """
    num_frames = len(runs[0])
    rng = np.random.default_rng(0)
    counts = rng.multinomial(num_frames, np.full(num_frames, 1 / num_frames), NUM_DRAWS)
    return np.mean([_mean_iou(run, counts) for run in runs], axis=0)


def _mean_iou(confusions: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(draws,) mean IoU of (F, C, C) confusions, each frame so often as (draws, F)."""
    right = counts @ np.diagonal(confusions, axis1=1, axis2=2).astype(np.float64)
    true = counts @ confusions.sum(axis=2).astype(np.float64)
    predicted = counts @ confusions.sum(axis=1).astype(np.float64)
    occurs = true > 0
    union = np.where(occurs, true + predicted - right, 1)
    return (right / union * occurs).sum(axis=1) / np.maximum(occurs.sum(axis=1), 1)
