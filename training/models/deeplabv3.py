"""DeepLabv3 on a ResNet-v2, the paper's second network.

Chen, Papandreou, Schroff and Adam, "Rethinking Atrous Convolution for Semantic Image
Segmentation"; He, Zhang, Ren and Sun, "Identity Mappings in Deep Residual Networks".
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.models.network import AfterStage, Network, unchanged

RESNET_DEPTHS = (18, 34, 50, 101)
OUTPUT_STRIDE = 16  # our choice; the paper gives no value
ATROUS_RATES = (6, 12, 18)  # for output stride 16: DeepLabv3, section 3.3
ASPP_WIDTH = 256  # DeepLabv3, section 3.3


class DeepLabv3(Network):
    """Residual stages, the last of them dilated, and atrous spatial pyramid pooling.

    `backbone` has the parameters of timm's `resnetv2_{depth}` by the same names, but
    for the classifier of ImageNet, `head`.
    """

    smallest_training_batch = 2  # one image has one pooled value to average over

    def __init__(self, num_classes: int, depth: int = 50) -> None:
        super().__init__()
        self.backbone = _resnet(depth)
        self.aspp = ASPP(self.backbone.num_features)
        self.classifier = nn.Conv2d(ASPP_WIDTH, num_classes, 1)

    @property
    def stages(self) -> Mapping[str, nn.Module]:
        """ "conv1", with its pooling, and "stage1" to "stage4", with the final norm."""
        *stages, last = self.backbone.stages
        modules = [self.backbone.stem, *stages, nn.Sequential(last, self.backbone.norm)]
        names = ["conv1", *(f"stage{k}" for k in range(1, len(modules)))]
        return dict(zip(names, modules, strict=True))

    def forward(self, images: Tensor, after_stage: AfterStage = unchanged) -> Tensor:
        """Logits of (N, 3, H, W) images."""
        logits = self.classifier(self.aspp(self.encode(images, after_stage)))
        return functional.interpolate(
            logits, images.shape[-2:], mode="bilinear", align_corners=False
        )

    def encode(self, images: Tensor, after_stage: AfterStage = unchanged) -> Tensor:
        """The normalised features of the last stage."""
        features = images
        for k, stage in enumerate(self.stages.values()):
            features = after_stage(k, stage(features))
        return features


class ASPP(nn.Module):
    """(N, C, h, w) features seen at several scales and as a whole, (N, 256, h, w)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.local = nn.ModuleList(
            [_convolution(width, 1), *(_convolution(width, 3, r) for r in ATROUS_RATES)]
        )
        self.image = _convolution(width, 1)
        self.project = _convolution((len(self.local) + 1) * ASPP_WIDTH, 1)

    def forward(self, features: Tensor) -> Tensor:
        """The projected scales."""
        scales = [convolution(features) for convolution in self.local]
        image = self.image(features.mean(dim=(2, 3), keepdim=True))
        return self.project(torch.cat([*scales, image.expand_as(scales[0])], dim=1))


def _convolution(before: int, size: int, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(
            before,
            ASPP_WIDTH,
            size,
            padding=dilation * (size // 2),
            dilation=dilation,
            bias=False,
        ),
        nn.BatchNorm2d(ASPP_WIDTH),
        nn.ReLU(inplace=True),
    )


def _resnet(depth: int) -> Any:
    """timm's whole network; its `features_only` would drop the final norm."""
    import timm  # takes seconds

    return timm.create_model(
        f"resnetv2_{depth}",
        pretrained=False,
        num_classes=0,
        global_pool="",
        output_stride=OUTPUT_STRIDE,
    )
