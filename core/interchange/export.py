"""What writers of layouts share: frames as a layout's files can hold them."""

import logging
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.frame import RgbdFrame
from core.images import write_image
from core.interchange.image_folder import FrameSource, nominal_time_ns
from core.interchange.layout import ProgressReport
from core.registration import register_depth, to_color_grid

logger = logging.getLogger(__name__)

LARGEST_UNIT = 65535
EXACT_TO = 0.02  # of a unit: a scale that was a float32 is 0.016 off at the far end
SUFFIXES = {"jpeg": ".jpg", "png": ".png"}


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
    num_far, num_rounded, num_poses, has_up, has_clock = 0, 0, 0, False, False
    for index in range(len(source)):
        frame = source[index] if has_both_cameras else on_color_grid(source[index])
        table = _unit_table(frame.depth_scale * units_per_metre)
        num_far += int(np.count_nonzero(table.is_far[frame.depth]))
        num_rounded += int(np.count_nonzero(table.is_rounded[frame.depth]))
        has_up |= frame.up_hint is not None
        has_clock |= frame.timestamp_ns != nominal_time_ns(index)
        depth = depth_in_units(frame, units_per_metre)
        pose = source.pose(index)
        num_poses += pose is not None
        yield ExportedFrame(index, frame, depth, pose)
        progress(index + 1, len(source))
    if num_far:
        farthest = LARGEST_UNIT / units_per_metre
        logger.warning(
            "%d pixels beyond %.1f m are written as missing", num_far, farthest
        )
    if num_rounded:
        step_mm = 1000 / units_per_metre
        logger.warning("depth of %d pixels is rounded to %.4g mm", num_rounded, step_mm)
    if num_poses and not has_poses:
        logger.warning("the poses of %d frames are not kept", num_poses)
    if has_clock and not has_times:
        logger.warning("the times of frames are not kept")
    if has_up:
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
    return _unit_table(frame.depth_scale * units_per_metre).units[frame.depth]


def write_color(
    source: FrameSource,
    index: int,
    path_without_suffix: Path,
    suffixes: Collection[str] = (".jpg", ".png"),
) -> Path:
    """Write a frame's colour and say where.

    It is copied as it is stored where `suffixes` has its format; else it becomes a PNG,
    which loses nothing either.
    """
    encoded = source.encoded_color(index)
    if encoded is not None and SUFFIXES[encoded.format] in suffixes:
        path = _with_suffix(path_without_suffix, SUFFIXES[encoded.format])
        path.write_bytes(encoded.data)
    else:
        path = _with_suffix(path_without_suffix, ".png")
        write_image(path, source[index].rgb)
    return path


def _with_suffix(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)  # a time as name has a dot of its own


class _UnitTable(NamedTuple):
    """What becomes of each of the 65536 depth values."""

    units: np.ndarray
    """uint16 in the layout; 0 where it does not fit."""
    is_far: np.ndarray
    """bool: it does not fit."""
    is_rounded: np.ndarray
    """bool: it fits, but lies between two units."""


@lru_cache(maxsize=8)
def _unit_table(factor: float) -> _UnitTable:
    exact = np.arange(LARGEST_UNIT + 1) * factor
    units = np.rint(exact)
    is_far = units > LARGEST_UNIT
    is_rounded = (np.abs(exact - units) > EXACT_TO) & ~is_far
    return _UnitTable(np.where(is_far, 0, units).astype(np.uint16), is_far, is_rounded)
