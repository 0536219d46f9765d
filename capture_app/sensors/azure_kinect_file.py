"""Recordings of an Azure Kinect (.mkv), played like a camera without its SDK."""

import logging
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import cv2
import numpy as np

from capture_app.sensors.azure_calibration import AzureCalibration, read_calibration
from capture_app.sensors.azure_kinect_mkv import AzureKinectMkv, Capture
from capture_app.sensors.pace import Pace
from capture_app.sensors.sensor import Progress, Sensor
from capture_app.sensors.up import UpFilter
from core.errors import SensorError
from core.frame import RgbdFrame
from core.images import EncodedImage, decode_color

logger = logging.getLogger(__name__)

_DEFAULT_FPS = 30.0
# 16 bits, the high ones first. A copy made by FFmpeg loses that name, not the bits.
_DEPTH_FORMATS = ("gray16be", "rgb555le")
_JPEG = "mjpeg"
# Bytes a pixel, and the conversion, in which 16 is black and 235 white as in libk4a's.
_RAW = {
    "nv12": (1.5, cv2.COLOR_YUV2RGB_NV12),
    "yuyv422": (2, cv2.COLOR_YUV2RGB_YUY2),
    "bgra": (4, cv2.COLOR_BGRA2RGB),
}


class AzureKinectFileSensor(Sensor):
    """Every whole frame of `path`, once, in order.

    At the pace they were recorded in or as fast as they are read. Gaps in the numbers
    are frames that lack colour or depth, or are damaged.
    """

    opening_text = "Opening the file"

    def __init__(self, path: Path, at_pace: bool = True) -> None:
        self.name = path.name
        self.fps = _DEFAULT_FPS
        self.num_frames = 0
        """How many frames there are at most, known once it is open."""
        self.encoded_color: EncodedImage | None = None
        """Colour of the last frame as it is stored; None when that is no JPEG."""
        self._path = path
        self._at_pace = at_pace
        self._file: AzureKinectMkv | None = None
        self._skipped_until_ns = -1
        self._num_whole = 0

    def open(self, progress: Progress | None = None) -> None:
        """Open the file and read as far as its first frame."""
        self.close()
        self._skipped_until_ns = -1
        self._num_whole = 0
        self._file = AzureKinectMkv(self._path)
        try:
            frames = self._play(self._file)
            first = next(frames, None)
            if first is None:
                raise SensorError(
                    f"{self._path} holds no whole frame; expected depth and colour of "
                    "one instant at least once"
                )
        except BaseException:
            self.close()
            raise
        self._frames = chain([first], frames)
        self.fps = self._file.fps
        self.num_frames = self._file.num_frames
        self._pace = Pace()

    def read(self, timeout_s: float) -> RgbdFrame | None:
        """The next frame, at its time if that is asked for; None after the last."""
        if self._file is None:
            raise SensorError(f"{self._path} is closed; open it to read")
        frame, self.encoded_color = next(self._frames, (None, None))
        if frame is not None and self._at_pace:
            self._pace.follow(frame.timestamp_ns)
        return frame

    def skip(self, num_whole: int, until_ns: int) -> None:
        """Right after `open`: pass over the frames up to this time, of which so many
        are whole, without decoding them."""
        next(self._frames)  # `open` has read it
        self._num_whole = num_whole
        self._skipped_until_ns = until_ns  # times only rise, as captures() sees to

    def close(self) -> None:
        """Close the file; safe to call twice."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _play(
        self, file: AzureKinectMkv
    ) -> Iterator[tuple[RgbdFrame, EncodedImage | None]]:
        """Every frame with its colour as stored; the log says at the end what is
        missing."""
        self._check_formats(file)
        calibration = read_calibration(
            self._path, file.calibration, file.color_size, file.depth_size
        )
        up_filter = UpFilter(calibration.R_color_accelerometer)
        num_captures = 0
        for capture in file.captures():
            num_captures += 1
            if capture.acceleration is not None:
                up_filter.update(capture.acceleration)
            if capture.timestamp_ns <= self._skipped_until_ns:
                continue
            frame = _frame(capture, file.color_format, calibration, up_filter.up)
            if frame is None:
                continue
            self._num_whole += 1
            is_jpeg = file.color_format == _JPEG
            yield frame, EncodedImage("jpeg", capture.color) if is_jpeg else None
        num_damaged = num_captures - self._num_whole
        if num_damaged:
            logger.warning(
                "%s: %d damaged frames were left out", self._path, num_damaged
            )
        if file.is_cut_off:
            logger.warning(
                "%s was cut off while it was recorded or copied; it has %d whole "
                "frames",
                self._path,
                self._num_whole,
            )

    def _check_formats(self, file: AzureKinectMkv) -> None:
        if file.color_format not in (_JPEG, *_RAW):
            raise SensorError(
                f"{self._path} has colour as {file.color_format}; expected the MJPEG, "
                "NV12, YUY2 or BGRA that an Azure Kinect records"
            )
        if file.depth_format not in _DEPTH_FORMATS:
            raise SensorError(
                f"{self._path} has depth as {file.depth_format}; expected the "
                f"{_DEPTH_FORMATS[0]} that an Azure Kinect records"
            )


def _frame(
    capture: Capture,
    color_format: str,
    calibration: AzureCalibration,
    up: np.ndarray | None,
) -> RgbdFrame | None:
    """The frame of a capture, None when one of its images is damaged."""
    color, depth = calibration.color_intrinsics, calibration.depth_intrinsics
    rgb = _decode(capture.color, color_format, color.width, color.height)
    if rgb is None or len(capture.depth) != 2 * depth.width * depth.height:
        return None
    big_endian = np.frombuffer(capture.depth, ">u2")
    return calibration.frame(
        rgb,
        big_endian.astype(np.uint16).reshape(depth.height, depth.width),
        capture.timestamp_ns,
        up,
        capture.number,
    )


def _decode(
    data: bytes, color_format: str, width: int, height: int
) -> np.ndarray | None:
    """(height, width, 3) uint8, red first; None when the data is of no such image."""
    if color_format == _JPEG:
        rgb = decode_color(data)
        is_whole = rgb is not None and rgb.shape == (height, width, 3)
        return rgb if is_whole else None
    pixel_bytes, conversion = _RAW[color_format]
    if len(data) != width * height * pixel_bytes:
        return None
    rows = np.frombuffer(data, np.uint8).reshape(-1, width, int(pixel_bytes))
    return cv2.cvtColor(rows, conversion)
