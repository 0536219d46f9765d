"""Semantic classes drawn by hand on single frames of a recording.

annotations/NNNNNN.png holds the classes of frame NNNNNN, counted from 0: pixel value k
is the k-th name of annotations/classes.json, 255 is unlabelled.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.bins import IGNORE_LABEL
from core.errors import DatasetError
from core.files import write_atomically
from core.images import read_classes

if TYPE_CHECKING:
    from core.recording import Recording

FOLDER = "annotations"
CLASSES_FILE = "classes.json"


def save_annotation(
    recording_path: Path, index: int, classes: np.ndarray, class_names: Sequence[str]
) -> None:
    """Keep the (H, W) uint8 classes of one frame, in place of older ones.

    The names must be those of the recording's other annotations, or continue them.
    """
    save_annotations(recording_path, [(index, classes)], class_names)


def save_annotations(
    recording_path: Path,
    annotations: Iterable[tuple[int, np.ndarray]],
    class_names: Sequence[str],
) -> int:
    """Keep the (H, W) uint8 classes of many frames, in place of older ones; how many.

    None of them is kept when one is wrong or cannot be had, or the disk is full. Only
    where an older one cannot be replaced, since a program has it open on Windows, those
    before it are kept; each is whole, and all can be saved again.
    """
    from core.recording import Recording  # it reads annotations, so not at the top

    recording = Recording(recording_path)
    names = tuple(class_names)
    check_class_names(recording_path, names)
    folder = Path(recording_path) / FOLDER
    folder.mkdir(exist_ok=True)
    staged: dict[Path, Path] = {}
    try:
        for index, classes in annotations:
            _check_frame(recording, index, classes, names)
            partial = folder / f".{index:06d}.partial"
            staged[partial] = folder / _file_name(index)
            _, png = cv2.imencode(".png", classes)
            write_atomically(partial, png.tobytes())
        if names != load_class_names(recording_path):
            text = json.dumps({"classes": names}, indent=2, ensure_ascii=False) + "\n"
            write_atomically(folder / CLASSES_FILE, text.encode())
        _put_in_place(staged)
    finally:
        for partial in staged:
            partial.unlink(missing_ok=True)
        with suppress(OSError):  # it holds something
            folder.rmdir()
    return len(staged)


def check_class_names(recording_path: Path, names: tuple[str, ...]) -> None:
    """DatasetError unless these can be the classes of a recording's annotations."""
    known = load_class_names(recording_path)
    if names[: len(known)] != known:
        raise DatasetError(
            f"the classes {', '.join(names)} do not begin with those of "
            f"{Path(recording_path) / FOLDER}: {', '.join(known)}; append new classes "
            "to these"
        )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DatasetError(f"the class {twice} is named twice; every class needs one")
    if len(names) > IGNORE_LABEL:
        raise DatasetError(
            f"{len(names)} classes do not fit into 8 bits; name at most {IGNORE_LABEL}"
        )


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
    return read_class_names(path) if path.exists() else ()


def read_class_names(path: Path) -> tuple[str, ...]:
    """The names in a file such as classes.json."""
    try:
        names = json.loads(path.read_text("utf-8"))["classes"]
        if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
            raise TypeError("the names are no list of texts")
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
        names = load_class_names(self.recording_path)
        file = self.recording_path / FOLDER / _file_name(index)
        if not 0 <= index < self.num_frames or not file.exists():
            file = self._files()[index]  # slow, with thousands of them
        return load_annotation(file, self.shape, names)

    def __iter__(self) -> Iterator[int]:
        return iter(self._files())

    def __len__(self) -> int:
        return len(self._files())

    def _files(self) -> dict[int, Path]:
        """The image of every annotated frame, in their order."""
        folder = self.recording_path / FOLDER
        files: dict[int, Path] = {}
        for file in sorted(folder.iterdir()) if folder.is_dir() else ():
            frame = annotated_frame(file)
            if frame is None:
                continue
            if frame in files:
                raise DatasetError(
                    f"{files[frame]} and {file.name} both annotate frame {frame}; "
                    "delete one of them"
                )
            if frame >= self.num_frames:
                raise DatasetError(
                    f"{folder} annotates frame {frame} but the recording has "
                    f"{self.num_frames} frames, counted from 0; rename or delete it"
                )
            files[frame] = file
        return dict(sorted(files.items()))


def _file_name(index: int) -> str:
    """What the annotation of a frame is called; others may leave out the zeros."""
    return f"{index:06d}.png"


def _put_in_place(staged: Mapping[Path, Path]) -> None:
    """Give each of these files its name, in place of the one that has it."""
    for num_done, (partial, file) in enumerate(staged.items()):
        try:
            os.replace(partial, file)
        except OSError as error:
            raise DatasetError(
                f"{file} cannot be replaced ({error.strerror}); {num_done} of "
                f"{len(staged)} annotations are saved; close the program that has it "
                "open and save them all again"
            ) from error


def _check_frame(
    recording: "Recording", index: int, classes: np.ndarray, names: tuple[str, ...]
) -> None:
    """DatasetError unless these can be the classes of a recording's frame."""
    color = recording.calibration.color
    _check(classes, (color.height, color.width), len(names), f"frame {index}")
    if not 0 <= index < len(recording):
        raise DatasetError(
            f"there is no frame {index} in {recording.path}; it has {len(recording)}"
        )


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
