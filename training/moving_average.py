"""A network whose weights are the moving average of another's."""

import copy

import torch
from torch import nn


class MovingAverage:
    """The exponential moving average of a network while it trains.

    The statistics of batch norms are averaged as the weights are.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).requires_grad_(False).eval()
        self._decay = decay
        self._averages = list(self.network.state_dict().values())
        # A view of each tensor, which training changes in place.
        self._tensors = list(network.state_dict().values())

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights as they are after step `step`, from 0 on."""
        # The first steps would otherwise count for long: as TensorFlow's
        # ExponentialMovingAverage with num_updates.
        decay = min(self._decay, (1 + step) / (10 + step))
        for average, tensor in zip(self._averages, self._tensors, strict=True):
            if average.is_floating_point():
                average.lerp_(tensor, 1 - decay)
            else:  # how many batches a batch norm has seen
                average.copy_(tensor)
