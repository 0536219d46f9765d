"""A network on whole images: its classes, and how good they are."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from core.prediction import normalise
from training.datasets.samples import Samples
from training.metrics import Scores, confusion_matrix

# Of ImageNet, so that networks pretrained on it fit in later.
RGB_MEAN = (0.485, 0.456, 0.406)
RGB_STD = (0.229, 0.224, 0.225)
BATCH_SIZE = 8


def to_tensor(images: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
    """(N, H, W, 3) images in 0..255 to (N, 3, H, W) float32, normalised."""
    # The transposed view already has the memory layout that torch calls channels_last.
    tensor = torch.from_numpy(normalise(images, RGB_MEAN, RGB_STD))
    return tensor.permute(0, 3, 1, 2).to(device)


def predictions(
    network: nn.Module, samples: Samples, device: torch.device | str = "cpu"
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(rgb, target, predicted classes) of every sample, whole and unchanged."""
    network.eval()
    with torch.inference_mode():
        for first in range(0, len(samples), BATCH_SIZE):
            indices = range(first, min(first + BATCH_SIZE, len(samples)))
            pairs = [samples[index] for index in indices]
            images = np.stack([rgb for rgb, _ in pairs])
            logits = network(to_tensor(images, device))
            classes = logits.argmax(dim=1).to(torch.uint8).cpu().numpy()
            for (rgb, target), predicted in zip(pairs, classes, strict=True):
                yield rgb, target, predicted


def evaluate(
    network: nn.Module,
    samples: Samples,
    num_classes: int,
    device: torch.device | str = "cpu",
) -> Scores:
    """The network's measures over all samples."""
    confusion = np.zeros((num_classes, num_classes), np.int64)
    for _, target, predicted in predictions(network, samples, device):
        confusion += confusion_matrix(predicted, target, num_classes)
    return Scores.of(confusion)
