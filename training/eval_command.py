"""`hn-eval`: how good a trained network is on any data."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import tyro

from core.command import run_command
from core.errors import DatasetError, HNError
from core.files import write_atomically

if TYPE_CHECKING:
    from training.metrics import Scores
    from training.trained_run import TrainedRun

Part = Literal["test", "validation", "train"]
SMALLEST_SCALE, LARGEST_SCALE = 0.1, 4.0


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
    part: Part | None = None
    """Which part of the data, divided as hn-train divides it; by default test, or else
    the next that there is."""
    task: Literal["last", "semantic", "hn"] = "last"
    """hn: the network as it was after pretraining. last: the run's final one."""
    scales: tuple[float, ...] = (1.0,)
    """Show it each image in these sizes, from 0.1 to 4, and take the mean; for example
    0.75 1 1.25."""
    flip: bool = False
    """Show it each image mirrored, too."""
    out: Path | None = None
    """A new .json file for all of it, confusion matrix included."""


def main() -> None:
    """Entry point of hn-eval."""
    run_command("hn-eval", EvalConfig, evaluate_run)


def evaluate_run(config: EvalConfig) -> str:
    """The measures, in all and class by class, for people."""
    if not config.scales or not all(
        SMALLEST_SCALE <= scale <= LARGEST_SCALE for scale in config.scales
    ):
        raise HNError(
            f"--scales are {config.scales}; expected numbers from "
            f"{SMALLEST_SCALE:g} to {LARGEST_SCALE:g}"
        )
    if config.out is not None and config.out.exists():
        raise HNError(f"{config.out} is there already; nothing is overwritten")
    from training.trained_run import load_run

    trained = load_run(config.run, None if config.task == "last" else config.task)
    scores, part, num_frames = _measure(config, trained)
    if config.out is not None:
        content = {
            "run": str(config.run),
            "data": list(config.data),
            "part": part,
            "task": trained.task,
            "frames": num_frames,
            "scales": list(config.scales),
            "flip": config.flip,
            **scores.to_json(trained.class_names),
            "confusion": scores.confusion.tolist(),
        }
        write_atomically(config.out, json.dumps(content, indent=2).encode())
    frames = f"{num_frames} {part} frames of {' '.join(config.data)}"
    return _table(scores, trained.class_names, frames, config.out)


def _measure(config: EvalConfig, trained: "TrainedRun") -> tuple["Scores", Part, int]:
    """The network's measures, on which part of the data, and on how many frames."""
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
    parts = get_args(Part) if config.part is None else (config.part,)
    for part in parts:
        used = samples(data, trained.task, part, (*known, *unknown))
        if len(used):
            break
    else:
        raise DatasetError(
            f"no {config.part or ''} frame of {' '.join(config.data)} has "
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
    scores = Scores.of(scores.confusion[: len(known), : len(known)])
    if not scores.confusion.any():
        raise DatasetError(
            f"{config.run} knows none of the classes in the {part} frames of "
            f"{' '.join(config.data)}; name data of its classes, such as {known[0]}"
        )
    return scores, part, len(used)


def _table(
    scores: "Scores", names: tuple[str, ...], frames: str, out: Path | None
) -> str:
    """All measures, then those of every class that occurs."""
    from training.report import percent

    pixels = scores.confusion.sum(axis=1)
    width = max(map(len, (*names, "global accuracy")))
    lines = [
        frames,
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
    if out is not None:
        lines += ["", str(out)]
    return "\n".join(lines)
