"""What is predicted: pictures from any input, in order."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from core.floor import FloorPlane
from core.frame import RgbdFrame


@dataclass(frozen=True, eq=False)
class Picture:
    """One colour image of an input."""

    index: int
    """Its place in the input."""
    name: str
    """Of the files that are made of it, without suffix."""
    rgb: np.ndarray | None
    """(H, W, 3) uint8; None for one that is passed on without a prediction."""
    timestamp_ns: int
    frame: RgbdFrame | None = None
    """Where the input has depth."""
    floor: FloorPlane | None = None
    """Where it was asked for and is known."""


class Unreadable(NamedTuple):
    """A picture that is left out."""

    name: str
    reason: str


Pictures = Iterator[Picture | Unreadable]


@dataclass(frozen=True)
class Wanted:
    """What a run needs of its inputs."""

    every: int = 1
    """Predict every n-th picture."""
    has_floors: bool = False
    """Find the floor of every frame with depth."""
    has_others: bool = False
    """Give the pictures between them too, to be passed on."""


class Input(Protocol):
    """Somewhere pictures come from."""

    @property
    def name(self) -> str:
        """For people, and of the folder of its results."""

    @property
    def has_depth(self) -> bool:
        """Whether its pictures have frames."""

    def pictures(self, wanted: Wanted) -> AbstractContextManager[Pictures]:
        """Its pictures, read on other threads while the block lasts."""

    def num_pictures(self, wanted: Wanted) -> int | None:
        """How many there are, unreadable ones too; None while nobody knows."""


def frame_name(index: int) -> str:
    """Of a frame's files."""
    return f"{index:06d}"
