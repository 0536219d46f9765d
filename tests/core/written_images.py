"""Small image folders as others write them, by means that are not the project's."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from lopsided import rotation

from core.errors import DatasetError, RecordingError
from core.interchange import open_frames

WIDTH, HEIGHT = 40, 24
K = "31.5 0 19.25\n0 33.5 11.75\n0 0 1\n"


def rgb_of(number: int) -> np.ndarray:
    rgb = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    rgb[...] = 200, 100 + number, 10
    rgb[: HEIGHT // 2] = 90, 5, 60
    return rgb


def depth_of(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    random = np.random.default_rng(number)
    return random.integers(0, 60000, (height, width), dtype=np.uint16)


def pose_of(number: int) -> np.ndarray:
    """(4, 4) T_world_camera, turned about every axis."""
    pose = np.eye(4)
    pose[:3, :3] = rotation(0.3 + 0.2 * number, -0.7, 2.1 - 0.1 * number)
    pose[:3, 3] = 1.5, -0.25 - number, 1 / 3
    return pose


def write_color(path: Path, rgb: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), rgb[..., ::-1])


def write_depth(path: Path, depth: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), depth)


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """A JPEG with a tag that says how other tools are to turn it."""
    # One Exif entry, little-endian: tag 0x0112 and a short.
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    return jpeg[:2] + segment + jpeg[2:]


def refusal(path: Path) -> str:
    """What opening the path and reading its frames is refused with."""
    with pytest.raises((DatasetError, RecordingError)) as caught:
        list(open_frames(path))
    message = str(caught.value)
    assert "\n" not in message
    return message
