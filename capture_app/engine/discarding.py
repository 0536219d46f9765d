"""Several recordings at once to the trash, out of it, or off the disk."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from capture_app.engine.job import Advance
from capture_app.engine.trash import Trashed, delete_forever, discard, restore
from core.errors import HNError

Item = TypeVar("Item")
Result = TypeVar("Result")


def discard_all(paths: Sequence[Path]) -> tuple[list[Trashed], list[str]]:
    """Move recordings to the trash; those that went, and why others did not."""
    return _each(discard, paths)


def restore_all(trashed: Sequence[Trashed]) -> tuple[list[Path], list[str]]:
    """Bring recordings back; where they are, and why others are not."""
    return _each(restore, trashed)


def delete_all(trashed: Sequence[Trashed], advance: Advance) -> str:
    """Remove recordings from the disk; HNError says what could not be removed."""
    problems = []
    for done, one in enumerate(trashed):
        advance(done, len(trashed))
        problems += _each(delete_forever, [one])[1]
    if problems:
        raise HNError("; ".join(problems))
    names = ", ".join(one.name for one in trashed)
    return f"Deleted for good: {names}."


def _each(
    work: Callable[[Item], Result], items: Sequence[Item]
) -> tuple[list[Result], list[str]]:
    done, problems = [], []
    for item in items:
        try:
            done.append(work(item))
        except (HNError, OSError) as error:
            problems.append(str(error))
    return done, problems
