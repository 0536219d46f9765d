"""How long a recording could be, before there is one."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted import wait_until

from capture_app.engine import disk_space
from capture_app.engine.disk_space import DiskWatch, expected_rate


class Clock:
    def __init__(self) -> None:
        self.now_s = 500.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(clock: Clock, no_thread_is_left: None) -> Iterator[DiskWatch]:
    watch = DiskWatch(2 * 10**9, clock)
    yield watch
    watch.close()
    watch.close()


def test_the_time_follows_from_the_room_and_the_rate(
    watch: DiskWatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_space, "free_bytes", lambda path: 11 * 10**9)
    wait_until(lambda: watch.look(tmp_path, 5e6) is not None)
    space = watch.look(tmp_path, 5e6)
    assert space is not None
    assert space.free_bytes == 11 * 10**9
    assert space.seconds_left == pytest.approx(9e9 / 5e6)  # 2 GB are left alone


def test_it_asks_every_other_second_and_nobody_waits_for_the_answer(
    watch: DiskWatch, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    may_answer = threading.Event()

    def slow(path: Path) -> int:
        asked.append(path)
        may_answer.wait(5.0)
        return 10**10

    monkeypatch.setattr(disk_space, "free_bytes", slow)
    assert watch.look(Path("first"), 1e6) is None
    wait_until(lambda: asked)
    for _ in range(15):
        assert watch.look(Path("first"), 1e6) is None
        clock.now_s += 0.1
    assert watch._worker.inbox.take() is None  # nothing else is asked
    may_answer.set()
    wait_until(lambda: watch.look(Path("first"), 1e6) is not None)
    assert asked == [Path("first")]
    clock.now_s += 1.0
    watch.look(Path("second"), 1e6)
    wait_until(lambda: asked[-1] == Path("second"))
    watch.close()
    assert asked == [Path("first"), Path("second")]


def test_a_disk_that_is_gone_has_no_answer(
    watch: DiskWatch, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_until(lambda: watch.look(tmp_path, 1e6) is not None)

    def fail(path: Path) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(disk_space, "free_bytes", fail)
    clock.now_s += 2.0
    wait_until(lambda: watch.look(tmp_path, 1e6) is None)
    assert watch.problems.take() == []


def test_any_other_fault_is_said(
    watch: DiskWatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> int:
        raise ValueError("embedded null byte")

    monkeypatch.setattr(disk_space, "free_bytes", fail)
    assert watch.look(tmp_path, 1e6) is None
    wait_until(lambda: not watch._worker._thread.is_alive())
    (problem,) = watch.problems.take()
    assert "disk watch thread stopped (ValueError: embedded null" in problem.message


def test_larger_frames_take_more() -> None:
    assert expected_rate(30.0, 640, 480) == 30 * 290 * 1024
    assert expected_rate(15.0, 1280, 720) == 15 * 290 * 1024 * 3
