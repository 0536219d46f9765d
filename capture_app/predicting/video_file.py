"""Video files, decoded frame by frame."""

import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from capture_app.predicting.pictures import Picture, Pictures, Wanted, frame_name
from core.errors import DatasetError
from core.parallel import parallel_map

logger = logging.getLogger(__name__)

VIDEO_SUFFIXES = frozenset(
    (".mp4", ".m4v", ".mkv", ".avi", ".mov", ".webm", ".mpg", ".mpeg", ".wmv", ".ts")
)
_DEFAULT_FPS = 30.0
_SILENCE_S = 1.0  # that a file may go on without pictures, as some with sound do


class VideoFile:
    """The frames of a video, without depth.

    One that was cut off has the frames up to there; what is missing is said at the end,
    by the number of frames or else the seconds that the file tells.
    """

    has_depth = False

    def __init__(self, path: Path) -> None:
        """DatasetError if it holds no video that can be decoded."""
        import av

        self.name = path.stem
        self._path = path
        try:
            with av.open(path) as container:
                stream = _video_of(container)
                if stream is None or stream.codec_context is None:
                    raise DatasetError(
                        f"{path} holds no pictures that can be decoded; expected a "
                        "video file"
                    )
                self.num_told = stream.frames
                """How many frames it says it has; 0 if it does not say."""
                told_us = (container.start_time or 0) + (container.duration or 0)
                self._told_s = told_us / 1e6
        except (av.FFmpegError, OSError) as error:
            raise DatasetError(
                f"{path} cannot be read as a video ({error.strerror}); it is no video "
                "or was cut off before its end was written"
            ) from error

    def num_pictures(self, wanted: Wanted) -> int | None:
        """How many frames it says it has, of those that are asked for."""
        return len(range(0, self.num_told, wanted.every)) or None

    @contextmanager
    def pictures(self, wanted: Wanted) -> Iterator[Pictures]:
        """Every n-th frame."""
        decoded = self._decode(wanted.every)

        def following(_: int) -> Picture | None:
            return next(decoded, None)

        try:
            with parallel_map(following, count(), num_workers=1) as pictures:
                yield iter(lambda: next(pictures), None)
        finally:
            decoded.close()

    def _decode(self, every: int) -> Generator[Picture, None, None]:
        import av

        index = num_damaged = num_hidden = 0
        end_s = 0.0
        with av.open(self._path) as container:
            stream = _video_of(container)
            assert stream is not None  # as when it was first opened
            stream.thread_type = "AUTO"
            fps = float(stream.average_rate or _DEFAULT_FPS)
            packets = container.demux(stream)
            while True:
                try:
                    packet = next(packets, None)
                    if packet is None:
                        break
                    num_hidden += packet.is_discard  # trimmed: players leave it out
                    frames = packet.decode()
                except av.FFmpegError:
                    num_damaged += 1
                    if num_damaged > index + 100:  # it does not come to an end
                        break
                    continue
                for frame in frames:
                    end_s = frame.time or end_s
                    if index % every == 0:
                        yield _picture(index, frame, fps)
                    index += 1
        self._say_what_is_missing(index + num_hidden, end_s, num_damaged)

    def _say_what_is_missing(
        self, num_frames: int, end_s: float, num_damaged: int
    ) -> None:
        if num_frames < self.num_told:
            logger.warning(
                "%s was cut off or is damaged: %d of its %d frames can be read",
                self._path,
                num_frames,
                self.num_told,
            )
        elif not self.num_told and end_s + _SILENCE_S < self._told_s:
            logger.warning(
                "%s should last %.1f s and its pictures end after %.1f s; it was cut "
                "off, or shows none at its end",
                self._path,
                self._told_s,
                end_s,
            )
        elif num_damaged:
            logger.warning("%s is damaged in %d places", self._path, num_damaged)


def _video_of(container: Any) -> Any:
    """The first stream of pictures; None if there is none."""
    return next(iter(container.streams.video), None)


def _picture(index: int, frame: Any, fps: float) -> Picture:
    time_s = index / fps if frame.time is None else frame.time
    rgb = frame.to_ndarray(format="rgb24")
    # Phones store how they were held; players turn the picture, counter-clockwise.
    turns = round(frame.rotation / 90) % 4
    if turns:
        rgb = np.ascontiguousarray(np.rot90(rgb, turns))
    return Picture(index, frame_name(index), rgb, round(time_s * 1e9))
