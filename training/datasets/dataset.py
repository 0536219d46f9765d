"""What every family of data offers: labelled frames, read one at a time."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from core.frame import RgbdFrame
from core.survey import Survey

Part = Literal["train", "validation", "test"]
Target = Literal["hn", "semantic", "depth"]
UNUSED = "unused"
"""Instead of a part: the frame is too near to another part's, or in none of them."""


@dataclass(frozen=True, eq=False)
class LabelledFrame:
    """One colour image with what is known about it."""

    rgb: np.ndarray
    """(H, W, 3) uint8, red first."""
    frame: RgbdFrame | None
    """The same image with its depth, where there is depth."""
    semantic: np.ndarray | None
    """(H, W) uint8 index into the dataset's class names, 255 = ignore."""


class Dataset(Protocol):
    """Labelled frames in order: neighbours in number are neighbours in time."""

    @property
    def name(self) -> str:
        """What the user calls it."""

    @property
    def class_names(self) -> Sequence[str]:
        """Names of the semantic classes; empty without semantic labels."""

    @property
    def has_depth(self) -> np.ndarray:
        """(N,) bool: which frames can have HN-labels."""

    @property
    def has_semantic(self) -> np.ndarray:
        """(N,) bool: which frames have semantic labels."""

    @property
    def parts(self) -> np.ndarray:
        """(N,) of str: the Part of every frame, or UNUSED."""

    notes: Sequence[str]
    """What the user should know of how it was read; mostly nothing."""

    def __len__(self) -> int: ...

    def fingerprint(self) -> Sequence[Hashable]:
        """What changes whenever the data change, in numbers and words."""

    def survey(self, advance: Callable[[], None] = lambda: None) -> Survey | None:
        """Floor and quality of every frame of a sequence; None where each stands alone.

        Where that takes looking at all frames, `advance` is called once for each.
        """

    def read(self, index: int, target: Target | None = None) -> LabelledFrame:
        """One frame, for any thread; UnreadableFrameError where it is damaged.

        What is not needed for the one target that is asked for may be left out.
        """


def file_state(files: Sequence[Path]) -> list[Hashable]:
    """Path, size and time of files: what changes when their content does."""
    folders: dict[Path, Path] = {}  # to resolve a path takes many looks at the disk
    states: list[Hashable] = []
    for file in files:
        if not file.is_file():
            continue
        if file.parent not in folders:
            folders[file.parent] = file.parent.resolve()
        path = file.resolve() if file.is_symlink() else folders[file.parent] / file.name
        stat = file.stat()
        states.append((str(path), stat.st_size, stat.st_mtime_ns))
    return states


def place_of_data(name: str) -> str:
    """Where the data of this name are, wherever the name was typed."""
    path = Path(name)
    return str(path.resolve()) if path.exists() else name
