"""One run, from data to report: prepare, pretrain, finetune, evaluate, export."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from core.errors import CheckpointError
from core.files import write_atomically
from core.prediction import ModelInfo, Task
from training.config import TrainConfig
from training.datasets.dataset import Part
from training.datasets.opening import class_names, open_data
from training.datasets.prepare import PreparedData, Recipe
from training.datasets.samples import samples
from training.evaluation import RGB_MEAN, RGB_STD, evaluate, to_tensor
from training.export import export_model
from training.log import MetricsLog
from training.loop import Interrupted, Precision, Stage, train
from training.models.segnet import num_parameters
from training.plan import chosen_preset, new_network, what_to_train
from training.precision import fastest_precision
from training.presets import Preset
from training.progress import prepare_all, step_progress
from training.report import percent, write_report
from training.run_folder import CHECKPOINTS, load_config, new_folder, save_config
from training.summary import DataSummary, as_table, summarise
from training.trained import StageName, TrainedNetwork
from training.transfer import copy_all_but_last

PARTS: tuple[Part, ...] = ("test", "validation", "train")
STAGE_OF: dict[Task, StageName] = {"hn": "pretrain", "semantic": "finetune"}


@dataclass(frozen=True, eq=False)
class Run:
    """What does not change while a run goes."""

    folder: Path
    config: TrainConfig
    preset: Preset
    data: Sequence[PreparedData]
    summaries: Sequence[DataSummary]
    tasks: Sequence[Task]
    """What to train, in order."""
    notes: Sequence[str]
    """What the user should know about that."""
    names: Mapping[Task, tuple[str, ...]]
    """Of the classes of each kind of network."""
    precision: Precision
    log: MetricsLog


def run_training(asked: TrainConfig) -> str:
    """Do everything that is asked for; what was reached and where it is, for people."""
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(os.cpu_count() or 1)
    if asked.resume:
        run = set_up(*load_config(asked))
    else:
        with new_folder(asked) as folder:
            run = set_up(folder, asked)
    trained: list[TrainedNetwork] = []
    for task in run.tasks:
        trained.append(train_network(run, task, trained[-1] if trained else None))
    return finish(run, trained[::-1])


def set_up(
    folder: Path, config: TrainConfig, resolved: dict[str, Any] | None = None
) -> Run:
    """All but the training: the data, the plan, and the config that resuming needs.

    `resolved` is what the run that is continued resolved its config to.
    """
    preset = chosen_preset(config)
    datasets = open_data(config.data)
    recipe = Recipe(preset.image_size, config.bins)
    data = prepare_all(datasets, recipe, preset.hn_frames, config.all_frames)
    summaries = [summarise(part, config.bins.class_names) for part in data]
    print(as_table(summaries), flush=True)
    tasks, notes = what_to_train(config, preset, data)
    for note in notes:
        print(f"note: {note}", flush=True)

    found = [{"name": part.name, "content": part.content} for part in data]
    if resolved is None:
        precision = measured_precision(config, preset, tasks)
        save_config(folder, config, asdict(preset), precision=precision, data=found)
    elif resolved.get("data") == found:
        precision = resolved["precision"]
    else:
        raise CheckpointError(
            f"the frames or their labels changed since the run in {folder} began, so "
            "it cannot be continued exactly; start a new run"
        )

    names: dict[Task, tuple[str, ...]] = {
        "hn": config.bins.class_names,
        "semantic": class_names(datasets),
    }
    log = MetricsLog(folder / "metrics.jsonl")
    return Run(
        folder, config, preset, data, summaries, tasks, notes, names, precision, log
    )


def measured_precision(
    config: TrainConfig, preset: Preset, tasks: Sequence[Task]
) -> Precision:
    """As asked, or the faster one; tells what is trained and how long that takes."""
    network = new_network(preset, config.bins.num_classes, config.seed)
    candidates: tuple[Precision, ...] = (
        ("float32", "bfloat16") if config.precision == "auto" else (config.precision,)
    )
    precision, seconds = fastest_precision(
        network, preset.batch_size, preset.crop_size, _device(), candidates
    )
    steps = sum(_num_steps(preset, task) for task in tasks)
    print(
        f"SegNet with {num_parameters(network) / 1e6:.2f} M parameters in {precision} "
        f"on {_device()}: {steps} steps of {1000 * seconds:.0f} ms, "
        f"about {_duration(steps * seconds)}",
        flush=True,
    )
    return precision


def train_network(
    run: Run, task: Task, pretrained: TrainedNetwork | None
) -> TrainedNetwork:
    """Train, or finish training, one network and measure it on frames held out."""
    preset, names = run.preset, run.names[task]
    stage = Stage(
        name=STAGE_OF[task],
        num_classes=len(names),
        steps=_num_steps(preset, task),
        batch_size=preset.batch_size,
        crop_size=preset.crop_size,
        learning_rate=preset.learning_rate,
        weight_decay=preset.weight_decay,
        seed=run.config.seed,
        precision=run.precision,
    )
    network = new_network(preset, len(names), run.config.seed)
    if pretrained is not None:
        copy_all_but_last(pretrained.network, network)
    used = samples(run.data, task, "train")
    if task == "semantic":
        used = used.evenly(run.config.labelled_frames)
    validation = samples(run.data, task, "validation")
    checkpoints = run.folder / CHECKPOINTS
    try:
        with step_progress(stage.name, stage.steps) as on_step:
            train(
                network,
                used,
                validation,
                stage,
                checkpoints,
                run.log,
                on_step,
                _device(),
            )
    except Interrupted:
        print(f"stopped and saved; continue with: hn-train --out {run.folder} --resume")
        raise

    part = next(part for part in PARTS if len(samples(run.data, task, part)))
    evaluated = samples(run.data, task, part)
    scores = evaluate(network, evaluated, len(names), _device())
    info = ModelInfo(
        task=task,
        class_names=names,
        height=preset.image_size[0],
        width=preset.image_size[1],
        mean=RGB_MEAN,
        std=RGB_STD,
        bins=run.config.bins if task == "hn" else None,
        provenance={
            "data": " ".join(run.config.data),
            "preset": run.config.preset,
            "init": run.config.init,
            "seed": str(run.config.seed),
            "trained_frames": str(len(used)),
            "mean_iou": f"{scores.mean_iou:.4f} on {len(evaluated)} {part} frames",
        },
    )
    network.to("cpu")  # to be exported
    return TrainedNetwork(
        stage.name, network, info, scores, part, evaluated, num_trained=len(used)
    )


def finish(run: Run, trained: Sequence[TrainedNetwork]) -> str:
    """Write results, models and report, the final network first; the closing words."""
    folder = run.folder
    results = trained[0].to_json()
    if len(trained) > 1:
        results["hn"] = trained[1].to_json()
    write_atomically(folder / "results.json", json.dumps(results, indent=2).encode())
    models = [folder / name for name in ("model.onnx", "model_hn.onnx")][: len(trained)]
    for one, model in zip(trained, models, strict=True):
        rgb, _ = one.evaluated[0]
        export_model(one.network, one.info, model, to_tensor(rgb[None]))
    facts: dict[str, Any] = asdict(run.config) | asdict(run.preset)
    facts |= {"precision": run.precision, "data": " ".join(run.config.data)}
    write_report(
        folder / "report.html",
        run.config.name or folder.name,
        trained,
        run.summaries,
        run.notes,
        {name: str(value) for name, value in facts.items()},
        run.log,
    )
    lines = [
        "",
        f"{'':18}{'global':>10}{'class':>10}{'mean':>10}",
        f"{'':18}{'accuracy':>10}{'accuracy':>10}{'IoU':>10}",
        *(_table_row(one) for one in trained),
        "",
        f"report  {folder / 'report.html'}",
        *(f"model   {model}" for model in models),
    ]
    return "\n".join(lines)


def _table_row(one: TrainedNetwork) -> str:
    scores = one.scores
    numbers = (scores.global_accuracy, scores.class_accuracy, scores.mean_iou)
    cells = "".join(f"{percent(number):>10}" for number in numbers)
    return f"{one.title:18}{cells}   {len(one.evaluated)} {one.part} frames"


def _num_steps(preset: Preset, task: Task) -> int:
    return preset.pretrain_steps if task == "hn" else preset.finetune_steps


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def _duration(seconds: float) -> str:
    """For people: 54 s, 12 min, 3.1 h, 15 days."""
    for unit, length, most in (("s", 1, 100), ("min", 60, 100), ("h", 3600, 48)):
        if seconds < most * length:
            return f"{seconds / length:.{int(unit == 'h')}f} {unit}"
    return f"{seconds / 86400:.0f} days"
