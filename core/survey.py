"""One look at every frame of a source: its floors and its quality."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import HNError
from core.floor import FloorPlane
from core.frame import RgbdFrame
from core.quality import FrameMeasures, FrameQuality, judge_frames, measure_frame
from core.sequence_floors import sequence_floors
from core.tracking import Motion

if TYPE_CHECKING:
    from core.interchange import FrameSource


NOMINAL_CLOCK = {"clock": "nominal"}
"""Settings in the scene of a recording that was made of images without a clock."""


@dataclass(frozen=True, eq=False)
class Survey:
    """What is known of all frames of a source."""

    floors: list[FloorPlane | None]
    """None where it is not known."""
    quality: list[FrameQuality | None]
    """None for a frame that cannot be read."""


def survey(
    source: "FrameSource",
    advance: Callable[[], None] = lambda: None,
    num_workers: int | None = None,
) -> Survey:
    """Floor and quality of every frame, on all cores or `num_workers` threads.

    `advance` is called once a frame.
    """
    measured: list[FrameMeasures | None] = [None] * len(source)
    has_poses = _has_poses(source)

    def watch(index: int, frame: RgbdFrame, motion: Motion | None) -> None:
        pose = _pose(source, index) if has_poses else None
        T = None if motion is None else motion.T_previous_current
        measured[index] = measure_frame(frame, pose, T)

    floors = sequence_floors(source, advance, watch, num_workers)
    return Survey(floors, judge_frames(measured, has_clock(source)))


def has_clock(source: "FrameSource") -> bool:
    """Whether the timestamps of a source say when its frames were taken."""
    from core.interchange.selection import EveryNth
    from core.recording import Recording  # it keeps surveys, so not at the top

    if isinstance(source, EveryNth):
        source = source.source
    if isinstance(source, Recording):
        return source.scene.settings.get("clock") != NOMINAL_CLOCK["clock"]
    return getattr(source, "timestamps_ns", None) is not None


def _has_poses(source: "FrameSource") -> bool:
    """Whether it is worth asking for every frame's pose: each costs a look-up."""
    last = len(source) - 1
    return any(
        _pose(source, index) is not None for index in {0, last // 2, last} if index >= 0
    )


def _pose(source: "FrameSource", index: int) -> np.ndarray | None:
    try:
        return source.pose(index)
    except HNError:  # a damaged pose file, beside a frame that can be read
        return None
