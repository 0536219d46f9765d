"""How large each experiment is: the paper's numbers, a night on two cores, a test."""

from dataclasses import dataclass
from typing import Literal

from training.presets import PresetName
from training.stage import Precision

Role = Literal["segnet", "deeplab", "imagenet"]
"""What a network stands for in the paper's tables."""


@dataclass(frozen=True)
class NetworkRecipe:
    """A network and how long it is trained."""

    network: str
    """As training.models.build names it."""
    title: str
    """In tables."""
    pretrain_steps: int
    finetune_steps: int
    learning_rate: float
    precision: Precision
    """The same for all runs of the network, or they could not be compared."""
    has_imagenet: bool = False
    """Whether weights of its encoder, trained on ImageNet, can be had."""


@dataclass(frozen=True)
class Scale:
    """Everything about an experiment that is not the experiment itself."""

    name: PresetName
    networks: dict[Role, NetworkRecipe]
    image_size: tuple[int, int]
    """(height, width) of a whole frame."""
    crop_size: tuple[int, int]
    """(height, width) of what training sees."""
    batch_size: int
    pretrain_frames: int
    """At most so many, drawn evenly from all scenes."""
    seeds: tuple[int, int]
    """Pretrainings, and finetunings of each."""
    epochs: tuple[int, ...]
    """Of finetuning on CamVid (Table 4)."""
    fixed_layers: tuple[int, ...]
    """How many first stages of the encoder stay fixed (Table 5)."""
    labelled: tuple[int, ...]
    """How many labelled frames are finetuned on, beside all of them."""
    images: tuple[int, ...]
    """How many images are pretrained on, beside all of them (Figure 7)."""
    quarter: int = 4
    """A finetuning that is to be so many times as fast as from scratch."""


# Section 4 of the paper: crops of 424 x 560, batches of 4, 200K iterations of
# pretraining on 41K frames and 40K of finetuning; SegNet on VGG16, DeepLabv3 on a
# ResNet-v2. Table 4 has its epochs. The paper repeats nothing; optimiser, learning
# rate and the two extra axes (labelled, images) are our choice.
PAPER = Scale(
    name="paper",
    networks={
        "segnet": NetworkRecipe(
            network="segnet-vgg16",
            title="SegNet",
            pretrain_steps=200_000,
            finetune_steps=40_000,
            learning_rate=5e-4,
            precision="bfloat16",
            has_imagenet=True,
        ),
        "deeplab": NetworkRecipe(
            network="deeplabv3-resnetv2-50",
            title="DeepLabv3",
            pretrain_steps=200_000,
            finetune_steps=40_000,
            learning_rate=5e-4,
            precision="bfloat16",
            has_imagenet=True,
        ),
    },
    image_size=(480, 640),
    crop_size=(424, 560),
    batch_size=4,
    pretrain_frames=41_000,
    seeds=(1, 1),
    epochs=(5, 10, 50, 100),
    fixed_layers=(1, 2, 3, 4),
    labelled=(50, 100, 200, 400),
    images=(1_000, 5_000, 20_000),
)

# Our choice throughout: what two cores finish in a night (ten hours). The networks
# other than SegNet take five times as long a step and get fewer.
LAPTOP = Scale(
    name="laptop",
    networks={
        "segnet": NetworkRecipe(
            network="segnet-tiny",
            title="SegNet-tiny",
            pretrain_steps=6_000,
            finetune_steps=2_000,
            learning_rate=2e-3,
            precision="bfloat16",
        ),
        "deeplab": NetworkRecipe(
            network="deeplabv3-resnetv2-18",
            title="DeepLabv3, ResNet-v2-18",
            pretrain_steps=2_500,
            finetune_steps=800,
            learning_rate=1e-3,
            precision="bfloat16",
        ),
        "imagenet": NetworkRecipe(
            network="linknet+tu-tf_efficientnet_lite0",
            title="LinkNet, EfficientNet-lite0",
            pretrain_steps=2_500,
            finetune_steps=800,
            learning_rate=1e-3,
            precision="float32",
            has_imagenet=True,
        ),
    },
    image_size=(96, 128),
    crop_size=(84, 112),
    batch_size=8,
    pretrain_frames=6_000,
    seeds=(3, 3),
    epochs=(5, 10, 50, 100),
    fixed_layers=(1, 2, 3, 4),
    labelled=(50, 100, 200, 400),
    images=(100, 300),
)

# Seconds a run: shows that everything works, proves nothing.
SMOKE = Scale(
    name="smoke",
    networks={
        "segnet": NetworkRecipe(
            network="segnet-tiny",
            title="SegNet-tiny",
            pretrain_steps=4,
            finetune_steps=4,
            learning_rate=2e-3,
            precision="float32",
        ),
        "deeplab": NetworkRecipe(
            network="deeplabv3-resnetv2-18",
            title="DeepLabv3, ResNet-v2-18",
            pretrain_steps=2,
            finetune_steps=2,
            learning_rate=1e-3,
            precision="float32",
        ),
        "imagenet": NetworkRecipe(
            network="linknet+tu-tf_efficientnet_lite0",
            title="LinkNet, EfficientNet-lite0",
            pretrain_steps=2,
            finetune_steps=2,
            learning_rate=1e-3,
            precision="float32",
            has_imagenet=True,
        ),
    },
    image_size=(36, 48),
    crop_size=(32, 40),
    batch_size=2,
    pretrain_frames=40,
    seeds=(1, 1),
    epochs=(1, 2),
    fixed_layers=(1,),
    labelled=(4,),
    images=(5,),
)

SCALES: dict[PresetName, Scale] = {
    scale.name: scale for scale in (PAPER, LAPTOP, SMOKE)
}
