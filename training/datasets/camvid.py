"""CamVid with the 11 classes and the split of SegNet, as SegNet's folders or as the
original frames.

    train/*.png trainannot/*.png   and val, test: 0..10 are classes, 11 is none; with
                                   a list of classes not CamVid, but any masks

    */NNN.png */NNN_L.png          colours that stand for 32 classes
    label_colors.txt               red, green, blue and name of each

SegNet's authors made 11 classes of the 32; what they are made of is in the programs
that follow theirs, such as MATLAB's (camvidPixelLabelIDs.m).
"""

import json
from functools import partial
from importlib import resources
from pathlib import Path

import numpy as np

from core.bins import IGNORE_LABEL
from core.errors import DatasetError
from core.images import read_classes, read_color
from core.interchange.calibration import read_text
from training.datasets.labelled_images import (
    ImageFiles,
    LabelledImages,
    annotated,
    images_in,
)
from training.datasets.masks import find_class_names, read_mask
from training.datasets.splits import folder_parts

CLASS_NAMES = (
    "sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car",
    "pedestrian", "bicyclist",
)  # fmt: skip
"""By the number in SegNet's label images."""
COLORS_FILE = "label_colors.txt"
LABEL_MARK = "_L"
NO_CLASS = 11
UNKNOWN = 254
_CLASS_OF_ORIGINAL = {
    "Sky": "sky",
    "Archway": "building",
    "Bridge": "building",
    "Building": "building",
    "Tunnel": "building",
    "Wall": "building",
    "Column_Pole": "pole",
    "TrafficCone": "pole",
    "LaneMkgsDriv": "road",
    "LaneMkgsNonDriv": "road",
    "Road": "road",
    "ParkingBlock": "pavement",
    "RoadShoulder": "pavement",
    "Sidewalk": "pavement",
    "Tree": "tree",
    "VegetationMisc": "tree",
    "Misc_Text": "sign",
    "SignSymbol": "sign",
    "TrafficLight": "sign",
    "Fence": "fence",
    "Car": "car",
    "OtherMoving": "car",
    "SUVPickupTruck": "car",
    "Train": "car",
    "Truck_Bus": "car",
    "Animal": "pedestrian",
    "CartLuggagePram": "pedestrian",
    "Child": "pedestrian",
    "Pedestrian": "pedestrian",
    "Bicyclist": "bicyclist",
    "MotorcycleScooter": "bicyclist",
    "Void": None,
}


def open_camvid(path: Path) -> LabelledImages | None:
    """CamVid in a folder; None where there is something else."""
    folders = [part for part in ("train", "val", "test") if _has_segnets(path, part)]
    if folders:
        return _segnets(path, folders)
    if (path / COLORS_FILE).is_file():
        return _original(path)
    return None


def _has_segnets(path: Path, part: str) -> bool:
    return (path / part).is_dir() and (path / f"{part}annot").is_dir()


def _segnets(path: Path, folders: list[str]) -> LabelledImages:
    names, files = [], []
    for folder in folders:
        for color in images_in(path / folder):
            label = path / f"{folder}annot" / f"{color.stem}.png"
            names.append(folder)
            files.append(ImageFiles(color, label if label.is_file() else None))
    _check_some_labels(path, files, f"{folders[0]}annot/NAME.png")
    parts = folder_parts(names, annotated(files))
    places = [path, *(path / f"{f}{end}" for f in folders for end in ("", "annot"))]
    own_names = find_class_names(places)
    if own_names is not None:  # somebody's own data
        read = partial(read_mask, num_classes=len(own_names))
        return LabelledImages(str(path), files, parts, own_names, read)
    note = (
        f"{path} is taken for CamVid with SegNet's {len(CLASS_NAMES)} classes; other "
        "classes need classes.txt with a name a line"
    )
    return LabelledImages(
        str(path), files, parts, CLASS_NAMES, read_segnet_classes, [note]
    )


def read_segnet_classes(file: Path) -> np.ndarray:
    """(H, W) uint8 classes, 255 = ignore, of one of SegNet's label images."""
    labels = read_classes(file)
    largest = int(labels.max())
    if largest > NO_CLASS:
        raise DatasetError(
            f"{file} holds the class {largest}; CamVid's labels by SegNet are "
            f"0..{NO_CLASS - 1}, and {NO_CLASS} for none"
        )
    return np.where(labels == NO_CLASS, np.uint8(IGNORE_LABEL), labels)


def _original(path: Path) -> LabelledImages:
    class_of_color = read_colors(path / COLORS_FILE)
    images = [
        image
        for folder in sorted(path.iterdir())
        if folder.is_dir() and not folder.name.startswith(".")
        for image in images_in(folder)
    ]
    labels = {image.stem: image for image in images if image.stem.endswith(LABEL_MARK)}
    colors = {image.stem: image for image in images if image.stem not in labels}
    files = [
        ImageFiles(image, labels.get(f"{stem}{LABEL_MARK}"))
        for stem, image in sorted(colors.items())
    ]
    _check_some_labels(path, files, f"NAME{LABEL_MARK}.png")
    split = _split()
    names = [split.get(one.color.stem, "test") for one in files]
    return LabelledImages(
        str(path),
        files,
        folder_parts(names),
        CLASS_NAMES,
        partial(read_color_classes, class_of_color=class_of_color),
        meaning=[path / COLORS_FILE],
    )


def read_colors(file: Path) -> np.ndarray:
    """(2^24,) uint8, the class of every colour 0xRRGGBB that a label_colors.txt names;
    255 for one that is no class, UNKNOWN for the others."""
    found = np.full(1 << 24, UNKNOWN, np.uint8)
    for line in filter(str.strip, read_text(file).splitlines()):
        try:
            red, green, blue, name = line.split()
            color = bytes([int(red), int(green), int(blue)])
            known = _CLASS_OF_ORIGINAL[name]
        except (ValueError, KeyError) as error:
            raise DatasetError(
                f"{file} has the line '{line.strip()}'; expected red, green, blue and "
                "the name of one of CamVid's 32 classes"
            ) from error
        number = IGNORE_LABEL if known is None else CLASS_NAMES.index(known)
        found[int.from_bytes(color)] = number
    return found


def read_color_classes(file: Path, class_of_color: np.ndarray) -> np.ndarray:
    """(H, W) uint8 classes, 255 = ignore, of an image whose colours stand for them."""
    rgb = read_color(file).astype(np.int32)
    pixels = rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]
    classes = class_of_color[pixels]
    is_unknown = classes == UNKNOWN
    if is_unknown.any():
        odd = int(pixels[is_unknown][0])
        raise DatasetError(
            f"{file} has the colour {tuple(odd.to_bytes(3))} in "
            f"{np.count_nonzero(pixels == odd)} pixels, which {COLORS_FILE} does not "
            "name; correct one of the two"
        )
    return classes


def _split() -> dict[str, str]:
    """The part of every frame that is not for tests, by its name without a suffix."""
    file = resources.files("training").joinpath("data/camvid.json")
    frames = json.loads(file.read_text(encoding="utf-8"))
    return {
        **dict.fromkeys(frames["train_frames"], "train"),
        **dict.fromkeys(frames["validation_frames"], "val"),
    }


def _check_some_labels(path: Path, files: list[ImageFiles], expected: str) -> None:
    if not any(one.classes for one in files):
        raise DatasetError(
            f"{path} looks like CamVid, but of its {len(files)} images none has a "
            f"label image; expected {expected} for NAME.png"
        )
