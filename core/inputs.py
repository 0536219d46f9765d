"""What a command is given: paths of frames, and what it makes of each."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from core.errors import DatasetError
from core.files import check_is_new, find_files
from core.interchange import FrameSource, open_frames
from core.recording.writer import CAPTURE_FILE


def named_frames(path: Path) -> list[tuple[str, FrameSource]]:
    """Name and frames of a recording, of every recording in a folder, or of images."""
    if not (path / CAPTURE_FILE).exists():
        recordings = [file.parent for file in find_files(path, CAPTURE_FILE)]
        if recordings:
            return [(str(r.relative_to(path)), open_frames(r)) for r in recordings]
    source = open_frames(path)
    return [(source.name, source)]


def check_no_twins(names: Sequence[str], out: Path, verb: str) -> None:
    """DatasetError if two inputs have one name; `verb` is what is done with them."""
    for name, count in Counter(names).items():
        if count > 1:
            raise DatasetError(
                f"several inputs are called {name} and would share {out / name}; "
                f"{_one_by_one(verb)}"
            )


def check_folders(names: Sequence[str], out: Path, what: str, verb: str) -> None:
    """HNError unless the results of each input, which people call `what`, can have a
    new folder of its name in `out`."""
    for name in names:
        if any(name != other and Path(other).is_relative_to(name) for other in names):
            raise DatasetError(
                f"the {what} of other inputs would lie inside those of {name}; "
                f"{_one_by_one(verb)}"
            )
        check_is_new(out / name)


def _one_by_one(verb: str) -> str:
    return f"{verb} them one by one with different --out"
