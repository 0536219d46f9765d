"""What a training run was asked to do, as its config.json says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.bins import HNBins
from core.errors import CheckpointError

CONFIG_FILE = "config.json"
STAGES: Mapping[str, str] = {
    "cifar100": "training on CIFAR-100",
    "pretrain": "pretraining",
    "finetune": "finetuning",
}
"""The stages in order, and what people call them."""
DAMAGE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What a damaged JSON file raises somewhere."""
_STARTS: Mapping[str, str] = {
    "hn": "HN-labels",
    "hn-shuffled": "HN-labels of other frames, as a control",
    "depth": "depth",
    "none": "nothing",
    "imagenet": "ImageNet",
    "cifar100": "CIFAR-100",
}


@dataclass(frozen=True)
class RunConfig:
    """The parts of a run's options that tell it from others."""

    network: str
    preset: str
    init: str
    """What finetuning began with, as --init names it."""
    pretext: str
    """What --init hn is pretrained on."""
    data: tuple[str, ...]
    """As the user named it."""
    bins: HNBins
    image_size: tuple[int, int]
    """Height and width of what the network sees."""
    pretrain_steps: int
    finetune_steps: int
    seed: int

    def steps_of(self, stage: str) -> int:
        """How many steps a stage is to have."""
        return self.finetune_steps if stage == "finetune" else self.pretrain_steps

    @property
    def pretrained_on(self) -> str:
        """For people."""
        start = self.pretext if self.init == "hn" else self.init
        return _STARTS.get(start, f"what {start} was")


def read_config(folder: Path) -> RunConfig | None:
    """The config of the run in a folder; None while it prepares its data.

    CheckpointError where there is none, or a damaged one.
    """
    file = folder / CONFIG_FILE
    try:
        text = file.read_text("utf-8")
        return _config(json.loads(text)) if text else None
    except FileNotFoundError:
        raise CheckpointError(
            f"{folder} has no {CONFIG_FILE}, so it is not a whole run of hn-train; add "
            "its model files one by one, or delete it"
        ) from None
    except DAMAGE as error:
        raise CheckpointError(
            f"{file} is damaged ({what_is_wrong(error)}); start the run again in "
            "another folder"
        ) from error


def what_is_wrong(error: Exception) -> str:
    """What is wrong with a JSON file, as a part of a sentence."""
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)


def _config(content: Mapping[str, Any]) -> RunConfig:
    options, preset = content["options"], content["preset"]
    height, width = preset["image_size"]
    bins = options["bins"]
    return RunConfig(
        network=str(preset["network"]),
        preset=str(preset["name"]),
        init=str(options["init"]),
        pretext=str(options["pretext"]),
        data=tuple(str(path) for path in options["data"]),
        bins=HNBins(
            tuple(bins["height_edges"]),
            tuple(bins["angle_edges"]),
            bool(bins["signed_angles"]),
        ),
        image_size=(int(height), int(width)),
        pretrain_steps=int(preset["pretrain_steps"]),
        finetune_steps=int(preset["finetune_steps"]),
        seed=int(options["seed"]),
    )
