"""Batch norm over the samples of all processes, on the CPU too.

torch's SyncBatchNorm refuses the CPU, and its conversion drops the activations that
timm's batch norms contain. (Ioffe and Szegedy, "Batch Normalization", section 3.)
"""

from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional
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
    # The statistics alone; no running ones are given to be updated.
    mean, variance = torch.batch_norm_update_stats(values.detach(), None, None, 0.0)
    num_processes = distributed.get_world_size()
    mean_of_all = sum_over_processes(mean) / num_processes
    # By the law of total variance; the mean of squares would lose digits.
    variance = variance + (mean - mean_of_all) ** 2
    variance = sum_over_processes(variance) / num_processes
    _update_statistics(module, features, mean_of_all, variance)

    weight = module.weight if module.affine else torch.ones_like(mean)
    bias = module.bias if module.affine else torch.zeros_like(mean)
    normalised = _Normalise.apply(
        values, weight, bias, mean_of_all, variance, module.eps
    )
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
    num = _num_values(features)
    module.running_mean.lerp_(mean, momentum)
    module.running_var.lerp_(variance * (num / (num - 1)), momentum)


class _Normalise(torch.autograd.Function):
    """Normalise by statistics that depend on the features of all processes.

    With torch's fused operations: in plain ones it takes five times as long.
    """

    @staticmethod
    def forward(context: Any, features: Tensor, *rest: Any) -> Tensor:
        weight, bias, mean, variance, context.eps = rest
        context.save_for_backward(features, weight, mean, variance)
        return functional.batch_norm(
            features, mean, variance, weight, bias, eps=context.eps
        )

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """As in the paper's section 3, with the sums over all processes."""
        features, weight, mean, variance = context.saved_tensors
        # The gradients as if mean and variance were constants.
        of_features, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            gradient,
            features,
            weight,
            mean,
            variance,
            None,
            None,
            False,
            context.eps,
            [True, True, True],
        )
        sums = sum_over_processes(torch.stack((of_weight, of_bias)))
        mean_of_weight, mean_of_bias = sums / _num_values(features)
        inverse = torch.rsqrt(variance + context.eps)
        slope = -weight * inverse**2 * mean_of_weight
        offset = -weight * inverse * mean_of_bias - slope * mean
        of_features.addcmul_(features, slope[:, None, None]).add_(offset[:, None, None])
        return of_features, of_weight, of_bias, None, None, None


def _num_values(features: Tensor) -> int:
    """How many values each channel has in all processes."""
    return features.numel() // features.shape[1] * distributed.get_world_size()
