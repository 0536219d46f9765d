"""The simulated and the replayed camera."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from scripted import make_frame

from capture_app.sensors.registry import open_sensor
from capture_app.sensors.replay import ReplaySensor
from capture_app.sensors.sensor import KnowsTruth
from capture_app.sensors.simulated import SimulatedSensor
from core.errors import HNError
from core.recording import RecordingWriter
from core.simulation import SimulatedCamera


def write_recording(path: Path, numbers: list[int], period_ns: int = 10**7) -> Path:
    with RecordingWriter(path) as writer:
        for number in numbers:
            frame = make_frame(number)
            writer.write(replace(frame, timestamp_ns=5 * 10**9 + number * period_ns))
    return path


def test_the_simulated_camera_is_steady_and_runs_on_from_lap_to_lap(
    small_camera: SimulatedCamera, loop_folder: Path
) -> None:
    camera = small_camera
    with SimulatedSensor(camera=camera, folder=loop_folder) as sensor:
        sensor.read(1.0)
        start = time.monotonic()
        frames = [sensor.read(1.0) for _ in range(10)]
        elapsed = time.monotonic() - start
        assert isinstance(sensor, KnowsTruth)
        truth = sensor.truth(9)
    assert 10 / 30 - 0.03 < elapsed < 1.0
    for number, frame in enumerate(frames, start=1):
        assert frame is not None and frame.number == number
        assert frame.timestamp_ns == number * 10**9 // 30
        expected = camera.frame(number % 4)
        np.testing.assert_array_equal(frame.depth, expected.depth)
        np.testing.assert_array_equal(frame.rgb, expected.rgb)
    np.testing.assert_array_equal(truth.semantic, camera.truth(1).semantic)


def test_a_slow_reader_of_the_simulated_camera_loses_no_frame(
    small_camera: SimulatedCamera, loop_folder: Path
) -> None:
    with SimulatedSensor(camera=small_camera, folder=loop_folder) as sensor:
        sensor.read(1.0)
        time.sleep(0.2)
        late = [sensor.read(1.0) for _ in range(3)]
    assert [frame.number for frame in late if frame is not None] == [1, 2, 3]


def test_rendering_the_loop_tells_how_far_it_is_and_can_be_given_up(
    small_camera: SimulatedCamera, tmp_path: Path
) -> None:
    steps: list[tuple[int, int]] = []

    def give_up(done: int, total: int) -> None:
        steps.append((done, total))
        raise KeyboardInterrupt

    sensor = SimulatedSensor(camera=small_camera, folder=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        sensor.open(give_up)
    assert steps and steps[0][1] == 4
    sensor.open(lambda done, total: steps.append((done, total)))
    assert steps[-1] == (4, 4)
    assert sensor.read(1.0) is not None
    sensor.close()


def test_a_replay_keeps_its_pace_its_numbers_and_its_end(tmp_path: Path) -> None:
    numbers = [3, 4, 7, 8]
    with ReplaySensor(write_recording(tmp_path / "take", numbers)) as sensor:
        assert sensor.fps == pytest.approx(100)
        start = time.monotonic()
        frames = []
        while (frame := sensor.read(1.0)) is not None:
            frames.append(frame)
        elapsed = time.monotonic() - start
        assert sensor.read(1.0) is None
    assert 0.05 - 0.01 < elapsed < 0.5
    assert [frame.number for frame in frames] == numbers
    assert [f.timestamp_ns for f in frames] == [5 * 10**9 + n * 10**7 for n in numbers]
    np.testing.assert_array_equal(frames[2].depth, make_frame(7).depth)


def test_a_replay_counts_on_where_numbers_and_times_fall(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "take", [3, 4, 9, 4, 6])
    with ReplaySensor(path) as sensor:
        frames = [sensor.read(1.0) for _ in range(5)]
    assert [f.number for f in frames if f] == [3, 4, 9, 10, 12]
    pauses = np.diff([f.timestamp_ns for f in frames if f])
    assert pauses.tolist() == [10**7, 5 * 10**7, 2 * 10**7, 2 * 10**7]
    depths = [f.depth for f in frames if f]
    np.testing.assert_array_equal(depths[3], depths[1])


def test_an_image_folder_is_counted_anew(tmp_path: Path) -> None:
    for number in (10, 20):
        frame = make_frame(number)
        cv2.imwrite(str(tmp_path / f"frame-{number:06d}.color.png"), frame.rgb)
        cv2.imwrite(str(tmp_path / f"frame-{number:06d}.depth.png"), frame.depth)
    (tmp_path / "camera-intrinsics.txt").write_text("60 0 30\n0 61 25\n0 0 1\n")
    with ReplaySensor(tmp_path) as sensor:
        frames = [sensor.read(1.0), sensor.read(1.0)]
        assert sensor.read(1.0) is None
    assert [frame.number for frame in frames if frame] == [0, 1]


@pytest.mark.parametrize("make", [lambda p: p.mkdir(), lambda p: p.write_text("x")])
def test_what_cannot_be_replayed_says_why(
    make: Callable[[Path], object], tmp_path: Path
) -> None:
    path = tmp_path / "thing"
    make(path)
    with pytest.raises(HNError, match="thing"):
        open_sensor(str(path)).open()
