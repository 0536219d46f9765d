"""What a run will train: the preset with its changes, and the networks in order."""

import math
from collections.abc import Sequence
from dataclasses import replace

from core.errors import DatasetError, HNError
from core.prediction import Task
from training.config import TrainConfig
from training.datasets.prepare import PreparedData
from training.datasets.samples import samples
from training.models.segnet import SegNet, seeded
from training.presets import PRESETS, Preset

REPLACEABLE = (
    "hn_frames",
    "pretrain_steps",
    "finetune_steps",
    "batch_size",
    "learning_rate",
)


def chosen_preset(config: TrainConfig) -> Preset:
    """The preset with the options that replace parts of it."""
    given = {name: getattr(config, name) for name in (*REPLACEABLE, "seed")}
    given["labelled_frames"] = config.labelled_frames
    may_be_zero = ("pretrain_steps", "finetune_steps", "seed")
    for name, value in given.items():
        smallest = "0 or more" if name in may_be_zero else "a number above 0"
        if value is not None and not (
            0 <= value < math.inf and (value > 0 or name in may_be_zero)
        ):
            option = name.replace("_", "-")
            raise HNError(f"--{option} is {value}; expected {smallest}")
    changes = {name: given[name] for name in REPLACEABLE if given[name] is not None}
    return replace(PRESETS[config.preset], **changes)


def what_to_train(
    config: TrainConfig, preset: Preset, data: Sequence[PreparedData]
) -> tuple[list[Task], list[str]]:
    """The networks to train in order, and what the user should know about that."""
    tasks: list[Task] = []
    notes = []
    if config.init == "hn" and preset.pretrain_steps:
        if len(samples(data, "hn", "train")):
            tasks.append("hn")
        else:
            notes.append(
                "no training frame has depth with a floor in view, so there is nothing "
                "to pretrain on; the network starts from random weights"
            )
    if preset.finetune_steps:
        if len(samples(data, "semantic", "train")):
            tasks.append("semantic")
        else:
            notes.append(
                "no training frame has semantic labels, so the network is pretrained "
                "only; model.onnx predicts HN classes"
            )
    if not tasks and notes:
        raise DatasetError(
            "nothing to train on: no frame has semantic labels, and none is pretrained "
            "on, which takes depth with a floor in view; see the frames with hn-label"
        )
    if not tasks:
        raise HNError(
            "nothing to train: --init, --pretrain-steps and --finetune-steps leave no "
            "step"
        )
    return tasks, notes


def new_network(preset: Preset, num_classes: int, seed: int) -> SegNet:
    """The preset's SegNet with random weights that the seed decides."""
    return seeded(seed, lambda: SegNet(num_classes, preset.widths, preset.depths))
