"""What a run will train: the preset with its changes, and the stages in order."""

import math
from collections.abc import Sequence
from dataclasses import replace

from core.errors import DatasetError, HNError
from training.config import TrainConfig
from training.datasets.prepare import PreparedData
from training.datasets.samples import samples
from training.presets import PRESETS, Preset, PresetName
from training.stage import StageName

REPLACEABLE = (
    "network",
    "image_size",
    "crop_size",
    "hn_frames",
    "pretrain_steps",
    "finetune_steps",
    "batch_size",
    "learning_rate",
)
ABOVE_ZERO = (
    "hn_frames",
    "batch_size",
    "learning_rate",
    "labelled_frames",
    "accumulate",
    "devices",
    "nodes",
    "workers",
)
NOT_NEGATIVE = ("pretrain_steps", "finetune_steps", "seed", "freeze", "patience")
SHARES = ("warm_up", "ema")
INITS = ("hn", "none", "imagenet", "cifar100")
_WHAT_IS_LEFT = {
    "hn": "model.onnx predicts HN classes",
    "hn-shuffled": "model.onnx predicts HN classes, learnt from wrong ones",
    "depth": "of it only the checkpoint is left, for --init of another run",
}


def chosen_preset(config: TrainConfig, has_gpu: bool) -> Preset:
    """The preset with the options that replace parts of it."""
    name: PresetName
    if config.preset == "auto":
        name = "paper" if has_gpu else "laptop"
    else:
        name = config.preset
    given = {option: getattr(config, option) for option in REPLACEABLE}
    changes = {option: value for option, value in given.items() if value is not None}
    preset = replace(PRESETS[name], **changes)
    (height, width), (image_height, image_width) = preset.crop_size, preset.image_size
    if not (0 < height <= image_height and 0 < width <= image_width):
        raise HNError(
            f"--crop-size is {height} x {width} and --image-size {image_height} x "
            f"{image_width} (height x width); expected crops of at least one pixel "
            "that fit into the image"
        )
    return preset


def what_to_train(
    config: TrainConfig, preset: Preset, data: Sequence[PreparedData]
) -> tuple[list[StageName], list[str]]:
    """The stages of the run in order, and what the user should know about them."""
    stages: list[StageName] = []
    notes = []
    if config.init == "cifar100" and preset.pretrain_steps:
        stages.append("cifar100")
    if config.init == "hn" and preset.pretrain_steps:
        num_frames = len(samples(data, "hn", "train"))
        if config.pretext == "hn-shuffled" and num_frames == 1:
            raise DatasetError(
                "--pretext hn-shuffled gives every frame the labels of another one, "
                "and there is one frame only; name more data"
            )
        if num_frames:
            stages.append("pretrain")
        else:
            notes.append(
                "no training frame has depth with a floor in view, so there is nothing "
                "to pretrain on; the network starts from random weights"
            )
    if preset.finetune_steps:
        if len(samples(data, "semantic", "train")):
            stages.append("finetune")
        else:
            notes.append(
                "no training frame has semantic labels, so the network is pretrained "
                f"only; {_WHAT_IS_LEFT[config.pretext]}"
            )
    if not stages and notes:
        raise DatasetError(
            "nothing to train on: no frame has semantic labels, and none is pretrained "
            "on, which takes depth with a floor in view; see the frames with hn-label"
        )
    if not stages:
        raise HNError(
            "nothing to train: --init, --pretrain-steps and --finetune-steps leave no "
            "step"
        )
    if stages == ["cifar100"]:
        raise DatasetError(
            "--init cifar100 prepares a network for semantic labels, and no training "
            "frame has any; name data that has, or use --init hn"
        )
    if config.init == "cifar100" and "cifar100" not in stages:
        raise HNError(
            "--init cifar100 with --pretrain-steps 0 would start from random weights; "
            "give it steps, or use --init none"
        )
    if config.freeze and config.init == "hn" and "pretrain" not in stages:
        raise HNError(
            "--freeze would fix random weights: nothing is pretrained in this run; add "
            "data with depth and --pretrain-steps, or name a pretrained run with --init"
        )
    if (
        config.cross_stitch
        and config.init == "hn"
        and stages != ["pretrain", "finetune"]
    ):
        raise HNError(
            "--cross-stitch needs HN-labels to pretrain on and semantic labels to "
            "finetune on; this run has only one of them"
        )
    return stages, notes


def num_steps(preset: Preset, stage: StageName) -> int:
    """How many steps a stage has."""
    return preset.finetune_steps if stage == "finetune" else preset.pretrain_steps


def check_options(config: TrainConfig) -> None:
    """HNError for an option that no run can be made with."""
    _check_numbers(config)
    _check_combinations(config)


def _check_numbers(config: TrainConfig) -> None:
    for names, is_good, expected in (
        (ABOVE_ZERO, lambda x: 0 < x < math.inf, "a number above 0"),
        (NOT_NEGATIVE, lambda x: 0 <= x < math.inf, "0 or more"),
        (SHARES, lambda x: 0 <= x < 1, "a number from 0 to below 1"),
    ):
        for name in names:
            value = getattr(config, name)
            if value is not None and not is_good(value):
                option = name.replace("_", "-")
                raise HNError(f"--{option} is {value}; expected {expected}")


def _check_combinations(config: TrainConfig) -> None:
    """Refuse options that contradict each other, or would do nothing."""
    if config.weights is not None and config.init != "imagenet":
        raise HNError("--weights is for --init imagenet; give both or neither")
    if (config.cifar100 is not None) != (config.init == "cifar100"):
        raise HNError(
            "--init cifar100 and --cifar100 FOLDER belong together; give both or "
            "neither"
        )
    if config.pretext != "hn" and config.init != "hn":
        raise HNError(
            f"--pretext {config.pretext} is for --init hn, and --init is "
            f"{config.init}; leave out one of them"
        )
    if config.freeze and config.init == "none":
        raise HNError("--freeze would fix random weights; leave out it or --init none")
    if config.cross_stitch and config.init in INITS and config.init != "hn":
        raise HNError(
            f"--cross-stitch needs a network pretrained on HN-labels, not --init "
            f"{config.init}; use --init hn, or name a run that was"
        )
