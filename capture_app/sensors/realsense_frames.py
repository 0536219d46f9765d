"""What the RealSense SDK says about lenses and images, as the app says it.

Live cameras and recorded files share it.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from capture_app.sensors import failures
from core.errors import SensorError
from core.frame import Intrinsics, RgbdFrame

CAMERA = "RealSense"
DEPTH, COLOR, ACCELERATION = "depth", "color", "acceleration"
COLOR_FORMATS = ("rgb8", "bgr8", "rgba8", "bgra8", "yuyv", "uyvy")


class Sample(NamedTuple):
    """One image or one measured acceleration."""

    stream: str
    """DEPTH, COLOR or ACCELERATION."""
    number: int
    time_ms: float
    """The camera's clock."""
    data: np.ndarray
    """(h, w) uint16 depth, (H, W, 3) uint8 rgb or (3,) float64 m/s2. Its own memory."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """The cameras of one device."""

    color: Intrinsics
    depth: Intrinsics
    T_color_depth: np.ndarray
    """(4, 4) float64, metres."""
    R_color_accelerometer: np.ndarray
    """(3, 3) float64."""
    depth_scale: float
    """Metres per depth unit."""

    def fits(self, sample: Sample) -> bool:
        """Whether an image has the size that its camera makes."""
        cameras = {DEPTH: self.depth, COLOR: self.color}
        camera = cameras.get(sample.stream)
        return camera is None or sample.data.shape[:2] == (camera.height, camera.width)

    def frame(
        self, depth: Sample, color: Sample, number: int, up: np.ndarray | None
    ) -> RgbdFrame:
        """The frame of two images of one instant. Its time is that of depth."""
        return RgbdFrame(
            rgb=color.data,
            depth=depth.data,
            depth_scale=self.depth_scale,
            color_intrinsics=self.color,
            depth_intrinsics=self.depth,
            T_color_depth=self.T_color_depth,
            timestamp_ns=round(depth.time_ms * 1e6),
            up_hint=up,
            number=number,
        )


def import_sdk() -> Any:
    """pyrealsense2, or a SensorError that names what has to be installed."""
    try:
        import pyrealsense2
    except ModuleNotFoundError as error:
        raise failures.package_missing(CAMERA, "pyrealsense2") from error
    except ImportError as error:  # such as a libusb that is not there
        remedy = (
            "install Microsoft's Visual C++ runtime"
            if sys.platform == "win32"
            else "on Debian and Ubuntu: apt-get install libusb-1.0-0"
        )
        raise failures.library_missing(CAMERA, error, remedy) from error
    return pyrealsense2


def sample_of(stream: str, frame: Any) -> Sample:
    """A copy of the SDK's frame, which lends memory of a pool of 16 (#946)."""
    if stream == ACCELERATION:
        xyz = frame.as_motion_frame().get_motion_data()
        data = np.array((xyz.x, xyz.y, xyz.z))
    elif stream == COLOR:
        data = to_rgb(
            np.asanyarray(frame.get_data()), frame.get_profile().format().name
        )
    else:
        data = np.array(frame.get_data())
    return Sample(stream, frame.get_frame_number(), frame.get_timestamp(), data)


def arrival_ms(rs: Any, frame: Any) -> float:
    """When a frame came in, by the computer's clock; now if the SDK does not say."""
    arrival = rs.frame_metadata_value.time_of_arrival
    if frame.supports_frame_metadata(arrival):
        return float(frame.get_frame_metadata(arrival))
    return 1000 * time.time()


def check_color_format(color_format: str, path: Path) -> None:
    """SensorError unless `to_rgb` knows the format."""
    if color_format not in COLOR_FORMATS:
        raise SensorError(
            f"{path} holds colour as {color_format}; expected one of "
            f"{', '.join(COLOR_FORMATS)}: record it with rgb8"
        )


def to_rgb(image: np.ndarray, color_format: str) -> np.ndarray:
    """(H, W, 3) uint8 rgb of its own memory, from a format that was checked."""
    if color_format in ("yuyv", "uyvy"):
        height, width = image.shape[:2]
        pairs = np.ascontiguousarray(image).view(np.uint8).reshape(height, width, 2)
        return cv2.cvtColor(
            pairs,
            cv2.COLOR_YUV2RGB_YUYV
            if color_format == "yuyv"
            else cv2.COLOR_YUV2RGB_UYVY,
        )
    image = image[..., :3]
    if color_format in ("bgr8", "bgra8"):
        image = image[..., ::-1]
    return np.array(image, order="C")


def calibration_of(
    rs: Any, depth: Any, color: Any, accelerometer: Any, depth_scale: float
) -> Calibration:
    """From the stream profiles; that of the accelerometer may be None."""
    depth, color = depth.as_video_stream_profile(), color.as_video_stream_profile()
    return Calibration(
        color=intrinsics_of(rs, color.get_intrinsics()),
        depth=intrinsics_of(rs, depth.get_intrinsics()),
        T_color_depth=transform_of(depth.get_extrinsics_to(color)),
        R_color_accelerometer=_rotation_between(accelerometer, color),
        depth_scale=depth_scale,
    )


def intrinsics_of(rs: Any, intrinsics: Any) -> Intrinsics:
    """The SDK's intrinsics as ours.

    The SDK projects all three of its Brown-Conrady models with one polynomial, which is
    OpenCV's up to a few hundredths of a pixel in the tangential terms.
    """
    brown = (
        rs.distortion.brown_conrady,
        rs.distortion.inverse_brown_conrady,
        rs.distortion.modified_brown_conrady,
    )
    distortion = tuple(float(k) for k in intrinsics.coeffs)
    if intrinsics.model == rs.distortion.none or not any(distortion):
        distortion = ()
    elif intrinsics.model not in brown:
        raise SensorError(
            f"lens model {intrinsics.model} is not supported; "
            "the Brown-Conrady models are"
        )
    return Intrinsics(
        intrinsics.width,
        intrinsics.height,
        intrinsics.fx,
        intrinsics.fy,
        intrinsics.ppx,
        intrinsics.ppy,
        distortion,
    )


def transform_of(extrinsics: Any) -> np.ndarray:
    """(4, 4) of the SDK's extrinsics, whose rotation is stored column by column."""
    T = np.eye(4)
    T[:3, :3] = np.reshape(extrinsics.rotation, (3, 3)).T
    T[:3, 3] = extrinsics.translation
    return T


def _rotation_between(accelerometer: Any, color: Any) -> np.ndarray:
    if accelerometer is None:
        return np.eye(3)
    try:
        return transform_of(accelerometer.get_extrinsics_to(color))[:3, :3]
    except RuntimeError:
        # Not every device knows it, and files do not keep it; the axes of a D435i's
        # IMU are those of its lenses.
        return np.eye(3)
