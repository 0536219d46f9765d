"""What is known of a network's features only by running it."""

import torch
from torch import Tensor

from training.models.network import AfterStage, Network, unchanged

SIZE = 64
"""Of the image it is run on: any will do, a small one is fast."""


def num_features(network: Network) -> int:
    """The number of channels that the encoder hands on."""
    return _encoded(network, unchanged).shape[1]


def stage_channels(network: Network) -> tuple[int, ...]:
    """The number of channels that each stage of the encoder hands on."""
    channels = []

    def note_channels(stage: int, features: Tensor) -> Tensor:
        channels.append(features.shape[1])
        return features

    _encoded(network, note_channels)
    return tuple(channels)


def _encoded(network: Network, after_stage: AfterStage) -> Tensor:
    """A black image's features; the statistics of batch norms stay as they are."""
    was_training = network.training
    image = torch.zeros(1, 3, SIZE, SIZE, device=next(network.parameters()).device)
    with torch.no_grad():
        features = network.eval().encode(image, after_stage)
    network.train(was_training)
    return features
