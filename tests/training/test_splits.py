from types import SimpleNamespace

import numpy as np
import pytest

from training.datasets.dataset import last_fifth
from training.datasets.splits import (
    choose_hn_frames,
    even_shares,
    evenly,
    validation_blocks,
)


def test_the_last_fifth_of_the_used_frames_is_held_out() -> None:
    used = np.array([True] * 6 + [False] * 3 + [True] * 4)
    assert np.flatnonzero(last_fifth(used)).tolist() == [11, 12]
    assert not last_fifth(np.ones(4, bool)).any()
    assert not last_fifth(np.zeros(9, bool)).any()


@pytest.mark.parametrize(
    ("sizes", "limit", "shares"),
    [
        ([10, 10], 8, [4, 4]),
        ([2, 10, 10], 14, [2, 6, 6]),
        ([100, 1, 3], 50, [46, 1, 3]),
        ([5, 5], 100, [5, 5]),
        ([0, 9], 4, [0, 4]),
    ],
)
def test_frames_are_drawn_evenly_from_datasets(
    sizes: list[int], limit: int, shares: list[int]
) -> None:
    assert even_shares(sizes, limit) == shares


def test_evenly_keeps_the_distance_and_the_order() -> None:
    assert evenly(np.arange(10), 5).tolist() == [0, 2, 4, 6, 8]
    assert evenly(np.arange(3), 5).tolist() == [0, 1, 2]
    assert len(set(evenly(np.arange(795), 200).tolist())) == 200


def test_test_frames_get_hn_labels_beside_the_limit() -> None:
    dataset = SimpleNamespace(
        has_depth=np.array([True] * 8 + [False, True, True]),
        is_test=np.array([False] * 9 + [True, True]),
    )
    (chosen,) = choose_hn_frames([dataset], 4)  # type: ignore[list-item]
    assert np.flatnonzero(chosen).tolist() == [0, 2, 4, 6, 9, 10]


@pytest.mark.parametrize("num", [4, 5, 19, 20, 57, 795])
def test_validation_frames_are_a_tenth_in_few_blocks(num: int) -> None:
    is_train = np.ones(num, bool)
    is_train[:3] = num < 10  # some test frames at the start
    chosen = validation_blocks(is_train)
    assert not (chosen & ~is_train).any()
    tenth = max(1, is_train.sum() // 10)
    assert 0.9 * tenth <= chosen.sum() <= tenth
    starts = np.count_nonzero(np.diff(np.r_[False, chosen].astype(int)) == 1)
    assert starts <= 5


def test_three_frames_leave_none_for_validation() -> None:
    assert not validation_blocks(np.ones(3, bool)).any()
