"""What the user writes about a recording, saved beside what others wrote meanwhile."""

import logging
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import HNError, RecordingError
from core.recording import Recording, SceneInfo
from core.recording.scene import save_scene

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Edit:
    """Words for one recording."""

    path: Path
    before: SceneInfo
    """What they were made from."""
    notes: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Saved:
    """What came of an edit."""

    edit: Edit
    scene: SceneInfo | None
    """As it is on the disk now; None if it could not be saved."""
    problem: str = ""


class SceneSaver:
    """Saves edits one after the other on a thread of its own; `save` never waits."""

    def __init__(self) -> None:
        self._edits: queue.SimpleQueue[Edit | None] = queue.SimpleQueue()
        self._saved: queue.SimpleQueue[Saved] = queue.SimpleQueue()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="words", daemon=True)
        self._thread.start()

    def save(self, edit: Edit) -> None:
        """Save this after those before it."""
        self._edits.put(edit)

    def take_saved(self) -> list[Saved]:
        """What came of edits since the last call."""
        taken = []
        while not self._saved.empty():
            taken.append(self._saved.get())
        return taken

    def close(self) -> None:
        """Save what waits, then stop; safe to call twice."""
        if not self._is_closed:
            self._is_closed = True
            self._edits.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (edit := self._edits.get()) is not None:
            try:
                scene = save_words(edit.path, edit.before, edit.notes, edit.tags)
                self._saved.put(Saved(edit, scene))
            except HNError as error:
                self._saved.put(Saved(edit, None, str(error)))
            except Exception as error:
                logger.exception("the words of %s were not saved", edit.path)
                why = f"{type(error).__name__}: {error}"
                problem = f"the notes and tags of {edit.path} were not saved ({why})"
                self._saved.put(Saved(edit, None, problem))


def save_words(
    path: Path, before: SceneInfo, notes: str, tags: Sequence[str]
) -> SceneInfo:
    """Give a recording these notes and tags; the scene that it has now.

    `before` is what they were made from. What a program has changed since then stays:
    its tags beside ours, its notes before ours. RecordingError says why that cannot be.
    """
    now = Recording(path).scene
    merged = replace(
        now,
        notes=_merged_notes(before.notes, now.notes, notes),
        tags=_merged_tags(before.tags, now.tags, tuple(tags)),
    )
    if merged == now:
        return now
    try:
        save_scene(path, merged)
    except OSError as error:
        raise RecordingError(
            f"the notes and tags of {path} could not be saved ({error.strerror}); they "
            "stay in their fields: make the folder writable, or make room, and change "
            "them again"
        ) from error
    return merged


def _merged_notes(before: str, theirs: str, ours: str) -> str:
    if ours in (before, theirs):
        return theirs
    if theirs == before:
        return ours
    return f"{theirs}\n{ours}"


def _merged_tags(
    before: tuple[str, ...], theirs: tuple[str, ...], ours: tuple[str, ...]
) -> tuple[str, ...]:
    if ours == before:
        return theirs
    added = [tag for tag in theirs if tag not in before and tag not in ours]
    gone = [tag for tag in before if tag not in theirs]
    return (*(tag for tag in ours if tag not in gone), *added)
