"""What a folder layout is: a name, a way to read it and a way to write it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from core.interchange.calibration import CameraFile
from core.interchange.image_folder import FrameSource

ProgressReport: TypeAlias = Callable[[int, int], None]
"""Called with the number of frames done, and of all."""


@dataclass(frozen=True)
class Layout:
    """One way to keep frames in files."""

    name: str
    """As --to and messages have it."""
    open: Callable[[Path, CameraFile | None], FrameSource | None]
    """The frames at a path, or None when it is not of this layout. The calibration, if
    one is given, stands before the one that lies there. DatasetError says what is wrong
    with a path that is of this layout."""
    write: Callable[[FrameSource, Path, ProgressReport], None] | None = None
    """Every frame of a source into a new, empty folder; None when it is only read."""
    has_poses: bool = True
    """Whether what is written has the poses of frames."""
