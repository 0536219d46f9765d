"""What floors.json holds: the floor of every frame."""

from collections.abc import Sequence

import numpy as np

from core.floor import FloorPlane


def floors_to_json(
    floors: Sequence[FloorPlane | None],
) -> list[dict[str, object] | None]:
    """An entry a frame, None for one without a floor."""
    return [_to_json(floor) for floor in floors]


def floors_from_json(entries: Sequence[dict | None]) -> list[FloorPlane | None]:
    """The floors that `floors_to_json` wrote; KeyError, TypeError or ValueError when it
    is anything else."""
    return [_from_json(entry) for entry in entries]


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
