"""What an experiment will take: its runs, what is missing for it, and how long."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from training.reproduce.execute import is_finished
from training.reproduce.experiment import Experiment
from training.reproduce.scales import NetworkRecipe, Scale
from training.reproduce.spec import Spec, with_starts
from training.set_up import duration

OVERHEAD_S = 25.0
"""Of a run beside its steps, on one core: start, validations, evaluation, report."""
CROSS_STITCH = 1.5
"""A step beside a second network, which only looks, in steps of its own."""


def step_seconds(scale: Scale) -> dict[str, float]:
    """Of every network, measured now on one thread or the GPU."""
    import torch

    from training.fabric import make_fabric
    from training.models.build import build_network
    from training.precision import fastest_precision

    torch.set_num_threads(1)
    device = make_fabric().device

    def seconds(recipe: NetworkRecipe) -> float:
        network = build_network(recipe.network, num_classes=40, seed=0)
        return fastest_precision(
            network, scale.batch_size, scale.crop_size, device, (recipe.precision,)
        )[1]

    return {one.network: seconds(one) for one in scale.networks.values()}


def seconds_of(spec: Spec, step_s: Mapping[str, float]) -> float:
    """Of one run, on one core."""
    assert spec.config.network is not None  # every run names its own
    factor = CROSS_STITCH if spec.config.cross_stitch else 1.0
    return OVERHEAD_S + spec.steps * factor * step_s[spec.config.network]


def plan_text(
    experiments: Sequence[Experiment],
    step_s: Mapping[str, float],
    root: Path,
    states: Mapping[str, str],
    num_jobs: int,
) -> str:
    """The runs of each experiment that are not finished, counted where they come first,
    and their time with so many at once."""
    lines = [
        *(f"a step of {name} takes {1000 * s:.0f} ms" for name, s in step_s.items()),
        "",
        f"{'':10}{'runs':>6}{'new':>6}{'done':>6}{'time':>10}",
    ]
    seen: set[Spec] = set()
    total_s = 0.0
    for experiment in experiments:
        specs = with_starts(experiment.specs)
        new = [spec for spec in specs if spec not in seen]
        seen.update(new)
        left = [spec for spec in new if not is_finished(spec.folder(root, states))]
        taken_s = sum(seconds_of(spec, step_s) for spec in left) / num_jobs
        total_s += taken_s
        lines.append(
            f"{experiment.name:10}{len(specs):>6}{len(new):>6}"
            f"{len(new) - len(left):>6}{duration(taken_s):>10}"
        )
    lines.append(f"{'all':10}{len(seen):>6}{'':12}{duration(total_s):>10}")
    return "\n".join(lines)


def missing_lines(experiments: Sequence[Experiment]) -> list[str]:
    """What cannot be run and why, a sentence each."""
    return [
        f"{experiment.name}, {row.title}: not run: {row.missing}"
        for experiment in experiments
        for row in experiment.rows
        if row.missing
    ]
