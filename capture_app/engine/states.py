"""What a session can be doing, as tables: the code asks them, the tests walk them."""

import threading
from collections.abc import Mapping
from enum import Enum
from typing import Generic, TypeVar


class SourceState(Enum):
    """What the sensor is doing."""

    IDLE = "idle"
    OPENING = "opening"
    STREAMING = "streaming"
    RECONNECTING = "reconnecting"
    FAILED = "failed"
    ENDED = "ended"
    CLOSED = "closed"


class RecorderState(Enum):
    """What the recorder is doing."""

    OFF = "off"
    RECORDING = "recording"
    FINALISING = "finalising"
    WAITING = "waiting for the camera"


State = TypeVar("State", bound=Enum)

SOURCE_TRANSITIONS: Mapping[SourceState, frozenset[SourceState]] = {
    SourceState.IDLE: frozenset({SourceState.OPENING, SourceState.CLOSED}),
    SourceState.OPENING: frozenset(
        {SourceState.STREAMING, SourceState.FAILED, SourceState.CLOSED}
    ),
    SourceState.STREAMING: frozenset(
        {
            SourceState.RECONNECTING,
            SourceState.ENDED,
            SourceState.FAILED,
            SourceState.CLOSED,
        }
    ),
    SourceState.RECONNECTING: frozenset(
        {SourceState.STREAMING, SourceState.FAILED, SourceState.CLOSED}
    ),
    SourceState.FAILED: frozenset({SourceState.OPENING, SourceState.CLOSED}),
    SourceState.ENDED: frozenset({SourceState.OPENING, SourceState.CLOSED}),
    SourceState.CLOSED: frozenset(),
}

RECORDER_TRANSITIONS: Mapping[RecorderState, frozenset[RecorderState]] = {
    RecorderState.OFF: frozenset({RecorderState.RECORDING}),
    RecorderState.RECORDING: frozenset({RecorderState.FINALISING}),
    RecorderState.FINALISING: frozenset({RecorderState.OFF}),
    # Between two recorders of one take: its next one is another machine.
    RecorderState.WAITING: frozenset(),
}


class StateMachine(Generic[State]):
    """A state that moves only along its table, from any thread."""

    def __init__(
        self, start: State, transitions: Mapping[State, frozenset[State]]
    ) -> None:
        self._state = start
        self._transitions = transitions
        self._lock = threading.Lock()

    @property
    def state(self) -> State:
        """Where it is now."""
        return self._state

    def allows(self, target: State) -> bool:
        """Whether `target` can follow the present state."""
        return target in self._transitions[self._state]

    def move(self, target: State) -> None:
        """Go to `target`; ValueError when the table has no such step."""
        with self._lock:
            if not self.allows(target):
                raise ValueError(f"{self._state.name} cannot become {target.name}")
            self._state = target

    def move_if_allowed(self, target: State) -> bool:
        """Go to `target` if the table has that step; whether it did."""
        with self._lock:
            allowed = self.allows(target)
            if allowed:
                self._state = target
            return allowed
