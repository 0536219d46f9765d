"""Which frames are hard, and the recording that keeps them."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mounted import mounted_tmpfs
from scripted import hn_network, make_frame, wait_until

from capture_app.engine.collector import (
    QUEUE_LENGTH,
    Collector,
    HardFrames,
    hard_plan,
)
from capture_app.engine.problems import ProblemLog
from capture_app.engine.recorder import RecordingPlan
from core.frame import Intrinsics, RgbdFrame
from core.geometry import pixel_rays
from core.label_command import LabelConfig, label
from core.recording import Recording, RecordingWriter

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

FPS = 30


def seconds_of_hard(shares: np.ndarray) -> list[float]:
    """The times at which frames of these shares, at 30 fps, are chosen."""
    hard_frames = HardFrames()
    return [
        k / FPS for k, share in enumerate(shares) if hard_frames.is_hard(share, k / FPS)
    ]


def test_frames_are_kept_two_seconds_apart() -> None:
    times = seconds_of_hard(np.linspace(0.2, 0.9, 10 * FPS))
    assert times[0] == pytest.approx(1.0)  # after thirty frames that show what is usual
    np.testing.assert_allclose(np.diff(times), 2.0, atol=1.5 / FPS)
    assert len(times) == 5


def test_a_frame_that_is_less_than_a_tenth_wrong_is_not_hard() -> None:
    assert seconds_of_hard(np.linspace(0.0, 0.0999, 20 * FPS)) == []
    rising = np.linspace(0.0, 0.2, 20 * FPS)
    assert seconds_of_hard(rising)[0] == pytest.approx(10.0, abs=0.1)


def test_what_is_usual_in_a_place_is_not_hard() -> None:
    assert seconds_of_hard(np.full(20 * FPS, 0.5)) == []
    rng = np.random.default_rng(2)
    shares = rng.permutation(np.linspace(0.2, 0.7, 50 * FPS))
    hard = [shares[round(t * FPS)] for t in seconds_of_hard(shares)]
    assert len(hard) > 15
    # Evenly spread between 0.2 and 0.7: the last fifth begins at 0.6.
    assert min(hard[2:]) > 0.6 - 0.03
    assert np.mean(np.array(hard) > 0.6) > 0.9


def test_only_the_last_minute_counts() -> None:
    shares = np.full(80 * FPS, 0.2)
    shares[: 20 * FPS] = 0.9
    shares[65 * FPS] = shares[75 * FPS] = 0.3
    # At 65 s a quarter of the last minute was worse, at 75 s a twelfth.
    assert seconds_of_hard(shares) == [75.0]


def plan_at(path: Path, min_free_bytes: int = 0) -> RecordingPlan:
    return RecordingPlan(path, tags=("hard",), min_free_bytes=min_free_bytes)


@pytest.fixture
def problems() -> ProblemLog:
    return ProblemLog()


@pytest.fixture
def always_hard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every frame is kept, so that the tests need not wait for seconds."""
    monkeypatch.setattr(HardFrames, "is_hard", lambda self, share, at_s: True)


def offer_and_wait(collector: Collector, frame: RgbdFrame) -> None:
    before = collector.collection.num_kept
    collector.offer(frame, 0.5, 0.0)
    wait_until(lambda: collector.collection.num_kept > before or not collector.is_on)


def test_nothing_is_made_before_the_first_hard_frame(
    tmp_path: Path, problems: ProblemLog
) -> None:
    path = tmp_path / "kitchen-hard_001"
    collector = Collector(plan_at(path), "tester", problems)
    for number in range(40):
        collector.offer(make_frame(number), 0.3, number / FPS)
    assert list(tmp_path.iterdir()) == []
    collector.offer(make_frame(40), 0.8, 40 / FPS)
    wait_until(lambda: collector.collection.num_kept == 1)
    collector.close()
    collector.close()
    (frame,) = Recording(path)
    assert frame.number == 40 and not Recording(path).is_cut_off
    assert problems.take() == []
    empty = Collector(plan_at(tmp_path / "next"), "tester", problems)
    empty.close()
    assert not (tmp_path / "next").exists()


@pytest.mark.usefixtures("always_hard")
def test_a_kept_recording_says_what_it_is(tmp_path: Path, problems: ProblemLog) -> None:
    plan = hard_plan(tmp_path, "kitchen_003", hn_network()["hn"], 0)
    collector = Collector(plan, "the camera", problems)
    offer_and_wait(collector, make_frame(8))
    collector.close()
    scene = Recording(tmp_path / "kitchen-hard_001").scene
    assert (scene.name, scene.device) == ("kitchen-hard_001", "the camera")
    assert scene.tags == ("hard",) and "runs/first/model_hn.onnx" in scene.notes
    assert hard_plan(tmp_path, "kitchen", hn_network()["hn"], 0).path == (
        tmp_path / "kitchen-hard_002"
    )


@pytest.mark.usefixtures("always_hard")
def test_a_slow_disk_costs_frames_that_are_counted_and_no_time(
    tmp_path: Path, problems: ProblemLog, may_write: threading.Event
) -> None:
    collector = Collector(plan_at(tmp_path / "hard"), "", problems)
    for number in range(QUEUE_LENGTH + 3):
        collector.offer(make_frame(number), 0.5, 0.0)  # returns while the disk stands
    assert collector.collection.num_lost == 3
    may_write.set()
    collector.close()
    recording = Recording(tmp_path / "hard")
    assert [frame.number for frame in recording] == list(range(QUEUE_LENGTH))
    assert recording.scene.dropped == (4, 5, 6)


@pytest.mark.usefixtures("always_hard")
def test_what_was_asked_to_stay_free_stays_free(
    tmp_path: Path, problems: ProblemLog
) -> None:
    collector = Collector(plan_at(tmp_path / "hard", 10**17), "", problems)
    collector.offer(make_frame(0), 0.5, 0.0)
    wait_until(lambda: not collector.is_on)
    collector.close()
    assert collector.collection.num_lost == 1
    assert list(tmp_path.iterdir()) == []
    (problem,) = problems.take()
    assert "a recording leaves 100000000 GB free" in problem.message
    assert "press C to begin again" in problem.message


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    folder = tmp_path / "disk"
    with mounted_tmpfs(folder, 2_000_000):
        yield folder


@pytest.mark.usefixtures("always_hard")
def test_a_full_disk_ends_the_collection_and_what_was_kept_is_whole(
    small_disk: Path, problems: ProblemLog
) -> None:
    collector = Collector(plan_at(small_disk / "hard"), "", problems)
    rng = np.random.default_rng(0)
    for number in range(200):
        depth = rng.integers(1, 60_000, (240, 320)).astype(np.uint16)
        rgb = rng.integers(0, 255, (240, 320, 3)).astype(np.uint8)
        frame = RgbdFrame.aligned(rgb, depth, CAMERA, 0.001, number=number)
        offer_and_wait(collector, frame)
        if not collector.is_on:
            break
    collector.close()
    num_kept = collector.collection.num_kept
    recording = Recording(small_disk / "hard")
    assert 1 < num_kept < 20 and len(recording) == num_kept
    assert not recording.is_cut_off and len(list(recording)) == num_kept
    (problem,) = problems.take()
    assert os.strerror(28) in problem.message and "\n" not in problem.message
    assert f"; {num_kept} are saved in {small_disk / 'hard'}" in problem.message


@pytest.mark.usefixtures("always_hard")
def test_a_fault_ends_the_collection_with_a_word(
    tmp_path: Path,
    problems: ProblemLog,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(self: RecordingWriter, frame: RgbdFrame) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(RecordingWriter, "write", fail)
    collector = Collector(plan_at(tmp_path / "hard"), "", problems)
    collector.offer(make_frame(0), 0.5, 0.0)
    wait_until(lambda: not collector.is_on)
    collector.offer(make_frame(1), 0.5, 0.0)
    collector.close()
    (problem,) = problems.take()
    assert "oops" in problem.message and "ended early" in caplog.text
    assert list(tmp_path.iterdir()) == [] and collector.collection.num_lost == 1


CAMERA = Intrinsics(320, 240, 280.0, 282.0, 158.0, 121.0)


def floor_frame(number: int, camera_height: float) -> RgbdFrame:
    """A floor that far below a camera that looks 30 degrees down."""
    pitch = np.radians(30)
    up = np.array((0.0, -np.cos(pitch), -np.sin(pitch)))
    rays = np.concatenate((pixel_rays(CAMERA), np.ones((240, 320, 1))), axis=-1)
    depth_m = -camera_height / np.minimum(rays @ up, -1e-3)
    depth = np.where(depth_m < 8, depth_m * 1000, 0).astype(np.uint16)
    rgb = np.full((240, 320, 3), (140, 120, 100), np.uint8)
    return RgbdFrame.aligned(
        rgb,
        depth,
        CAMERA,
        0.001,
        number=number,
        timestamp_ns=number * 33_333_333,
        up_hint=up,
    )


@pytest.mark.usefixtures("always_hard")
def test_a_kept_recording_is_labelled_like_any_other(
    tmp_path: Path, problems: ProblemLog
) -> None:
    collector = Collector(plan_at(tmp_path / "kitchen-hard_001"), "", problems)
    for number, height in ((100, 1.2), (170, 1.5), (260, 1.35)):
        offer_and_wait(collector, floor_frame(number, height))
    collector.close()
    config = LabelConfig((tmp_path / "kitchen-hard_001",), tmp_path / "labels")
    assert "3 of 3 frames labelled (floor measured 3" in label(config)
    classes = tmp_path / "labels" / "kitchen-hard_001" / "classes"
    assert len(list(classes.iterdir())) == 3


@pytest.mark.usefixtures("always_hard")
def test_two_windows_that_collect_one_scene_have_a_recording_each(
    tmp_path: Path, problems: ProblemLog
) -> None:
    collectors = [
        Collector(hard_plan(tmp_path, "scene", hn_network()["hn"], 0), "", problems)
        for _ in range(2)
    ]
    for number, collector in enumerate(collectors):
        offer_and_wait(collector, make_frame(number))
        collector.close()
    assert problems.take() == []
    for number, collector in enumerate(collectors):
        (frame,) = Recording(tmp_path / f"scene-hard_00{number + 1}")
        assert frame.number == number
        assert collector.collection.where == str(
            tmp_path / f"scene-hard_00{number + 1}"
        )


def of_another_lens(number: int) -> RgbdFrame:
    frame = make_frame(number)
    lens = replace(frame.color_intrinsics, fx=71.0)
    return RgbdFrame.aligned(
        frame.rgb,
        frame.depth,
        lens,
        0.001,
        number=number,
        timestamp_ns=frame.timestamp_ns,
    )


@pytest.mark.usefixtures("always_hard")
@pytest.mark.parametrize(
    "back", [make_frame(3), of_another_lens(300)], ids=["from 0", "another lens"]
)
def test_frames_of_a_camera_that_came_back_go_to_a_recording_of_their_own(
    tmp_path: Path, problems: ProblemLog, back: RgbdFrame
) -> None:
    collector = Collector(plan_at(tmp_path / "den-hard_001"), "", problems)
    for frame in (make_frame(100), make_frame(200), back):
        offer_and_wait(collector, frame)
    collector.close()
    assert problems.take() == []
    paths = [tmp_path / f"den-hard_00{k}" for k in (1, 2)]
    assert [[f.number for f in Recording(path)] for path in paths] == [
        [100, 200],
        [back.number],
    ]
    found = collector.collection
    assert found.num_kept == 3 and found.where == f"{paths[0]}, {paths[1]}"
