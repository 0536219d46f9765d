"""What is known about a take besides its frames: scene.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import RecordingError
from core.files import write_atomically

SCENE_FILE = "scene.json"
SNAPSHOTS = "snapshots"
"""The folder of single frames beside recordings; it holds none."""


@dataclass(frozen=True)
class SceneInfo:
    """The facts and the user's own words about one take."""

    name: str
    device: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""
    created: str = ""
    """ISO 8601 with the time zone."""
    frames: int = 0
    """How many frames were written; 0 until the take is closed."""
    dropped: tuple[int, ...] = ()
    """The numbers of frames that the sensor gave and the recorder had to drop."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """How the sensor was set up."""

    @property
    def num_dropped(self) -> int:
        """How many frames were dropped."""
        return len(self.dropped)

    def to_json(self) -> str:
        """As text for people and programs."""
        return json.dumps(
            {
                "name": self.name,
                "device": self.device,
                "tags": list(self.tags),
                "notes": self.notes,
                "created": self.created,
                "frames": self.frames,
                "dropped": {"count": self.num_dropped, "numbers": list(self.dropped)},
                "settings": dict(self.settings),
            },
            indent=2,
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> "SceneInfo":
        """The scene that `to_json` wrote; ValueError when it is anything else."""
        values = json.loads(text)
        if not isinstance(values, dict):
            raise ValueError("it is no JSON object")
        try:
            return cls(
                name=_text(values["name"]),
                device=_text(values["device"]),
                tags=tuple(_text(tag) for tag in values["tags"]),
                notes=_text(values["notes"]),
                created=_text(values["created"]),
                frames=int(values["frames"]),
                dropped=tuple(int(n) for n in values["dropped"]["numbers"]),
                settings=dict(values["settings"]),
            )
        except (KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"{error} is missing or of the wrong kind") from error


def save_scene(recording_path: Path, scene: SceneInfo) -> None:
    """Replace scene.json of a recording."""
    text = scene.to_json() + "\n"
    write_atomically(recording_path / SCENE_FILE, text.encode())


def load_scene(recording_path: Path, default: str) -> SceneInfo:
    """The scene of a recording; `default`, a scene as JSON, when there is no file."""
    path = recording_path / SCENE_FILE
    try:
        return SceneInfo.from_json(
            path.read_text("utf-8") if path.exists() else default
        )
    except (ValueError, OSError) as error:
        raise RecordingError(
            f"{path} cannot be read ({error}); correct it, or delete it and the "
            "recording's own copy is used"
        ) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(repr(value))
    return value
