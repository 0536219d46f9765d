"""What is kept beside a recording, and can always be computed again."""

import hashlib
import json
import logging
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.files import state_of, write_atomically
from core.recording.writer import CAPTURE_FILE

if TYPE_CHECKING:
    from core.recording.reader import Recording

logger = logging.getLogger(__name__)

# Of a capture: there its index has the places and times of its last frames, and what
# changes one frame moves all after it. A copy has the same end, with another date.
END_BYTES = 2**16


def load_kept(recording: "Recording", name: str) -> Any:
    """What <name>.json holds; None when it is absent or stale.

    It is stale once the code that made it or the capture has changed.
    """
    try:
        kept = json.loads(_file(recording, name).read_text("utf-8"))
        return kept[name] if kept["key"] == _key(recording) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # absent, or not what this version writes


def keep(recording: "Recording", name: str, content: object) -> None:
    """Write <name>.json, if the disk takes it."""
    try:
        text = json.dumps({"key": _key(recording), name: content})
        write_atomically(_file(recording, name), text.encode())
    except OSError as error:  # a read-only disk: the content is right all the same
        file = _file(recording, name)
        logger.warning("%s is not kept: %s", file, error.strerror)


def _file(recording: "Recording", name: str) -> Path:
    return recording.path / f"{name}.json"


def _key(recording: "Recording") -> dict[str, object]:
    end = _end_of(recording.path / CAPTURE_FILE)
    return {"code": _code(), "frames": len(recording), "capture": end}


def _end_of(file: Path) -> str:
    """16 letters that change with the last bytes of a file."""
    with file.open("rb") as capture:
        capture.seek(max(0, os.fstat(capture.fileno()).st_size - END_BYTES))
        return hashlib.sha256(capture.read()).hexdigest()[:16]


@lru_cache(maxsize=1)
def _code() -> str:
    """The state of the code that reads frames and looks at them."""
    core = Path(__file__).parents[1]
    patterns = ("*.py", "kernels/*.py", "recording/*.py")
    return state_of(file for pattern in patterns for file in core.glob(pattern))
