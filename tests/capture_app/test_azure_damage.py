"""Azure Kinect recordings that were cut off, damaged, or are something else."""

import builtins
import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import cv2
import microsoft_azure as microsoft
import numpy as np
import pytest
from azure_recordings import (
    PERIOD_US,
    START_US,
    Take,
    depth_image,
    walk,
    write_by_hand,
)

from capture_app.sensors.azure_kinect_file import AzureKinectFileSensor
from capture_app.sensors.azure_kinect_mkv import AzureKinectMkv
from core.errors import SensorError
from core.frame import RgbdFrame

Write = Callable[[Path, Take], Path]

needs_microsoft = pytest.mark.skipif(
    microsoft.libraries() is None, reason=microsoft.MISSING
)


@pytest.fixture(
    params=["by hand", pytest.param("by libk4arecord", marks=needs_microsoft)]
)
def write(request: pytest.FixtureRequest) -> Write:
    """Each way to write a file in turn."""
    by_hand = request.param == "by hand"
    return write_by_hand if by_hand else microsoft.write


def play(path: Path) -> list[RgbdFrame]:
    with AzureKinectFileSensor(path, at_pace=False) as sensor:
        return list(iter(lambda: sensor.read(1.0), None))


@pytest.mark.parametrize("longer", ["colors", "depths"])
def test_a_track_that_ends_early_takes_no_memory(longer: str, tmp_path: Path) -> None:
    take = walk(num_frames=2)
    rest = [(START_US + i * PERIOD_US, bytes(50_000)) for i in range(2, 200)]
    getattr(take, longer).extend(rest)
    path = write_by_hand(tmp_path / "walk.mkv", take)
    with AzureKinectFileSensor(path, at_pace=False) as sensor:
        sensor.read(1.0)
        sensor.read(1.0)
        tracemalloc.start()
        assert sensor.read(1.0) is None
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 3_000_000  # of the 10 MB that are left over


def test_a_file_that_was_cut_gives_its_whole_frames(
    write: Write, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "walk.mkv", walk(num_frames=6))
    os.truncate(path, path.stat().st_size * 7 // 12)
    frames = play(path)
    assert [frame.number for frame in frames] == [0, 1, 2]
    np.testing.assert_array_equal(frames[2].depth, depth_image(2))
    assert "walk.mkv was cut off" in caplog.text
    assert "3 whole frames" in caplog.text


def test_a_whole_file_is_not_called_cut_off(
    write: Write, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    play(write(tmp_path / "walk.mkv", walk(num_frames=2)))
    assert caplog.text == ""


def test_a_recorder_that_was_killed_leaves_its_frames(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_by_hand(tmp_path / "walk.mkv", walk(num_frames=3), is_finished=False)
    with AzureKinectFileSensor(path, at_pace=False) as sensor:
        assert 3 <= sensor.num_frames < 6
    frames = play(path)
    assert [frame.number for frame in frames] == [0, 1, 2]
    # Nobody wrote down when the first image came.
    assert [f.timestamp_ns for f in frames] == [1_000_000, 201_000_000, 401_000_000]
    assert "cut off" in caplog.text


@needs_microsoft
def test_a_file_libk4arecord_has_not_closed_is_played(tmp_path: Path) -> None:
    path, copy = tmp_path / "walk.mkv", tmp_path / "copy.mkv"
    recorder = microsoft.Recorder(path, walk(num_frames=16))
    recorder.write()
    deadline = time.monotonic() + 5
    # It keeps the last two seconds to itself.
    while path.stat().st_size < 1_000_000 and time.monotonic() < deadline:
        time.sleep(0.01)
    copy.write_bytes(path.read_bytes())
    recorder.close()
    frames = play(copy)
    assert len(frames) >= 3
    for number, frame in enumerate(frames):
        assert frame.number == number
        assert frame.timestamp_ns == number * 200_000_000 + 1_000_000
        np.testing.assert_array_equal(frame.depth, depth_image(number))


def test_a_cut_anywhere_gives_frames_or_a_sentence(tmp_path: Path) -> None:
    whole = write_by_hand(tmp_path / "walk.mkv", walk(num_frames=1)).read_bytes()
    path = tmp_path / "cut.mkv"
    # Every part of the headers, then the images.
    for length in (*range(0, 5000, 199), *range(5000, len(whole), 60_000)):
        path.write_bytes(whole[:length])
        with pytest.raises(SensorError, match=r"cut\.mkv"):
            AzureKinectFileSensor(path).open()


def test_damage_in_the_middle_costs_the_frames_it_hits(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    take = walk(num_frames=7)
    take.colors[1] = (take.colors[1][0], b"no JPEG")
    take.depths[3] = (take.depths[3][0], depth_image(3)[:-1])
    small = cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))[1]
    take.colors[5] = (take.colors[5][0], small.tobytes())
    take.accelerations = [(START_US, b"no sample")]
    frames = play(write_by_hand(tmp_path / "walk.mkv", take))
    assert [frame.number for frame in frames] == [0, 2, 4, 6]
    assert "3 damaged frames were left out" in caplog.text


def test_images_whose_clock_stands_still_are_left_out(tmp_path: Path) -> None:
    take = walk(num_frames=4)
    for images in (take.colors, take.depths):
        images[2] = (images[1][0], images[2][1])
    frames = play(write_by_hand(tmp_path / "walk.mkv", take))
    assert [frame.number for frame in frames] == [0, 1, 3]
    np.testing.assert_array_equal(frames[1].depth, depth_image(1))


def test_rubbish_between_frames_is_skipped(tmp_path: Path) -> None:
    path = write_by_hand(tmp_path / "walk.mkv", walk(num_frames=6))
    data = bytearray(path.read_bytes())
    start = len(data) // 2
    rubbish = np.random.default_rng(4).integers(0, 255, 300_000, np.uint8)
    data[start : start + len(rubbish)] = rubbish.tobytes()
    path.write_bytes(data)
    frames = play(path)
    numbers = [frame.number for frame in frames]
    assert numbers[:3] == [0, 1, 2] and numbers[-1] == 5 and len(numbers) < 6
    np.testing.assert_array_equal(frames[-1].depth, depth_image(5))


def lacking(**changes: Any) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        take = walk(num_frames=1)
        for name, value in changes.items():
            setattr(take, name, value)
        write_by_hand(path, take)

    return write


def write_film(path: Path) -> None:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=25)
        stream.width, stream.height = 64, 48
        picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8))
        file.mux(stream.encode(picture))
        file.mux(stream.encode())


def replacing(old: bytes, new: bytes) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        data = write_by_hand(path, walk(num_frames=1)).read_bytes()
        path.write_bytes(data.replace(old, new))

    return write


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda path: None, "is no file; expected a recording"),
        (lambda path: path.mkdir(), "is no file; expected a recording"),
        (lambda path: path.touch(), "cannot be read"),
        (lambda path: path.write_bytes(bytes(range(256)) * 99), "cannot be read"),
        (write_film, "has no COLOR track; expected a recording of an Azure Kinect"),
        (lacking(color_format=None, colors=[]), "has no COLOR track"),
        (lacking(depth_mode=None, depths=[]), "has no DEPTH track"),
        (lacking(depth_mode="PASSIVE_IR", depths=[]), "passive infrared"),
        (lacking(calibration=None), r"has no calibration\.json in it"),
        (lacking(calibration=b"{"), r"calibration in .* cannot be used"),
        (lacking(colors=[(START_US, b"")]), "holds no whole frame"),
        (lacking(depths=[]), "holds no whole frame"),
        (replacing(b"MJPG", b"H264"), "has colour as h264; expected the MJPEG"),
        (replacing(b"b16g", b"YUY2"), "has depth as yuyv422; expected the gray16be"),
        (
            replacing(str(START_US * 1000).encode(), b"yesterday."),
            "K4A_START_OFFSET_NS = 'yesterday.'",
        ),
    ],
)
def test_a_file_that_cannot_be_played_says_why(
    make: Callable[[Path], object], problem: str, tmp_path: Path
) -> None:
    path = tmp_path / "walk.mkv"
    make(path)
    sensor = AzureKinectFileSensor(path)
    with pytest.raises(SensorError, match=rf"walk\.mkv.*{problem}|{problem}"):
        sensor.open()
    with pytest.raises(SensorError, match="closed"):
        sensor.read(1.0)


@needs_microsoft
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"color_format": None, "colors": []}, "has no COLOR track"),
        ({"depth_mode": None, "depths": []}, "has no DEPTH track"),
        ({"depth_mode": "PASSIVE_IR", "depths": []}, "passive infrared"),
        ({"calibration": None}, r"has no calibration\.json"),
    ],
)
def test_a_recording_without_something_says_what(
    changes: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    take = walk(num_frames=1)
    for name, value in changes.items():
        setattr(take, name, value)
    path = microsoft.write(tmp_path / "walk.mkv", take)
    with pytest.raises(SensorError, match=problem):
        AzureKinectFileSensor(path).open()


def test_without_pyav_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write_by_hand(tmp_path / "walk.mkv", walk(num_frames=1))
    real_import = builtins.__import__

    def import_without_av(name: str, *args: Any) -> Any:
        if name == "av":
            raise ModuleNotFoundError("No module named 'av'")
        return real_import(name, *args)

    monkeypatch.delitem(sys.modules, "av")
    monkeypatch.setattr(builtins, "__import__", import_without_av)
    with pytest.raises(SensorError, match=r"PyAV, .*\(No module.*pip install av"):
        AzureKinectFileSensor(path).open()


def test_a_disk_that_goes_away_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write_by_hand(tmp_path / "walk.mkv", walk(num_frames=1))
    file = AzureKinectMkv(path)

    class Gone:
        def demux(self, *streams: Any) -> Any:
            raise av.error.OSError(5, "Input/output error")

    monkeypatch.setattr(file, "_container", Gone())
    with pytest.raises(SensorError, match=r"any further \(Input/output error\)"):
        next(file.captures())
