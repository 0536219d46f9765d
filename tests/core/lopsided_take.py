"""A short take with everything that a recording may hold."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from lopsided import lopsided_frame, rotation

from core.frame import RgbdFrame
from core.images import EncodedImage
from core.recording import RecordingWriter

DROPPED = 5_000_000_002


class Written(NamedTuple):
    """What the writer was given for one frame."""

    frame: RgbdFrame
    pose: np.ndarray | None
    color: EncodedImage | None


def write_take(path: Path) -> list[Written]:
    """Record four frames: one without an up hint, one whose colour is a PNG and one
    without a pose, after a frame that was dropped."""
    frames = [
        lopsided_frame(0),
        lopsided_frame(1, has_up=False),
        lopsided_frame(3),
        lopsided_frame(4),
    ]
    written = [Written(frame, _pose(frame), None) for frame in frames]
    written[2] = _with_png(written[2])
    written[3] = written[3]._replace(pose=None)
    with RecordingWriter(path) as writer:
        for frame, pose, color in written:
            writer.write(frame, pose, color)
        writer.count_drop([DROPPED])
    return written


def _pose(frame: RgbdFrame) -> np.ndarray:
    step = frame.number % 10
    pose = np.eye(4)
    pose[:3, :3] = rotation(0.4 + step, -0.9, 2.5)
    pose[:3, 3] = 1.5 - step, 0.25, -3.0
    return pose


def _with_png(written: Written) -> Written:
    """With noise for its colour, which a PNG keeps and a JPEG would not."""
    shape = written.frame.rgb.shape
    rgb = np.random.default_rng(3).integers(0, 256, shape, np.uint8)
    _, png = cv2.imencode(".png", rgb[..., ::-1])
    frame = replace(written.frame, rgb=rgb)
    return Written(frame, written.pose, EncodedImage("png", png.tobytes()))
