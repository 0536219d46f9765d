"""Colour images, and images of the same size that hold their classes."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import DatasetError
from core.frame import RgbdFrame
from core.images import is_turned, read_color
from core.interchange.calibration import calibration_files
from core.interchange.image_folder import ImageFolder
from training.datasets.dataset import LabelledFrame, Target, file_state

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class ImageFiles:
    """What there is of one frame."""

    color: Path
    classes: Path | None
    depth: tuple[ImageFolder, int] | None = None
    """Where the same image has its depth, and its index there."""


class LabelledImages:
    """Images that each stand alone; `read_classes` makes (H, W) uint8 classes, 255 =
    ignore, of the file that holds them, by what the files `meaning` say."""

    def __init__(
        self,
        name: str,
        files: Sequence[ImageFiles],
        parts: np.ndarray,
        class_names: Sequence[str],
        read_classes: Callable[[Path], np.ndarray],
        notes: Sequence[str] = (),
        meaning: Sequence[Path] = (),
    ) -> None:
        self.name = name
        self.class_names = tuple(class_names)
        self.has_depth = np.array([one.depth is not None for one in files])
        self.has_semantic = annotated(files)
        self.parts = parts
        self.notes = notes
        self._files = files
        self._read_classes = read_classes
        self._meaning = meaning

    def __len__(self) -> int:
        """How many images, all parts together."""
        return len(self._files)

    def fingerprint(self) -> Sequence[Hashable]:
        """The classes' names, and every file's path, size and time."""
        files, calibrated = [], dict[Path, None]()
        for one in self._files:
            files += [one.color, *([one.classes] if one.classes else [])]
            if one.depth is not None:
                source, index = one.depth
                files.append(source.pairs[index][1])
                calibrated[source.path] = None
        beside = [file for path in calibrated for file in calibration_files(path)]
        return [*self.class_names, *file_state([*files, *self._meaning, *beside])]

    def survey(self, advance: Callable[[], None] = lambda: None) -> None:
        """None: its frames are no sequence."""

    def read(self, index: int, target: Target | None = None) -> LabelledFrame:
        """One image with its classes and depth, where it has them."""
        files = self._files[index]
        frame, semantic = None if target == "semantic" else _frame(files), None
        rgb = read_color(files.color) if frame is None else frame.rgb
        if files.classes is not None and target != "hn":
            if files.depth is None:  # which is never turned
                _check_not_turned(files.color)
            semantic = self._read_classes(files.classes)
            check_size(files.classes, semantic, rgb)
        return LabelledFrame(rgb, frame, semantic)


def _frame(files: ImageFiles) -> RgbdFrame | None:
    if files.depth is None:
        return None
    source, index = files.depth
    return source[index]


def _check_not_turned(file: Path) -> None:
    if is_turned(file):
        raise DatasetError(
            f"{file} has an orientation tag, so it is not known whether its mask is of "
            "the image as stored or as shown; store it as shown, or remove the tag"
        )


def annotated(files: Sequence[ImageFiles]) -> np.ndarray:
    """(N,) bool: which frames have classes."""
    return np.array([one.classes is not None for one in files])


def images_in(folder: Path) -> list[Path]:
    """The image files of a folder, by name."""
    return sorted(
        file for file in folder.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES
    )


def check_size(file: Path, image: np.ndarray, rgb: np.ndarray) -> None:
    """DatasetError unless what a file holds has the size of its colour image."""
    if image.shape != rgb.shape[:2]:
        found, expected = image.shape[::-1], rgb.shape[1::-1]
        raise DatasetError(
            f"{file} is {found[0]}x{found[1]}, but its colour image is "
            f"{expected[0]}x{expected[1]}; they must be of one size"
        )
