"""Running out of memory, said plainly."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from core.errors import HNError


@contextmanager
def plain_memory_errors(
    work: str = "for a training step",
    advice: str = "use a smaller --batch-size, a larger --accumulate, or --precision "
    "bfloat16",
) -> Iterator[None]:
    """HNError in place of whatever error says that memory is used up by `work`."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not _is_of_memory(error):
            raise
        raise HNError(f"the memory does not suffice {work}; {advice}") from error


def _is_of_memory(error: BaseException) -> bool:
    # On the CPU torch raises a plain RuntimeError.
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        "you tried to allocate" in str(error)
    )
