"""Frames of pyorbbecsdk as ours."""

from typing import Any

import cv2
import numpy as np

from capture_app.sensors.failures import no_profile
from core.errors import SensorError
from core.frame import Intrinsics, RgbdFrame
from core.images import decode_color

CAMERA = "Orbbec"

# Bytes a pixel, and the conversion.
_CONVERSIONS = {
    "RGB": (3, None),
    "BGR": (3, cv2.COLOR_BGR2RGB),
    "BGRA": (4, cv2.COLOR_BGRA2RGB),
    "RGBA": (4, cv2.COLOR_RGBA2RGB),
    "YUYV": (2, cv2.COLOR_YUV2RGB_YUY2),
    "YUY2": (2, cv2.COLOR_YUV2RGB_YUY2),
    "UYVY": (2, cv2.COLOR_YUV2RGB_UYVY),
}


def frame_of(depth: Any, color: Any) -> RgbdFrame | None:
    """The frame of the SDK's depth and colour; None when colour is damaged."""
    rgb = rgb_of(color)
    if rgb is None:
        return None
    height, width = depth.get_height(), depth.get_width()
    depth_profile = depth.get_stream_profile().as_video_stream_profile()
    color_profile = color.get_stream_profile().as_video_stream_profile()
    extrinsic = depth_profile.get_extrinsic_to(color_profile)
    T_color_depth = np.eye(4)
    T_color_depth[:3, :3] = np.reshape(extrinsic.rot, (3, 3))
    T_color_depth[:3, 3] = np.asarray(extrinsic.transform) / 1000  # from millimetres
    pixels = np.frombuffer(depth.get_data(), np.uint16)
    return RgbdFrame(
        rgb=rgb,
        depth=pixels.reshape(height, width).copy(),
        depth_scale=depth.get_depth_scale() / 1000,
        color_intrinsics=_intrinsics(color_profile),
        depth_intrinsics=_intrinsics(depth_profile),
        T_color_depth=T_color_depth,
        timestamp_ns=depth.get_timestamp_us() * 1000,
        number=depth.get_index(),
    )


def rgb_of(color: Any) -> np.ndarray | None:
    """(H, W, 3) uint8, red first, of the SDK's colour; None when it is damaged."""
    height, width = color.get_height(), color.get_width()
    data = np.frombuffer(color.get_data(), np.uint8)
    name = color.get_format().name
    if name == "MJPG":
        rgb = decode_color(data.tobytes())
        return rgb if rgb is not None and rgb.shape == (height, width, 3) else None
    if name not in _CONVERSIONS:
        offered = f"{name}, which is not read yet"
        raise no_profile(CAMERA, f"colour as {', '.join(_CONVERSIONS)}", offered)
    channels, conversion = _CONVERSIONS[name]
    image = data.reshape(height, width, channels)
    return image.copy() if conversion is None else cv2.cvtColor(image, conversion)


def _intrinsics(profile: Any) -> Intrinsics:
    lens, distortion = profile.get_intrinsic(), profile.get_distortion()
    d = distortion
    numbers = (d.k1, d.k2, d.p1, d.p2, d.k3, d.k4, d.k5, d.k6)
    if distortion.model.name == "KANNALA_BRANDT4":
        raise SensorError(
            f"the {CAMERA} camera has a fisheye lens, which is not supported; choose "
            "another mode or camera"
        )
    return Intrinsics(
        lens.width,
        lens.height,
        lens.fx,
        lens.fy,
        lens.cx,
        lens.cy,
        numbers if any(numbers) else (),
    )
