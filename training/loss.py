"""The loss over the labelled pixels, of all parts of a step together."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.bins import IGNORE_LABEL
from core.errors import DatasetError
from training.datasets.depth_target import FARTHEST
from training.stage import Precision


def loss_sum(
    network: nn.Module,
    images: Tensor,
    target: Tensor,
    precision: Precision,
    class_weights: Tensor | None = None,
    regresses_depth: bool = False,
) -> Tensor:
    """Cross-entropy summed over the labelled pixels, each times its class's weight; or
    the L1 distance to the depths that the target stands for.

    `target` is (N, H, W) int64; 0 for a batch without labels.
    """
    with torch.autocast(
        images.device.type, torch.bfloat16, enabled=precision == "bfloat16"
    ):
        logits = network(images)
    if regresses_depth:
        known = target != IGNORE_LABEL
        depth = logits[:, 0].float()[known]
        return (depth - target[known] / FARTHEST).abs().sum()
    return functional.cross_entropy(
        logits.float(),
        target,
        weight=class_weights,
        ignore_index=IGNORE_LABEL,
        reduction="sum",
    )


def labelled_weight(target: np.ndarray, class_weights: np.ndarray) -> float:
    """What the loss of (N, H, W) uint8 targets is to be divided by for its mean.

    `class_weights` is (C,), ones where all classes count the same. DatasetError for a
    class that the network does not have.
    """
    counts = np.bincount(target.reshape(-1), minlength=IGNORE_LABEL + 1)
    num_classes = len(class_weights)
    unknown = np.flatnonzero(counts[num_classes:IGNORE_LABEL])
    if len(unknown):
        raise DatasetError(
            f"the labels hold class {num_classes + unknown[0]}, and there are "
            f"{num_classes} classes, 0 to {num_classes - 1}; see what the data's "
            "classes are mapped to"
        )
    return float(counts[:num_classes] @ class_weights)
