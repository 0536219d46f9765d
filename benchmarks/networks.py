"""What networks cost: their size, their arithmetic and their time on this machine.

    python benchmarks/networks.py segnet-tiny unet+mobilenet_v2

Without names: the paper's two networks, two small ones and three of
segmentation-models-pytorch. The last line is the library's own DeepLabV3 on ResNet-50,
beside which the paper's is to be read.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import segmentation_models_pytorch as smp
import torch
import tyro
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from training.models.build import build_network
from training.models.network import num_parameters

NUM_CLASSES = 40  # NYUv2's
TRAINING_BATCH = 4
REPEATS = 5
DEFAULT_NAMES = (
    "segnet-vgg16",
    "deeplabv3-resnetv2-50",
    "segnet-tiny",
    "lraspp-mobilenetv3",
    "unet+mobilenet_v2",
    "deeplabv3plus+tu-mobilenetv3_large_100",
    "segformer+mit_b0",
)
PEER = "smp.DeepLabV3 resnet50"


@dataclass(frozen=True)
class Config:
    """Print a table of networks."""

    names: tyro.conf.Positional[tuple[str, ...]] = DEFAULT_NAMES
    """As for hn-train."""
    height: int = 240
    """Of the images."""
    width: int = 320
    """Of the images."""


def main() -> None:
    config = tyro.cli(Config)
    torch.set_num_threads(1)
    size = (config.height, config.width)
    print(f"{size[0]} x {size[1]}, one thread, medians of {REPEATS}")
    print(f"{'':40}{'M param.':>9}{'GMAC':>8}{'image ms':>10}{'step of 4 ms':>14}")
    for name in config.names:
        print_row(name, build_network(name, NUM_CLASSES, seed=0), size)
    print_row(PEER, peer(), size)


def peer() -> nn.Module:
    return smp.DeepLabV3(
        "resnet50",
        encoder_weights=None,
        encoder_output_stride=16,
        decoder_atrous_rates=(6, 12, 18),
        classes=NUM_CLASSES,
    )


def print_row(name: str, network: nn.Module, size: tuple[int, int]) -> None:
    image = torch.randn(1, 3, *size)
    network.eval()
    with torch.inference_mode():
        image_ms = milliseconds(lambda: network(image))
    print(
        f"{name:40}{num_parameters(network) / 1e6:9.2f}{giga_macs(network, image):8.2f}"
        f"{image_ms:10.0f}{milliseconds(training_step(network, size)):14.0f}",
        flush=True,
    )


def giga_macs(network: nn.Module, image: torch.Tensor) -> float:
    """Multiplications with an addition each, which torch counts as two."""
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(image)
    return counter.get_total_flops() / 2e9


def training_step(network: nn.Module, size: tuple[int, int]) -> Callable[[], None]:
    """One step of SGD on random images, as a function to be timed."""
    network.train()
    images = torch.randn(TRAINING_BATCH, 3, *size)
    target = torch.randint(NUM_CLASSES, (TRAINING_BATCH, *size))
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-4)

    def step() -> None:
        optimizer.zero_grad()
        functional.cross_entropy(network(images), target).backward()
        optimizer.step()

    return step


def milliseconds(run: Callable[[], object]) -> float:
    """The median of a few runs, after one to warm up."""
    run()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e3 * median(times)


if __name__ == "__main__":
    main()
