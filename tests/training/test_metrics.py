import json

import numpy as np
import pytest

from training.metrics import Scores, confusion_matrix

# Worked out by hand. Class 0: 4 pixels, 2 right; class 1: 2 pixels, 1 right; class 2
# does not occur but is predicted on an ignored pixel; class 3 is predicted for a 0.
TARGET = np.array([[0, 0, 0, 1], [1, 255, 0, 255]], np.uint8)
PREDICTED = np.array([[0, 0, 1, 1], [0, 2, 3, 1]], np.uint8)


def test_a_confusion_matrix_counts_true_rows_and_predicted_columns() -> None:
    expected = [[2, 1, 0, 1], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert confusion_matrix(PREDICTED, TARGET, 4).tolist() == expected


def test_the_three_measures_are_those_worked_out_by_hand() -> None:
    scores = Scores.of(confusion_matrix(PREDICTED, TARGET, 4))
    assert scores.global_accuracy == pytest.approx(3 / 6)
    assert scores.class_accuracy == pytest.approx((2 / 4 + 1 / 2) / 2)
    # Class 0: 2 of 4 true and 3 predicted pixels; class 1: 1 of 2 and 2.
    assert scores.mean_iou == pytest.approx((2 / 5 + 1 / 3) / 2)
    assert np.isnan(scores.class_ious[2:]).all()
    assert np.isnan(scores.class_accuracies[2:]).all()


def test_measures_add_up_over_images() -> None:
    whole = confusion_matrix(PREDICTED, TARGET, 4)
    rows = sum(confusion_matrix(PREDICTED[k], TARGET[k], 4) for k in range(2))
    assert np.array_equal(whole, rows)


def test_nothing_labelled_gives_null_and_no_warning() -> None:
    scores = Scores.of(np.zeros((2, 2), np.int64))
    values = scores.to_json(("a", "b"))
    assert values["mean_iou"] is None
    assert values["per_class"] == [
        {"name": "a", "pixels": 0, "accuracy": None, "iou": None},
        {"name": "b", "pixels": 0, "accuracy": None, "iou": None},
    ]
    json.dumps(values, allow_nan=False)
