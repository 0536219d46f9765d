"""How good a run's networks are, as its results.json says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.prediction import Task

PARTS: Mapping[str, str] = {
    "test": "test frames, which training never saw",
    "validation": "validation frames, for want of test frames",
    "train": "the training frames themselves, for want of others",
}
"""What the measures are of, for people."""


@dataclass(frozen=True)
class ClassScore:
    """The measures of one class; None where none of its pixels were there."""

    name: str
    pixels: int
    """True ones, in the frames that were measured on."""
    accuracy: float | None
    iou: float | None


@dataclass(frozen=True)
class Scores:
    """The measures of one network, each 0..1 or None where nothing was measured."""

    task: Task
    part: str
    """Of the data that it was measured on: test, validation or train."""
    num_evaluated: int
    num_trained: int
    global_accuracy: float | None
    class_accuracy: float | None
    mean_iou: float | None
    classes: tuple[ClassScore, ...]

    @property
    def measured_on(self) -> str:
        """For people."""
        return f"{self.num_evaluated} {PARTS.get(self.part, self.part)}"


def scores_from_json(results: Mapping[str, Any]) -> dict[Task, Scores]:
    """The measures of each network; none of a run that has learnt depth alone.

    KeyError, TypeError, ValueError or AttributeError where it is not what training
    writes.
    """
    found: dict[Task, Scores] = {}
    for content in (results, results.get("hn")):
        if content is not None and content["task"] != "depth":
            scores = _scores(content)
            found[scores.task] = scores
    return found


def _scores(content: Mapping[str, Any]) -> Scores:
    task: Task = "hn" if content["task"] == "hn" else "semantic"
    return Scores(
        task=task,
        part=str(content["evaluated_on"]),
        num_evaluated=int(content["evaluated_frames"]),
        num_trained=int(content["trained_frames"]),
        global_accuracy=_share(content["global_accuracy"]),
        class_accuracy=_share(content["class_accuracy"]),
        mean_iou=_share(content["mean_iou"]),
        classes=tuple(
            ClassScore(
                str(row["name"]),
                int(row["pixels"]),
                _share(row["accuracy"]),
                _share(row["iou"]),
            )
            for row in content["per_class"]
        ),
    )


def _share(value: float | None) -> float | None:
    return None if value is None else float(value)
