"""Annotations that follow their frames when a repair loses some of these.

The folder and capture.mcap cannot be replaced in one step. So that an annotation is
never seen on another frame than its own, the old folder steps aside before the file is
replaced, and the new one takes its place after that.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from core.annotations import FOLDER, annotated_frame
from core.errors import RecordingError

CUT_FOLDER = "annotations.cut"
_PARTIAL_FOLDER = ".annotations.partial"


def set_annotations_aside(path: Path, kept: Sequence[int]) -> Path | None:
    """Make ready the annotations of the frames `kept`, which are counted anew.

    Returns where all of them are as they were; None when each keeps its number.
    """
    folder, cut, partial = path / FOLDER, path / CUT_FOLDER, path / _PARTIAL_FOLDER
    files = list(folder.iterdir()) if folder.is_dir() else []
    new_index = {old: new for new, old in enumerate(kept)}
    new_names = {}
    for file in files:
        frame = annotated_frame(file)
        if frame is None:
            new_names[file] = file.name
        elif frame in new_index:
            new_names[file] = f"{new_index[frame]:06d}.png"
    if all(new_names.get(file) == file.name for file in files):
        return None
    if cut.exists():
        raise RecordingError(
            f"{cut} is there from an earlier repair; move it away and try again"
        )
    partial.mkdir()
    for file, name in new_names.items():
        if file.is_file():
            shutil.copy2(file, partial / name)
    folder.rename(cut)
    return cut


def settle_annotations(path: Path, is_repaired: bool) -> None:
    """Put the annotations in place that belong to capture.mcap, new or as it was.

    Also ends what a repair has left that was interrupted.
    """
    folder, cut, partial = path / FOLDER, path / CUT_FOLDER, path / _PARTIAL_FOLDER
    if partial.is_dir() and cut.is_dir() and not folder.exists():
        (partial if is_repaired else cut).rename(folder)
    if partial.is_dir():
        shutil.rmtree(partial)  # copies, perhaps not all of them
