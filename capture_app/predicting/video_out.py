"""Overlays as a video that ordinary players show."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from capture_app.predicting.results import Finished
from core.errors import DatasetError
from core.quality import LONGEST_PAUSE_S

FILE = "overlay.mp4"
_TICKS = 90_000  # a second, as most videos have; every usual rate divides it
_FPS = 30
_BT709, _LIMITED = 1, 1  # in FFmpeg's enums
_H264 = {"preset": "veryfast", "crf": "21"}
_MPEG4_BITS = 8_000_000  # a second; its default is mush


class VideoOut:
    """overlay.mp4 in `folder`, each frame at its time.

    H.264, or MPEG-4 where this build of PyAV cannot. Odd sizes are filled up to even
    ones, which H.264 asks for.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._container: Any = None
        self._shape: tuple[int, ...] = ()
        self._waiting: tuple[Any, int] | None = None
        self._durations: dict[int, int] = {}
        self._end = 0
        self._last_ns = 0

    def append(self, finished: Finished) -> None:
        """Add one overlay; one that was passed on is left out."""
        overlay = finished.overlay
        if overlay is None:
            return
        import av

        if self._container is None:
            self._shape = overlay.shape
            self._open(overlay.shape[0], overlay.shape[1])
        if overlay.shape != self._shape:
            raise DatasetError(
                f"{finished.picture.name} has {overlay.shape[1]}x{overlay.shape[0]} "
                f"pixels and the first picture {self._shape[1]}x{self._shape[0]}; a "
                "video has one size: leave out --to video"
            )
        height, width = overlay.shape[:2]
        even = np.pad(overlay, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
        frame = av.VideoFrame.from_ndarray(even, format="rgb24").reformat(
            format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
        )
        frame.colorspace, frame.color_range = _BT709, _LIMITED
        self._put(frame, finished.picture.timestamp_ns)

    def finish(self) -> None:
        """Write what waits, and the end of the file."""
        if self._container is not None:
            if self._waiting is not None:
                frame, step = self._waiting
                self._encode(frame, step or _TICKS // _FPS)
            self._mux(None)
            self._container.close()

    def close(self) -> None:
        """Close the file as it is; may be called again."""
        if self._container is not None:
            self._container.close()

    def _open(self, height: int, width: int) -> None:
        import av

        codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
        self._container = av.open(
            self._path, "w", format="mp4", options={"movflags": "+faststart"}
        )
        self._stream = self._container.add_stream(codec, rate=_FPS)
        context = self._stream.codec_context
        context.width, context.height = width + width % 2, height + height % 2
        context.pix_fmt = "yuv420p"
        context.time_base = Fraction(1, _TICKS)
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED
        if codec == "libx264":
            context.options = _H264
        else:
            context.bit_rate = _MPEG4_BITS

    def _put(self, frame: Any, timestamp_ns: int) -> None:
        """Encode the frame before this one, now that it is known how long it lasts."""
        if self._waiting is not None:
            before, step = self._waiting
            passed_ns = timestamp_ns - self._last_ns
            # A clock that is set anew neither stops the picture nor turns it back.
            if 0 < passed_ns <= 1e9 * LONGEST_PAUSE_S:
                step = max(1, round(passed_ns * _TICKS / 1e9))
            else:
                step = step or _TICKS // _FPS
            self._encode(before, step)
            self._waiting = (frame, step)
        else:
            self._waiting = (frame, 0)
        self._last_ns = timestamp_ns

    def _encode(self, frame: Any, step: int) -> None:
        frame.pts, frame.time_base = self._end, Fraction(1, _TICKS)
        self._durations[self._end] = step
        self._end += step
        self._mux(frame)

    def _mux(self, frame: Any) -> None:
        for packet in self._stream.encode(frame):
            # The encoder takes every frame to last as long as the stream's rate says.
            packet.duration = self._durations.pop(packet.pts)
            self._container.mux(packet)
