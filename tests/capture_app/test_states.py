"""Every step of the state tables, allowed and forbidden."""

from itertools import product

import pytest

from capture_app.engine.states import (
    RECORDER_TRANSITIONS,
    SOURCE_TRANSITIONS,
    RecorderState,
    SourceState,
    StateMachine,
)

S = SourceState
SOURCE_STEPS = {
    (S.IDLE, S.OPENING),
    (S.OPENING, S.STREAMING),
    (S.OPENING, S.FAILED),
    (S.STREAMING, S.ENDED),
    (S.STREAMING, S.FAILED),
    (S.STREAMING, S.RECONNECTING),
    (S.RECONNECTING, S.STREAMING),
    (S.RECONNECTING, S.FAILED),
    (S.FAILED, S.OPENING),
    (S.ENDED, S.OPENING),
    *((state, S.CLOSED) for state in S if state is not S.CLOSED),
}
R = RecorderState
RECORDER_STEPS = {
    (R.OFF, R.RECORDING),
    (R.RECORDING, R.FINALISING),
    (R.FINALISING, R.OFF),
}


@pytest.mark.parametrize(("start", "target"), list(product(SourceState, repeat=2)))
def test_a_source_takes_the_steps_of_its_table_only(
    start: SourceState, target: SourceState
) -> None:
    check(StateMachine(start, SOURCE_TRANSITIONS), target, SOURCE_STEPS)


@pytest.mark.parametrize(("start", "target"), list(product(RecorderState, repeat=2)))
def test_a_recorder_takes_the_steps_of_its_table_only(
    start: RecorderState, target: RecorderState
) -> None:
    check(StateMachine(start, RECORDER_TRANSITIONS), target, RECORDER_STEPS)


def check(machine: StateMachine, target: object, steps: set[tuple]) -> None:
    start = machine.state
    if (start, target) in steps:
        machine.move(target)
        assert machine.state is target
    else:
        assert not machine.move_if_allowed(target)
        with pytest.raises(ValueError, match="cannot become"):
            machine.move(target)
        assert machine.state is start
