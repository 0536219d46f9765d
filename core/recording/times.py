"""When the frames of a recording were taken, without reading them."""

import struct
from pathlib import Path

import numpy as np

from core.errors import RecordingError
from core.recording.mcap_reader import read_index
from core.recording.writer import CAPTURE_FILE

_TIME = struct.Struct("<9xQ")  # a chunk's opcode and length, then when it begins


def frame_times_ns(recording_path: Path) -> np.ndarray:
    """(n,) int64, the sensor's clock at every frame; 3 ms for a thousand frames.

    All messages of a frame carry its time, and a frame is a chunk.
    """
    path = recording_path / CAPTURE_FILE
    try:
        chunks = read_index(path).chunks
        times = np.empty(len(chunks), np.int64)
        with path.open("rb", buffering=0) as file:
            for k, offset in enumerate(chunks[:, 0].tolist()):
                file.seek(offset)
                (times[k],) = _TIME.unpack(file.read(_TIME.size))
    except (OSError, struct.error) as error:
        raise RecordingError(f"cannot read {path}: {error}") from error
    return times
