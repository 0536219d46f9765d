"""What goes to an annotation tool, and what comes back from it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from PIL.ExifTags import Base

from core.errors import DatasetError
from core.images import EncodedImage, decode_color

_SUFFIXES = {"jpeg": ".jpg", "png": ".png"}


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
        return self.name + _SUFFIXES[self.image.format]

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


def not_turned(image: EncodedImage) -> EncodedImage:
    """The image as a recording shows it: tools turn one with an orientation tag."""
    if Image.open(BytesIO(image.data)).getexif().get(Base.Orientation, 1) == 1:
        return image
    rgb = decode_color(image.data)
    assert rgb is not None  # Pillow could read it
    _, png = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return EncodedImage("png", png.tobytes())


def frame_number(name: str, file: Path) -> int:
    """The last number in the name of an image: 123 of "kitchen2/frame-000123.jpg"."""
    numbers = re.findall(r"[0-9]+", Path(name).stem)
    if not numbers:
        raise DatasetError(
            f"{file} does not say which frame {name} is; expected the frame's number "
            "in the name, such as 000123"
        )
    return int(numbers[-1])


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
