"""A .db3 as the RealSense SDK records it, from a camera without hardware."""

import gc
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pyrealsense2 as rs
from software_camera import COLOR_SIZE, DEPTH_SIZE, SoftwareCamera


def depth_image(number: int) -> np.ndarray:
    """(h, w) uint16, every pixel of its own."""
    rng = np.random.default_rng(number)
    return rng.integers(0, 65535, DEPTH_SIZE[::-1], np.uint16, endpoint=True)


def color_image(number: int, num_channels: int = 3) -> np.ndarray:
    """(H, W, 3) uint8 rgb, every pixel of its own."""
    rng = np.random.default_rng(1000 + number)
    size = (*COLOR_SIZE[::-1], num_channels)
    return rng.integers(0, 255, size, np.uint8, endpoint=True)


def record(
    path: Path,
    camera: SoftwareCamera,
    push: Callable[[SoftwareCamera], None],
    is_compressed: bool = True,
) -> Path:
    """`path`, with what `push` has the camera send.

    The SDK writes on another thread until nothing refers to the device any more: the
    caller must not keep the camera.
    """
    recorder = rs.recorder(str(path), camera.device, is_compressed)
    sensors = camera.device.query_sensors()
    for sensor in sensors:
        sensor.open(sensor.get_stream_profiles())
        sensor.start(lambda frame: None)
    push(camera)
    for sensor in sensors:
        sensor.stop()
        sensor.close()
    del recorder, sensor, sensors, camera
    gc.collect()
    return path


def push_frames(*numbers: int) -> Callable[[SoftwareCamera], None]:
    """Depth and colour of these numbers."""

    def push(camera: SoftwareCamera) -> None:
        for number in numbers:
            camera.push(number, depth_image(number), color_image(number))

    return push


def rewrite(path: Path, *statements: str, **functions: Callable) -> Path:
    """The same file after SQL statements, which may call the functions."""
    with closing(sqlite3.connect(path)) as database, database:
        for name, function in functions.items():
            database.create_function(name, 1, function)
        for statement in statements:
            database.execute(statement)
    return path
