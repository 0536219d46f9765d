"""The list of sensors is asked for on a thread, which nobody has to wait for."""

import logging
import threading
import time
from collections.abc import Sequence

import pytest
from scripted import wait_until

from capture_app.engine import sensor_list
from capture_app.engine.sensor_list import SensorList
from capture_app.sensors.sensor import SensorStatus

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

ROOM = SensorStatus("simulated", True, "a room")
KINECT = SensorStatus("kinect1", False, "no Kinect v1 is connected; plug it in")


class Asked:
    """Answers when it may."""

    def __init__(self, *answers: Sequence[SensorStatus] | Exception) -> None:
        self.may_answer = threading.Event()
        self.num_asked = 0
        self.threads: set[threading.Thread] = set()
        self._answers = list(answers)

    def __call__(self) -> Sequence[SensorStatus]:
        self.num_asked += 1
        self.threads.add(threading.current_thread())
        answer = self._answers.pop(0)
        assert self.may_answer.wait(10.0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_nobody_waits_for_the_answer_and_it_is_kept() -> None:
    ask = Asked([KINECT, ROOM])
    sensors = SensorList(ask)
    assert sensors.statuses == () and not sensors.is_looking
    sensors.refresh()
    assert sensors.is_looking and sensors.newest.take() is None
    sensors.refresh()  # one look at a time
    ask.may_answer.set()
    wait_until(lambda: not sensors.is_looking)
    assert ask.num_asked == 1
    assert threading.current_thread() not in ask.threads
    assert sensors.newest.take() == sensors.statuses == (KINECT, ROOM)
    assert sensors.newest.take() is None
    sensors.close()


def test_looking_again_takes_the_place_of_what_was_known() -> None:
    ask = Asked([ROOM], [KINECT, ROOM])
    ask.may_answer.set()
    sensors = SensorList(ask)
    for known in ((ROOM,), (KINECT, ROOM)):
        sensors.refresh()
        wait_until(lambda: not sensors.is_looking)
        assert sensors.statuses == known
    sensors.close()


def test_a_fault_is_a_problem_and_what_was_known_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ask = Asked([ROOM], OSError("no more processes"))
    ask.may_answer.set()
    sensors = SensorList(ask)
    sensors.refresh()
    wait_until(lambda: not sensors.is_looking)
    with caplog.at_level(logging.CRITICAL):
        sensors.refresh()
        wait_until(lambda: not sensors.is_looking)
    (problem,) = sensors.problems.take()
    assert "OSError: no more processes" in problem.message and problem.is_warning
    assert sensors.statuses == (ROOM,)
    sensors.close()


def test_closing_does_not_wait_for_a_library_that_hangs() -> None:
    ask = Asked([ROOM])
    sensors = SensorList(ask)
    sensors.refresh()
    wait_until(lambda: ask.num_asked)
    start = time.monotonic()
    sensors.close()
    sensors.close()
    assert time.monotonic() - start < 2.0  # of the 10 s that it hangs
    assert all(thread.daemon for thread in ask.threads)
    sensors.refresh()
    ask.may_answer.set()
    for thread in ask.threads:
        thread.join(5.0)
    assert ask.num_asked == 1
    assert sensors.statuses == () and sensors.newest.take() is None


def test_a_look_that_hangs_is_given_up_for_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask = Asked([KINECT], [ROOM])
    sensors = SensorList(ask)
    sensors.refresh()
    wait_until(lambda: ask.num_asked == 1)
    monkeypatch.setattr(sensor_list, "_GIVE_UP_S", 0.0)
    assert not sensors.is_looking
    (hanging,) = ask.threads
    sensors.refresh()
    wait_until(lambda: ask.num_asked == 2)
    ask.may_answer.set()
    hanging.join(5.0)
    wait_until(lambda: sensors.statuses)
    assert sensors.statuses == (ROOM,)  # not what came too late
    sensors.close()
