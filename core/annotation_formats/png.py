"""Class images as recordings keep them, classes.json or classes.txt beside them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from core.annotation_formats.drawing import (
    Drawing,
    Drawings,
    FrameToDraw,
    frame_number,
    read_lines,
)
from core.annotations import CLASSES_FILE, load_annotation, read_class_names
from core.bins import IGNORE_LABEL
from core.errors import DatasetError
from core.images import write_image

LINES_FILE = "classes.txt"
IMAGES = "images"


def read(folder: Path, shape: tuple[int, int]) -> Drawings | None:
    """The class images in a folder, or None when it holds no PNG files."""
    files = sorted(folder.glob("*.png"))
    if not files:
        return None
    names = _read_names(folder)
    return Drawings(names, [_drawing(file, shape, names) for file in files])


def write(folder: Path, frames: Iterable[FrameToDraw], names: Sequence[str]) -> None:
    """images/, a class image for each that is annotated, and classes.json."""
    text = json.dumps({"classes": list(names)}, indent=2, ensure_ascii=False)
    (folder / CLASSES_FILE).write_text(text, "utf-8")
    for frame in frames:
        frame.write_image(folder / IMAGES)
        if frame.classes is not None:
            write_image(folder / f"{frame.name}.png", frame.classes)


def _read_names(folder: Path) -> tuple[str, ...]:
    for name, read_names in (
        (CLASSES_FILE, read_class_names),
        (LINES_FILE, read_lines),
    ):
        if (folder / name).exists():
            return tuple(read_names(folder / name))
    raise DatasetError(
        f"{folder} has PNG files but neither {CLASSES_FILE} nor {LINES_FILE}, which "
        "name the classes: a line for each pixel value, from 0"
    )


def _drawing(file: Path, shape: tuple[int, int], names: tuple[str, ...]) -> Drawing:
    values = np.unique(load_annotation(file, shape, names)).tolist()
    return Drawing(
        file=str(file),
        frame=frame_number(file.name, file),
        names=frozenset(names[value] for value in values if value != IGNORE_LABEL),
        paint=partial(_paint, file, shape, names),
    )


def _paint(
    file: Path,
    shape: tuple[int, int],
    names: tuple[str, ...],
    values: Mapping[str, int],
) -> np.ndarray:
    table = np.full(256, IGNORE_LABEL, np.uint8)
    table[: len(names)] = [values.get(name, IGNORE_LABEL) for name in names]
    return table[load_annotation(file, shape, names)]
