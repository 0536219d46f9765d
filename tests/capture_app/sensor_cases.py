"""Every sensor, ready to be opened, for the contract that all of them keep.

A new sensor is one function and one entry in CASES.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from azure_recordings import walk, write_by_hand
from built_azure import BuiltDevice, has_libk4a
from fakenect_folder import has_fakenect
from fakenect_folder import walk as fakenect_walk
from recorded_file import push_frames, record
from scripted import make_frame
from software_camera import Port, SoftwareCamera, feeding

from capture_app.sensors.azure_kinect import AzureKinectSensor
from capture_app.sensors.azure_kinect_file import AzureKinectFileSensor
from capture_app.sensors.kinect_v1 import KinectV1Sensor
from capture_app.sensors.realsense import RealSenseSensor
from capture_app.sensors.realsense_file import RealSenseFileSensor
from capture_app.sensors.replay import ReplaySensor
from capture_app.sensors.sensor import Sensor
from capture_app.sensors.simulated import SimulatedSensor
from core.recording import RecordingWriter
from core.simulation import SimulatedCamera

NUM_FRAMES = 4


@dataclass
class Case:
    """A sensor that has at least NUM_FRAMES frames, or one more after each read."""

    sensor: Sensor
    ends: bool = False
    """Whether it has NUM_FRAMES frames and no more."""
    silence: Callable[[], None] | None = None
    """Has a live camera send nothing any more."""


def simulated(folder: Path, shared: Path) -> Iterator[Case]:
    """The room that the other tests of the app render too."""
    camera = SimulatedCamera(seed=3, num_frames=4, width=96, height=72)
    yield Case(SimulatedSensor(camera=camera, folder=shared))


def recording(folder: Path, shared: Path) -> Iterator[Case]:
    """A recording of ours, 100 frames a second, a frame lost in the middle."""
    with RecordingWriter(folder / "take") as writer:
        for number in (3, 4, 6, 7):
            frame = make_frame(number)
            writer.write(replace(frame, timestamp_ns=10**9 + number * 10**7))
    yield Case(ReplaySensor(folder / "take"), ends=True)


def image_folder(folder: Path, shared: Path) -> Iterator[Case]:
    """Images in 7-Scenes' layout."""
    for number in range(NUM_FRAMES):
        frame = make_frame(number)
        cv2.imwrite(str(folder / f"frame-{number:06d}.color.png"), frame.rgb)
        cv2.imwrite(str(folder / f"frame-{number:06d}.depth.png"), frame.depth)
    (folder / "camera-intrinsics.txt").write_text("60 0 30\n0 61 25\n0 0 1\n")
    yield Case(ReplaySensor(folder), ends=True)


def nyu_raw(folder: Path, shared: Path) -> Iterator[Case]:
    """A raw scene of NYUv2, which is what libfreenect records of a Kinect v1."""
    for number in range(NUM_FRAMES):
        time = f"{1316653580 + 0.03 * number:.6f}"
        disparity = np.full((480, 640), 600 + 20 * number, "<u2")
        disparity[:, :90] = 2047
        (folder / f"d-{time}-{number}.pgm").write_bytes(
            b"P5 640 480 65535\n" + disparity.tobytes()
        )
        rgb = np.full((480, 640, 3), (200, 20 * number, 30), np.uint8)
        (folder / f"r-{time}-{number}.ppm").write_bytes(
            b"P6 640 480 255\n" + rgb.tobytes()
        )
    yield Case(ReplaySensor(folder), ends=True)


def azure_mkv(folder: Path, shared: Path) -> Iterator[Case]:
    """An Azure Kinect's recording."""
    path = write_by_hand(folder / "walk.mkv", walk(NUM_FRAMES))
    yield Case(AzureKinectFileSensor(path, at_pace=False), ends=True)


def realsense_db3(folder: Path, shared: Path) -> Iterator[Case]:
    """A RealSense's recording, written by its SDK."""
    numbers = range(1, NUM_FRAMES + 1)
    path = record(folder / "walk.db3", SoftwareCamera(), push_frames(*numbers))
    yield Case(RealSenseFileSensor(path, at_pace=False), ends=True)


def realsense(folder: Path, shared: Path) -> Iterator[Case]:
    """A RealSense, live: the SDK's software device."""
    camera = SoftwareCamera(has_imu=True)
    feed = feeding(camera)
    feed.__enter__()
    is_fed = True

    def silence() -> None:
        nonlocal is_fed
        if is_fed:
            feed.__exit__(None, None, None)
        is_fed = False

    yield Case(RealSenseSensor(devices=Port(camera)), silence=silence)
    silence()


def azure(folder: Path, shared: Path) -> Iterator[Case]:
    """An Azure Kinect, live: captures that libk4a builds."""
    if not has_libk4a():
        pytest.skip("libk4a is not here: pip install pyk4a-bundle")
    device = BuiltDevice(*range(NUM_FRAMES + 2))

    def silence() -> None:
        device.is_silent = True

    yield Case(AzureKinectSensor(device=device), silence=silence)


def kinect_v1(folder: Path, shared: Path) -> Iterator[Case]:
    """A Kinect v1, live: what libfreenect's stand-in replays."""
    if not has_fakenect():
        pytest.skip("fakenect is not here: apt install libfreenect0.5")
    replayed = fakenect_walk(folder / "fakenect", NUM_FRAMES + 2)
    sensor = KinectV1Sensor(environment=replayed.environment())

    def silence() -> None:
        assert sensor._process is not None
        os.kill(sensor._process.pid, signal.SIGSTOP)

    yield Case(sensor, silence=silence)


CASES: dict[str, Callable[[Path, Path], AbstractContextManager[Case]]] = {
    make.__name__: contextmanager(make)
    for make in (
        simulated,
        recording,
        image_folder,
        nyu_raw,
        azure_mkv,
        realsense_db3,
        realsense,
        azure,
        kinect_v1,
    )
}
"""Each is given a folder of its own, and one that all tests of the app share."""

LIVE = ("realsense", "azure", "kinect_v1")
"""Those that can be silenced."""
