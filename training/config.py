"""What a training run is asked to do. No torch here: the help must appear at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.bins import HNBins
from training.presets import PresetName

Pretext = Literal["hn", "hn-shuffled", "depth"]


@dataclass(frozen=True)
class TrainConfig:
    """Pretrain a network on HN-labels, finetune it on semantic labels, evaluate it.

    For example: hn-train --data recordings/ nyu/ --preset smoke --out runs/first
    """

    data: tuple[str, ...] = ()
    """Any mix of recordings, folders of recordings, NYUv2 (its .mat, folders of its
    images, or its raw scenes), SUN RGB-D, CamVid, folders of images/ and masks/,
    folders of colour and depth images, simulated:N for N rendered rooms."""
    preset: PresetName | Literal["auto"] = "auto"
    """smoke: about a minute on two cores. laptop: one to two hours. live: a night, for
    a view at 30 images a second on one core. paper: the paper's network and numbers of
    steps, for a GPU. auto: paper on a GPU, else laptop."""
    out: Path | None = None
    """The folder of this run; runs/NAME if not given."""
    name: str = ""
    """The run's name; the date and time if not given."""
    resume: bool = False
    """Continue the run in --out where it stopped, with the options it began with; no
    other option may be given."""
    network: str | None = None
    """Instead of the preset's: segnet-tiny, segnet-vgg16, lraspp-mobilenetv3,
    deeplabv3-resnetv2-18 (or 34, 50, 101), or ARCHITECTURE+ENCODER of
    segmentation-models-pytorch, such as unet+mobilenet_v2."""
    init: str = "hn"
    """What finetuning starts from. hn: pretraining on HN-labels. none: random weights.
    imagenet, cifar100: an encoder trained on these. Or the path of a run or checkpoint
    that was pretrained on HN-labels."""
    pretext: Pretext = "hn"
    """What --init hn pretrains on. hn: HN-labels. hn-shuffled: HN-labels of other
    frames, as a control that can teach nothing about the image. depth: how far every
    pixel is, one number instead of classes."""
    weights: Path | None = None
    """With --init imagenet: the file of weights (.safetensors or .pth), instead of what
    the network's library downloads."""
    cifar100: Path | None = None
    """With --init cifar100: the data set's binary version, unpacked or not."""
    image_size: tuple[int, int] | None = None
    """Height and width of whole frames, instead of the preset's."""
    crop_size: tuple[int, int] | None = None
    """Height and width of the random crops that training sees, instead of the
    preset's."""
    freeze: int = 0
    """Fix this many of the encoder's first stages while finetuning."""
    cross_stitch: bool = False
    """Finetune beside the network pretrained on HN-labels, which stays as it is and
    lends its features."""
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
    """Instead of the preset's; of CIFAR-100 too."""
    finetune_steps: int | None = None
    """Instead of the preset's."""
    batch_size: int | None = None
    """Samples of one step, of all processes together, instead of the preset's."""
    accumulate: int = 1
    """Compute each step in this many parts, which take less memory."""
    learning_rate: float | None = None
    """Instead of the preset's."""
    schedule: Literal["cosine", "poly"] = "cosine"
    """How the learning rate falls after its warm-up."""
    warm_up: float = 0.1
    """Share of the steps in which the learning rate rises."""
    ema: float = 0.0
    """Evaluate and keep a moving average of the weights with this decay, such as 0.999;
    0: the weights themselves."""
    patience: int = 0
    """End a stage after this many validations without a better one; 0: never."""
    class_weights: Literal["none", "median-frequency"] = "none"
    """median-frequency: rare semantic classes count more."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """auto: whichever is measured to be faster on this machine. To compare runs, name
    one."""
    devices: int = 1
    """Processes on this machine, one a GPU if there are any. Under torchrun or SLURM
    these decide."""
    nodes: int = 1
    """Machines, each with as many processes."""
    workers: int | None = None
    """Threads that prepare samples; by default one less than there are cores."""
    keep: Literal["auto", "yes", "no"] = "auto"
    """Whether resized and labelled frames are kept in the user's cache folder; auto: if
    they are small. Otherwise each is made anew whenever it is drawn."""
    bins: HNBins = HNBins()  # noqa: RUF009 - frozen
    """How height and angle are cut into HN classes."""
