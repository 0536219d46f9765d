"""Three seconds between the key and the recording."""

import math
import time
from collections.abc import Callable, Mapping
from enum import Enum

from capture_app.engine.states import StateMachine

SECONDS = 3


class CountdownState(Enum):
    """What a countdown is doing."""

    OFF = "off"
    COUNTING = "counting"
    FIRED = "fired"
    CANCELLED = "cancelled"


COUNTDOWN_TRANSITIONS: Mapping[CountdownState, frozenset[CountdownState]] = {
    CountdownState.OFF: frozenset({CountdownState.COUNTING}),
    CountdownState.COUNTING: frozenset(
        {CountdownState.FIRED, CountdownState.CANCELLED}
    ),
    CountdownState.FIRED: frozenset({CountdownState.COUNTING}),
    CountdownState.CANCELLED: frozenset({CountdownState.COUNTING}),
}


class Countdown:
    """Counts down once started, and says one time that it is over."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._state = StateMachine(CountdownState.OFF, COUNTDOWN_TRANSITIONS)
        self._ends_s = 0.0

    @property
    def state(self) -> CountdownState:
        """What it is doing."""
        return self._state.state

    @property
    def seconds_left(self) -> int | None:
        """3, 2, 1 while it counts, each for a second; None otherwise."""
        if self.state is not CountdownState.COUNTING:
            return None
        left = math.ceil(self._ends_s - self._clock())
        return min(SECONDS, max(1, left))

    def start(self) -> None:
        """Count from the beginning, unless it counts already."""
        if self._state.move_if_allowed(CountdownState.COUNTING):
            self._ends_s = self._clock() + SECONDS

    def cancel(self) -> None:
        """Stop counting, if it counts."""
        self._state.move_if_allowed(CountdownState.CANCELLED)

    def is_due(self) -> bool:
        """Whether it is over now: True once for every start that is not cancelled."""
        return (
            self.state is CountdownState.COUNTING
            and self._clock() >= self._ends_s
            and self._state.move_if_allowed(CountdownState.FIRED)
        )
