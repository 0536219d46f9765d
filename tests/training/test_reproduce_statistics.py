import numpy as np
import pytest

from training.metrics import Scores, confusion_matrix
from training.reproduce.statistics import compare, estimate


def test_an_interval_is_over_pretrainings_and_not_over_runs() -> None:
    units = [[1.0, 3.0], [4.0, 4.0], [9.0]]
    found = estimate(units)
    # The means of the units are 2, 4 and 9; t for two degrees of freedom is 4.303.
    assert found.mean == pytest.approx(5.0)
    half = 4.3027 * np.sqrt(13.0) / np.sqrt(3)
    assert (found.low, found.high) == pytest.approx((5 - half, 5 + half), rel=1e-4)
    assert found.sd == pytest.approx(np.std([1, 3, 4, 4, 9], ddof=1))
    assert (found.num_units, found.num_runs) == (3, 5)


def test_one_pretraining_has_no_interval() -> None:
    found = estimate([[1.0, 2.0, 3.0]])
    assert found.mean == 2.0 and found.sd == 1.0
    assert np.isnan([found.low, found.high]).all()


def frames(share_right: float, seed: int, num: int = 30) -> np.ndarray:
    """(num, 3, 3) confusions of a network that is right on a share of the pixels."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(num):
        target = rng.choice(3, size=(20, 15), p=(0.6, 0.3, 0.1)).astype(np.uint8)
        wrong = rng.integers(0, 3, target.shape).astype(np.uint8)
        is_right = rng.random(target.shape) < share_right
        found.append(confusion_matrix(np.where(is_right, target, wrong), target, 3))
    return np.stack(found)


def mean_iou(confusions: np.ndarray) -> float:
    return Scores.of(confusions.sum(axis=0)).mean_iou


def test_a_clear_difference_stays_clear_when_frames_are_drawn_again() -> None:
    good = [frames(0.7, seed) for seed in range(3)]
    poor = [frames(0.3, seed) for seed in range(10, 13)]
    better, worse = (estimate([[mean_iou(one)] for one in arm]) for arm in (good, poor))
    verdict = compare(better, worse, (good, poor))
    assert verdict.holds and verdict.is_separated
    low, high = verdict.difference
    truth = better.mean - worse.mean
    assert 0.1 < low < truth < high < truth + 0.1
    assert verdict.ratio == pytest.approx(better.mean / worse.mean)
    doubled = compare(better, worse, (good, poor), factor=2.0)
    assert doubled.holds == (better.mean > 2 * worse.mean)
    assert doubled.difference[0] == pytest.approx(truth - worse.mean, abs=0.1)


def test_an_arm_is_no_better_than_itself_on_the_same_frames() -> None:
    runs = [frames(0.5, 1)]
    same = estimate([[mean_iou(runs[0])]])
    verdict = compare(same, same, (runs, runs))
    assert not verdict.holds and not verdict.is_separated
    assert verdict.difference == (0.0, 0.0)


def test_means_in_order_are_not_separated_while_their_intervals_overlap() -> None:
    runs = [frames(0.5, 1)]
    apart, near = (estimate([[0.10], [0.11], [x]]) for x in (0.12, 0.105))
    assert apart.mean > near.mean and apart.low < near.high
    verdict = compare(apart, near, (runs, runs))
    assert verdict.holds and not verdict.is_separated


def test_few_frames_leave_more_to_chance_than_many() -> None:
    def width(num: int) -> float:
        arms = ([frames(0.6, 1, num)], [frames(0.5, 2, num)])
        first, second = (estimate([[mean_iou(arm[0])]]) for arm in arms)
        low, high = compare(first, second, arms).difference
        return high - low

    assert width(8) > 1.5 * width(80)
