"""The batches of a run, prepared on threads while the network learns.

A step's samples follow from its number alone, so batches are the same with any number
of threads, after a resume, and together the same over any number of processes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from core.parallel import num_cores, parallel_map

Draw = Callable[[int], tuple[np.ndarray, np.ndarray]]
"""Sample k of a run, for any thread: (h, w, 3) float32 image in 0..255 and (h, w) uint8
target."""
Batch = tuple[np.ndarray, np.ndarray]
"""(n, h, w, 3) float32 images in 0..255 and (n, h, w) uint8 targets."""


def default_num_workers() -> int:
    """Threads that prepare batches: one core is left to the network."""
    return max(1, num_cores() - 1)


@contextmanager
def batches(
    draw: Draw,
    batch_size: int,
    first_step: int,
    last_step: int,
    share: tuple[int, int] = (0, 1),
    num_workers: int | None = None,
) -> Iterator[Iterator[Batch]]:
    """The batches of the steps from `first_step` to before `last_step`, in order.

    Step s has the samples s * batch_size to (s + 1) * batch_size - 1. `share` is (rank,
    processes): of every batch the process gets sample rank and every processes-th after
    it. An error in `draw` comes out of the iterator at its step; leaving the block
    leaves no thread.
    """
    rank, num_processes = share
    if not 0 <= rank < num_processes <= batch_size:
        raise ValueError(
            f"expected a rank below the processes and a sample of every batch for each "
            f"of them, got rank {rank} of {num_processes} for batches of {batch_size}"
        )

    def batch(step: int) -> Batch:
        first = step * batch_size
        drawn = map(draw, range(first + rank, first + batch_size, num_processes))
        images, targets = zip(*drawn, strict=True)
        return np.stack(images), np.stack(targets)

    steps = range(first_step, last_step)
    with parallel_map(batch, steps, num_workers or default_num_workers()) as results:
        yield results
