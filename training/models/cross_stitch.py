"""Two networks side by side, one lending the other its features (Figure 5).

The units that join them are those of Misra, Shrivastava, Gupta and Hebert,
"Cross-stitch Networks for Multi-task Learning", CVPR 2016: after a pooling, every
channel becomes a weighted sum of both networks' channels, and the weights are learnt.
"""

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from core.errors import HNError
from training.models.features import stage_channels
from training.models.network import AfterStage, Network, unchanged
from training.transfer import check_same_encoder

NUM_UNITS = 4  # after the first four poolings, Figure 5
OWN_SHARE = 0.9
"""At first, of the semantic network in the sum; the HN network has the rest. A convex
sum keeps the features' scale (Misra et al., on the units' initialisation)."""


class CrossStitch(Network):
    """The semantic network, trained beside an HN network that stays as it is.

    Nothing flows back: the HN network sees only the image, and is fixed with the
    statistics of its batch norms. Of it only the encoder is kept.
    """

    def __init__(self, semantic: Network, hn: Network) -> None:
        """Raises HNError for networks that differ, or have less than four stages."""
        super().__init__()
        num_stages = len(semantic.stages)
        if num_stages < NUM_UNITS:
            raise HNError(
                f"cross-stitching joins networks after the first {NUM_UNITS} stages of "
                f"their encoders, and this encoder has {num_stages}; use another "
                "--network, such as segnet-vgg16"
            )
        check_same_encoder(hn, semantic)
        self.semantic = semantic
        self.hn = _encoder_alone(hn.requires_grad_(False))
        self.units = nn.ModuleList(map(Unit, stage_channels(semantic)[:NUM_UNITS]))
        self.smallest_training_batch = semantic.smallest_training_batch
        self.train(semantic.training)

    @property
    def stages(self) -> Mapping[str, nn.Module]:
        """Those of the semantic network."""
        return self.semantic.stages

    @property
    def classifier(self) -> nn.Module:  # type: ignore[override]
        """That of the semantic network."""
        return self.semantic.classifier

    def forward(self, images: Tensor, after_stage: AfterStage = unchanged) -> Tensor:
        """Logits of the semantic network."""
        return self.semantic(images, self._stitching(images, after_stage))

    def encode(self, images: Tensor, after_stage: AfterStage = unchanged) -> Tensor:
        """Features of the semantic network's last stage."""
        return self.semantic.encode(images, self._stitching(images, after_stage))

    def for_export(self) -> "CrossStitch":
        """Both networks as they are exported, joined by the same units."""
        exported = CrossStitch(self.semantic.for_export(), self.hn.for_export())
        exported.units = self.units
        return exported

    def train(self, mode: bool = True) -> "CrossStitch":
        """As of any network, but the HN network stays as it is in use."""
        super().train(mode)
        self.hn.eval()
        return self

    def _stitching(self, images: Tensor, after_stage: AfterStage) -> AfterStage:
        """What joins the features of the first stages to the HN network's."""
        lent = []

        def lend(stage: int, features: Tensor) -> Tensor:
            lent.append(features)
            return features

        self.hn.encode(images, lend)

        def stitch(stage: int, features: Tensor) -> Tensor:
            if stage < NUM_UNITS:
                features = self.units[stage](features, lent[stage])
            return after_stage(stage, features)

        return stitch


def _encoder_alone(network: Network) -> Network:
    """The network with its own encoder, and without what only its logits need."""
    encoder = {id(m) for stage in network.stages.values() for m in stage.modules()}
    alone = copy.copy(network)
    alone._modules = {
        name: module
        for name, module in network.named_children()
        if any(id(part) in encoder for part in module.modules())
    }
    return alone


class Unit(nn.Module):
    """The half of a cross-stitch unit that feeds the semantic network."""

    def __init__(self, num_channels: int) -> None:
        super().__init__()
        self.semantic = nn.Parameter(torch.full((num_channels,), OWN_SHARE))
        self.hn = nn.Parameter(torch.full((num_channels,), 1 - OWN_SHARE))

    def forward(self, semantic: Tensor, hn: Tensor) -> Tensor:
        """The weighted sum of two (N, C, H, W)."""
        return self.semantic[:, None, None] * semantic + self.hn[:, None, None] * hn
