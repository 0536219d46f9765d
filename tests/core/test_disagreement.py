"""Two HN class images compared, pixel by pixel and as a share."""

import numpy as np
import pytest

from core import IGNORE_LABEL, HNBins
from core.disagreement import KIND_NAMES, disagreement

THREE_BY_THREE = HNBins(
    height_edges=(0.4, 0.9), angle_edges=(30.0, 60.0), signed_angles=True
)
SAME, ONE_OFF, FURTHER_OFF, WRONG_ANGLE = range(4)


def test_every_kind_of_mistake_is_told_from_the_others() -> None:
    # Classes are angle * 3 + height.
    labels = [0, 0, 0, 0, 5, 5, 8, 8, 255, 1]
    predicted = [0, 1, 2, 3, 4, 3, 7, 2, 1, 255]
    expected = [
        SAME,
        ONE_OFF,
        FURTHER_OFF,
        WRONG_ANGLE,
        ONE_OFF,
        FURTHER_OFF,
        ONE_OFF,
        WRONG_ANGLE,  # the height is the same
        IGNORE_LABEL,
        IGNORE_LABEL,
    ]
    found = disagreement(
        np.array([predicted], np.uint8), np.array([labels], np.uint8), THREE_BY_THREE
    )
    assert found.kinds.tolist() == [expected] and found.kinds.dtype == np.uint8
    assert found.serious_share == pytest.approx(4 / 8)
    assert len(KIND_NAMES) == 4


def test_it_is_what_heights_and_angles_say_of_any_pair() -> None:
    bins = HNBins()
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 20, (31, 47)).astype(np.uint8)
    labels[:7, 11:] = IGNORE_LABEL
    predicted = rng.integers(0, 20, (31, 47)).astype(np.uint8)
    found = disagreement(predicted, labels, bins)
    expected = np.zeros((31, 47), int)
    apart = abs(labels.astype(int) % 10 - predicted.astype(int) % 10)
    expected[apart == 1] = ONE_OFF
    expected[apart > 1] = FURTHER_OFF
    expected[labels // 10 != predicted // 10] = WRONG_ANGLE
    expected[labels == IGNORE_LABEL] = IGNORE_LABEL
    np.testing.assert_array_equal(found.kinds, expected)
    serious = (expected == FURTHER_OFF) | (expected == WRONG_ANGLE)
    has_label = labels != IGNORE_LABEL
    assert found.serious_share == pytest.approx(serious.sum() / has_label.sum())


def test_without_any_label_there_is_no_share() -> None:
    labels = np.full((3, 5), IGNORE_LABEL, np.uint8)
    found = disagreement(np.zeros((3, 5), np.uint8), labels, HNBins())
    assert found.serious_share is None
    assert (found.kinds == IGNORE_LABEL).all()


def test_images_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(3, 5\) and labels \(5, 3\) differ"):
        disagreement(np.zeros((3, 5), np.uint8), np.zeros((5, 3), np.uint8), HNBins())
