"""What a training run is asked to do. No torch here: the help must appear at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.bins import HNBins
from training.presets import PresetName


@dataclass(frozen=True)
class TrainConfig:
    """Pretrain a network on HN-labels, finetune it on semantic labels, evaluate it.

    For example: hn-train --data recordings/ nyu/ --preset smoke --out runs/first
    """

    data: tuple[str, ...] = ()
    """Recordings, folders of recordings, NYUv2 (its folders of images, or
    nyu_depth_v2_labeled.mat), folders of colour and depth images, simulated:N for N
    rendered rooms; any mix."""
    preset: PresetName = "laptop"
    """smoke: about a minute on two cores. laptop: one to two hours. paper: the paper's
    network and numbers of steps, for a GPU."""
    out: Path | None = None
    """The folder of this run; runs/NAME if not given."""
    name: str = ""
    """The run's name; the date and time if not given."""
    resume: bool = False
    """Continue the run in --out where it stopped, with the options it began with; no
    other option may be given."""
    init: Literal["hn", "none"] = "hn"
    """hn: pretrain on HN-labels first. none: finetune random weights, to compare."""
    seed: int = 0
    """Of the weights, the order of the samples and their augmentation."""
    all_frames: bool = False
    """Pretrain on near-duplicates and blurred frames too, which are otherwise left out
    of recordings and of folders of images."""
    hn_frames: int | None = None
    """Pretrain on at most this many frames, evenly from all scenes, instead of the
    preset's number."""
    labelled_frames: int | None = None
    """Finetune on at most this many labelled frames."""
    pretrain_steps: int | None = None
    """Instead of the preset's."""
    finetune_steps: int | None = None
    """Instead of the preset's."""
    batch_size: int | None = None
    """Instead of the preset's."""
    learning_rate: float | None = None
    """Instead of the preset's."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """auto: whichever is measured to be faster on this machine."""
    bins: HNBins = HNBins()  # noqa: RUF009 - frozen
    """How height and angle are cut into HN classes."""
