"""Three seconds before a recording begins, on a clock that the test turns."""

from collections.abc import Callable

import pytest

from capture_app.engine.countdown import (
    COUNTDOWN_TRANSITIONS,
    Countdown,
    CountdownState,
)

OFF, COUNTING = CountdownState.OFF, CountdownState.COUNTING
FIRED, CANCELLED = CountdownState.FIRED, CountdownState.CANCELLED


class Clock:
    def __init__(self) -> None:
        self.now_s = 71.25

    def __call__(self) -> float:
        return self.now_s


def in_state(state: CountdownState) -> tuple[Countdown, Clock]:
    """A countdown that has come to this state by what a user can do."""
    clock = Clock()
    countdown = Countdown(clock)
    if state is not OFF:
        countdown.start()
    if state is FIRED:
        clock.now_s += 3.0
        assert countdown.is_due()
    if state is CANCELLED:
        countdown.cancel()
    assert countdown.state is state
    return countdown, clock


def wait_and_ask(countdown: Countdown) -> None:
    countdown.is_due()


ACTIONS: dict[str, Callable[[Countdown], None]] = {
    "start": Countdown.start,
    "cancel": Countdown.cancel,
    "ask": wait_and_ask,
}
# What follows from each action, three seconds later.
EXPECTED = {
    (OFF, "start"): COUNTING,
    (OFF, "cancel"): OFF,
    (OFF, "ask"): OFF,
    (COUNTING, "start"): COUNTING,
    (COUNTING, "cancel"): CANCELLED,
    (COUNTING, "ask"): FIRED,
    (FIRED, "start"): COUNTING,
    (FIRED, "cancel"): FIRED,
    (FIRED, "ask"): FIRED,
    (CANCELLED, "start"): COUNTING,
    (CANCELLED, "cancel"): CANCELLED,
    (CANCELLED, "ask"): CANCELLED,
}


@pytest.mark.parametrize("state", CountdownState)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_in_every_state(state: CountdownState, action: str) -> None:
    countdown, clock = in_state(state)
    clock.now_s += 3.0
    ACTIONS[action](countdown)
    assert countdown.state is EXPECTED[state, action]
    moves = COUNTDOWN_TRANSITIONS[state]
    assert countdown.state is state or countdown.state in moves


def test_every_step_of_the_table_can_be_taken() -> None:
    taken = {(a, b) for (a, _), b in EXPECTED.items() if a is not b}
    table = {(a, b) for a, targets in COUNTDOWN_TRANSITIONS.items() for b in targets}
    assert taken == table


def test_it_counts_three_two_one_and_fires_once() -> None:
    countdown, clock = in_state(COUNTING)
    told = []
    for _ in range(13):
        told.append((countdown.seconds_left, countdown.is_due()))
        clock.now_s += 0.25
    assert told == [
        *[(3, False)] * 4,
        *[(2, False)] * 4,
        *[(1, False)] * 4,
        (1, True),
    ]
    assert not countdown.is_due()
    assert countdown.seconds_left is None


def test_one_that_is_cancelled_never_fires_and_begins_anew() -> None:
    countdown, clock = in_state(COUNTING)
    clock.now_s += 2.5
    assert countdown.seconds_left == 1
    countdown.cancel()
    assert countdown.seconds_left is None
    clock.now_s += 10.0
    assert not countdown.is_due()
    countdown.start()
    assert countdown.seconds_left == 3


def test_a_start_while_it_counts_changes_nothing() -> None:
    countdown, clock = in_state(COUNTING)
    clock.now_s += 2.0
    countdown.start()
    assert countdown.seconds_left == 1
