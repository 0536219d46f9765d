"""The calibration of an Azure Kinect: what its factory measured, as our cameras.

The JSON describes whole sensors in units of their width and height, with pixel edges
(not centres) at whole numbers. A mode bins a sensor and keeps a part of it. The parts
below, and the sums, are those of libk4a (mode_specific_calibration.c and
extrinsic_transformation.c of the Azure Kinect Sensor SDK).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import SensorError
from core.frame import Intrinsics, RgbdFrame

_DEPTH = "CALIBRATION_CameraLocationD0"
_COLOR = "CALIBRATION_CameraLocationPV0"
_ACCELEROMETER = "CALIBRATION_InertialSensorType_Accelerometer"
_BROWN_CONRADY = "CALIBRATION_LensDistortionModelBrownConrady"
_RATIONAL_6KT = "CALIBRATION_LensDistortionModelRational6KT"
_DEPTH_SCALE = 0.001


@dataclass(frozen=True)
class Window:
    """The part of a sensor that a mode reads. All are (x, y) pixels of that mode."""

    binned: tuple[int, int]
    """Size of the whole sensor."""
    offset: tuple[int, int]
    """The first pixel that is kept."""


_DEPTH_WINDOWS = {
    (320, 288): Window((512, 512), (96, 90)),  # NFOV_2X2BINNED
    (640, 576): Window((1024, 1024), (192, 180)),  # NFOV_UNBINNED
    (512, 512): Window((512, 512), (0, 0)),  # WFOV_2X2BINNED
    (1024, 1024): Window((1024, 1024), (0, 0)),  # WFOV_UNBINNED
}
_COLOR_WINDOWS = {
    (1280, 720): Window((1280, 960), (0, 120)),
    (1920, 1080): Window((1920, 1440), (0, 180)),
    (2560, 1440): Window((2560, 1920), (0, 240)),
    (2048, 1536): Window((2048, 1536), (0, 0)),
    (3840, 2160): Window((3840, 2880), (0, 360)),
    (4096, 3072): Window((4096, 3072), (0, 0)),
}


@dataclass(frozen=True, eq=False)
class AzureCalibration:
    """The cameras of one depth mode and one colour resolution."""

    color_intrinsics: Intrinsics
    depth_intrinsics: Intrinsics
    T_color_depth: np.ndarray
    """(4, 4) float64, takes points of the depth camera to the colour camera, metres."""
    R_color_accelerometer: np.ndarray
    """(3, 3) float64, takes directions of the accelerometer to the colour camera."""

    def frame(
        self,
        color: np.ndarray,
        depth: np.ndarray,
        timestamp_ns: int,
        up: np.ndarray | None,
        number: int,
    ) -> RgbdFrame:
        """The frame of colour, (H, W, 3) uint8, and depth, (h, w) uint16 mm."""
        return RgbdFrame(
            rgb=color,
            depth=depth,
            depth_scale=_DEPTH_SCALE,
            color_intrinsics=self.color_intrinsics,
            depth_intrinsics=self.depth_intrinsics,
            T_color_depth=self.T_color_depth,
            timestamp_ns=timestamp_ns,
            up_hint=up,
            number=number,
        )


def read_calibration(
    path: Path | str,
    data: bytes,
    color_size: tuple[int, int],
    depth_size: tuple[int, int],
) -> AzureCalibration:
    """The calibration in `data`, JSON of the recording or camera `path`, for these
    images.

    Sizes are (width, height) and tell the modes apart. SensorError names what is wrong.
    """
    try:
        # A camera's memory may end the text with a zero byte.
        text = data.decode("utf-8-sig").rstrip("\0")
        information = json.loads(text)["CalibrationInformation"]
        color = _entry(information["Cameras"], "Location", _COLOR)
        depth = _entry(information["Cameras"], "Location", _DEPTH)
        accelerometer = _entry(
            information["InertialSensors"], "SensorType", _ACCELEROMETER
        )
        T_color_rig = _transform(color["Rt"])
        T_color_depth = T_color_rig @ np.linalg.inv(_transform(depth["Rt"]))
        T_color_accelerometer = T_color_rig @ np.linalg.inv(
            _transform(accelerometer["Rt"])
        )
        return AzureCalibration(
            _intrinsics(color, color_size, _COLOR_WINDOWS),
            _intrinsics(depth, depth_size, _DEPTH_WINDOWS),
            T_color_depth,
            T_color_accelerometer[:3, :3],
        )
    except KeyError as error:
        problem = f"it has no {error}"
    except (ValueError, TypeError) as error:
        problem = str(error)
    raise SensorError(
        f"the calibration in {path} cannot be used ({problem}); expected what an Azure "
        "Kinect says of its own cameras"
    )


def _entry(entries: list[dict[str, Any]], key: str, value: str) -> dict[str, Any]:
    for entry in entries:
        if entry[key] == value:
            return entry
    raise KeyError(value)


def _transform(rt: dict[str, Any]) -> np.ndarray:
    """(4, 4) takes points of the rig, whose origin is the depth camera, to the entry's
    own axes."""
    T = np.eye(4)
    T[:3, :3] = np.reshape(_numbers(rt["Rotation"], 9), (3, 3))
    T[:3, 3] = _numbers(rt["Translation"], 3)
    return T


def _intrinsics(
    camera: dict[str, Any],
    size: tuple[int, int],
    windows: dict[tuple[int, int], Window],
) -> Intrinsics:
    """The camera of images of this size.

    libk4a's Brown-Conrady model is OpenCV's rational one to the letter. That of devices
    from before the first sale, Rational6KT, counts half of one tangential term: some
    tenths of a pixel in the corners.
    """
    if size not in windows:
        known = ", ".join(f"{width}x{height}" for width, height in windows)
        raise ValueError(
            f"images of {size[0]}x{size[1]} are of no mode; there are {known}"
        )
    window = windows[size]
    intrinsics = camera["Intrinsics"]
    if intrinsics["ModelType"] not in (_BROWN_CONRADY, _RATIONAL_6KT):
        raise ValueError(f"lens model {intrinsics['ModelType']} is not supported")
    numbers = _numbers(intrinsics["ModelParameters"], 14)
    cx, cy, fx, fy, k1, k2, k3, k4, k5, k6, codx, cody, p2, p1 = numbers
    if codx != 0 or cody != 0:
        raise ValueError(f"distortion around ({codx}, {cody}) is not supported")
    sensor_width, sensor_height = camera["SensorWidth"], camera["SensorHeight"]
    if sensor_width * 9 == sensor_height * 16:
        # Early devices describe the colour sensor without the rows that 16:9 leaves
        # out: 2304 of 3072, 384 of them missing above.
        cy, fy = (cy * 2304 + 384) / 3072, fy * 2304 / 3072
    (binned_width, binned_height), (left, top) = window.binned, window.offset
    return Intrinsics(
        *size,
        fx * binned_width,
        fy * binned_height,
        cx * binned_width - left - 0.5,
        cy * binned_height - top - 0.5,
        (k1, k2, p1, p2, k3, k4, k5, k6),
    )


def _numbers(values: Any, count: int) -> list[float]:
    numbers = [float(value) for value in values]
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise ValueError(f"{values} are not {count} finite numbers")
    return numbers
