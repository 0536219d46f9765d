"""Encoders that learnt from images normalised in another way than ours."""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from training.evaluation import RGB_MEAN, RGB_STD
from training.models.features import SIZE
from training.models.network import Network


@torch.no_grad()
def take_up_colors(
    network: Network, mean: Sequence[float], std: Sequence[float]
) -> bool:
    """Have an encoder for images normalised by `mean` and `std` see ours; if it can.

    The first convolution takes up the scale, and its bias or the batch norm after it
    the offset: exact but for the image's border, where the padding has another colour.
    """
    if (tuple(mean), tuple(std)) == (RGB_MEAN, RGB_STD):
        return True
    name, conv = _first_convolution(network)
    if conv is None:
        return False
    ours, theirs = torch.tensor((RGB_MEAN, RGB_STD)), torch.tensor((mean, std))
    scale, offset = ours[1] / theirs[1], (ours[0] - theirs[0]) / theirs[1]
    moved = (conv.weight * offset[:, None, None]).sum(dim=(1, 2, 3))
    conv.weight.mul_(scale[:, None, None])
    if conv.bias is not None:
        conv.bias.add_(moved)
        return True
    norm = _norm_after(network, name, conv.out_channels)
    if norm is None:
        return False
    assert norm.running_mean is not None
    norm.running_mean.sub_(moved)
    return True


def _first_convolution(network: Network) -> tuple[str, nn.Conv2d | None]:
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d) and module.in_channels == 3:
            # Where the weights are standardised, scaling them would be undone.
            return name, None if "Std" in type(module).__name__ else module
    return "", None


def _norm_after(
    network: Network, conv: str, num_channels: int
) -> nn.BatchNorm2d | None:
    """The batch norm that undoes a shift of the convolution's channels, tried out.

    There is none where a shortcut passes it by, as in ResNet-v2 18 and 34.
    """
    trial = copy.deepcopy(network).eval()
    norms: list[str] = []
    for name, module in trial.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_hook(lambda *_, name=name: norms.append(name))
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(1, 3, SIZE, SIZE, generator=generator)
    expected = trial.encode(image)
    norm: Any = trial.get_submodule(norms[0]) if norms else None
    if norm is None or norm.num_features != num_channels:
        return None
    shift = torch.linspace(0.5, 2, num_channels)

    def shifted(module: nn.Module, inputs: object, features: Tensor) -> Tensor:
        return features + shift[:, None, None]

    trial.get_submodule(conv).register_forward_hook(shifted)
    norm.running_mean.add_(shift)
    difference = (trial.encode(image) - expected).abs().max()
    is_undone = difference <= 1e-3 * expected.abs().max()
    found: Any = network.get_submodule(norms[0])
    return found if is_undone else None
