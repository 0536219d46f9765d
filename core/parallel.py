"""Work on all cores, its results in order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

QUEUED_PER_WORKER = 2  # enough that no worker waits while results are taken


def num_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux; a container may get fewer than exist
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def live_threads() -> int:
    """How many threads a network may use beside a live camera: two cores are left to
    the camera with its labels and to the window, and one is always taken."""
    return max(1, num_cores() - 2)


@contextmanager
def parallel_map(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    num_workers: int | None = None,
) -> Iterator[Iterator[Result]]:
    """`work(item)` of each item in order, on a thread a core, a few items ahead.

    Leaving the block drops what has not begun and waits for what has: afterwards no
    work is under way, whatever error or Ctrl-C ended it.
    """
    num_workers = num_workers or num_cores()
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(num_workers) as pool:

        def results() -> Iterator[Result]:
            for item in items:
                pending.append(pool.submit(work, item))
                if len(pending) > QUEUED_PER_WORKER * num_workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()

        try:
            yield results()
        finally:
            for future in pending:
                future.cancel()
