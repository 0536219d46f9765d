"""What writers of layouts share: frames as a layout's files can hold them."""

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.frame import RgbdFrame
from core.images import as_png, not_turned
from core.interchange.image_folder import (
    SATURATED,
    FrameSource,
    is_millimetres,
    nominal_time_ns,
)
from core.interchange.layout import ProgressReport
from core.registration import register_depth, to_color_grid

logger = logging.getLogger(__name__)

EXACT_TO = 0.02  # of a unit: a scale that was a float32 is 0.016 off at the far end


class ExportedFrame(NamedTuple):
    """A frame as it goes into a layout's files."""

    index: int  # type: ignore[assignment]  # a tuple's search of this name gives way
    frame: RgbdFrame
    """Its depth lies on the colour grid, or on its own where a layout has both."""
    depth: np.ndarray
    """(h, w) uint16 in the layout's units."""
    pose: np.ndarray | None
    """(4, 4) T_world_camera."""


def exported_frames(
    source: FrameSource,
    units_per_metre: float,
    progress: ProgressReport,
    has_times: bool = False,
    has_poses: bool = True,
    has_both_cameras: bool = False,
) -> Iterator[ExportedFrame]:
    """Every frame with depth on the colour grid, in the units of a layout.

    What its files cannot hold is logged, once for all frames; `has_times` and
    `has_poses` say whether they hold the frames' times and poses, `has_both_cameras`
    whether depth stays on its own grid.
    """
    losses = _Losses()
    for index in range(len(source)):
        frame = source[index]
        if not (has_both_cameras or frame.is_aligned):
            losses.num_moved += 1
            frame = on_color_grid(frame)
        pose = source.pose(index)
        losses.add(index, frame, pose, units_per_metre)
        depth = depth_in_units(frame, units_per_metre)
        yield ExportedFrame(index, frame, depth, pose)
        progress(index + 1, len(source))
    losses.log(units_per_metre, has_times, has_poses)


@dataclass
class _Losses:
    """What frames have that the files of layouts cannot hold."""

    num_moved: int = 0
    """Frames whose depth had pixels of its own."""
    num_far: int = 0
    num_rounded: int = 0
    num_poses: int = 0
    has_up: bool = False
    has_clock: bool = False
    has_numbers: bool = False

    def add(
        self,
        index: int,
        frame: RgbdFrame,
        pose: np.ndarray | None,
        units_per_metre: float,
    ) -> None:
        """Count what one frame has of it."""
        table = _table_of(frame, units_per_metre)
        self.num_far += int(np.count_nonzero(table.is_far[frame.depth]))
        self.num_rounded += int(np.count_nonzero(table.is_rounded[frame.depth]))
        self.num_poses += pose is not None
        self.has_up |= frame.up_hint is not None
        self.has_clock |= frame.timestamp_ns != nominal_time_ns(index)
        self.has_numbers |= frame.number != index

    def log(self, units_per_metre: float, has_times: bool, has_poses: bool) -> None:
        """Say it of a layout in these units, which has times, or poses, or not."""
        if self.num_moved:
            logger.warning(
                "depth of %d frames is moved to the pixels of the colour image; "
                "ScanNet's layout keeps it on its own",
                self.num_moved,
            )
        if self.num_far:
            logger.warning(
                "%d pixels beyond %.1f m are written as missing",
                self.num_far,
                _largest_unit(units_per_metre) / units_per_metre,
            )
        if self.num_rounded:
            logger.warning(
                "depth of %d pixels is rounded to %.4g mm",
                self.num_rounded,
                1000 / units_per_metre,
            )
        if self.num_poses and not has_poses:
            logger.warning("the poses of %d frames are not kept", self.num_poses)
        if self.has_clock and not has_times:
            logger.warning("the times of frames are not kept")
        if self.has_numbers:
            logger.warning("frames are counted from 0; their numbers are not kept")
        if self.has_up:
            logger.warning("the IMU's directions are not kept")


def on_color_grid(frame: RgbdFrame) -> RgbdFrame:
    """The frame with its depth on the pixels of its colour image, distorted or not."""
    if frame.is_aligned:
        return frame
    color = frame.color_intrinsics
    depth = to_color_grid(register_depth(frame), color, border=0)
    return RgbdFrame.aligned(
        frame.rgb,
        depth,
        color,
        frame.depth_scale,
        timestamp_ns=frame.timestamp_ns,
        up_hint=frame.up_hint,
        number=frame.number,
    )


def depth_in_units(frame: RgbdFrame, units_per_metre: float) -> np.ndarray:
    """(h, w) uint16 depth of a frame in units of 1 / units_per_metre metres.

    Exact where it is a whole number of them, else rounded; 0 where it is missing or
    does not fit.
    """
    return _table_of(frame, units_per_metre).units[frame.depth]


def write_color(
    source: FrameSource,
    index: int,
    frame: RgbdFrame,
    path_without_suffix: Path,
    suffixes: Collection[str] = (".jpg", ".png"),
) -> Path:
    """Write the colour of a source's frame and say where.

    It is copied as it is stored where `suffixes` has its format; else it becomes a PNG,
    which loses nothing either, and so does what other tools would turn.
    """
    image = source.encoded_color(index)
    if image is not None and image.suffix in suffixes:
        image = not_turned(image)
    else:
        image = as_png(frame.rgb)
    # A time as name has a dot of its own.
    path = path_without_suffix.with_name(path_without_suffix.name + image.suffix)
    path.write_bytes(image.data)
    return path


class _UnitTable(NamedTuple):
    """What becomes of each of the 65536 depth values."""

    units: np.ndarray
    """uint16 in the layout; 0 where it does not fit."""
    is_far: np.ndarray
    """bool: it does not fit."""
    is_rounded: np.ndarray
    """bool: it fits, but lies between two units."""


def _table_of(frame: RgbdFrame, units_per_metre: float) -> _UnitTable:
    factor = frame.depth_scale * units_per_metre
    return _unit_table(factor, _largest_unit(units_per_metre))


def _largest_unit(units_per_metre: float) -> int:
    """The largest number that is depth in such files."""
    return SATURATED - 1 if is_millimetres(1 / units_per_metre) else SATURATED


@lru_cache(maxsize=8)
def _unit_table(factor: float, largest: int) -> _UnitTable:
    exact = np.arange(2**16) * factor
    units = np.rint(exact)
    is_far = units > largest
    is_rounded = (np.abs(exact - units) > EXACT_TO) & ~is_far
    return _UnitTable(np.where(is_far, 0, units).astype(np.uint16), is_far, is_rounded)
