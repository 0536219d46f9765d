"""The container of Azure Kinect recordings: which bytes belong to one instant.

It is Matroska with the tracks COLOR, DEPTH, IR and IMU, and the camera's calibration as
an attachment (learn.microsoft.com: "Use Azure Kinect Sensor SDK to record file
format").
Orbbec's K4A wrapper writes the same for Femto cameras.
"""

import struct
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from core.errors import SensorError

_CALIBRATION = "calibration.json"
_EXPECTED = "expected a recording of an Azure Kinect with colour, depth and calibration"
_DEFAULT_FPS = 30
# What may wait for its partner: a second, should one track end before the others.
_MOST_IMAGES = 30
_MOST_SAMPLES = 1600
# Clock of the accelerometer, its x y z, clock of the gyroscope, its x y z.
_IMU_SAMPLE = struct.Struct("<Q3fQ3f")
_RECORDER_TICK_NS = 1000
_EBML_ID = bytes.fromhex("1a45dfa3")
_SEGMENT_ID = bytes.fromhex("18538067")
_HEAD_BYTES = 256  # more than the two headers at the start of a file take


class Image(NamedTuple):
    """An image as it is stored."""

    time_ns: int
    """Since the start of the recording; as if colour and depth were seen at once."""
    data: bytes


class Capture(NamedTuple):
    """Colour and depth of one instant."""

    number: int
    """Frame periods since the first image; a gap is an image that was lost."""
    timestamp_ns: int
    """When depth was seen, the device's clock."""
    color: bytes
    depth: bytes
    acceleration: np.ndarray | None
    """(3,) m/s2, the mean since the capture before; None when nothing was measured."""


class AzureKinectMkv:
    """One open recording; SensorError says what it lacks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._av = import_av()
        self._container = self._open()
        try:
            self._read_header()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._container.close()

    def captures(self) -> Iterator[Capture]:
        """Every pair of colour and depth in order, half a frame period apart at most.

        Images without a partner are left out.
        """
        period_ns = 1e9 / self.fps
        colors: deque[Image] = deque(maxlen=_MOST_IMAGES)
        depths: deque[Image] = deque(maxlen=_MOST_IMAGES)
        samples: deque[tuple[float, ...]] = deque(maxlen=_MOST_SAMPLES)
        number, last_ns = -1, None
        for track, time_ns, data in self._packets():
            if track == "IMU":
                if len(data) == _IMU_SAMPLE.size:
                    samples.append(_IMU_SAMPLE.unpack(data)[1:4])
                continue
            if last_ns is None:
                last_ns = time_ns - period_ns
            (colors if track == "COLOR" else depths).append(Image(time_ns, data))
            pair = _next_pair(colors, depths, period_ns / 2)
            if pair is None or pair[1].time_ns <= last_ns:
                continue
            color, depth = pair
            number += max(1, round((depth.time_ns - last_ns) / period_ns))
            last_ns = depth.time_ns
            acceleration = np.mean(samples, axis=0) if samples else None
            samples.clear()
            timestamp_ns = self._start_ns + depth.time_ns
            yield Capture(number, timestamp_ns, color.data, depth.data, acceleration)

    def _packets(self) -> Iterator[tuple[str, int, bytes]]:
        """Track, time in ns and content of everything in the file, one by one."""
        names = {stream.index: name for name, stream in self._tracks.items()}
        try:
            for packet in self._container.demux(*self._tracks.values()):
                if packet.pts is None:  # the end of a track
                    continue
                name = names[packet.stream.index]
                time_ns = int(packet.pts * self._tick_ns)
                if name == "COLOR":
                    time_ns += self._depth_delay_ns
                yield name, time_ns, bytes(packet)
        except self._av.error.FFmpegError as error:
            raise SensorError(
                f"{self._path} cannot be read any further ({error.strerror}); is its "
                "disk still there?"
            ) from error

    def _open(self) -> Any:
        if not self._path.is_file():
            raise SensorError(f"{self._path} is no file; expected a recording (.mkv)")
        try:
            return self._av.open(str(self._path), format="matroska")
        except self._av.error.FFmpegError as error:
            raise SensorError(
                f"{self._path} cannot be read ({error.strerror}); expected a recording "
                "of an Azure Kinect (.mkv), whole at least up to its first frame"
            ) from error

    def _read_header(self) -> None:
        tags = self._container.metadata
        if tags.get("K4A_DEPTH_MODE") == "PASSIVE_IR":
            raise SensorError(
                f"{self._path} was recorded in passive infrared mode, without depth; "
                f"{_EXPECTED}"
            )
        color, depth = self._video("COLOR"), self._video("DEPTH")
        self._tracks = {"COLOR": color, "DEPTH": depth}
        imu = self._stream("title", "IMU")
        if imu is not None:
            self._tracks["IMU"] = imu
        attachment = self._stream("filename", _CALIBRATION)
        if attachment is None:
            raise SensorError(f"{self._path} has no {_CALIBRATION} in it; {_EXPECTED}")
        self.calibration = bytes(attachment.data)
        self.color_format = _format(color)
        """ "mjpeg", or FFmpeg's name of a layout of raw pixels such as "nv12"."""
        self.depth_format = _format(depth)
        self.color_size = color.codec_context.width, color.codec_context.height
        self.depth_size = depth.codec_context.width, depth.codec_context.height
        """(width, height)."""
        # Stated by the recorder; in a copy FFmpeg counts, if there is enough to count.
        self.fps = float(depth.average_rate or depth.guessed_rate or _DEFAULT_FPS)
        self.num_frames = self._most_frames()
        """How many pairs there are at most."""
        self.is_cut_off = _is_cut_off(self._path)
        """Whether the file ends before the recording does."""
        self._tick_ns = (
            _RECORDER_TICK_NS if _lacks_info(tags) else depth.time_base * 10**9
        )
        self._start_ns = self._nanoseconds("K4A_START_OFFSET_NS")
        self._depth_delay_ns = self._nanoseconds("K4A_DEPTH_DELAY_NS")

    def _most_frames(self) -> int:
        """By the stated duration; without it by size, as depth is not compressed."""
        duration_us = self._container.duration
        if duration_us:
            return round(duration_us * self.fps / 1e6) + 1
        width, height = self.depth_size
        return self._path.stat().st_size // (2 * width * height)

    def _video(self, name: str) -> Any:
        stream = self._stream("title", name)
        if stream is None or stream.type != "video" or stream.codec_context is None:
            raise SensorError(f"{self._path} has no {name} track; {_EXPECTED}")
        return stream

    def _stream(self, key: str, value: str) -> Any:
        for stream in self._container.streams:
            if stream.metadata.get(key) == value:
                return stream
        return None

    def _nanoseconds(self, tag: str) -> int:
        """What the tag says; 0 without it, as when the recorder was killed."""
        text = self._container.metadata.get(tag, "0")
        try:
            return int(text)
        except ValueError:
            raise SensorError(
                f"{self._path} has the tag {tag} = {text!r}; expected nanoseconds"
            ) from None


def import_av() -> Any:
    """PyAV, or a SensorError that says how to install it."""
    try:
        import av
    except ImportError as error:
        raise SensorError(
            f"recordings of an Azure Kinect are read by PyAV, which cannot be loaded "
            f"({error}): pip install av"
        ) from error
    return av


def _next_pair(
    colors: deque[Image], depths: deque[Image], most_ns: float
) -> tuple[Image, Image] | None:
    """Take the first colour and depth that belong together, and what is before them."""
    while colors and depths:
        delay_ns = depths[0].time_ns - colors[0].time_ns
        if abs(delay_ns) < most_ns:
            return colors.popleft(), depths.popleft()
        (colors if delay_ns > 0 else depths).popleft()
    return None


def _format(stream: Any) -> str:
    codec = stream.codec_context
    return str(codec.pix_fmt if codec.name == "rawvideo" else codec.name)


def _lacks_info(tags: dict[str, str]) -> bool:
    """Whether the file does not say what wrote it, which its Info element must.

    That element also has the unit of all times. Microsoft's recorder writes it last: if
    it was killed FFmpeg takes the default, milliseconds.
    """
    return not any(key.lower() == "encoder" for key in tags)


def _is_cut_off(path: Path) -> bool:
    """Whether a Matroska file ends before its Segment, or nobody closed that.

    FFmpeg does not tell: to it the end of a file is the end of a recording.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    header_size, header_start = _ebml_size(head, len(_EBML_ID))
    segment_id = header_start + header_size
    if head[segment_id : segment_id + len(_SEGMENT_ID)] != _SEGMENT_ID:
        return False
    size, start = _ebml_size(head, segment_id + len(_SEGMENT_ID))
    # The size is 0 or, as all ones, larger than any file until the recorder ends.
    return size == 0 or start + size > path.stat().st_size


def _ebml_size(data: bytes, start: int) -> tuple[int, int]:
    """A variable-length size (RFC 8794, section 4) and where it ends."""
    length = 9 - data[start].bit_length()
    value = int.from_bytes(data[start : start + length]) & ((1 << 7 * length) - 1)
    return value, start + length
