"""A network on whole images: its classes, and how good they are."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.prediction import normalise
from training.memory import plain_memory_errors
from training.metrics import Scores, confusion_matrix
from training.processes import sum_over_processes

# Of ImageNet, so that networks pretrained on it fit in later.
RGB_MEAN = (0.485, 0.456, 0.406)
RGB_STD = (0.229, 0.224, 0.225)
BATCH_SIZE = 8
ADVICE = "close other programs, or use a smaller network, preset or --scales"


class Pairs(Protocol):
    """Images with their target classes, such as Samples."""

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, index: int, /) -> tuple[np.ndarray, np.ndarray]:
        """(H, W, 3) uint8 image and (H, W) uint8 target, 255 = ignore."""

    def evenly(self, limit: int | None) -> "Pairs":
        """At most `limit` of these, the same distance apart."""


def to_tensor(images: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
    """(N, H, W, 3) images in 0..255 to (N, 3, H, W) float32, normalised."""
    # The transposed view already has the memory layout that torch calls channels_last.
    tensor = torch.from_numpy(normalise(images, RGB_MEAN, RGB_STD))
    return _on_device(tensor.permute(0, 3, 1, 2), device)


def target_to_tensor(target: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
    """(N, H, W) uint8 classes to int64, as torch's losses want them."""
    return _on_device(torch.from_numpy(target), device).long()


def _on_device(tensor: Tensor, device: torch.device | str) -> Tensor:
    if torch.device(device).type == "cuda":  # the copy need not wait for the network
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def predictions(
    network: nn.Module,
    samples: Pairs,
    device: torch.device | str = "cpu",
    scales: Sequence[float] = (1.0,),
    flip: bool = False,
    share: tuple[int, int] = (0, 1),
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(rgb, target, predicted classes) of every sample, whole and unchanged.

    With several scales, or with flip, the class is that of the mean probability over
    the image in these sizes, and mirrored. `share` is (rank, processes): sample rank
    and every processes-th after it are taken. HNError if the memory does not suffice.
    """
    network.eval()
    rank, num_processes = share
    indices = range(rank, len(samples), num_processes)
    with torch.inference_mode():
        for first in range(0, len(indices), BATCH_SIZE):
            pairs = [samples[k] for k in indices[first : first + BATCH_SIZE]]
            with plain_memory_errors(f"to predict {len(pairs)} images at once", ADVICE):
                images = to_tensor(np.stack([rgb for rgb, _ in pairs]), device)
                scores = class_scores(network, images, scales, flip)
                classes = scores.argmax(dim=1).to(torch.uint8).cpu().numpy()
            for (rgb, target), predicted in zip(pairs, classes, strict=True):
                yield rgb, target, predicted


def class_scores(
    network: nn.Module,
    images: Tensor,
    scales: Sequence[float] = (1.0,),
    flip: bool = False,
) -> Tensor:
    """(N, C, H, W), the largest the class: logits, or the mean probabilities of the
    images in all scales, and mirrored with `flip`."""
    if tuple(scales) == (1.0,) and not flip:
        return network(images)
    views = [
        _probabilities(network, images, scale, is_mirrored)
        for scale in scales
        for is_mirrored in ((False, True) if flip else (False,))
    ]
    return torch.stack(views).mean(dim=0)


def _probabilities(
    network: nn.Module, images: Tensor, scale: float, is_mirrored: bool
) -> Tensor:
    """Those of the pixels of `images`, by the network that sees them scaled."""
    height, width = images.shape[-2:]
    size = (max(1, round(scale * height)), max(1, round(scale * width)))
    if is_mirrored:
        images = images.flip(-1)
    probabilities = _resize(
        network(_resize(images, size)).softmax(dim=1), (height, width)
    )
    return probabilities.flip(-1) if is_mirrored else probabilities


def _resize(images: Tensor, size: tuple[int, int]) -> Tensor:
    if images.shape[-2:] == size:
        return images
    return functional.interpolate(images, size, mode="bilinear", antialias=True)


def evaluate(
    network: nn.Module,
    samples: Pairs,
    num_classes: int,
    device: torch.device | str = "cpu",
    scales: Sequence[float] = (1.0,),
    flip: bool = False,
    share: tuple[int, int] = (0, 1),
) -> Scores:
    """The network's measures over all samples; the options are those of `predictions`.

    Every process that takes a share gets the measures of all.
    """
    confusion = np.zeros((num_classes, num_classes), np.int64)
    for _, target, predicted in predictions(
        network, samples, device, scales, flip, share
    ):
        confusion += confusion_matrix(predicted, target, num_classes)
    if share != (0, 1):
        counts = torch.from_numpy(confusion).to(device)
        confusion = sum_over_processes(counts).cpu().numpy()
    return Scores.of(confusion)
