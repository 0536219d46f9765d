"""What is kept beside a recording, and can always be computed again."""

import json
import logging
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.files import state_of, write_atomically

if TYPE_CHECKING:
    from core.recording.reader import Recording

logger = logging.getLogger(__name__)


def load_kept(recording: "Recording", name: str) -> Any:
    """What <name>.json holds; None when it is absent or stale.

    It is stale once the code that made it, or the number of frames, has changed.
    """
    try:
        kept = json.loads(_file(recording, name).read_text("utf-8"))
        return kept[name] if kept["key"] == _key(recording) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # absent, or not what this version writes


def keep(recording: "Recording", name: str, content: object) -> None:
    """Write <name>.json, if the disk takes it."""
    text = json.dumps({"key": _key(recording), name: content})
    try:
        write_atomically(_file(recording, name), text.encode())
    except OSError as error:  # a read-only disk: the content is right all the same
        file = _file(recording, name)
        logger.warning("%s is not kept: %s", file, error.strerror)


def _file(recording: "Recording", name: str) -> Path:
    return recording.path / f"{name}.json"


def _key(recording: "Recording") -> dict[str, object]:
    return {"code": _code(), "frames": len(recording)}


@lru_cache(maxsize=1)
def _code() -> str:
    """The state of the code that looks at frames."""
    core = Path(__file__).parents[1]
    return state_of([*core.glob("*.py"), *core.glob("kernels/*.py")])
