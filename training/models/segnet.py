"""SegNet: convolutions and poolings down, the poolings' indices and convolutions up.

Badrinarayanan, Kendall and Cipolla, "SegNet: A Deep Convolutional Encoder-Decoder
Architecture for Image Segmentation". With the default widths and depths the encoder is
the 13 convolutions of VGG16.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.models.unpooling import masked_max_pool, masked_max_unpool

VGG16_WIDTHS = (64, 128, 256, 512, 512)
VGG16_DEPTHS = (2, 2, 3, 3, 3)

Pool = Callable[[Tensor], tuple[Tensor, Any]]
Unpool = Callable[[Tensor, Any, tuple[int, int]], Tensor]


class SegNet(nn.Module):
    """(N, 3, H, W) normalised images to (N, num_classes, H, W) logits, any H and W."""

    def __init__(
        self,
        num_classes: int,
        widths: Sequence[int] = VGG16_WIDTHS,
        depths: Sequence[int] = VGG16_DEPTHS,
    ) -> None:
        super().__init__()
        if len(widths) != len(depths):
            raise ValueError(
                f"one depth for every width, got widths {widths} and depths {depths}"
            )
        inputs = (3, *widths[:-1])
        self.encoder = nn.ModuleList(
            _block(before, [after] * depth)
            for before, after, depth in zip(inputs, widths, depths, strict=True)
        )
        # The decoder mirrors the encoder; its very last convolution is the classifier.
        outputs = (widths[0], *widths[:-1])
        self.decoder = nn.ModuleList(
            _block(width, [width] * (depth - 1) + [after] * (stage > 0))
            for stage, (width, after, depth) in reversed(
                list(enumerate(zip(widths, outputs, depths, strict=True)))
            )
        )
        self.classifier = nn.Conv2d(widths[0], num_classes, 3, padding=1)
        self.apply(_initialise)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of (N, 3, H, W) images."""
        return self._forward(images, _max_pool, _max_unpool)

    def forward_masked(self, images: Tensor) -> Tensor:
        """The same logits, bit for bit, without the scatter that slows exports down."""
        return self._forward(images, masked_max_pool, masked_max_unpool)

    def _forward(self, images: Tensor, pool: Pool, unpool: Unpool) -> Tensor:
        features, origins = images, []
        for block in self.encoder:
            features = block(features)
            height, width = features.shape[-2:]
            features, where = pool(features)
            origins.append((where, (height, width)))
        for block in self.decoder:
            where, size = origins.pop()
            features = block(unpool(features, where, size))
        return self.classifier(features)


def num_parameters(network: nn.Module) -> int:
    """How many numbers training changes."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def _max_pool(features: Tensor) -> tuple[Tensor, Tensor]:
    return functional.max_pool2d(features, (2, 2), return_indices=True)


def _max_unpool(features: Tensor, where: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.max_unpool2d(features, where, (2, 2), output_size=size)


def _block(before: int, afters: Sequence[int]) -> nn.Sequential:
    """Convolution, batch norm and ReLU for every width in `afters`."""
    layers: list[nn.Module] = []
    for after in afters:
        # Batch norm has a bias of its own.
        layers += [
            nn.Conv2d(before, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
        ]
        before = after
    return nn.Sequential(*layers)


def _initialise(module: nn.Module) -> None:
    """MSRA initialisation (He et al., ICCV 2015), as the paper's "from scratch"."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def masked(network: SegNet) -> nn.Module:
    """`network` with `forward_masked` as its forward; the weights are shared."""
    return _Masked(network)


class _Masked(nn.Module):
    def __init__(self, network: SegNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return self.network.forward_masked(images)


def seeded(seed: int, build: Callable[[], SegNet]) -> SegNet:
    """`build()` under a seed of its own, leaving torch's global generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()
