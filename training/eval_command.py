"""`hn-eval`: how good a trained network is on any data."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from core.command import run_command
from core.errors import DatasetError, HNError
from core.files import write_atomically

if TYPE_CHECKING:
    from training.metrics import Scores
    from training.trained_run import TrainedRun

Part = Literal["test", "validation", "train"]


@dataclass(frozen=True)
class EvalConfig:
    """Measure the network of a run on data.

    For example: hn-eval runs/first --data nyu/ --flip
    """

    run: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="RUN")]
    """The folder of a run of hn-train."""
    data: tuple[str, ...]
    """As for hn-train. Classes are told by their names; what the network does not know
    is left out."""
    part: Part = "test"
    """Which part of the data, divided as hn-train divides it."""
    task: Literal["last", "semantic", "hn"] = "last"
    """hn: the network as it was after pretraining. last: the run's final one."""
    scales: tuple[float, ...] = (1.0,)
    """Show it each image in these sizes and take the mean, for example 0.75 1 1.25."""
    flip: bool = False
    """Show it each image mirrored, too."""
    out: Path | None = None
    """A new .json file for all of it, confusion matrix included."""


def main() -> None:
    """Entry point of hn-eval."""
    run_command("hn-eval", EvalConfig, evaluate_run)


def evaluate_run(config: EvalConfig) -> str:
    """The measures, in all and class by class, for people."""
    if not config.scales or not all(0 < scale < math.inf for scale in config.scales):
        raise HNError(f"--scales are {config.scales}; expected numbers above 0")
    if config.out is not None and config.out.exists():
        raise HNError(f"{config.out} is there already; nothing is overwritten")
    from training.trained_run import load_run

    trained = load_run(config.run, None if config.task == "last" else config.task)
    scores, num_frames = _measure(config, trained)
    if config.out is not None:
        content = {
            "run": str(config.run),
            "data": list(config.data),
            "part": config.part,
            "task": trained.task,
            "frames": num_frames,
            "scales": list(config.scales),
            "flip": config.flip,
            **scores.to_json(trained.class_names),
            "confusion": scores.confusion.tolist(),
        }
        write_atomically(config.out, json.dumps(content, indent=2).encode())
    return _table(scores, trained.class_names, num_frames, config)


def _measure(config: EvalConfig, trained: "TrainedRun") -> tuple["Scores", int]:
    """The network's measures, and on how many frames."""
    from training.datasets.classes import classes_beyond
    from training.datasets.opening import class_names, data_notes, open_data
    from training.datasets.samples import samples
    from training.evaluation import evaluate
    from training.fabric import make_fabric
    from training.metrics import Scores
    from training.progress import prepare_all

    datasets = open_data(config.data)
    known, is_hn = trained.class_names, trained.task == "hn"
    unknown = () if is_hn else classes_beyond(known, class_names(datasets))
    notes = data_notes(datasets)
    if unknown:
        notes.append(f"the network does not know {', '.join(unknown)}")
    for note in notes:
        print(f"note: {note}", flush=True)
    num_hn = sum(map(len, datasets)) if is_hn else 0
    data = prepare_all(datasets, trained.recipe, num_hn)
    used = samples(data, trained.task, config.part, (*known, *unknown))
    if not len(used):
        raise DatasetError(
            f"no {config.part} frame of {' '.join(config.data)} has "
            f"{'HN' if is_hn else 'semantic'} labels; choose another --part or other "
            "data"
        )
    device = make_fabric().device
    scores = evaluate(
        trained.network.to(device),
        used,
        len(known) + len(unknown),
        device,
        config.scales,
        config.flip,
    )
    # Pixels of classes that the network does not know count as unlabelled.
    return Scores.of(scores.confusion[: len(known), : len(known)]), len(used)


def _table(
    scores: "Scores", names: tuple[str, ...], num_frames: int, config: EvalConfig
) -> str:
    """All measures, then those of every class that occurs."""
    from training.report import percent

    pixels = scores.confusion.sum(axis=1)
    width = max(map(len, (*names, "global accuracy")))
    lines = [
        f"{num_frames} {config.part} frames of {' '.join(config.data)}",
        *(
            f"{name:{width}} {percent(value):>8}"
            for name, value in (
                ("global accuracy", scores.global_accuracy),
                ("class accuracy", scores.class_accuracy),
                ("mean IoU", scores.mean_iou),
            )
        ),
        "",
        f"{'':{width}} {'pixels':>8} {'accuracy':>9} {'IoU':>8}",
        *(
            f"{name:{width}} {percent(share):>8} {percent(accuracy):>9} "
            f"{percent(iou):>8}"
            for name, share, accuracy, iou in zip(
                names,
                pixels / max(1, pixels.sum()),
                scores.class_accuracies,
                scores.class_ious,
                strict=True,
            )
            if share > 0
        ),
    ]
    if config.out is not None:
        lines += ["", str(config.out)]
    return "\n".join(lines)
