"""The page of an experiment, and its raw numbers as JSON."""

import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from core.files import write_atomically
from training.report import PARTS
from training.reproduce.chart import interval_chart
from training.reproduce.execute import Outcome
from training.reproduce.experiment import Comparison, Picture
from training.reproduce.page import (
    Block,
    Heading,
    Image,
    Paragraph,
    Table,
    as_html,
    as_markdown,
)
from training.reproduce.results import MEASURES, ExperimentResult, RowResult
from training.reproduce.scales import Scale
from training.reproduce.spec import Spec
from training.reproduce.statistics import Estimate, Verdict
from training.run_folder import environment

NOT_RUN = "not run"
TITLES = {
    "global_accuracy": "global accuracy",
    "class_accuracy": "class accuracy",
    "mean_iou": "mean IoU",
}


@dataclass(frozen=True)
class Setting:
    """What an experiment was done with, for its page."""

    scale: Scale
    seeds: tuple[int, int]
    data: tuple[str, ...]
    """In words."""
    notes: Path
    """A folder of what people have written about each experiment."""


def write_page(
    result: ExperimentResult,
    outcomes: Mapping[Spec, Outcome],
    setting: Setting,
    folder: Path,
) -> Path:
    """Write EXPERIMENT.md, .html and .json; the first one's path."""
    experiment = result.experiment
    blocks: list[Block] = [Heading(experiment.title), Paragraph(experiment.text)]
    chart = _chart(result, folder)
    for picture in [*([chart] if chart else []), *result.pictures]:
        blocks.append(Image(picture.file, picture.caption))
        if picture.lines:
            blocks.append(_table_of(picture))
    blocks += [Paragraph(f"Not shown: {problem}.") for problem in result.problems]
    if experiment.rows:
        blocks += [Heading("Measured"), _table(result), Paragraph(_legend(result))]
    if experiment.comparisons:
        blocks += [Heading("Does the order hold?"), _comparisons(result)]
    note = setting.notes / f"{experiment.name}.md"
    if note.is_file():
        texts = note.read_text("utf-8").split("\n\n")
        blocks += [Heading("Why"), *(Paragraph(t.strip()) for t in texts if t.strip())]
    blocks += [Heading("How"), *_how(setting)]
    page = folder / f"{experiment.name}.md"
    write_atomically(page, as_markdown(blocks).encode())
    write_atomically(page.with_suffix(".html"), as_html(blocks).encode())
    content = json.dumps(_numbers(result, outcomes, setting), indent=1)
    write_atomically(page.with_suffix(".json"), content.encode())
    return page


def _table(result: ExperimentResult) -> Table:
    classes = result.experiment.classes
    header = ("", "paper", *TITLES.values(), *classes, "runs")
    rows = [
        (
            f"{one.row.title} (not in the paper)" if one.row.is_ours else one.row.title,
            one.row.paper,
            *(_cell(one, name) for name in MEASURES),
            *(_cell(one, f"iou {name}", is_short=True) for name in classes),
            _runs(one),
        )
        for one in result.rows
    ]
    return Table(header, tuple(rows))


def _cell(one: RowResult, name: str, is_short: bool = False) -> str:
    if name not in one.estimates:
        return f"{NOT_RUN}: {one.problem}" if name == MEASURES[0] else NOT_RUN
    return short(one.estimates[name]) if is_short else full(one.estimates[name])


def short(found: Estimate) -> str:
    """Percent, and the spread of the runs."""
    sd = "" if math.isnan(found.sd) else f" ± {100 * found.sd:.1f}"
    return f"{100 * found.mean:.1f}{sd}"


def full(found: Estimate) -> str:
    """Percent, the spread of the runs and the interval of the mean."""
    sd = "" if math.isnan(found.sd) else f" ± {100 * found.sd:.2f}"
    interval = "" if math.isnan(found.low) else f" [{_interval(found.low, found.high)}]"
    return f"{100 * found.mean:.2f}{sd}{interval}"


def _interval(low: float, high: float) -> str:
    return f"{100 * low:.2f}, {100 * high:.2f}"


def _runs(one: RowResult) -> str:
    if not one.estimates:
        return "0"
    found = one.estimates["mean_iou"]
    text = f"{found.num_runs} in {found.num_units} units"
    return f"{text}; {one.problem}" if one.problem else text


def _legend(result: ExperimentResult) -> str:
    frames = PARTS["test"]
    if result.part == "validation":
        frames = "validation frames, with the last weights of each run"
    return (
        f"Percent on {result.num_frames} {frames}: mean ± standard deviation over all "
        "runs [95 % confidence interval of the mean, by Student's t over the units: "
        "the finetunings of one pretraining are one unit]. Classes: IoU. The paper's "
        "own numbers were not at hand when this was written."
    )


def _comparisons(result: ExperimentResult) -> Table:
    header = ("expected", "whose", "ratio", "holds", "difference on frames drawn again")
    rows = [_comparison(each, verdict) for each, verdict in result.verdicts]
    return Table(header, tuple(rows))


def _comparison(each: Comparison, verdict: Verdict | None) -> tuple[str, ...]:
    factor = "" if each.factor == 1 else f"{each.factor:g} x "
    expected = f"{each.better} > {factor}{each.worse}"
    whose = "the paper's" if each.is_papers else "our question"
    whose += f"; {each.paper}" if each.paper else ""
    if verdict is None:
        return expected, whose, "-", NOT_RUN, "-"
    holds = "no"
    if verdict.holds:
        apart = "separated" if verdict.is_separated else "overlap or are unknown"
        holds = f"yes; intervals {apart}"
    return (
        expected,
        whose,
        f"{verdict.ratio:.2f}",
        holds,
        _interval(*verdict.difference),
    )


def _table_of(picture: Picture) -> Table:
    cells = [tuple(c.strip() for c in ln.strip("|").split("|")) for ln in picture.lines]
    return Table(cells[0], tuple(cells[2:]))


def _how(setting: Setting) -> list[Block]:
    scale = setting.scale
    height, width = scale.image_size
    crop_height, crop_width = scale.crop_size
    networks = "; ".join(
        f"{one.title} ({one.network}): {one.pretrain_steps} + {one.finetune_steps} "
        f"steps, learning rate {one.learning_rate:g}, {one.precision}"
        for one in scale.networks.values()
    )
    return [
        Paragraph(
            f"Scale {scale.name}: images of {height} x {width}, crops of {crop_height} "
            f"x {crop_width}, batches of {scale.batch_size}, {setting.seeds[0]} "
            f"pretrainings x {setting.seeds[1]} finetunings. {networks}."
        ),
        *(Paragraph(text) for text in setting.data),
    ]


def _chart(result: ExperimentResult, folder: Path) -> Picture | None:
    """The curves of an experiment that has some."""
    curves: dict[str, list[tuple[float, Estimate]]] = {}
    for one in result.rows:
        if one.row.series and one.estimates:
            point = (one.row.x, one.estimates["mean_iou"])
            curves.setdefault(one.row.series, []).append(point)
    if not curves:
        return None
    experiment = result.experiment
    file = folder / f"{experiment.name}-curves.svg"
    write_atomically(file, interval_chart(curves, experiment.x_name).encode())
    return Picture(file, f"Mean IoU against {experiment.x_name}; 95 % intervals.")


def _numbers(
    result: ExperimentResult, outcomes: Mapping[Spec, Outcome], setting: Setting
) -> dict[str, object]:
    """Everything, by run."""
    rows = [
        {
            "title": one.row.title,
            "paper": one.row.paper,
            "problem": one.problem,
            "estimates": {k: _finite(asdict(v)) for k, v in one.estimates.items()},
            "runs": [
                {
                    "name": outcomes[spec].folder.name,
                    "seed": spec.config.seed,
                    "pretrained": None
                    if spec.start is None
                    else outcomes[spec.start].folder.name,
                    **measured.scores.to_json(measured.class_names),
                }
                for spec, measured in one.runs.items()
            ],
        }
        for one in result.rows
    ]
    return {
        "experiment": result.experiment.name,
        "date": time.strftime("%Y-%m-%d"),
        "part": result.part,
        "frames": result.num_frames,
        "scale": asdict(setting.scale),
        "seeds": setting.seeds,
        "data": setting.data,
        "rows": rows,
        "comparisons": [
            {**asdict(each), **({} if v is None else _finite(asdict(v)))}
            for each, v in result.verdicts
        ],
        "pictures": [p.numbers for p in result.pictures if p.numbers],
        # Without the command, whose paths are nobody else's business.
        "software": {k: environment()[k] for k in ("python", "processor", "packages")},
    }


def _finite(values: dict[str, object]) -> dict[str, object]:
    """null for what is not known."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }
