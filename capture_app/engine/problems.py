"""What went wrong on any thread, kept until somebody shows it to the user."""

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Something the user has to know."""

    message: str
    """What happened, what was saved and what to do."""
    can_retry: bool = False
    """Whether starting the session again may help."""
    is_warning: bool = False
    """Whether everything goes on."""


class ProblemLog:
    """Problems in the order they came, from any thread."""

    def __init__(self) -> None:
        self._problems: deque[Problem] = deque()

    def add(
        self, message: str, can_retry: bool = False, is_warning: bool = False
    ) -> None:
        """Remember a problem."""
        self._problems.append(Problem(message, can_retry, is_warning))

    def take(self) -> list[Problem]:
        """All problems since the last call."""
        taken = []
        while self._problems:
            taken.append(self._problems.popleft())
        return taken
