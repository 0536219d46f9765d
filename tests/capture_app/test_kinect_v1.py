"""The first Kinect, through libfreenect's own stand-in."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from fakenect_folder import (
    TICKS_A_FRAME,
    Folder,
    color_image,
    needs_fakenect,
    raw_depth,
    walk,
)

from capture_app.sensors import kinect_v1, libfreenect
from capture_app.sensors.failures import SensorLostError
from capture_app.sensors.kinect_v1 import KinectV1Sensor
from capture_app.sensors.kinect_v1_process import Pairing, Sender, chosen, ticks_between
from core.errors import SensorError
from core.frame import RgbdFrame
from core.nyuv2 import RAW_COLOR_CAMERA, RAW_DEPTH_CAMERA

pytestmark = needs_fakenect


def sensor_of(folder: Folder) -> KinectV1Sensor:
    return KinectV1Sensor(environment=folder.environment())


def frames_of(sensor: KinectV1Sensor, number: int) -> list[RgbdFrame]:
    frames = [sensor.read(5.0) for _ in range(number)]
    return [frame for frame in frames if frame is not None]


def test_every_pair_of_images_is_a_frame(tmp_path: Path) -> None:
    with sensor_of(walk(tmp_path / "walk", 3)) as sensor:
        frames = frames_of(sensor, 3)
    assert [frame.number for frame in frames] == [0, 1, 2]
    for number, frame in enumerate(frames):
        np.testing.assert_array_equal(frame.rgb, color_image(number))
        # The toolbox of NYUv2: metres = 351.3 / (1092.5 - raw), 10 m at most.
        metres = 351.3 / (1092.5 - raw_depth(number).astype(float))
        metres[(metres < 0) | (metres >= 10)] = 0
        depth_m = frame.depth * frame.depth_scale
        np.testing.assert_allclose(depth_m, metres, rtol=0, atol=1.01e-4)
        assert (frame.depth > 0).any() and (frame.depth == 0).any()
    assert frames[0].color_intrinsics == RAW_COLOR_CAMERA
    assert frames[0].depth_intrinsics == RAW_DEPTH_CAMERA
    assert -0.026 < frames[0].T_color_depth[0, 3] < -0.024  # colour is on the right


def test_times_are_the_camera_s_and_run_on_when_its_clock_starts_anew(
    tmp_path: Path,
) -> None:
    first = 2**32 - TICKS_A_FRAME - 7
    with sensor_of(walk(tmp_path / "walk", 4, first)) as sensor:
        frames = frames_of(sensor, 4)
    pauses = np.diff([frame.timestamp_ns for frame in frames])
    np.testing.assert_allclose(pauses, 1e9 / 30, atol=1)
    assert frames[0].timestamp_ns == first * 1000 // 60
    assert [frame.number for frame in frames] == [0, 1, 2, 3]


def test_an_image_without_a_partner_is_left_out_and_counted(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "walk")
    for number in range(5):
        ticks = number * TICKS_A_FRAME
        if number != 2:
            folder.add_color(number, ticks - TICKS_A_FRAME // 3)
        folder.add_depth(number, ticks)
    with sensor_of(folder) as sensor:
        frames = frames_of(sensor, 4)
    assert [frame.number for frame in frames] == [0, 1, 3, 4]
    np.testing.assert_array_equal(frames[2].rgb, color_image(3))


def test_up_is_where_a_level_camera_s_accelerometer_points(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "walk")
    # Rolled a little, and looking up: the accelerometer's z, forward, has some of up.
    folder.add_acceleration(90, 780, 200)
    folder.add_depth(0, 0)
    folder.add_color(0, 0)
    with sensor_of(folder) as sensor:
        (frame,) = frames_of(sensor, 1)
    expected = np.array((-90, -780, 200)) / np.linalg.norm((90, 780, 200))
    assert frame.up_hint is not None
    np.testing.assert_allclose(frame.up_hint, expected, atol=1e-6)


def test_a_camera_that_is_gone_can_come_back(tmp_path: Path) -> None:
    sensor = sensor_of(walk(tmp_path / "walk", 1))
    for _ in range(2):
        sensor.open()
        frames_of(sensor, 1)
        with pytest.raises(SensorLostError, match="unplugged"):
            sensor.read(5.0)
    sensor.close()
    sensor.close()
    with pytest.raises(SensorError, match="closed; open it"):
        sensor.read(1.0)


def test_a_library_that_ends_the_process_costs_one_sentence(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "walk", period_s=0.2)
    folder.add_depth(0, 0)
    folder.add_color(0, 0)
    folder.add_depth(1, TICKS_A_FRAME)  # leaves time to send the frame
    folder.name_missing_file()
    with sensor_of(folder) as sensor:
        frames_of(sensor, 1)
        with pytest.raises(SensorLostError, match=r"crashed \(status 1\)"):
            sensor.read(5.0)


def test_a_library_that_aborts_costs_one_sentence(tmp_path: Path) -> None:
    with sensor_of(walk(tmp_path / "walk", 1)) as sensor:
        assert sensor._process is not None
        os.kill(sensor._process.pid, signal.SIGABRT)
        with pytest.raises(SensorLostError, match=r"crashed \(status -6\)"):
            frames_of(sensor, 2)


def test_an_interrupt_is_left_to_the_program_that_reads(tmp_path: Path) -> None:
    with sensor_of(walk(tmp_path / "walk", 40)) as sensor:
        assert sensor._process is not None
        frames_of(sensor, 1)
        os.kill(sensor._process.pid, signal.SIGINT)
        frames = frames_of(sensor, 39)
    assert [frame.number for frame in frames] == list(range(1, 40))


_ASKED_IN_A_CALLBACK = """
import ctypes, os, signal, sys
from capture_app.sensors import kinect_v1_process
def stream(serial, sender, stop):
    call = ctypes.CFUNCTYPE(None)(lambda: os.kill(os.getpid(), signal.SIGTERM))
    call()  # what is raised in it goes nowhere
    os._exit(7 if stop.is_set() else 1)
kinect_v1_process._stream = stream
sys.argv = [""]
kinect_v1_process.main()
"""


def test_a_process_that_is_asked_to_end_while_an_image_comes_does_so() -> None:
    done = subprocess.run([sys.executable, "-c", _ASKED_IN_A_CALLBACK], timeout=30)
    assert done.returncode == 7


def test_a_reader_that_is_busy_costs_the_oldest_messages_and_no_waiting() -> None:
    reading, writing = os.pipe()
    sender = Sender(writing, most_waiting=5)
    messages = [bytes([number]) * 300_000 for number in range(20)]
    start = time.monotonic()
    for message in messages:
        sender.put(message[:7], message[7:])
        time.sleep(0.005)  # the first is on its way, and fills the pipe
    assert time.monotonic() - start < 1.0

    def finish() -> None:
        sender.finish(threading.Event())
        os.close(writing)

    finishing = threading.Thread(target=finish)
    finishing.start()
    got = b""
    while rest := os.read(reading, 10**6):
        got += rest
    finishing.join()
    os.close(reading)
    assert got == b"".join([messages[0], *messages[15:]])


def test_a_reader_that_is_gone_is_noticed() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    sender = Sender(writing)
    sender.put(b"frame")
    sender.finish(threading.Event())
    assert sender.is_broken
    os.close(writing)


def test_a_frame_that_comes_late_is_whole(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "walk", period_s=0.15)
    folder.add_depth(0, 0)
    folder.add_color(0, 0)
    with sensor_of(folder) as sensor:
        start = time.monotonic()
        with pytest.raises(SensorLostError, match=r"sent no frame for 0\.03 s"):
            sensor.read(0.03)
        assert time.monotonic() - start < 0.5
        (frame,) = frames_of(sensor, 1)
    np.testing.assert_array_equal(frame.rgb, color_image(0))


def test_closing_does_not_wait_for_a_process_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinect_v1, "_CLOSING_S", 0.1)
    sensor = sensor_of(walk(tmp_path / "walk", 1))
    sensor.open()
    process = sensor._process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    start = time.monotonic()
    sensor.close()
    assert time.monotonic() - start < 1.0
    assert process.poll() == -signal.SIGKILL


def test_opening_can_be_given_up(tmp_path: Path) -> None:
    class GivenUpError(Exception):
        pass

    def give_up(done: int, total: int) -> None:
        raise GivenUpError

    sensor = sensor_of(walk(tmp_path / "walk", 1))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(GivenUpError):
        patch.setattr(kinect_v1, "_OPENING_S", 0.01)
        sensor.open(give_up)
    assert sensor._process is None


def test_without_a_camera_it_is_said_how_to_connect_one() -> None:
    with pytest.raises(SensorError, match=r"no Kinect v1 is connected; plug it in"):
        KinectV1Sensor().open()
    assert kinect_v1.probe().reason.startswith("no Kinect v1 is connected")


def test_without_the_library_it_is_said_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(libfreenect, "_NAMES", ("libfreenect.so.99",))
    status = kinect_v1.probe()
    assert not status.available
    assert "libfreenect.so.99" in status.reason
    assert "apt install libfreenect0.5" in status.reason


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (
            "Could not open camera: LIBUSB_ERROR_ACCESS",
            "may not be opened by this user",
        ),
        ("Could not claim interface: LIBUSB_ERROR_BUSY", "in use by another program"),
        (
            "Could not start",
            r"cannot be used \(Could not start\); close other programs",
        ),
    ],
)
def test_what_the_library_says_becomes_what_to_do(told: str, sentence: str) -> None:
    assert re.search(sentence, str(libfreenect.failure(OSError(told))))


def test_windows_is_told_where_it_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(SensorError, match="Windows has no package of"):
        KinectV1Sensor().open()


def test_an_image_is_in_one_frame_at_most() -> None:
    pairing = Pairing()
    pairing.on_depth(b"depth 0", 0)
    pairing.on_color(b"color 0", 900_000)
    pairing.on_depth(b"depth 1", 1_800_000)
    pairing.on_color(b"color 1", 2_700_000)
    pairing.on_color(b"color 2", 4_900_000)
    assert list(pairing.frames) == [
        (b"depth 0", b"color 0", 0),
        (b"depth 1", b"color 1", 1_800_000),
    ]


def test_of_several_cameras_the_one_asked_for_is_opened() -> None:
    assert chosen("B2", ["A1", "B2"]) == "B2"
    assert chosen(None, ["A1", "B2"]) == "A1"
    assert chosen(None, [None]) is None
    assert chosen("B2", [None]) == "B2"  # it does not tell
    with pytest.raises(SensorError, match="no Kinect v1 of serial number C3 is conn"):
        chosen("C3", ["A1", "B2"])
    with pytest.raises(SensorError, match="no Kinect v1 is connected"):
        chosen("A1", [])


@pytest.mark.parametrize(
    ("first", "second", "passed"),
    [(5, 9, 4), (9, 5, -4), (2**32 - 3, 4, 7), (4, 2**32 - 3, -7)],
)
def test_ticks_are_counted_around_the_clock(
    first: int, second: int, passed: int
) -> None:
    assert ticks_between(first, second) == passed
