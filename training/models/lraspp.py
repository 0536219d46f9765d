"""LR-ASPP on MobileNetV3, small enough for a live view on one core.

Howard et al., "Searching for MobileNetV3", section 6.4: one convolution of the last
features, weighted by the image as a whole, and finer features of an earlier stage.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from training.models.network import AfterStage, Network, unchanged

ENCODER = "mobilenetv3_large_100"
"""As timm calls it."""
OUTPUT_STRIDE = 16  # the paper's, by dilating the last blocks
FINER_STAGE = 2  # of stride 8, figure 10
HEAD_WIDTH = 128  # figure 10
# Blocks of the encoder in each stage; the first stage has the stem, too.
STAGES = ((0,), (1,), (2,), (3, 4), (5, 6))


class LRASPP(Network):
    """A mobile encoder with features of stride 8 and 16, and a head of few weights.

    `encoder` has the parameters of timm's features by the same names.
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.encoder = _mobilenet()
        width = self.encoder.feature_info.channels()
        self.local = nn.Sequential(
            nn.Conv2d(width[-1], HEAD_WIDTH, 1, bias=False),
            nn.BatchNorm2d(HEAD_WIDTH),
            nn.ReLU(inplace=True),
        )
        self.whole = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(width[-1], HEAD_WIDTH, 1, bias=False),
            nn.Sigmoid(),
        )
        self.classifier = TwoScaleClassifier(
            HEAD_WIDTH, width[FINER_STAGE], num_classes
        )

    @property
    def stages(self) -> Mapping[str, nn.Module]:
        """ "stage1" to "stage5", each but the last half the size of the one before."""
        stem = [self.encoder.conv_stem, self.encoder.bn1, self.encoder.act1]
        blocks = [[self.encoder.blocks[k] for k in numbers] for numbers in STAGES]
        blocks[0] = stem + blocks[0]
        return {f"stage{k}": nn.Sequential(*b) for k, b in enumerate(blocks, start=1)}

    def forward(self, images: Tensor, after_stage: AfterStage = unchanged) -> Tensor:
        """Logits of (N, 3, H, W) images."""
        finer, last = self._encode(images, after_stage)
        logits = self.classifier(self.local(last) * self.whole(last), finer)
        return _resize(logits, images)

    def encode(self, images: Tensor, after_stage: AfterStage = unchanged) -> Tensor:
        """The features of the last stage, (N, 960, H / 16, W / 16)."""
        return self._encode(images, after_stage)[1]

    def _encode(self, images: Tensor, after_stage: AfterStage) -> tuple[Tensor, Tensor]:
        """The features of stride 8 and the last ones."""
        features, handed_on = images, []
        for k, stage in enumerate(self.stages.values()):
            features = after_stage(k, stage(features))
            handed_on.append(features)
        return handed_on[FINER_STAGE], features


class TwoScaleClassifier(nn.Module):
    """The sum of a classifier of coarse features and one of fine features."""

    def __init__(self, coarse_width: int, fine_width: int, num_classes: int) -> None:
        super().__init__()
        self.coarse = nn.Conv2d(coarse_width, num_classes, 1)
        self.fine = nn.Conv2d(fine_width, num_classes, 1)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """Logits at the size of the fine features."""
        # The paper resizes before it convolves; the result is the same for any weights
        # that sum to 1, and this has fewer numbers to resize.
        return _resize(self.coarse(coarse), fine) + self.fine(fine)


def _resize(features: Tensor, like: Tensor) -> Tensor:
    return functional.interpolate(
        features, like.shape[-2:], mode="bilinear", align_corners=False
    )


def _mobilenet() -> Any:
    import timm  # takes seconds

    return timm.create_model(
        ENCODER, pretrained=False, features_only=True, output_stride=OUTPUT_STRIDE
    )
