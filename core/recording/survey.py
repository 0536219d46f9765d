"""What is kept of surveys; that of a recording beside it, in floors.json and
quality.json."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

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
    names = (FLOORS, QUALITY)
    kept = survey_from_json(
        {name: load_kept(recording, name) for name in names}, len(recording)
    )
    if kept is not None:
        return kept
    found = survey(recording, advance, num_workers)
    if is_kept:
        for name, content in survey_to_json(found).items():
            keep(recording, name, content)
    return found


def survey_to_json(found: Survey) -> dict[str, Any]:
    """Floors and quality, each as JSON has it."""
    return {
        FLOORS: floors_to_json(found.floors),
        QUALITY: quality_to_json(found.quality),
    }


def survey_from_json(kept: Mapping[str, Any], num_frames: int) -> Survey | None:
    """The survey that `survey_to_json` wrote; None when it is anything else, or not of
    so many frames."""
    try:
        found = Survey(floors_from_json(kept[FLOORS]), quality_from_json(kept[QUALITY]))
    except (KeyError, TypeError, ValueError):
        return None
    is_whole = len(found.floors) == len(found.quality) == num_frames
    return found if is_whole else None
