"""What an experiment came to: estimates of its rows, verdicts on its comparisons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import HNError
from training.datasets.dataset import Part
from training.reproduce.execute import Outcome
from training.reproduce.experiment import Comparison, Experiment, Picture, Row
from training.reproduce.measure import Measured, measure
from training.reproduce.spec import Spec
from training.reproduce.statistics import Estimate, Verdict, compare, estimate

MEASURES = ("global_accuracy", "class_accuracy", "mean_iou")


@dataclass(frozen=True, eq=False)
class RowResult:
    """A row with what was measured."""

    row: Row
    problem: str | None
    """Why nothing was, or not everything."""
    estimates: Mapping[str, Estimate]
    """Of the three measures, and of classes' IoU as "iou NAME"; empty without runs."""
    runs: Mapping[Spec, Measured]

    @property
    def confusions(self) -> list[np.ndarray]:
        """(F, C, C) of every run."""
        return [measured.confusions for measured in self.runs.values()]


@dataclass(frozen=True, eq=False)
class ExperimentResult:
    """All of an experiment."""

    experiment: Experiment
    rows: Sequence[RowResult]
    verdicts: Sequence[tuple[Comparison, Verdict | None]]
    """None where a row has no result."""
    pictures: Sequence[Picture]
    problems: Sequence[str]
    """Why pictures are missing."""
    part: Part
    """Of the data that was measured."""
    num_frames: int


def gather(
    experiment: Experiment,
    outcomes: Mapping[Spec, Outcome],
    data: Sequence[str],
    part: Part,
) -> ExperimentResult:
    """Measure what was run."""
    rows = [
        _row(row, outcomes, data, part, experiment.classes) for row in experiment.rows
    ]
    by_title = {one.row.title: one for one in rows}
    verdicts = [
        (each, _verdict(by_title[each.better], by_title[each.worse], each.factor))
        for each in experiment.comparisons
    ]
    frames = [len(one) for row in rows for one in row.confusions]
    return ExperimentResult(
        experiment, rows, verdicts, (), (), part, frames[0] if frames else 0
    )


def _row(
    row: Row,
    outcomes: Mapping[Spec, Outcome],
    data: Sequence[str],
    part: Part,
    classes: Sequence[str],
) -> RowResult:
    if row.missing:
        return RowResult(row, row.missing, {}, {})
    problems = [p for spec in row.specs if (p := outcomes[spec].problem)]
    runs: dict[Spec, Measured] = {}
    units: list[list[Measured]] = []
    for unit in row.units:
        done = [spec for spec in unit if outcomes[spec].problem is None]
        for spec in done:
            runs[spec] = measure(outcomes[spec].folder, data, part)
        if done:
            units.append([runs[spec] for spec in done])
    problem = None
    if problems:
        total = len(row.specs)
        problem = f"{len(problems)} of {total} runs have no result: {problems[0]}"
    return RowResult(row, problem, _estimates(units, classes) if units else {}, runs)


def _estimates(
    units: Sequence[Sequence[Measured]], classes: Sequence[str]
) -> dict[str, Estimate]:
    scores = [[measured.scores for measured in unit] for unit in units]
    found = {
        name: estimate([[getattr(one, name) for one in unit] for unit in scores])
        for name in MEASURES
    }
    names = units[0][0].class_names
    for name in classes:
        if name not in names:
            raise HNError(f"the data has no class {name}; name NYUv2's frames")
        k = names.index(name)
        ious = [[float(one.class_ious[k]) for one in unit] for unit in scores]
        found[f"iou {name}"] = estimate(ious)
    return found


def _verdict(better: RowResult, worse: RowResult, factor: float) -> Verdict | None:
    if not (better.estimates and worse.estimates):
        return None
    return compare(
        better.estimates["mean_iou"],
        worse.estimates["mean_iou"],
        (better.confusions, worse.confusions),
        factor,
    )


def folders(outcomes: Mapping[Spec, Outcome]) -> dict[Spec, Path]:
    """Of the runs that have results."""
    return {spec: one.folder for spec, one in outcomes.items() if one.problem is None}
