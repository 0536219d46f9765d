"""How much is trained, and how: a demonstration, a laptop's evening, a live view, the
paper."""

from dataclasses import dataclass
from typing import Any, Literal

PresetName = Literal["smoke", "laptop", "live", "paper"]


@dataclass(frozen=True)
class Preset:
    """A network and how long it is trained on what size of image."""

    name: PresetName
    network: str
    """As training.models.build names it."""
    image_size: tuple[int, int]
    """(height, width) of a whole frame, in evaluation and in the exported network."""
    crop_size: tuple[int, int]
    """(height, width) of the random crops that training sees."""
    batch_size: int
    pretrain_steps: int
    finetune_steps: int
    learning_rate: float
    """AdamW's largest; it warms up and then falls to zero."""
    weight_decay: float
    hn_frames: int
    """At most this many frames for pretraining, drawn evenly from every scene."""


PRESETS: dict[PresetName, Preset] = {
    # About a minute on two cores: shows that everything works, proves nothing.
    "smoke": Preset(
        name="smoke",
        network="segnet-tiny",
        image_size=(72, 96),
        crop_size=(64, 80),
        batch_size=8,
        pretrain_steps=1200,
        finetune_steps=600,
        learning_rate=2e-3,
        weight_decay=1e-2,
        hn_frames=1500,
    ),
    # One to two hours on two cores.
    "laptop": Preset(
        name="laptop",
        network="segnet-tiny",
        image_size=(144, 192),
        crop_size=(128, 160),
        batch_size=8,
        pretrain_steps=24_000,
        finetune_steps=8_000,
        learning_rate=2e-3,
        weight_decay=1e-2,
        hn_frames=6000,
    ),
    # Seven hours on two cores. The network for a live view of 424 x 560 pixels: of
    # LR-ASPP, DeepLabv3+ on the same encoder and segnet-tiny the only one that gives 30
    # images a second on one core in ONNX Runtime and in OpenVINO, and the most accurate
    # one after equal times of training.
    "live": Preset(
        name="live",
        network="lraspp-mobilenetv3",
        image_size=(424, 560),
        crop_size=(320, 416),
        batch_size=8,
        pretrain_steps=16_000,
        finetune_steps=8_000,
        learning_rate=2e-3,
        weight_decay=1e-2,
        hn_frames=6000,
    ),
    # Section 4: SegNet on VGG16, crops of 424 x 560, batches of 4, 200K steps of HN
    # pretraining on 41K frames drawn evenly from the scenes, 40K steps of finetuning.
    # The optimiser and its rates are our choice.
    "paper": Preset(
        name="paper",
        network="segnet-vgg16",
        image_size=(480, 640),
        crop_size=(424, 560),
        batch_size=4,
        pretrain_steps=200_000,
        finetune_steps=40_000,
        learning_rate=5e-4,
        weight_decay=1e-2,
        hn_frames=41_000,
    ),
}


def preset_from_json(saved: dict[str, Any]) -> Preset:
    """The preset that a run's config.json holds."""
    sizes = {name: tuple(saved[name]) for name in ("image_size", "crop_size")}
    return Preset(**{**saved, **sizes})
