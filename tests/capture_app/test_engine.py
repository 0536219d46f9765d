"""The small parts of the engine: mailbox, names, clock and numbers, disk space."""

import os
import shutil
import threading
from pathlib import Path

import pytest

from capture_app.engine.disk_space import (
    DiskSpace,
    free_bytes,
    size_in_words,
    time_in_words,
)
from capture_app.engine.elapsed import Elapsed
from capture_app.engine.mailbox import Mailbox
from capture_app.engine.naming import next_free
from capture_app.engine.stats import Gaps


def test_a_mailbox_keeps_the_newest_item() -> None:
    box: Mailbox[int] = Mailbox()
    assert box.take() is None
    box.put(1)
    box.put(2)
    assert box.take() == 2
    assert box.take() is None
    box.close()
    assert box.wait() is None


def test_a_closed_mailbox_wakes_who_waits() -> None:
    box: Mailbox[int] = Mailbox()
    waiter = threading.Thread(target=box.wait)
    waiter.start()
    box.close()
    waiter.join(2.0)
    assert not waiter.is_alive()


def test_names_count_up_to_the_first_free_one(tmp_path: Path) -> None:
    (tmp_path / "kitchen_001").mkdir()
    (tmp_path / "kitchen_002").mkdir()
    assert next_free(tmp_path, "kitchen") == tmp_path / "kitchen_003"
    assert next_free(tmp_path, "kitchen_002") == tmp_path / "kitchen_003"
    assert next_free(tmp_path, "../etc/pass wd") == tmp_path / "etc_pass_wd_001"
    assert next_free(tmp_path, " ") == tmp_path / "scene_001"


def test_a_clock_is_read_by_its_steps() -> None:
    elapsed = Elapsed(0.04)
    s = 10**9
    start = 7 * 10**18
    assert elapsed.at(start) == 0
    assert elapsed.at(start + s // 20) == pytest.approx(0.05)
    assert elapsed.at(start + 3 * s) == pytest.approx(3.0)  # a pause
    assert elapsed.at(start + 3603 * s) == pytest.approx(3.04)  # set forward
    assert elapsed.at(start + 3604 * s) == pytest.approx(4.04)
    assert elapsed.at(start - 86400 * s) == pytest.approx(4.08)  # set back
    assert elapsed.at(start - 86400 * s) == pytest.approx(4.12)  # stands still
    assert elapsed.at(start - 86390 * s) == pytest.approx(14.12)


def test_numbers_that_jump_are_not_lost_frames() -> None:
    gaps = Gaps()
    numbers = [5, 6, 9, 10**12, 10**12 + 3, 0, 2]
    missing = [list(gaps.before(number)) for number in numbers]
    assert missing == [[], [], [7, 8], [], [10**12 + 1, 10**12 + 2], [], [1]]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (59.9, "less than a minute"),
        (61, "1 min"),
        (3599, "59 min"),
        (3600, "1 h 00 min"),
        (34_859, "9 h 40 min"),
    ],
)
def test_time_is_told_in_hours_and_minutes(seconds: float, expected: str) -> None:
    assert time_in_words(seconds) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (86_400_000, "86 MB"),
        (999_999_999, "999 MB"),
        (1_000_000_000, "1.0 GB"),
        (9_999_999_999, "9.9 GB"),
        (10_000_000_000, "10 GB"),
        (412 * 10**9, "412 GB"),
    ],
)
def test_sizes_are_told_in_few_digits(size: int, expected: str) -> None:
    assert size_in_words(size) == expected


def test_how_long_a_disk_lasts_is_the_room_by_the_rate() -> None:
    # 30 MB in 3 s, 2.5 GB down to the floor.
    assert DiskSpace(3 * 10**9, 5 * 10**8, 3 * 10**7, 3.0).seconds_left == 250
    assert DiskSpace(3 * 10**9, 5 * 10**9, 3 * 10**7, 3.0).seconds_left == 0
    assert DiskSpace(3 * 10**9, 5 * 10**8, 10**6, 0.1).seconds_left is None
    assert DiskSpace(3 * 10**9, 5 * 10**8, 0, 3.0).seconds_left is None


def test_room_is_known_for_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    there = os.statvfs(tmp_path)
    expected = there.f_bavail * there.f_frsize
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "a" / "b", tmp_path / "file" / "c"):
        assert free_bytes(path) == pytest.approx(expected, rel=0.01)


def test_a_missing_drive_is_not_looked_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = iter(range(20))
    monkeypatch.setattr(os.path, "exists", lambda path: next(looks) < 0)
    assert free_bytes(Path("/recordings/kitchen")) == shutil.disk_usage("/").free
