"""What the processes of a run tell each other."""

import torch
from torch import Tensor, distributed


def sum_over_processes(tensor: Tensor) -> Tensor:
    """The elementwise sum of every process's tensor; with one process, its own."""
    if not distributed.is_initialized():
        return tensor
    total = tensor.clone()
    distributed.all_reduce(total)
    return total


def sum_of_numbers(number: float, device: torch.device) -> float:
    """The sum of every process's number."""
    if not distributed.is_initialized():
        return number
    # On the device, since those of GPUs can exchange nothing else.
    return sum_over_processes(
        torch.tensor(number, dtype=torch.float64, device=device)
    ).item()
