"""The survey of a recording: kept beside it as floors.json and quality.json."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.recording.floors import floors_from_json, floors_to_json
from core.recording.kept import keep, load_kept
from core.recording.quality import quality_from_json, quality_to_json
from core.survey import Survey, survey

if TYPE_CHECKING:
    from core.recording.reader import Recording

FLOORS, QUALITY = "floors", "quality"


def recorded_survey(
    recording: "Recording",
    advance: Callable[[], None] = lambda: None,
    is_kept: bool = True,
    num_workers: int | None = None,
) -> Survey:
    """The survey that is kept, or a new one when that is absent or stale.

    A new one calls `advance` once a frame, and is kept unless `is_kept` is False.
    """
    kept = _load(recording)
    if kept is not None:
        return kept
    found = survey(recording, advance, num_workers)
    if is_kept:
        keep(recording, FLOORS, floors_to_json(found.floors))
        keep(recording, QUALITY, quality_to_json(found.quality))
    return found


def _load(recording: "Recording") -> Survey | None:
    floors, quality = load_kept(recording, FLOORS), load_kept(recording, QUALITY)
    if floors is None or quality is None:
        return None
    try:
        found = Survey(floors_from_json(floors), quality_from_json(quality))
    except (KeyError, TypeError, ValueError):
        return None
    is_whole = len(found.floors) == len(found.quality) == len(recording)
    return found if is_whole else None
