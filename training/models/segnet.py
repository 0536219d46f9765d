"""SegNet: convolutions and poolings down, the poolings' indices and convolutions up.

Badrinarayanan, Kendall and Cipolla, "SegNet: A Deep Convolutional Encoder-Decoder
Architecture for Image Segmentation". With the default widths and depths the encoder is
the 13 convolutions of VGG16.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from training.models.network import AfterStage, Network, unchanged
from training.models.padding import pad_to_multiple
from training.models.unpooling import masked_max_pool, masked_max_unpool

VGG16_WIDTHS = (64, 128, 256, 512, 512)
VGG16_DEPTHS = (2, 2, 3, 3, 3)

Pool = Callable[[Tensor], tuple[Tensor, Any]]
Unpool = Callable[[Tensor, Any, tuple[int, int]], Tensor]


class SegNet(Network):
    """A stage of its encoder ends in a pooling; the decoder mirrors the encoder."""

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
        # The decoder's very last convolution is the classifier.
        outputs = (widths[0], *widths[:-1])
        self.decoder = nn.ModuleList(
            _block(width, [width] * (depth - 1) + [after] * (stage > 0))
            for stage, (width, after, depth) in reversed(
                list(enumerate(zip(widths, outputs, depths, strict=True)))
            )
        )
        self.classifier = nn.Conv2d(widths[0], num_classes, 3, padding=1)
        self._pool: Pool = _max_pool
        self._unpool: Unpool = _max_unpool

    @property
    def stages(self) -> Mapping[str, nn.Module]:
        """The blocks of the encoder: "conv1", "conv2", ..."""
        return {f"conv{k}": block for k, block in enumerate(self.encoder, start=1)}

    def forward(self, images: Tensor, after_stage: AfterStage = unchanged) -> Tensor:
        """Logits of (N, 3, H, W) images."""
        features, poolings = self._encode(images, after_stage)
        for block, (where, size) in zip(self.decoder, reversed(poolings), strict=True):
            features = block(self._unpool(features, where, size))
        height, width = images.shape[-2:]
        return self.classifier(features)[..., :height, :width]

    def encode(self, images: Tensor, after_stage: AfterStage = unchanged) -> Tensor:
        """What the encoder hands on: (N, 512, H // 32, W // 32) for VGG16."""
        return self._encode(images, after_stage)[0]

    def _encode(
        self, images: Tensor, after_stage: AfterStage
    ) -> tuple[Tensor, list[tuple[Any, tuple[int, int]]]]:
        """And where each pooling found its maxima, in features of which size."""
        # Every pooling needs two pixels.
        features = pad_to_multiple(images, 1, smallest=2 ** len(self.encoder))
        poolings = []
        for k, block in enumerate(self.encoder):
            features = block(features)
            height, width = features.shape[-2:]
            pooled, where = self._pool(features)
            features = after_stage(k, pooled)
            poolings.append((where, (height, width)))
        return features, poolings

    def for_export(self) -> "SegNet":
        """The same layers and logits, bit for bit, without the scatter of unpooling."""
        masked = copy.copy(self)
        masked._pool, masked._unpool = masked_max_pool, masked_max_unpool
        return masked


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
