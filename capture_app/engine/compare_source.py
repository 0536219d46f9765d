"""Frames to compare networks on: a recording, or else a simulated room."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from core.errors import RecordingError
from core.floor import FloorPlane
from core.frame import RgbdFrame
from core.recording import Recording
from core.recording.kept import load_kept
from core.recording.survey import FLOORS, QUALITY, survey_from_json
from core.recording.writer import CAPTURE_FILE
from core.simulation import SimulatedCamera
from core.survey import Survey

_SEED, _NUM_FRAMES, _WIDTH, _HEIGHT = 11, 60, 320, 240


class ComparedFrames(Protocol):
    """Frames in any order, with their floors where these are known."""

    floors: Sequence[FloorPlane | None] | None
    """Of every frame; None where each finds its own."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> RgbdFrame: ...


class SimulatedRoom:
    """Frames of a rendered room that no run is trained on, made when asked for."""

    floors: Sequence[FloorPlane | None] | None = None

    def __init__(self) -> None:
        self._camera = SimulatedCamera(_SEED, _NUM_FRAMES, width=_WIDTH, height=_HEIGHT)

    def __len__(self) -> int:
        return len(self._camera)

    def __getitem__(self, index: int, /) -> RgbdFrame:
        return self._camera.frame(index)


class RecordedFrames:
    """Frames of a recording, with the floors that are kept beside it.

    Others are not looked for: that takes as long as the whole recording.
    """

    def __init__(self, path: Path) -> None:
        self._recording = Recording(path)
        self.floors: Sequence[FloorPlane | None] | None = None
        found = kept_survey(self._recording)
        if found is not None:
            self.floors = found.floors

    def __len__(self) -> int:
        return len(self._recording)

    def __getitem__(self, index: int, /) -> RgbdFrame:
        return self._recording[index]


def kept_survey(recording: Recording) -> Survey | None:
    """What was found of a recording and kept beside it; None without looking for it."""
    kept = {name: load_kept(recording, name) for name in (FLOORS, QUALITY)}
    return survey_from_json(kept, len(recording))


def recordings_in(folder: Path) -> tuple[Path, ...]:
    """The recordings in a folder, and in folders in it, the newest first."""
    files = [
        file
        for pattern in (f"*/{CAPTURE_FILE}", f"*/*/{CAPTURE_FILE}")
        for file in folder.glob(pattern)
        if not any(part.startswith(".") for part in file.relative_to(folder).parts)
    ]
    by_age = sorted(((_changed(file), file) for file in files), reverse=True)
    return tuple(file.parent for _, file in by_age)


def open_compared(path: Path | None) -> ComparedFrames:
    """The frames of a recording, or of the simulated room without one.

    RecordingError where it cannot be read or has no frame.
    """
    frames: ComparedFrames = SimulatedRoom() if path is None else RecordedFrames(path)
    if not len(frames):
        raise RecordingError(f"{path} has no frame to compare on; choose another one")
    return frames


def _changed(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
