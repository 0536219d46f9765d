"""Azure Kinect recordings without an Azure Kinect, written element by element.

No camera has these numbers. `microsoft_azure` writes the same with libk4arecord.
"""

import copy
import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

COLOR_SIZE = (1280, 720)
DEPTH_SIZE = (320, 288)
DEPTH_MODE = "NFOV_2X2BINNED"
FPS = 5
PERIOD_US = 200_000
START_US = 7_654_000

# cx cy fx fy k1 k2 k3 k4 k5 k6 codx cody p2 p1, as libk4a orders them.
DEPTH_NUMBERS = (0.52, 0.47, 0.493, 0.497, 0.55, -0.03, 0.002, 0.9, 0.05, 0.001)
DEPTH_NUMBERS += (0.0, 0.0, -0.0004, 0.0007)
COLOR_NUMBERS = (0.491, 0.523, 0.467, 0.6235, 0.41, -2.5, 1.4, 0.3, -2.3, 1.36)
COLOR_NUMBERS += (0.0, 0.0, 0.0003, -0.0006)
R_COLOR_RIG = cv2.Rodrigues(np.array((0.11, -0.02, 0.03)))[0]
R_ACCELEROMETER_RIG = cv2.Rodrigues(np.array((1.2, -1.1, 1.3)))[0]


def _camera(location: str, numbers: tuple[float, ...], size: tuple[int, int]) -> dict:
    return {
        "Location": f"CALIBRATION_CameraLocation{location}",
        "Intrinsics": {
            "ModelType": "CALIBRATION_LensDistortionModelBrownConrady",
            "ModelParameterCount": 14,
            "ModelParameters": list(numbers),
        },
        "MetricRadius": 0,
        "Rt": {"Rotation": np.eye(3).ravel().tolist(), "Translation": [0, 0, 0]},
        "SensorWidth": size[0],
        "SensorHeight": size[1],
    }


def _inertial_sensor(kind: str) -> dict:
    return {
        "SensorType": f"CALIBRATION_InertialSensorType_{kind}",
        "BiasTemperatureModel": [0] * 12,
        "BiasUncertainty": [0.01] * 3,
        "MixingMatrixTemperatureModel": [0] * 36,
        "ModelTypeMask": 16,
        "Noise": [0] * 6,
        "Rt": {
            "Rotation": R_ACCELEROMETER_RIG.ravel().tolist(),
            "Translation": [-0.05, 0.003, 0.0017],
        },
        "SecondOrderScaling": [0] * 9,
        "TemperatureBounds": [5, 60],
        "TemperatureC": 0,
    }


_COLOR = _camera("PV0", COLOR_NUMBERS, (4096, 3072))
_COLOR["Rt"] = {
    "Rotation": R_COLOR_RIG.ravel().tolist(),
    "Translation": [-0.032, -0.003, 0.0041],
}
_CALIBRATION = {
    "CalibrationInformation": {
        "Cameras": [_camera("D0", DEPTH_NUMBERS, (1024, 1024)), _COLOR],
        "InertialSensors": [
            _inertial_sensor("Gyro"),
            _inertial_sensor("Accelerometer"),
        ],
    }
}


def calibration() -> dict[str, Any]:
    """The content of calibration.json, to change at will."""
    return copy.deepcopy(_CALIBRATION)


def depth_image(number: int) -> np.ndarray:
    """(h, w) uint16, every pixel of its own, both bytes in use."""
    rng = np.random.default_rng(number)
    return rng.integers(0, 65535, DEPTH_SIZE[::-1], np.uint16, endpoint=True)


def color_image(number: int) -> np.ndarray:
    """(H, W, 3) uint8, red first: smooth, lopsided, another one for every number."""
    patches = np.random.default_rng(number).integers(0, 255, (6, 9, 3), np.uint8)
    return cv2.resize(patches, COLOR_SIZE, interpolation=cv2.INTER_LINEAR)


def jpeg(number: int) -> bytes:
    """The file of `color_image`."""
    return cv2.imencode(".jpg", color_image(number)[..., ::-1])[1].tobytes()


@dataclass
class Take:
    """What a recording holds. Times are the device's microseconds."""

    colors: list[tuple[int, bytes]]
    depths: list[tuple[int, np.ndarray]]
    accelerations: list[tuple[int, tuple[float, float, float]]] = field(
        default_factory=list
    )
    color_format: str | None = "MJPG"
    """MJPG, NV12, YUY2, BGRA, or None for no colour track."""
    depth_mode: str | None = DEPTH_MODE
    """NFOV_2X2BINNED, PASSIVE_IR, or None for no depth track."""
    fps: int = FPS
    depth_delay_us: int = 0
    calibration: bytes | None = json.dumps(_CALIBRATION).encode()


def walk(num_frames: int = 4, depth_lag_us: int = 1000) -> Take:
    """Pairs of colour and depth at `FPS`, numbered from 0."""
    times = [START_US + number * PERIOD_US for number in range(num_frames)]
    return Take(
        colors=[(time, jpeg(number)) for number, time in enumerate(times)],
        depths=[
            (time + depth_lag_us, depth_image(number))
            for number, time in enumerate(times)
        ],
    )


def in_order(take: Take) -> list[tuple[int, str, Any]]:
    """(time, track, content) of everything in the take."""
    events = [(time, "COLOR", data) for time, data in take.colors]
    events += [(time, "DEPTH", depth) for time, depth in take.depths]
    events += [(time, "IMU", xyz) for time, xyz in take.accelerations]
    return sorted(events, key=lambda event: event[0])


def write_by_hand(path: Path, take: Take, is_finished: bool = True) -> Path:
    """The recording, Matroska element by element (RFC 9559).

    An unfinished one lacks what libk4arecord writes last: the Info element, the tags
    that come of the first image, and the size of the whole.
    """
    events = in_order(take)
    start_us = events[0][0] if events else 0
    names = [
        name
        for name, is_there in (
            ("COLOR", take.color_format),
            ("DEPTH", take.depth_mode == DEPTH_MODE),
            ("IR", take.depth_mode),
            ("IMU", take.accelerations),
        )
        if is_there
    ]
    tags = {"K4A_DEPTH_DELAY_NS": str(take.depth_delay_us * 1000)}
    if take.depth_mode is not None:
        tags["K4A_DEPTH_MODE"] = take.depth_mode
    if is_finished:
        tags["K4A_START_OFFSET_NS"] = str(start_us * 1000)
    parts = [_element("ec", bytes(50))]  # libk4arecord finds nothing in the first place
    if is_finished:
        last_us = events[-1][0] if events else 0
        parts.append(_info(last_us - start_us))
    parts.append(_element("1654ae6b", *(_track(names, name, take) for name in names)))
    if take.calibration is not None:
        parts.append(_attachment("calibration.json", take.calibration))
    parts.append(_element("1254c367", *(_tag(*tag) for tag in tags.items())))
    for time_us, name, content in events:
        block = bytes((0x80 | names.index(name) + 1, 0, 0, 0x80))
        parts.append(
            _element(
                "1f43b675",
                _number("e7", time_us - start_us),
                _element("a3", block + _stored(name, time_us, content)),
            )
        )
    head = _element(
        "1a45dfa3",
        _element("4282", b"matroska"),
        _number("4287", 2),
        _number("4285", 2),
    )
    segment = bytearray(_element("18538067", *parts))
    if not is_finished:
        segment[4:12] = bytes.fromhex("0100000000000000")
    path.write_bytes(head + segment)
    return path


def _element(id_hex: str, *content: bytes) -> bytes:
    payload = b"".join(content)
    return bytes.fromhex(id_hex) + (1 << 56 | len(payload)).to_bytes(8) + payload


def _number(id_hex: str, value: int) -> bytes:
    return _element(id_hex, value.to_bytes(8))


def _info(duration_us: int) -> bytes:
    return _element(
        "1549a966",
        _number("2ad7b1", 1000),  # ticks of a microsecond
        _element("4489", struct.pack(">d", duration_us)),
        _element("4d80", b"by hand"),
        _element("5741", b"by hand"),
    )


def _track(names: list[str], name: str, take: Take) -> bytes:
    number = names.index(name) + 1
    common = (
        _number("d7", number),
        _number("73c5", 1000 + number),
        _element("536e", name.encode()),
    )
    if name == "IMU":
        kind = _number("83", 17), _element("86", b"S_K4A/IMU")
        return _element("ae", *common, *kind)
    width, height = COLOR_SIZE if name == "COLOR" else DEPTH_SIZE
    fourcc = (take.color_format or "") if name == "COLOR" else "b16g"
    bits = {"MJPG": 24, "NV12": 12, "YUY2": 16, "BGRA": 32, "b16g": 16}[fourcc]
    bitmap_header = struct.pack(
        "<IiiHH4sIiiII", 40, width, height, 1, bits, fourcc.encode(), 0, 0, 0, 0, 0
    )
    return _element(
        "ae",
        *common,
        _number("83", 1),
        _element("86", b"V_MS/VFW/FOURCC"),
        _element("63a2", bitmap_header),
        _number("23e383", 10**9 // take.fps),
        _element("e0", _number("b0", width), _number("ba", height)),
    )


def _attachment(name: str, data: bytes) -> bytes:
    file = (
        _element("466e", name.encode()),
        _element("4660", b"application/octet-stream"),
        _element("465c", data),
        _number("46ae", 77),
    )
    return _element("1941a469", _element("61a7", *file))


def _tag(name: str, value: str) -> bytes:
    text = _element("45a3", name.encode()), _element("4487", value.encode())
    return _element("7373", _element("63c0"), _element("67c8", *text))


def _stored(name: str, time_us: int, content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    if name == "DEPTH":
        return content.astype(">u2").tobytes()
    return struct.pack("<Q3fQ3f", time_us * 1000, *content, time_us * 1000, 1, 2, 3)
