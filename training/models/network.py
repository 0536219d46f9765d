"""What training needs of a network, whichever it is."""

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from core.errors import HNError

LAST_LAYER = "classifier"
"""The attribute of every network that holds its last layer (section 3.3)."""

AfterStage = Callable[[int, Tensor], Tensor]
"""What becomes of the features that stage k of the encoder hands on, from k = 0."""


def unchanged(stage: int, features: Tensor) -> Tensor:
    """The features as they are."""
    return features


class Network(nn.Module):
    """(N, 3, H, W) normalised images to (N, num_classes, H, W) logits, any H and W.

    The attribute `classifier` is its last layer, which depends on the classes; all else
    can be handed to a network for other classes.
    """

    classifier: nn.Module
    smallest_training_batch = 1
    """Below it, batch norm has nothing to average over while training."""

    def __init__(self) -> None:
        super().__init__()
        self._frozen: tuple[str, ...] = ()

    @property
    def stages(self) -> Mapping[str, nn.Module]:
        """The encoder's stages by name, in order from the image on: "conv1", ..."""
        raise NotImplementedError

    def forward(self, images: Tensor, after_stage: AfterStage = unchanged) -> Tensor:
        """Logits; what `after_stage` makes of a stage's features is what flows on.

        Where a stage ends in a pooling, these are the pooled features.
        """
        raise NotImplementedError

    def encode(self, images: Tensor, after_stage: AfterStage = unchanged) -> Tensor:
        """Features of the encoder's last stage, (N, channels, h, w)."""
        raise NotImplementedError

    def for_export(self) -> "Network":
        """A network that computes the same logits in operations exporters know well."""
        return self

    def freeze(self, num_stages: int) -> None:
        """Fix the first stages: weights and the statistics of their batch norms.

        HNError if the encoder has fewer.
        """
        if num_stages > len(self.stages):
            raise HNError(
                f"--freeze is {num_stages} and the encoder has {len(self.stages)} "
                f"stages: {', '.join(self.stages)}; give at most that many"
            )
        self._frozen = tuple(self.stages)[:num_stages]
        for name in self._frozen:
            self.stages[name].requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> "Network":
        """As of any module, but frozen stages stay as they are in use."""
        super().train(mode)
        for name in self._frozen:
            self.stages[name].eval()
        return self


def num_parameters(network: nn.Module) -> int:
    """How many numbers training changes."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)
