"""Any images with masks: label images of the same names, and a list of their classes.

    images/NAME.*        or rgb/, color/, image/
    masks/NAME.png       or labels/, annotations/: 0 is the first class, 255 none; the
                         colours of a palette, if they have one, do not matter
    classes.txt          a name a line; or classes.json, {"classes": ["wall", ...]}
    depth/NAME.png       optional, with the calibration of `core.interchange`

All of it in one folder, of which the last fifth is for tests, or in train/, val/ and
test/ with one list for all.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from core.annotations import read_class_names
from core.bins import IGNORE_LABEL
from core.errors import DatasetError, UnreadableFrameError
from core.interchange.calibration import find_camera_file, read_text
from core.interchange.color_depth import (
    DEPTH_FOLDER,
    find_color_folder,
    open_color_depth,
)
from training.datasets.labelled_images import (
    ImageFiles,
    LabelledImages,
    annotated,
    images_in,
)
from training.datasets.splits import folder_parts, independent_parts, last_fifth

MASK_FOLDERS = ("masks", "labels", "annotations")
PARTS = ("train", "val", "test")


def open_masks(path: Path) -> LabelledImages | None:
    """The images and masks of a folder; None where it has none."""
    folders = [path] if _mask_folder(path) else _parts(path)
    if not folders:
        return None
    names = find_class_names([path, *folders, *map(_masks_of, folders)])
    if names is None:
        if any((folder / DEPTH_FOLDER).is_dir() for folder in folders):
            return None  # whatever the masks are, there are HN-labels to learn from
        raise DatasetError(
            f"{path} has images and masks but no list of classes; add classes.txt "
            "with a name a line, that of class 0 first"
        )
    notes: list[str] = []
    files = {folder: _files(folder, notes) for folder in folders}
    every = [one for found in files.values() for one in found]
    has_mask = annotated(every)
    if not has_mask.any():
        raise DatasetError(
            f"no mask of {path} has the name of an image; expected masks/NAME.png for "
            "images/NAME.jpg"
        )
    if folders == [path]:
        is_test = np.zeros(len(every), bool)
        is_test[has_mask] = last_fifth(int(has_mask.sum()))
        parts = independent_parts(is_test, has_mask)
        notes.append(f"{path}: no folder test/, so the last fifth is for tests")
    else:
        names_of_parts = [folder.name for folder in files for _ in files[folder]]
        parts = folder_parts(names_of_parts, has_mask)
    read = partial(read_mask, num_classes=len(names))
    return LabelledImages(str(path), every, parts, names, read, notes)


def _parts(path: Path) -> list[Path]:
    return [path / part for part in PARTS if _mask_folder(path / part)]


def _mask_folder(path: Path) -> Path | None:
    """Where the masks of a folder's images are."""
    found = [path / name for name in MASK_FOLDERS if (path / name).is_dir()]
    return found[0] if found and find_color_folder(path) is not None else None


def _masks_of(path: Path) -> Path:
    masks = _mask_folder(path)
    assert masks is not None  # only such folders get here
    return masks


def _files(path: Path, notes: list[str]) -> list[ImageFiles]:
    """The images of a folder; what is not used there is added to the notes."""
    colors, masks = find_color_folder(path), _masks_of(path)
    assert colors is not None
    depth = {}
    if (path / DEPTH_FOLDER).is_dir() and find_camera_file(path) is None:
        notes.append(f"{path}: its depth is not used without a calibration; add K.txt")
    elif (path / DEPTH_FOLDER).is_dir():
        source = open_color_depth(path)
        assert source is not None  # it has a colour folder
        depth = {color: (source, k) for k, (color, _) in enumerate(source.pairs)}
    files = []
    for color in images_in(colors):
        mask = masks / f"{color.stem}.png"
        classes = mask if mask.is_file() else None
        files.append(ImageFiles(color, classes, depth.get(color)))
    used = {one.classes for one in files}
    unused = [mask.name for mask in images_in(masks) if mask not in used]
    if unused:
        notes.append(
            f"{masks}: {len(unused)} masks are not used, since none is NAME.png of an "
            f"image NAME ({unused[0]} ...)"
        )
    return files


def find_class_names(places: Sequence[Path]) -> tuple[str, ...] | None:
    """The one list of classes, in whichever of these folders; None without one."""
    files = [
        place / name
        for place in dict.fromkeys(places)
        for name in ("classes.txt", "classes.json")
        if (place / name).is_file()
    ]
    lists = {file: _read_names(file) for file in files}
    for file, names in lists.items():
        if names != lists[files[0]]:
            raise DatasetError(
                f"{files[0]} and {file} name different classes; keep the one that is "
                "right"
            )
    return lists[files[0]] if files else None


def _read_names(file: Path) -> tuple[str, ...]:
    if file.suffix == ".json":
        names = read_class_names(file)
    else:
        names = tuple(line.strip() for line in read_text(file).strip().splitlines())
    if not 0 < len(names) <= IGNORE_LABEL or not all(names):
        found = "an empty name" if names and not all(names) else f"{len(names)} names"
        raise DatasetError(
            f"{file} has {found}; expected 1..{IGNORE_LABEL}, one for each class"
        )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DatasetError(f"{file} names '{twice}' twice; each class needs its own")
    return names


def read_mask(file: Path, num_classes: int) -> np.ndarray:
    """(H, W) uint8 classes, 255 = ignore, of a mask with or without a palette."""
    from PIL import Image  # OpenCV turns a palette into colours

    try:
        with Image.open(file) as image:
            mode, mask = image.mode, np.array(image)
            palette = image.getpalette() if mode == "P" else None
    except (OSError, SyntaxError, ValueError) as error:
        raise UnreadableFrameError(
            f"{file} is not an image or is damaged; replace it, or remove it"
        ) from error
    if mode not in ("L", "P"):
        raise DatasetError(
            f"{file} is an image of mode {mode}; expected 8 bits and one channel, a "
            "class in each pixel"
        )
    counts = np.bincount(mask.ravel(), minlength=256)
    if palette is not None:
        _check_palette(file, np.reshape(palette, (-1, 3)), np.flatnonzero(counts))
    unknown = np.flatnonzero(counts[:IGNORE_LABEL])
    unknown = unknown[unknown >= num_classes]
    if unknown.size:
        raise DatasetError(
            f"{file} holds the class {unknown[0]} in {counts[unknown[0]]} pixels, and "
            f"{num_classes} classes are named; expected 0..{num_classes - 1}, or "
            f"{IGNORE_LABEL} for none"
        )
    return mask


def _check_palette(file: Path, palette: np.ndarray, used: np.ndarray) -> None:
    """DatasetError for a palette of nothing but greys, (n, 3), other than the indices:
    a tool that makes files small has renumbered what were classes."""
    greys = palette[:, 0]
    odd = [k for k in used.tolist() if k < len(greys) and greys[k] != k]
    if odd and (palette == greys[:, None]).all():
        raise DatasetError(
            f"{file} has a palette of greys in which {odd[0]} stands for "
            f"{greys[odd[0]]}, and which of them is the class is not known; save it "
            "without a palette"
        )
