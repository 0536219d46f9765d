"""Semantic classes drawn by hand on single frames of a recording.

annotations/NNNNNN.png holds the classes of frame NNNNNN, counted from 0: pixel value k
is the k-th name of annotations/classes.json, 255 is unlabelled.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from core.bins import IGNORE_LABEL
from core.errors import DatasetError
from core.files import write_atomically
from core.images import read_classes

FOLDER = "annotations"
CLASSES_FILE = "classes.json"


def save_annotation(
    recording_path: Path, index: int, classes: np.ndarray, class_names: Sequence[str]
) -> None:
    """Keep the (H, W) uint8 classes of one frame, in place of older ones.

    The names must be those of the recording's other annotations, or continue them.
    """
    from core.recording import Recording  # it reads annotations, so not at the top

    recording = Recording(recording_path)
    color = recording.calibration.color
    _check(classes, (color.height, color.width), len(class_names), f"frame {index}")
    if not 0 <= index < len(recording):
        raise DatasetError(
            f"there is no frame {index} in {recording_path}; it has {len(recording)}"
        )
    folder = Path(recording_path) / FOLDER
    known = load_class_names(recording_path)
    names = tuple(class_names)
    if names[: len(known)] != known:
        raise DatasetError(
            f"the classes {', '.join(names)} do not begin with those of {folder}: "
            f"{', '.join(known)}; append new classes to these"
        )
    folder.mkdir(exist_ok=True)
    if names != known:
        text = json.dumps({"classes": names}, indent=2, ensure_ascii=False) + "\n"
        write_atomically(folder / CLASSES_FILE, text.encode())
    _, png = cv2.imencode(".png", classes)
    write_atomically(folder / f"{index:06d}.png", png.tobytes())


def load_annotation(
    path: Path, shape: tuple[int, int], class_names: Sequence[str]
) -> np.ndarray:
    """(H, W) uint8 classes of one annotation image, its size and values checked."""
    if not class_names:
        raise DatasetError(
            f"{path.with_name(CLASSES_FILE)} names no classes; expected "
            '{"classes": ["wall", ...]}, a name for each pixel value'
        )
    classes = read_classes(path)
    _check(classes, shape, len(class_names), str(path))
    return classes


def annotated_frame(path: Path) -> int | None:
    """The frame whose classes a file holds; None when it is no annotation."""
    name = path.stem
    is_number = name.isascii() and name.isdigit()
    return int(name) if is_number and path.suffix == ".png" else None


def load_class_names(recording_path: Path) -> tuple[str, ...]:
    """The names in classes.json; empty when the recording has none."""
    path = Path(recording_path) / FOLDER / CLASSES_FILE
    if not path.exists():
        return ()
    try:
        names = json.loads(path.read_text("utf-8"))["classes"]
        if not all(isinstance(name, str) for name in names):
            raise TypeError("a name is no text")
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f'{path} cannot be read ({error}); expected {{"classes": ["wall", ...]}}'
        ) from error
    return tuple(names)


@dataclass(frozen=True)
class AnnotationImages(Mapping[int, np.ndarray]):
    """The annotated frames of a recording; an image is read when it is looked up."""

    recording_path: Path
    num_frames: int
    shape: tuple[int, int]

    def __getitem__(self, index: int) -> np.ndarray:
        if index not in self._indices():
            raise KeyError(index)
        path = self.recording_path / FOLDER / f"{index:06d}.png"
        return load_annotation(path, self.shape, load_class_names(self.recording_path))

    def __iter__(self) -> Iterator[int]:
        return iter(self._indices())

    def __len__(self) -> int:
        return len(self._indices())

    def _indices(self) -> list[int]:
        folder = self.recording_path / FOLDER
        frames = map(annotated_frame, folder.iterdir() if folder.is_dir() else ())
        indices = sorted(frame for frame in frames if frame is not None)
        beyond = [index for index in indices if index >= self.num_frames]
        if beyond:
            raise DatasetError(
                f"{folder} annotates frame {beyond[0]} but the recording has "
                f"{self.num_frames} frames, counted from 0; rename or delete it"
            )
        return indices


def _check(
    classes: np.ndarray, shape: tuple[int, int], num_classes: int, what: str
) -> None:
    if classes.shape != shape or classes.dtype != np.uint8:
        raise DatasetError(
            f"the annotation of {what} is {classes.shape} {classes.dtype}; expected "
            f"the size of the colour image, {shape} uint8"
        )
    values = np.unique(classes)
    unknown = values[(values >= num_classes) & (values != IGNORE_LABEL)]
    if unknown.size:
        raise DatasetError(
            f"the annotation of {what} has the values {unknown.tolist()}, and there "
            f"are {num_classes} classes; expected 0..{num_classes - 1}, or 255 for none"
        )
