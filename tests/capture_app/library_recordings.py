"""Small recordings whose frames say which they are."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.bins import HNBins
from core.frame import Intrinsics, RgbdFrame
from core.overlay import class_palette
from core.prediction import ModelInfo
from core.recording import RecordingWriter
from core.recording.predictions import encode_prediction

CAMERA = Intrinsics(96, 72, 87.0, 88.0, 50.0, 34.0)
PITCH = np.radians(35)
PERIOD_NS = 40_000_000


def floor_frame(number: int, timestamp_ns: int, sees_floor: bool = True) -> RgbdFrame:
    """A floor 1.2 m below the camera, which looks 35 deg down, or else nothing.

    The first depth pixel is the frame's number.
    """
    v = np.arange(72)[:, None] * np.ones(96)
    down = np.sin(PITCH) + np.cos(PITCH) * (v - 34) / 88
    depth = np.rint(1200 / down).astype(np.uint16)
    depth[:, 90:] = 0
    if not sees_floor:
        depth[:] = 0
    depth[0, 0] = number
    rgb = np.full((72, 96, 3), (200, 60, 10), np.uint8)
    return RgbdFrame.aligned(
        rgb, depth, CAMERA, 0.001, number=number, timestamp_ns=timestamp_ns
    )


def number_in(frame: RgbdFrame) -> int:
    """What the pixels say of it."""
    return int(frame.depth[0, 0])


def write_take(
    path: Path,
    num_frames: int = 10,
    dropped: Sequence[int] = (),
    sees_floor: bool = True,
    predicted_class: int | None = None,
    **words: object,
) -> Path:
    """Frames from 5 on, 25 a second, without the numbers that were dropped."""
    numbers = [n for n in range(5, 5 + num_frames + len(dropped)) if n not in dropped]
    info = ModelInfo("hn", HNBins().class_names, 72, 96, (0,) * 3, (1,) * 3, HNBins())
    by = None if predicted_class is None else info.to_metadata()
    with RecordingWriter(path, predicted_by=by, **words) as writer:  # type: ignore[arg-type]
        for number in numbers[:num_frames]:
            frame = floor_frame(number, (number - 5) * PERIOD_NS, sees_floor)
            prediction = None
            if predicted_class is not None:
                classes = np.full((72, 96), predicted_class, np.uint8)
                palette = class_palette(HNBins())
                prediction = encode_prediction(classes, frame.rgb, palette)
            writer.write(frame, prediction=prediction)
        writer.count_drop(dropped)
    return path


def cut_off(path: Path, share: float = 0.6) -> Path:
    """The recording as a crash would have left it."""
    capture = path / "capture.mcap"
    data = capture.read_bytes()
    capture.write_bytes(data[: int(share * len(data))])
    return path
