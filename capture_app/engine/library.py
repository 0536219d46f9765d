"""What lies in the folder of recordings, described without reading a frame."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property
from pathlib import Path

from core.annotations import FOLDER as ANNOTATIONS
from core.annotations import annotated_frame
from core.errors import HNError, RecordingError
from core.lock import is_locked
from core.recording.mcap_reader import read_index
from core.recording.provenance import decode_provenance
from core.recording.repair import CUT_FILE
from core.recording.scene import SCENE_FILE, SNAPSHOTS, SceneInfo, load_scene
from core.recording.times import frame_times_ns
from core.recording.writer import CAPTURE_FILE

_FLOORS_FILE = "floors.json"
_DEEPEST = 4  # folders below that of the recordings; links may go in circles

Stamp = tuple[tuple[int, int] | bool | None, ...]


class Kind(Enum):
    """What is the matter with a folder."""

    WHOLE = "whole"
    CUT_OFF = "cut off"
    BEING_WRITTEN = "being recorded"
    UNREADABLE = "cannot be read"


class Order(Enum):
    """What comes first in the list."""

    DATE = "Newest first"
    NAME = "By name"
    SIZE = "Largest first"
    FRAMES = "Most frames first"


@dataclass(frozen=True, eq=False)
class Entry:
    """What is known of one folder. Nothing of a recording that is being written but its
    size: it is not touched."""

    path: Path
    title: str
    """Where it is in the folder of recordings."""
    kind: Kind
    changed_s: float
    """When the capture was last written to, since 1970."""
    size_bytes: int = 0
    num_frames: int = 0
    seconds: float = 0.0
    """From the first frame to the last."""
    scene: SceneInfo | None = None
    num_annotated: int = 0
    is_repaired: bool = False
    floorless: float | None = None
    """0..1 of the frames have no floor; None before anybody has looked."""
    problem: str = ""
    """One sentence, for what cannot be read."""

    @property
    def can_play(self) -> bool:
        """Whether it has frames that can be read now."""
        return self.kind in (Kind.WHOLE, Kind.CUT_OFF)

    @cached_property
    def taken_s(self) -> float:
        """When it was recorded, since 1970."""
        try:
            return datetime.fromisoformat(self.scene.created).timestamp()  # type: ignore[union-attr]
        except (ValueError, AttributeError):
            return self.changed_s

    @cached_property
    def words(self) -> str:
        """All that can be searched for."""
        parts = [self.title]
        if self.scene is not None:
            scene = self.scene
            parts += [scene.name, scene.device, *scene.tags, scene.notes]
        return "\n".join(parts).casefold()

    def is_found_by(self, search: str) -> bool:
        """Whether every word of the search is somewhere in its words."""
        return all(word in self.words for word in search.casefold().split())

    def sort_key(self, order: Order) -> tuple[float | str, ...]:
        """What comes first is smaller."""
        name = self.title.casefold()
        match order:
            case Order.DATE:
                return (-self.taken_s, name)
            case Order.SIZE:
                return (-float(self.size_bytes), name)
            case Order.FRAMES:
                return (-float(self.num_frames), name)
        return (name,)


def recording_folders(recordings: Path) -> list[Path]:
    """Every recording below a folder, and the folders that hold none.

    Hidden folders are passed over: what is thrown away or not yet written whole. So are
    snapshots.
    """
    snapshots = recordings / SNAPSHOTS
    return sorted(path for path in _folders(recordings, _DEEPEST) if path != snapshots)


def stamp(folder: Path) -> Stamp:
    """Changes when something does that an entry tells of."""
    files = (CAPTURE_FILE, SCENE_FILE, _FLOORS_FILE, ANNOTATIONS, CUT_FILE)
    return (*(_state(folder / name) for name in files), _is_being_written(folder))


def read_entry(folder: Path, recordings: Path) -> Entry:
    """What can be told of a folder; why not, if it is no recording or is broken."""
    title = folder.relative_to(recordings).as_posix()
    try:
        return _read_entry(folder, title)
    except OSError as error:
        problem = f"{folder} cannot be read: {error.strerror or error}"
    except HNError as error:
        problem = str(error)
    state = _state(folder / CAPTURE_FILE) or (0, 0)
    return Entry(
        folder, title, Kind.UNREADABLE, state[0] / 1e9, state[1], problem=problem
    )


def _read_entry(folder: Path, title: str) -> Entry:
    capture = folder / CAPTURE_FILE
    if not capture.is_file():
        raise RecordingError(
            f"{folder} holds no {CAPTURE_FILE}, so it is no recording; move it "
            "elsewhere, or turn its images into one with hn-convert"
        )
    status = capture.stat()
    if is_locked(capture):
        return Entry(folder, title, Kind.BEING_WRITTEN, status.st_mtime, status.st_size)
    index = read_index(capture)
    if not len(index.chunks):
        raise RecordingError(f"{folder} has no whole frame; nothing of it can be used")
    times_ns = frame_times_ns(folder)
    _, scene = decode_provenance(capture, index.metadata)
    return Entry(
        folder,
        title,
        Kind.CUT_OFF if index.is_cut_off else Kind.WHOLE,
        status.st_mtime,
        _size(folder),
        len(index.chunks),
        max(0.0, float(times_ns[-1] - times_ns[0]) / 1e9),
        load_scene(folder, scene),
        _num_annotated(folder / ANNOTATIONS),
        (folder / CUT_FILE).exists(),
        _floorless(folder / _FLOORS_FILE),
    )


def _folders(folder: Path, depth: int) -> Iterator[Path]:
    for below in _visible_folders(folder):
        if (below / CAPTURE_FILE).exists() or depth == 1:
            yield below
            continue
        inner = list(_folders(below, depth - 1))
        if any((path / CAPTURE_FILE).exists() for path in inner):
            yield from inner
        else:
            yield below


def _visible_folders(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.startswith(".") and entry.is_dir():
                    yield Path(entry.path)
    except OSError:  # it is told of as a folder without a recording
        return


def _state(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _is_being_written(folder: Path) -> bool:
    try:
        return is_locked(folder / CAPTURE_FILE)
    except OSError:
        return False


def _size(folder: Path) -> int:
    """Bytes of the files in a folder and one level below."""
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file():
                total += entry.stat().st_size
            elif entry.name == ANNOTATIONS:
                with os.scandir(entry.path) as files:
                    total += sum(file.stat().st_size for file in files)
    return total


def _num_annotated(folder: Path) -> int:
    if not folder.is_dir():
        return 0
    return sum(annotated_frame(file) is not None for file in folder.iterdir())


def _floorless(file: Path) -> float | None:
    try:
        floors = json.loads(file.read_text("utf-8"))["floors"]
        return sum(floor is None for floor in floors) / len(floors)
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError):
        return None
