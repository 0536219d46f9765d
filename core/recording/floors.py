"""floors.json: the floor of every frame; it can always be computed again."""

import json
import logging
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.files import state_of, write_atomically
from core.floor import FloorPlane

if TYPE_CHECKING:
    from core.recording.reader import Recording

logger = logging.getLogger(__name__)

FLOORS_FILE = "floors.json"


def recorded_floors(
    recording: "Recording",
    advance: Callable[[], None] = lambda: None,
    is_kept: bool = True,
) -> list[FloorPlane | None]:
    """The floors in floors.json, or new ones when that is absent or stale.

    New ones call `advance` once a frame, and are written unless `is_kept` is False.
    """
    from core.sequence_floors import sequence_floors

    path = recording.path / FLOORS_FILE
    key = {"code": _code(), "frames": len(recording)}
    try:
        kept = json.loads(path.read_text("utf-8"))
        if kept["key"] == key and len(kept["floors"]) == len(recording):
            return [_from_json(floor) for floor in kept["floors"]]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # absent, or not what this version writes: computed below
    floors = sequence_floors(recording, advance)
    if not is_kept:
        return floors
    text = json.dumps({"key": key, "floors": [_to_json(floor) for floor in floors]})
    try:
        write_atomically(path, text.encode())
    except OSError as error:  # a read-only disk: the floors are right all the same
        logger.warning("%s is not kept: %s", path, error.strerror)
    return floors


@lru_cache(maxsize=1)
def _code() -> str:
    """The state of the code that finds floors."""
    core = Path(__file__).parents[1]
    return state_of([*core.glob("*.py"), *core.glob("kernels/*.py")])


def _to_json(floor: FloorPlane | None) -> dict[str, object] | None:
    if floor is None:
        return None
    return {
        "up": floor.up.tolist(),
        "camera_height": floor.camera_height,
        "source": floor.source,
        "confidence": floor.confidence,
    }


def _from_json(values: dict | None) -> FloorPlane | None:
    if values is None:
        return None
    up: Sequence[float] = values["up"]
    return FloorPlane(
        np.array(up, np.float64),
        float(values["camera_height"]),
        values["source"],
        float(values["confidence"]),
    )
