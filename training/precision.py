"""Which arithmetic trains faster on this machine, and how long a step takes."""

import copy
import time

import torch
from torch import nn

from training.loss import loss_sum
from training.memory import plain_memory_errors
from training.stage import Precision

WORTHWHILE = 0.85  # bfloat16 must save this much, or float32 is kept
NUM_TIMED = 3


def fastest_precision(
    network: nn.Module,
    batch_size: int,
    crop_size: tuple[int, int],
    device: torch.device | str,
    candidates: tuple[Precision, ...] = ("float32", "bfloat16"),
) -> tuple[Precision, float]:
    """The precision to train in and the seconds of one step in it, by trying.

    bfloat16 halves the time on processors that have it and doubles it on others.
    HNError if a step needs more memory than there is.
    """
    with plain_memory_errors():
        seconds = {
            each: _seconds_per_step(network, batch_size, crop_size, device, each)
            for each in candidates
        }
    if len(candidates) == 1:
        return candidates[0], seconds[candidates[0]]
    is_worthwhile = seconds["bfloat16"] < WORTHWHILE * seconds["float32"]
    precision: Precision = "bfloat16" if is_worthwhile else "float32"
    return precision, seconds[precision]


def _seconds_per_step(
    network: nn.Module,
    batch_size: int,
    crop_size: tuple[int, int],
    device: torch.device | str,
    precision: Precision,
) -> float:
    trial = copy.deepcopy(network).train()
    trial.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(trial.parameters())
    images = torch.zeros(batch_size, 3, *crop_size, device=device)
    images = images.to(memory_format=torch.channels_last)
    with torch.no_grad():
        size = trial(images).shape[-2:]  # one pixel, where it classifies images
    target = torch.zeros(batch_size, *size, dtype=torch.int64, device=device)
    times = []
    for _ in range(1 + NUM_TIMED):
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = loss_sum(trial, images, target, precision) / target.numel()
        loss.backward()
        optimizer.step()
        float(loss.detach())  # waits for a GPU
        times.append(time.perf_counter() - start)
    return min(times[1:])
