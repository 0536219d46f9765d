"""Everything that was asked for, in order: runs, measures, pictures, pages."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.errors import HNError
from training.reproduce.arms import Arms
from training.reproduce.command import ReproduceConfig
from training.reproduce.data import in_words
from training.reproduce.execute import FOLLOWS, Outcome, execute
from training.reproduce.experiment import Drawing, Experiment
from training.reproduce.measure import measured_part
from training.reproduce.plan import missing_lines
from training.reproduce.report import Setting, write_page
from training.reproduce.results import ExperimentResult, folders, gather
from training.reproduce.spec import Spec


def make_all(
    config: ReproduceConfig,
    arms: Arms,
    experiments: Sequence[Experiment],
    states: Mapping[str, str],
) -> str:
    """Where everything is, and what failed, for people."""
    specs = [spec for experiment in experiments for spec in experiment.specs]
    outcomes = execute(specs, config.out / "runs", states, config.jobs)
    setting = Setting(arms.scale, arms.seeds, in_words(arms.data), config.notes)
    lines = []
    for experiment in experiments:
        result = _gathered(experiment, outcomes, arms, config)
        result = _drawn(result, outcomes, arms, config)
        lines.append(str(write_page(result, outcomes, setting, config.out)))
        lines += [f"  {problem}" for problem in result.problems]
    failed = [
        f"{spec.name} has no result: {one.problem}"
        for spec, one in outcomes.items()
        if one.problem is not None and not one.problem.startswith(FOLLOWS)
    ]
    return "\n".join([*lines, *missing_lines(experiments), *failed])


def _gathered(
    experiment: Experiment,
    outcomes: Mapping[Spec, Outcome],
    arms: Arms,
    config: ReproduceConfig,
) -> ExperimentResult:
    """The experiment with what was measured, on the data that it is about."""
    data = arms.data.labelled
    if experiment.on_camvid and arms.data.camvid is not None:
        data = (str(arms.data.camvid),)
    return gather(experiment, outcomes, data, measured_part(data, config.part))


def _drawn(
    result: ExperimentResult,
    outcomes: Mapping[Spec, Outcome],
    arms: Arms,
    config: ReproduceConfig,
) -> ExperimentResult:
    """With its pictures, or why it has none."""
    experiment = result.experiment
    if experiment.draw is None:
        return result
    drawing = Drawing(
        data=arms.data,
        folder=config.out,
        name=experiment.name,
        runs=folders(outcomes),
        part=result.part,
    )
    try:
        return replace(result, pictures=experiment.draw(drawing))
    except HNError as error:
        return replace(result, problems=[str(error)])
