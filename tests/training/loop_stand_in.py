"""A small run of the training loop: its network, its samples, its stage."""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from training_data import NO_SAMPLES, coloured_samples

from training.augment import training_sample
from training.evaluation import Pairs
from training.feed import Draw
from training.log import MetricsLog
from training.loop import train
from training.models.network import AfterStage, Network, unchanged
from training.stage import Stage

CROP = (32, 40)
STAGE = Stage(
    name="finetune",
    network_name="small",
    class_names=("red", "green", "blue", "yellow"),
    steps=14,
    batch_size=3,
    learning_rate=5e-3,
    weight_decay=0.01,
    seed=5,
)


class SmallNetwork(Network):
    """Two stages with batch norm and dropout, at half the size, and back."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, width, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        )
        self.conv2 = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width, momentum=0.3),
            nn.ReLU(inplace=True),
            nn.Dropout2d(dropout),
        )
        self.upsample = nn.Upsample(scale_factor=2)
        self.classifier = nn.Conv2d(width, 4, 3, padding=1)

    @property
    def stages(self) -> Mapping[str, nn.Module]:
        return {"conv1": self.conv1, "conv2": self.conv2}

    def forward(self, images: Tensor, after_stage: AfterStage = unchanged) -> Tensor:
        features = images
        for number, stage in enumerate(self.stages.values()):
            features = after_stage(number, stage(features))
        return self.classifier(self.upsample(features))


def small_network(seed: int = 1, width: int = 10, dropout: float = 0.1) -> SmallNetwork:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SmallNetwork(width, dropout)


def draws(samples: Pairs, seed: int = 5) -> Draw:
    return lambda k: training_sample(samples, seed, k, CROP)  # type: ignore[arg-type]


def one_process() -> Fabric:
    fabric = Fabric(accelerator="cpu", devices=1)
    fabric.launch()
    return fabric


def run(
    folder: Path,
    on_step: Callable[[int, float], None] = lambda step, loss: None,
    validation: Pairs = NO_SAMPLES,
    stage: Stage = STAGE,
    network: SmallNetwork | None = None,
    draw: Draw | None = None,
) -> tuple[SmallNetwork, MetricsLog]:
    """Train, or continue, in a folder."""
    folder.mkdir(exist_ok=True)
    net, log = network or small_network(), MetricsLog(folder / "metrics.jsonl")
    draw = draw or draws(coloured_samples())
    train(one_process(), net, draw, validation, stage, folder, log, on_step)
    return net, log


def same_weights(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().items(), other.state_dict().items(), strict=True)
    return all(a == b and torch.equal(s, t) for (a, s), (b, t) in pairs)
