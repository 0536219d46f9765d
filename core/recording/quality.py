"""What quality.json holds: the quality of every frame, a list a measure."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields

from core.quality import FrameQuality

MEASURES = tuple(field.name for field in fields(FrameQuality))


def quality_to_json(quality: Sequence[FrameQuality | None]) -> dict[str, list]:
    """A list a measure; null everywhere for a frame that cannot be read."""
    unreadable = (None,) * len(MEASURES)
    rows = [unreadable if frame is None else astuple(frame) for frame in quality]
    return {name: [row[k] for row in rows] for k, name in enumerate(MEASURES)}


def quality_from_json(columns: Mapping[str, list]) -> list[FrameQuality | None]:
    """The quality that `quality_to_json` wrote; KeyError, TypeError or ValueError when
    it is anything else."""
    rows = zip(*(columns[name] for name in MEASURES), strict=True)
    return [None if row[0] is None else FrameQuality(*row) for row in rows]
