"""CVAT's "Segmentation mask 1.1": colour images and the list of what the colours mean.

https://docs.cvat.ai/docs/dataset_management/formats/format-smask: a zip file with
labelmap.txt and SegmentationClass/*.png. Pixels without a class are black, which is
called background.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from zipfile import ZipFile

import cv2
import numpy as np

from core.annotation_formats.drawing import (
    Drawing,
    Drawings,
    FrameToDraw,
    check_fit_lines,
    check_size,
    frame_number,
    read_lines,
)
from core.bins import IGNORE_LABEL
from core.errors import DatasetError
from core.images import read_color

MASKS = "SegmentationClass"
INSTANCES = "SegmentationObject"
LIST_FILE = "ImageSets/Segmentation/default.txt"
COLORS_FILE = "labelmap.txt"
IMAGES = "images"
ZIP_FILE = "annotations.zip"
LABELS_FILE = "labels.json"
BACKGROUND = "background"
BLACK = 0


def read(folder: Path, shape: tuple[int, int]) -> Drawings | None:
    """What was drawn with CVAT; None when the folder does not hold its masks.

    Its classes are in the order of labelmap.txt.
    """
    found = [path for path in sorted(folder.rglob(MASKS)) if path.is_dir()]
    if not found:
        return None
    if len(found) > 1:
        raise DatasetError(
            f"{folder} holds {len(found)} folders {MASKS}; import them one by one"
        )
    names = _read_colors(found[0].with_name(COLORS_FILE))
    drawings = [
        _drawing(file, shape, names) for file in sorted(found[0].rglob("*.png"))
    ]
    classes = dict.fromkeys(name for name in names.values() if name)
    classes.pop(BACKGROUND, None)
    return Drawings(tuple(classes), drawings, frozenset({BACKGROUND}))


def write(folder: Path, frames: Iterable[FrameToDraw], names: Sequence[str]) -> None:
    """images/ for a new task, labels.json for its raw labels, and annotations.zip.

    Each class of an image is one instance, since CVAT takes no masks without.
    """
    check_fit_lines(names, COLORS_FILE, marks=":#")
    palette = voc_palette()
    lines = [_line(name, palette[k]) for k, name in enumerate(names, start=1)]
    if BACKGROUND not in names:
        lines.insert(0, _line(BACKGROUND, palette[0]))
    annotated = []
    with ZipFile(folder / ZIP_FILE, "w") as archive:
        for frame in frames:
            frame.write_image(folder / IMAGES)
            if frame.classes is None:
                continue
            annotated.append(frame.name)
            # 255 + 1 is 0, black. Instance k has colour k of the palette, as class k.
            rgb = palette[frame.classes + np.uint8(1)]
            _, png = cv2.imencode(".png", rgb[..., ::-1])
            for part in (MASKS, INSTANCES):
                archive.writestr(f"{part}/{frame.name}.png", png.tobytes())
        archive.writestr(COLORS_FILE, "".join(f"{line}\n" for line in lines))
        archive.writestr(LIST_FILE, "".join(f"{name}\n" for name in annotated))
    labels = [
        {"name": name, "color": f"#{palette[k].tobytes().hex()}", "attributes": []}
        for k, name in enumerate(names, start=1)
    ]
    (folder / LABELS_FILE).write_text(json.dumps(labels, indent=2), "utf-8")


def voc_palette() -> np.ndarray:
    """(256, 3) uint8, red first: the colours of the PASCAL VOC masks, black first.

    The bits of a number, three at a time, are the highest bits of its colour.
    """
    numbers = np.arange(256)
    palette = np.zeros((256, 3), np.uint8)
    for bit in range(8):
        palette[:, bit % 3] |= ((numbers >> bit & 1) << 7 - bit // 3).astype(np.uint8)
    return palette


def _line(name: str, color: np.ndarray) -> str:
    """What labelmap.txt says of a class: its name, colour, parts and actions."""
    return f"{name}:{','.join(map(str, color.tolist()))}::"


def _read_colors(file: Path) -> dict[int, str | None]:
    """The name of every colour in labelmap.txt; None for black, if it has none."""
    if not file.exists():
        raise DatasetError(f"{file} is missing; it says what the colours mean")
    names: dict[int, str | None] = {}
    for line in read_lines(file):
        if line.startswith("#"):
            continue
        name, _, rest = line.partition(":")
        try:
            color = int.from_bytes(bytes(map(int, rest.split(":")[0].split(","))))
        except ValueError as error:
            raise DatasetError(
                f"{file} has the line {line!r}; expected one such as wall:128,0,0::"
            ) from error
        if color in names:
            raise DatasetError(
                f"{file} gives {names[color]} and {name} the same colour; every class "
                "needs its own"
            )
        names[color] = name
    names.setdefault(BLACK, None)
    return names


def _drawing(
    file: Path, shape: tuple[int, int], names: Mapping[int, str | None]
) -> Drawing:
    colors = np.unique(_read_mask(file, shape)).tolist()
    unknown = [color for color in colors if color not in names]
    if unknown:
        rgb = ",".join(str(part) for part in unknown[0].to_bytes(3))
        raise DatasetError(
            f"{file} has the colour {rgb}, which {COLORS_FILE} does not name; add a "
            f"line such as lamp:{rgb}::"
        )
    return Drawing(
        file=str(file),
        frame=frame_number(file.name, file),
        names=frozenset(name for color in colors if (name := names[color])),
        paint=partial(_paint, file, shape, names),
    )


def _paint(
    file: Path,
    shape: tuple[int, int],
    names: Mapping[int, str | None],
    values: Mapping[str, int],
) -> np.ndarray:
    mask = _read_mask(file, shape)
    classes = np.full(shape, IGNORE_LABEL, np.uint8)
    for color, name in names.items():
        if name is not None and name in values:
            classes[mask == color] = values[name]
    return classes


def _read_mask(file: Path, shape: tuple[int, int]) -> np.ndarray:
    """(H, W) uint32, red * 65536 + green * 256 + blue."""
    rgb = read_color(file).astype(np.uint32)
    check_size(str(file), rgb.shape[:2], shape)
    return rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]
