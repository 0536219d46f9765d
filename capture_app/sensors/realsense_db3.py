"""The samples of a .db3, read from its database row by row.

Not by the SDK, although it could: of a damaged file it reads nothing or stops without a
word, does not look at the checksums of images, does not return from opening some files,
and 2.58 and 2.59 do not read each other's. A .db3 has the tables of rosbag2: two rows
for a sample, its data and its metadata, and texts about the cameras.
"""

import contextlib
import re
import sqlite3
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import zstandard

from capture_app.sensors import realsense_messages as messages
from capture_app.sensors.realsense_contents import (
    SAMPLE_TOPIC,
    DamagedError,
    open_db3,
    read_topics,
)
from capture_app.sensors.realsense_frames import (
    ACCELERATION,
    COLOR,
    DEPTH,
    Calibration,
    Sample,
    check_color_format,
)

_STREAMS = {"Depth": DEPTH, "Color": COLOR, "Accel": ACCELERATION}
# The last of the texts: it is written with the first image of its camera.
_POSE_TOPIC = re.compile(r"/device_0/sensor_\d+/(Depth|Color)_\d+/tf/ref_\d+")
# Rows that are tried behind a damaged one; a lost page of SQLite's tree hides fewer.
_LONGEST_GAP = 10_000
_DAMAGE = (
    sqlite3.DatabaseError,
    LookupError,
    ValueError,
    struct.error,
    cv2.error,
    zstandard.ZstdError,
)


class Db3Reader:
    """One open file, in the order in which it was written.

    What is damaged is left out. DamagedError if the texts about the cameras are.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = open_db3(path)
        self._torn_row: int | None = None
        self.decoded: set[str] = set()
        """The streams of which a sample could be decoded."""
        try:
            # With it SQLite opens a file that is shorter than it says.
            self._database.execute("PRAGMA writable_schema=ON")
            self._topics = read_topics(self._database)
            self._read_header(self._read_texts())
        except _DAMAGE as error:
            self.close()
            raise DamagedError(str(error)) from error
        except BaseException:
            self.close()
            raise
        self._samples = self._read_samples()

    def next(self, timeout_s: float) -> Sample | None:
        """The next sample that is whole, None after the last."""
        return next(self._samples, None)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def count_frames(self) -> int:
        """How many frames can be read of a damaged file at most; before the first."""
        (page_size,) = self._database.execute("PRAGMA page_size").fetchone()
        counts = Counter[str]()
        last_large = 0
        for row_id, topic, message in self._rows():
            match = SAMPLE_TOPIC.fullmatch(topic)
            if match is not None and match[2] == "data":
                counts[match[1]] += 1
                if len(message) > page_size:
                    last_large = row_id
        if self._path.stat().st_size % page_size != 0:
            # SQLite fills a last page that was cut with zeros, without a word.
            self._torn_row = last_large
        return min(counts["Depth"], counts["Color"])

    def _rows(self) -> Iterator[tuple[int, str, bytes]]:
        """Id, topic and message of the rows that can be read, as they were written."""
        last, gap = 0, 0
        while gap < _LONGEST_GAP:
            try:
                # One by one: Python's cursor loses the row before a damaged one.
                row = self._database.execute(
                    "SELECT id, topic_id, data FROM messages WHERE id > ? "
                    "ORDER BY id LIMIT 1",
                    (last + gap,),
                ).fetchone()
            except sqlite3.DatabaseError:
                gap += 1
                continue
            if row is None:
                return
            row_id, topic, message = row
            if not last < row_id <= last + _LONGEST_GAP:
                gap += 1  # a damaged tree leads elsewhere
                continue
            last, gap = row_id, 0
            if isinstance(message, bytes):
                yield row_id, self._topics.get(topic, ""), message

    def _read_texts(self) -> dict[str, str]:
        """The texts about the cameras by their topics."""
        texts: dict[str, str] = {}
        poses: set[str] = set()
        for _, topic, message in self._rows():
            if SAMPLE_TOPIC.fullmatch(topic) or topic in texts:
                continue
            with contextlib.suppress(zstandard.ZstdError):
                texts[topic] = messages.text(message)
            if (match := _POSE_TOPIC.fullmatch(topic)) is not None:
                poses.add(match[1])
            if len(poses) == 2:
                break
        return texts

    def _read_header(self, texts: dict[str, str]) -> None:
        depth, color = (messages.camera(texts, name) for name in ("Depth", "Color"))
        check_color_format(color.image_format, self._path)
        if depth.device != color.device:
            raise ValueError("how its cameras stand to each other is not in it")
        self.fps = (depth.fps, color.fps)
        """Of depth and of colour."""
        device = messages.fields(texts.get("/device_0/info", ""))
        self.name = device.get("Name", "RealSense")
        self.has_imu = any("/Accel_" in topic for topic in texts)
        self.calibration = Calibration(
            color=color.intrinsics,
            depth=depth.intrinsics,
            T_color_depth=color.T_camera_device @ np.linalg.inv(depth.T_camera_device),
            R_color_accelerometer=np.eye(3),  # the SDK does not record it
            depth_scale=messages.depth_scale(texts),
        )

    def _read_samples(self) -> Iterator[Sample]:
        waiting: dict[str, tuple[str, bytes]] = {}
        for row_id, topic, message in self._rows():
            match = SAMPLE_TOPIC.fullmatch(topic)
            if match is None or row_id == self._torn_row:
                continue
            stream = _STREAMS[match[1]]
            if match[2] == "data":
                waiting[stream] = (topic, message)
            elif stream in waiting:
                try:
                    sample = _sample(stream, *waiting.pop(stream), message)
                except _DAMAGE:
                    continue
                self.decoded.add(stream)
                yield sample


def _sample(stream: str, topic: str, message: bytes, metadata: bytes) -> Sample:
    about = messages.fields(messages.text(metadata))
    if stream == ACCELERATION:
        data = messages.acceleration(message)
    else:
        data = messages.image(message, is_compressed=not topic.endswith("/data"))
    return Sample(stream, int(about["Frame number"]), float(about["timestamp"]), data)
