"""What the processes of a run tell each other, and that one of them has ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar, cast

import torch
from torch import Tensor, distributed

from core.errors import HNError

LOST = ("by peer", "remote peer", "remote process", "Broken pipe", "Timed out waiting")
"""How gloo and NCCL begin to say that another process does not answer."""

PATIENCE = timedelta(days=2)
"""How long processes wait for the first one, which prepares the data alone."""

Group = distributed.ProcessGroup | None
T = TypeVar("T")


class LostProcessError(HNError):
    """Another process of the run has ended; it was the one to say why."""


@contextmanager
def plain_lost_processes() -> Iterator[None]:
    """LostProcessError in place of whatever error says that a process is gone."""
    try:
        yield
    except RuntimeError as error:
        is_lost = isinstance(error, distributed.DistNetworkError) or any(
            words in str(error) for words in LOST
        )
        if not is_lost:
            raise
        raise LostProcessError(
            "another process of this run has ended; its message is above, unless the "
            "system killed it"
        ) from error


def patient_group() -> Group:
    """All processes, to wait for each other long; None if there is but one.

    All must call this at the same time.
    """
    if not distributed.is_initialized():
        return None
    return cast(Group, distributed.new_group(timeout=PATIENCE))


def from_first(word: T, group: Group) -> T:
    """The first process's word, which can be pickled, in all of them."""
    words = [word]
    if group is not None:
        distributed.broadcast_object_list(words, src=0, group=group)
    return words[0]


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
