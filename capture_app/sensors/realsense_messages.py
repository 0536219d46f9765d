"""The messages in a .db3 of the RealSense SDK, decoded without it.

They are ROS 2 messages, as the SDK's ros2_writer.cpp writes them. A damaged one raises
ValueError, LookupError, struct.error, cv2.error or zstandard.ZstdError.
"""

import re
import struct
import zlib
from typing import NamedTuple

import cv2
import numpy as np
import zstandard

from capture_app.sensors.realsense_frames import to_rgb
from core.frame import Intrinsics
from core.recording.ros import CdrReader

_BROWN = ("Brown Conrady", "Inverse Brown Conrady", "Modified Brown Conrady")
_LARGEST_ACCELERATION = 1e4  # m/s2; no sensor measures a thousand g
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# What a PNG cannot hold: "YUYV; zstd; 640x480 step=1280".
_ZSTD_FORMAT = re.compile(r"(\w+); zstd; (\d+)x(\d+) step=(\d+)")


class Camera(NamedTuple):
    """What the texts say about a camera."""

    intrinsics: Intrinsics
    T_camera_device: np.ndarray
    """(4, 4) float64, metres."""
    device: str
    """Which of the device's axes these are."""
    fps: float
    image_format: str
    """The SDK's name in small letters."""


def text(message: bytes) -> str:
    """Of a std_msgs/String."""
    return _unpacked(message)[8:].rstrip(b"\0").decode(errors="replace")


def fields(text: str) -> dict[str, str]:
    """The parts of "key=value;key=value"."""
    parts = (part.partition("=") for part in text.split(";"))
    return {key: value for key, _, value in parts}


def camera(texts: dict[str, str], name: str) -> Camera:
    """The camera called Depth or Color, from the texts by their topics."""
    lens = fields(_find(texts, rf"{name}_\d+/camera_info")[1])
    distortion = tuple(_float32(k) for k in lens["coeffs"].split(","))
    if not any(distortion):
        distortion = ()
    elif lens["model"] not in _BROWN:
        raise ValueError(f"lens model {lens['model']} is not supported")
    pose_topic, pose_text = _find(texts, rf"{name}_\d+/tf/ref_\d+")
    pose = fields(pose_text)
    stream = fields(_find(texts, rf"{name}_\d+/info")[1])
    T = np.eye(4)
    # The rotation is stored column by column.
    T[:3, :3] = np.reshape([float(x) for x in pose["rotation"].split(",")], (3, 3)).T
    T[:3, 3] = [float(x) for x in pose["translation"].split(",")]
    return Camera(
        Intrinsics(
            int(lens["width"]),
            int(lens["height"]),
            _float32(lens["fx"]),
            _float32(lens["fy"]),
            _float32(lens["ppx"]),
            _float32(lens["ppy"]),
            distortion,
        ),
        T,
        pose_topic.rpartition("/")[2],
        float(stream["fps"]),
        stream["encoding"].lower(),
    )


def depth_scale(texts: dict[str, str]) -> float:
    """Metres per depth unit, from the texts by their topics."""
    return _float32(_find(texts, "option/Depth_Units/value")[1])


def acceleration(message: bytes) -> np.ndarray:
    """(3,) float64 m/s2 of a sensor_msgs/Imu: the last field but its covariance."""
    xyz = np.array(struct.unpack("<3d", _unpacked(message)[-96:-72]))
    if not np.abs(xyz).max() < _LARGEST_ACCELERATION:
        raise ValueError("that is no acceleration")
    return xyz


def image(message: bytes, is_compressed: bool) -> np.ndarray:
    """(h, w) uint16 depth or (H, W, 3) uint8 rgb.

    Of a sensor_msgs/CompressedImage if `is_compressed`, else of a sensor_msgs/Image.
    """
    reader = CdrReader(_unpacked(message)).skip_header()
    if not is_compressed:
        height, width = reader.take("I", 2)
        encoding = reader.take_string()
        reader.take("B")
        (row_bytes,) = reader.take("I")
        return _pixels(encoding, width, height, row_bytes, bytes(reader.take_bytes()))
    form = _ZSTD_FORMAT.fullmatch(reader.take_string())
    data = bytes(reader.take_bytes())
    if form is None:
        return _png_image(data)
    return _pixels(form[1], int(form[2]), int(form[3]), int(form[4]), _unpacked(data))


def _pixels(
    encoding: str, width: int, height: int, row_bytes: int, data: bytes
) -> np.ndarray:
    encoding = encoding.lower().replace("yuv422", "uyvy")
    rows = np.frombuffer(data, np.uint8).reshape(height, row_bytes)
    if encoding == "mono16":
        return rows.view("<u2")[:, :width].astype(np.uint16)
    num_bytes = row_bytes // width
    return to_rgb(rows[:, : width * num_bytes].reshape(height, width, -1), encoding)


def _png_image(data: bytes) -> np.ndarray:
    png = data[data.index(_PNG_MAGIC) :]  # depth has a header before it
    _check_png(png)
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("the PNG is damaged")
    return pixels if pixels.dtype == np.uint16 else to_rgb(pixels[..., :3], "bgr8")


def _check_png(png: bytes) -> None:
    """ValueError unless the checksums fit.

    The SDK does not look at them; OpenCV prints instead of saying which image it is.
    """
    position = len(_PNG_MAGIC)
    kind = b""
    while kind != b"IEND":
        (length,) = struct.unpack_from(">I", png, position)
        kind = png[position + 4 : position + 8]
        end = position + 8 + length
        (checksum,) = struct.unpack_from(">I", png, end)
        if zlib.crc32(png[position + 4 : end]) != checksum:
            raise ValueError("the checksum of the PNG does not fit")
        position = end + 4


def _unpacked(message: bytes) -> bytes:
    """SDK 2.58 compresses whole messages, 2.59 some pixels."""
    if message.startswith(_ZSTD_MAGIC):
        return zstandard.ZstdDecompressor().decompress(message)
    return message


def _find(texts: dict[str, str], topic: str) -> tuple[str, str]:
    """The first topic that fits, and its text."""
    pattern = re.compile(rf"/device_0/sensor_\d+/{topic}")
    for candidate, found in texts.items():
        if pattern.fullmatch(candidate):
            return candidate, found
    raise ValueError("the calibration of its cameras is lost")


def _float32(text: str) -> float:
    """A number as the SDK keeps it."""
    return float(np.float32(text))
