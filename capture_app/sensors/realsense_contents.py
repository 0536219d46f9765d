"""What a .db3 or .bag of the RealSense SDK holds, without playing it.

The SDK tells neither how many frames a file has nor that it stopped in the middle of a
damaged one, so both are read from the file's own index: an SQL table (.db3) or the
records at the end of a ROS bag (wiki.ros.org/Bags/Format/2.0).
"""

import re
import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, NamedTuple

from core.errors import SensorError

_BAG_MAGIC = b"#ROSBAG V2.0\n"
_BAG_HEADER, _CHUNK_INFO, _CONNECTION = b"\x03", b"\x06", b"\x07"
SAMPLE_TOPIC = re.compile(
    r"/device_0/sensor_\d+/(Depth|Color|Accel)_\d+/(?:image|imu)/(data|metadata)(/.+)?"
)
"""Where a sample is kept: its stream, and which half of it. Such as
/device_0/sensor_0/Depth_0/image/data, in .db3 also .../data/compressedDepth."""


class DamagedError(Exception):
    """A file that cannot be read as it should; the text says why."""


class Contents(NamedTuple):
    """How many images of each kind a file holds."""

    num_depth: int
    num_color: int

    @property
    def num_frames(self) -> int:
        """How many pairs of them there can be."""
        return min(self)


def read_contents(path: Path) -> Contents:
    """What the file's index says.

    SensorError if the file is none of the SDK or lacks depth or colour, DamagedError
    if its index cannot be read.
    """
    _check_file(path)
    counts = _count_in_bag(path) if is_bag(path) else _count_in_db3(path)
    if not any(topic.startswith("/device_") for topic in counts):
        topics = ", ".join(sorted(counts)[:3]) or "nothing"
        raise SensorError(
            f"{path} was not recorded by the RealSense SDK: it holds {topics}; record "
            "it with realsense-viewer or rs-record"
        )
    contents = Contents(_count(counts, "Depth"), _count(counts, "Color"))
    for name, num_images in zip(("depth", "colour"), contents, strict=True):
        if num_images == 0:
            raise SensorError(
                f"{path} holds no {name} images; switch both depth and colour on "
                "before recording"
            )
    return contents


def _check_file(path: Path) -> None:
    """SensorError if there is no such file, nothing in it, or its name misleads."""
    if not path.is_file():
        raise SensorError(
            f"{path} is not a file; expected a .db3 or .bag of the RealSense SDK"
        )
    try:
        with path.open("rb") as file:
            start = file.read(len(_BAG_MAGIC))
    except OSError as error:
        raise SensorError(
            f"{path} cannot be opened ({error.strerror}); check its permissions"
        ) from error
    if not start:
        raise SensorError(
            f"{path} is empty; its recording never began: nothing can be read"
        )
    if start == _BAG_MAGIC and not is_bag(path):
        raise SensorError(
            f"{path} is a ROS bag in spite of its name, as SDKs before 2.58 wrote; "
            f"rename it to {path.with_suffix('.bag').name}"
        )


def is_bag(path: Path) -> bool:
    """Whether it is a ROS bag by its name, which is how the SDK decides it too."""
    return path.suffix in (".bag", ".BAG")


def open_db3(path: Path) -> sqlite3.Connection:
    """The database, read-only; nothing is created beside it."""
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro&immutable=1",
        uri=True,
        check_same_thread=False,
    )


def read_topics(database: sqlite3.Connection) -> dict[int, str]:
    """The names of the topics by their ids."""
    return dict(
        database.execute("SELECT id, name FROM topics WHERE typeof(name) = 'text'")
    )


def _count(counts: dict[str, int], stream: str) -> int:
    matches = {topic: SAMPLE_TOPIC.fullmatch(topic) for topic in counts}
    return sum(
        counts[topic]
        for topic, match in matches.items()
        if match and match.group(1, 2) == (stream, "data")
    )


def _count_in_db3(path: Path) -> dict[str, int]:
    try:
        with closing(open_db3(path)) as database:
            (page_size,) = database.execute("PRAGMA page_size").fetchone()
            tables = database.execute("SELECT name FROM sqlite_master").fetchall()
            if not {("topics",), ("messages",)} <= set(tables):
                return {}
            if path.stat().st_size % page_size != 0:
                raise DamagedError("it ends in the middle of a page")
            topics = read_topics(database)
            counts = dict.fromkeys(topics.values(), 0)
            for topic, count in database.execute(
                "SELECT topic_id, count(*) FROM messages GROUP BY topic_id"
            ):
                counts[topics[topic]] = count
            return counts
    except sqlite3.DatabaseError as error:
        raise DamagedError(str(error)) from error
    except (KeyError, UnicodeDecodeError) as error:
        raise DamagedError("its list of topics is damaged") from error


def _count_in_bag(path: Path) -> dict[str, int]:
    with path.open("rb") as file:
        if file.read(len(_BAG_MAGIC)) != _BAG_MAGIC:
            raise DamagedError("it is not a ROS bag")
        try:
            return _read_bag_index(file)
        except (struct.error, LookupError, ValueError, OverflowError) as error:
            raise DamagedError("the index at its end is missing or cut") from error


def _read_bag_index(file: BinaryIO) -> dict[str, int]:
    header, _ = _read_record(file)
    index_position, num_connections, num_chunks = (
        int.from_bytes(header[name], "little")
        for name in ("index_pos", "conn_count", "chunk_count")
    )
    if header["op"] != _BAG_HEADER or index_position == 0:
        raise ValueError("the bag was not closed")
    file.seek(index_position)
    topics: dict[int, str] = {}
    counts: dict[str, int] = {}
    for _ in range(num_connections + num_chunks):
        header, data = _read_record(file)
        if header["op"] == _CONNECTION:
            connection = int.from_bytes(header["conn"], "little")
            topics[connection] = header["topic"].decode()
            counts[topics[connection]] = 0
        elif header["op"] == _CHUNK_INFO:
            for connection, count in struct.iter_unpack("<II", data):
                counts[topics[connection]] += count
    return counts


def _read_record(file: BinaryIO) -> tuple[dict[str, bytes], bytes]:
    """The fields of a record's header, and its data."""
    fields, data = _read_block(file), _read_block(file)
    header = {}
    while fields:
        (length,) = struct.unpack_from("<I", fields)
        name, _, value = fields[4 : 4 + length].partition(b"=")
        header[name.decode()] = value
        fields = fields[4 + length :]
    return header, data


def _read_block(file: BinaryIO) -> bytes:
    (length,) = struct.unpack("<I", file.read(4))
    data = file.read(length)
    if len(data) != length:
        raise ValueError("the file ends early")
    return data
