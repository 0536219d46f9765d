"""What goes to an annotation tool, and what comes back from it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

import numpy as np

from core.errors import DatasetError
from core.images import EncodedImage

_MOST_DIGITS = 9  # longer numbers are no frames, and Python converts not all of them


@dataclass(frozen=True, eq=False)
class FrameToDraw:
    """A frame as a tool gets it: a colour image named by the frame's number."""

    index: int
    image: EncodedImage
    shape: tuple[int, int]
    """Height and width."""
    classes: np.ndarray | None
    """(H, W) uint8, what is annotated already; None when nothing is."""

    @property
    def name(self) -> str:
        """What its files are called, without a suffix."""
        return f"{self.index:06d}"

    @property
    def image_name(self) -> str:
        """What the file of its image is called."""
        return self.name + self.image.suffix

    def write_image(self, folder: Path) -> None:
        """Put the image into a folder, which is made where it is missing."""
        folder.mkdir(exist_ok=True)
        (folder / self.image_name).write_bytes(self.image.data)


@dataclass(frozen=True)
class Drawing:
    """The classes that somebody has drawn on one frame."""

    file: str
    """Where it comes from, for messages."""
    frame: int
    names: frozenset[str]
    """The classes in it."""
    paint: Callable[[Mapping[str, int]], np.ndarray]
    """(H, W) uint8 from the value that each of these names is to have; 255 where
    nothing is drawn. DatasetError when that cannot be read."""


@dataclass(frozen=True)
class Drawings:
    """Everything that a tool has saved."""

    class_names: tuple[str, ...]
    """In the order in which the tool lists them."""
    drawings: Sequence[Drawing]
    unlabelled: frozenset[str] = frozenset()
    """Names that say "no class", where no class is called so."""


def frame_number(name: str, file: Path) -> int:
    """The frame that an image is of by its name, as `file` has it.

    Either the name begins with six digits, as in "000123 (2).jpg", or it has but one
    number, as in "kitchen2/frame-0123.jpg". DatasetError for any other name.
    """
    stem = PureWindowsPath(name).stem  # it knows the slashes of all systems
    numbers = re.findall(r"^[0-9]{6}(?![0-9])", stem) or re.findall(r"[0-9]+", stem)
    if len(numbers) != 1 or len(numbers[0]) > _MOST_DIGITS:
        raise DatasetError(
            f"{file} does not say which frame {name} is; expected a name with one "
            "number, or with the frame's six digits in front, such as 000123.jpg"
        )
    return int(numbers[0])


def check_size(what: str, found: tuple[int, int], shape: tuple[int, int]) -> None:
    """DatasetError unless both are the same height and width."""
    if found != shape:
        raise DatasetError(
            f"{what} is {found[1]}x{found[0]}; expected {shape[1]}x{shape[0]}, the "
            "size of the recording's colour images"
        )


def read_lines(file: Path) -> list[str]:
    """The lines of a text file that hold something, without spaces at their ends."""
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except ValueError as error:
        raise DatasetError(f"{file} is no text in UTF-8 ({error})") from error
    return [line.strip() for line in lines if line.strip()]


def write_lines(file: Path, lines: Sequence[str]) -> None:
    """Write what `read_lines` reads."""
    file.write_text("\n".join(lines) + "\n", "utf-8")


def check_fit_lines(names: Sequence[str], file_name: str, marks: str = "") -> None:
    """DatasetError where a name cannot stand in a line that has these marks."""
    for name in names:
        has_mark = any(mark in name for mark in marks)
        if name.strip().splitlines() != [name] or has_mark:
            without = "".join(f" {mark}" for mark in marks)
            raise DatasetError(
                f"the class {name!r} cannot stand in {file_name}; rename it without "
                f"line breaks or spaces at its ends{without and ', and without'}"
                f"{without}"
            )
