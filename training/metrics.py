"""The paper's three measures, from one confusion matrix."""

from dataclasses import dataclass

import numpy as np

from core.bins import IGNORE_LABEL


def confusion_matrix(
    predicted: np.ndarray, target: np.ndarray, num_classes: int
) -> np.ndarray:
    """(C, C) int64 pixel counts, rows the true class, columns the predicted one.

    Pixels whose target is 255 are left out.
    """
    use = target != IGNORE_LABEL
    pairs = target[use].astype(np.int64) * num_classes + predicted[use]
    counts = np.bincount(pairs, minlength=num_classes**2)
    return counts.reshape(num_classes, num_classes)


@dataclass(frozen=True, eq=False)
class Scores:
    """How well a network does; nan where there was nothing to measure."""

    global_accuracy: float
    """Share of the labelled pixels whose class is right."""
    class_accuracy: float
    """Mean over the classes that occur of the share of their pixels that is right."""
    mean_iou: float
    """Mean over the classes that occur of intersection over union."""
    class_accuracies: np.ndarray
    """(C,) float64, nan for a class that does not occur."""
    class_ious: np.ndarray
    """(C,) float64, nan for a class that does not occur."""
    confusion: np.ndarray
    """(C, C) int64, rows the true class."""

    @classmethod
    def of(cls, confusion: np.ndarray) -> "Scores":
        """The measures of a confusion matrix."""
        right = np.diag(confusion).astype(np.float64)
        true, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
        # A class without a true pixel counts in no mean, even where it was predicted:
        # those pixels already count against the classes that they really are.
        occurs = true > 0
        accuracies = np.full(len(confusion), np.nan)
        ious = np.full(len(confusion), np.nan)
        accuracies[occurs] = right[occurs] / true[occurs]
        ious[occurs] = right[occurs] / (true + predicted - right)[occurs]
        if not occurs.any():
            return cls(np.nan, np.nan, np.nan, accuracies, ious, confusion)
        return cls(
            global_accuracy=float(right.sum() / true.sum()),
            class_accuracy=float(accuracies[occurs].mean()),
            mean_iou=float(ious[occurs].mean()),
            class_accuracies=accuracies,
            class_ious=ious,
            confusion=confusion,
        )

    def to_json(self, class_names: tuple[str, ...]) -> dict[str, object]:
        """Plain numbers, null where nothing was measured."""
        rows = zip(
            class_names,
            self.confusion.sum(axis=1).tolist(),
            self.class_accuracies.tolist(),
            self.class_ious.tolist(),
            strict=True,
        )
        return {
            "global_accuracy": _number(self.global_accuracy),
            "class_accuracy": _number(self.class_accuracy),
            "mean_iou": _number(self.mean_iou),
            "per_class": [
                {
                    "name": name,
                    "pixels": pixels,
                    "accuracy": _number(accuracy),
                    "iou": _number(iou),
                }
                for name, pixels, accuracy, iou in rows
            ],
        }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
