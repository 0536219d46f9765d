import json

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

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


def test_measures_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(4)
    # Classes of unequal size; 2 and 7 are in no target, and 7 is never predicted.
    shares = (0.4, 0.3, 0.1, 0.1, 0.06, 0.04)
    target = rng.choice([0, 1, 3, 4, 5, 6], (17, 23), p=shares)
    predicted = np.where(rng.random(target.shape) < 0.6, target, 7 - target)
    predicted[predicted == 7] = 2
    target = np.where(rng.random(target.shape) < 0.2, 255, target).astype(np.uint8)
    confusion = confusion_matrix(predicted.astype(np.uint8), target, 8)
    scores = Scores.of(confusion)

    use = target != 255
    truth = target[use], predicted[use]
    occurring = np.unique(target[use])
    expected = sklearn_metrics.confusion_matrix(*truth, labels=range(8))
    assert np.array_equal(confusion, expected)
    ious = sklearn_metrics.jaccard_score(*truth, labels=occurring, average=None)
    recalls = sklearn_metrics.recall_score(*truth, labels=occurring, average=None)
    accuracy = sklearn_metrics.accuracy_score(*truth)
    assert scores.class_ious[occurring] == pytest.approx(ious)
    assert scores.class_accuracies[occurring] == pytest.approx(recalls)
    assert np.isnan(scores.class_ious[[2, 7]]).all()
    assert scores.mean_iou == pytest.approx(ious.mean())
    assert scores.class_accuracy == pytest.approx(recalls.mean())
    assert scores.global_accuracy == pytest.approx(accuracy)


def test_class_accuracy_is_scikit_learns_balanced_accuracy() -> None:
    rng = np.random.default_rng(5)
    target = rng.choice(3, 500, p=[0.7, 0.2, 0.1]).astype(np.uint8)
    predicted = np.where(rng.random(500) < 0.7, target, (target + 1) % 3)
    scores = Scores.of(confusion_matrix(predicted, target, 3))
    expected = sklearn_metrics.balanced_accuracy_score(target, predicted)
    assert scores.class_accuracy == pytest.approx(expected)


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
