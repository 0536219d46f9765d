"""What a trained network's file says of it: `core.prediction.ModelInfo`."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from core.errors import HNError
from core.prediction import ModelInfo, Task
from training.checkpoint import read_checkpoint
from training.config import TrainConfig
from training.datasets.dataset import Dataset
from training.datasets.opening import open_data
from training.datasets.splits import evenly
from training.evaluation import RGB_MEAN, RGB_STD
from training.presets import Preset
from training.run_folder import CHECKPOINTS, ENVIRONMENT_FILE
from training.stage import StageName

STAGE_OF: dict[Task, StageName] = {"hn": "pretrain", "semantic": "finetune"}
TOLD_PACKAGES = ("hn-capture", "torch")
FRAMES_LOOKED_AT = 3
"""Of each data set: nearly all have frames of one size."""


def describe(
    folder: Path,
    config: TrainConfig,
    preset: Preset,
    task: Task,
    class_names: tuple[str, ...],
    frame_aspect: float | None = None,
    **facts: str,
) -> ModelInfo:
    """The description of the network that a run, in its folder, has trained for a task.

    `facts` are what only its training knows, for people.
    """
    return ModelInfo(
        task=task,
        class_names=class_names,
        height=preset.image_size[0],
        width=preset.image_size[1],
        mean=RGB_MEAN,
        std=RGB_STD,
        bins=config.bins if task == "hn" else None,
        provenance={
            "data": " ".join(config.data),
            "network": preset.network,
            "preset": preset.name,
            "init": config.init,
            **({"pretext": config.pretext} if config.init == "hn" else {}),
            "seed": str(config.seed),
            **_steps(folder, task),
            **facts,
            **_when_and_with_what(folder, task),
        },
        frame_aspect=frame_aspect,
    )


def trained_aspect(data: Sequence[str], places: np.ndarray) -> float | None:
    """Width over height of frames, as they are before they are resized.

    `places` (M, 2) are the data set and the number in it of each frame. The middle one
    of all: of frames that differ it is one that most of them are near, as a mean need
    not be. None where no frame can be read any more.
    """
    try:
        datasets = open_data(data)
    except HNError:
        return None
    aspects: list[float] = []
    weights: list[float] = []
    for number, dataset in enumerate(datasets):
        frames = places[places[:, 0] == number, 1]
        found = _aspects(dataset, evenly(frames, FRAMES_LOOKED_AT))
        aspects += found
        weights += [len(frames) / max(1, len(found))] * len(found)
    if not aspects:
        return None
    order = np.argsort(aspects)
    shares = np.cumsum(np.array(weights)[order])
    return aspects[order[np.searchsorted(shares, shares[-1] / 2)]]


def _aspects(dataset: Dataset, frames: np.ndarray) -> list[float]:
    """Of those of the frames that can be read."""
    found = []
    for frame in frames.tolist():
        try:
            height, width = dataset.read(frame, "semantic").rgb.shape[:2]
        except HNError:
            continue
        found.append(width / height)
    return found


def _steps(folder: Path, task: Task) -> dict[str, str]:
    """How many steps each stage took, up to the one that trained this network."""
    steps = {}
    stages: tuple[StageName, ...] = ("cifar100", "pretrain", "finetune")
    for stage in stages[: stages.index(STAGE_OF[task]) + 1]:
        file = folder / CHECKPOINTS / f"{stage}-last.safetensors"
        if file.is_file():
            _, state = read_checkpoint(file, prefix="none of the tensors")
            steps[f"{stage}_steps"] = str(state["step"])
    return steps


def _when_and_with_what(folder: Path, task: Task) -> dict[str, str]:
    """The day on which its weights were found, and the versions of what trained it."""
    best = folder / CHECKPOINTS / f"{STAGE_OF[task]}-best.safetensors"
    when = datetime.fromtimestamp(best.stat().st_mtime).date().isoformat()
    environment = json.loads((folder / ENVIRONMENT_FILE).read_text("utf-8"))
    packages = environment["packages"]
    return {"date": when, **{name: packages[name] for name in TOLD_PACKAGES}}
