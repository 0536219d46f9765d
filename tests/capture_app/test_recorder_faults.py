"""Recordings that something happens to: kills, a disk that stalls, or is full."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from killed_takes import is_lost
from lopsided import assert_same_but_for_jpeg, lopsided_frame
from mounted import frozen, mounted_ext4, mounted_tmpfs
from nobody import as_nobody, open_folder

from capture_app.engine import recorder
from capture_app.engine.recorder import Recorder, RecordingPlan, RecordingSummary
from capture_app.sensors.pace import Pace
from core.errors import RecordingError
from core.frame import Intrinsics, RgbdFrame
from core.recording import Recording

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

NUM_KILLS = 50


def record(path: Path, min_free_bytes: int = 0) -> Recorder:
    """A running recorder."""
    plan = RecordingPlan(path, min_free_bytes=min_free_bytes)
    return Recorder(plan, "", 30.0, lambda _: None)


@pytest.fixture(scope="module")
def killed() -> Iterator[list[Path]]:
    """Takes whose process was killed, at fifty moments of their first 1.2 s."""
    # In memory where that is possible: a busy disk may stall for a second by itself.
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    script = Path(__file__).with_name("killed_takes.py")
    root = script.parents[2]
    places = os.pathsep.join(map(str, (root, root / "tests" / "core")))
    subprocess.run(
        [sys.executable, script, folder, "5", str(NUM_KILLS)],
        check=True,
        env={**os.environ, "PYTHONPATH": places},
    )
    yield [folder / str(index) for index in range(NUM_KILLS)]
    shutil.rmtree(folder)


def must_be_there(take: Path) -> int:
    """Frames that were offered a second before the kill, or that the recorder had
    said are written."""
    *lines, last = take.with_suffix(".diary").read_text().splitlines()
    killed_s, num_frames = float(last), 0
    for line in lines:
        time_s, num_offered, num_written = map(float, line.split())
        is_old = time_s < killed_s - 1.0
        num_frames = int(max(num_frames, num_written, num_offered if is_old else 0))
    return num_frames


def test_a_kill_at_any_moment_costs_no_frame_that_was_written(
    killed: list[Path],
) -> None:
    num_opened = 0
    for take in killed:
        try:
            recording = Recording(take)
        except RecordingError as error:
            assert must_be_there(take) == 0, error
            continue
        num_opened += 1
        assert recording.is_cut_off
        assert len(recording) >= must_be_there(take)
        numbers = (number for number in range(10**6) if not is_lost(number))
        for frame, number in zip(recording, numbers, strict=False):
            assert_same_but_for_jpeg(frame, lopsided_frame(number))
    assert num_opened > NUM_KILLS / 2


def test_after_a_kill_the_numbers_still_tell_what_the_camera_lost(
    killed: list[Path],
) -> None:
    num_lost = 0
    for take in killed:
        try:
            recording = Recording(take)
        except RecordingError:
            continue
        numbers = [frame.number for frame in recording]
        missing = set(range(numbers[0], numbers[-1])) - set(numbers)
        first = lopsided_frame(0).number
        assert missing == {n for n in missing if is_lost(n - first)}
        assert set(recording.scene.dropped) <= missing | {numbers[-1] + 1}
        num_lost += len(missing)
    assert num_lost > NUM_KILLS


def noisy_frames(width: int, height: int, count: int) -> list[RgbdFrame]:
    """Frames of noise, which no compression makes small, every thirtieth of a second
    another."""
    camera = Intrinsics(width, height, 0.9 * width, 0.91 * width, 311.5, 244.25)
    random = np.random.default_rng(7)
    shape = (height, width)
    kinds = [
        RgbdFrame.aligned(
            random.integers(0, 256, (*shape, 3), np.uint8),
            random.integers(0, 6000, shape, np.uint16),
            camera,
            0.001,
        )
        for _ in range(4)
    ]
    return [
        replace(kinds[n % 4], number=n, timestamp_ns=n * 33_333_333)
        for n in range(count)
    ]


def assert_holds(path: Path, frames: list[RgbdFrame]) -> None:
    """These frames, in this order, and not one more."""
    recording = Recording(path)
    assert len(recording) == len(frames)
    for frame, expected in zip(recording, frames, strict=True):
        assert (frame.number, frame.timestamp_ns) == (
            expected.number,
            expected.timestamp_ns,
        )
        np.testing.assert_array_equal(frame.depth, expected.depth)


@pytest.mark.slow
def test_a_disk_that_stands_still_for_two_seconds_costs_no_frame(
    tmp_path: Path,
) -> None:
    frames = noisy_frames(640, 480, 80)
    with mounted_ext4(tmp_path / "disk", 128 * 2**20) as disk:
        take = record(disk / "kitchen")
        pace = Pace()
        waiting, latencies_s = [], []

        def offer(some: list[RgbdFrame]) -> None:
            for frame in some:
                pace.wait(1 / 30)
                start = time.monotonic()
                take.offer(frame)
                latencies_s.append(time.monotonic() - start)
                waiting.append(take.summary().queued_bytes)

        offer(frames[:10])
        with frozen(disk, 2.0):
            offer(frames[10:])
        summary = take.stop()
        assert_holds(disk / "kitchen", frames)
    assert summary.error is None and summary.num_dropped == 0
    # Two seconds are sixty frames, of five bytes a pixel.
    assert 40 * 5 * 640 * 480 < max(waiting) < 80 * 5 * 640 * 480
    assert max(latencies_s) < 0.5


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MB."""
    with mounted_tmpfs(tmp_path / "disk", 6_000_000) as disk:
        yield disk


def filled(
    disk: Path, frames: list[RgbdFrame], min_free_bytes: int
) -> RecordingSummary:
    """The summary of a recording of all the frames that did not end early."""
    take = record(disk / "kitchen", min_free_bytes)
    for frame in frames:
        take.offer(frame)
        deadline = time.monotonic() + 5.0
        while take.summary().queued_bytes and time.monotonic() < deadline:
            time.sleep(0.0005)
    return take.stop()


def test_at_the_floor_a_take_ends_with_every_frame_it_has_taken(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "LOOK_PERIOD_S", 0.0)
    frames = noisy_frames(160, 120, 120)
    summary = filled(small_disk, frames, 2_000_000)
    place = os.statvfs(small_disk)
    # A frame that begins above the floor may end below it, and the index follows.
    assert 1_800_000 < place.f_bavail * place.f_frsize < 2_000_000
    assert summary.error is not None
    assert f"ended after {summary.num_frames} frames" in summary.error
    assert "left and a recording leaves 2 MB free; make room" in summary.error
    assert 30 < summary.num_frames < 110 and summary.num_dropped == 0
    assert_holds(small_disk / "kitchen", frames[: summary.num_frames])
    with pytest.raises(RecordingError, match="nothing can be recorded into"):
        record(small_disk / "next", 2_000_000)
    assert not (small_disk / "next").exists()


def test_a_disk_that_is_full_in_the_middle_of_a_frame_closes_the_take_whole(
    small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    frames = noisy_frames(160, 120, 150)
    summary = filled(small_disk, frames, min_free_bytes=0)
    assert summary.error is not None and "\n" not in summary.error
    assert f"ended after {summary.num_frames} frames" in summary.error
    assert os.strerror(28) in summary.error  # ENOSPC
    assert summary.error.count(str(small_disk)) == 1
    assert recorder.logger.name not in {record.name for record in caplog.records}
    assert summary.num_dropped == 1
    assert 60 < summary.num_frames < 150
    assert_holds(small_disk / "kitchen", frames[: summary.num_frames])
    assert not Recording(small_disk / "kitchen").is_cut_off


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with open_folder() as folder, as_nobody():
        for path in (
            folder / "kitchen",
            folder / "closed" / "kitchen",
            folder / "closed" / "a" / "kitchen",
            Path("/proc/kitchen"),
            tmp_path / "file",
            tmp_path / "file" / "kitchen",
        ):
            with pytest.raises(RecordingError) as caught:
                record(path)
            assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert (tmp_path / "file").read_text() == "x"
