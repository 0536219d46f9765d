"""Batch norm over the samples of all processes, on the CPU too.

torch's SyncBatchNorm refuses the CPU, and its conversion drops the activations that
timm's batch norms contain. (Ioffe and Szegedy, "Batch Normalization", section 3.)
"""

from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm

from core.errors import HNError
from training.processes import sum_over_processes


def share_batch_norms(network: nn.Module) -> None:
    """Have every batch norm of the network average over all processes in training."""
    for module in network.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SharedBatchNorm2d
        elif type(module).__name__ == "BatchNormAct2d":  # timm, which is slow to import
            module.__class__ = SharedBatchNormAct2d
        elif isinstance(module, _BatchNorm) and not isinstance(
            module, SharedBatchNorm2d
        ):
            raise HNError(
                f"the network has a {type(module).__name__}, which cannot work over "
                "several processes; train it with --devices 1 --nodes 1"
            )


class SharedBatchNorm2d(nn.BatchNorm2d):
    """nn.BatchNorm2d over all processes, each with as many samples of the same size."""

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) features, normalised."""
        if not self.training:
            return super().forward(features)
        return _normalise_over_processes(self, features)


class SharedBatchNormAct2d(SharedBatchNorm2d):
    """timm's BatchNormAct2d, which ends in an activation, over all processes."""

    drop: nn.Module
    act: nn.Module

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) features, normalised and activated."""
        return self.act(self.drop(super().forward(features)))


def _normalise_over_processes(module: nn.BatchNorm2d, features: Tensor) -> Tensor:
    values = features.float()
    variance, mean = torch.var_mean(values, dim=(0, 2, 3), correction=0)
    mean_of_all = _mean_over_processes(mean)
    # By the law of total variance; the mean of squares would lose digits.
    variance = _mean_over_processes(variance + (mean - mean_of_all) ** 2)
    _update_statistics(module, features, mean_of_all.detach(), variance.detach())

    scale = torch.rsqrt(variance + module.eps)
    shift = -mean_of_all * scale
    if module.affine:
        scale, shift = scale * module.weight, shift * module.weight + module.bias
    normalised = values * scale[:, None, None] + shift[:, None, None]
    return normalised.to(features.dtype)


@torch.no_grad()
def _update_statistics(
    module: nn.BatchNorm2d, features: Tensor, mean: Tensor, variance: Tensor
) -> None:
    """Move the running statistics towards these, as nn.BatchNorm2d does."""
    if not module.track_running_stats:
        return
    assert module.num_batches_tracked is not None
    assert module.running_mean is not None and module.running_var is not None
    module.num_batches_tracked.add_(1)
    momentum = module.momentum
    if momentum is None:
        momentum = 1 / float(module.num_batches_tracked)
    num = features.numel() // features.shape[1] * distributed.get_world_size()
    module.running_mean.lerp_(mean, momentum)
    module.running_var.lerp_(variance * (num / (num - 1)), momentum)


def _mean_over_processes(values: Tensor) -> Tensor:
    return _SumOverProcesses.apply(values) / distributed.get_world_size()


class _SumOverProcesses(torch.autograd.Function):
    """The sum over all processes; every process's result depends on every one's input,
    so the gradients are summed over the processes as well."""

    @staticmethod
    def forward(context: Any, values: Tensor) -> Tensor:
        return sum_over_processes(values)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return sum_over_processes(gradient)
