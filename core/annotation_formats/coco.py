"""COCO's JSON for object instances: https://cocodataset.org/#format-data.

Its instances become classes: the later ones in the file lie over the earlier ones. An
image without annotations is one that nobody has drawn on.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from pycocotools import mask as rle

from core.annotation_formats.drawing import (
    Drawing,
    Drawings,
    FrameToDraw,
    check_size,
    frame_number,
)
from core.bins import IGNORE_LABEL
from core.errors import DatasetError

FILE = "annotations/instances_default.json"  # where CVAT has it, and others look
IMAGES = "images"
_FARTHEST = 100_000  # pixels; pycocotools walks to every corner, and runs out of memory
_MOST_BITS = 35  # that seven characters hold; the numbers have 32

_Mask: TypeAlias = tuple[str, object]
"""The class and the "segmentation" of an annotation."""


def is_coco(document: object) -> bool:
    """Whether this is the content of a COCO file."""
    return isinstance(document, dict) and {"images", "annotations"} <= document.keys()


def read(file: Path, document: object, shape: tuple[int, int]) -> Drawings:
    """What is annotated in a COCO file; its classes are in the order of their ids."""
    assert isinstance(document, dict)
    try:
        categories = sorted((c["id"], c["name"]) for c in document["categories"])
        names = {key: str(name) for key, name in categories}
        images = {image["id"]: image for image in document["images"]}
        masks: dict[int, list[_Mask]] = {}
        for annotation in document["annotations"]:
            mask = (names[annotation["category_id"]], annotation["segmentation"])
            masks.setdefault(annotation["image_id"], []).append(mask)
        drawings = [_drawing(file, images[k], masks[k], shape) for k in masks]
    except KeyError as error:
        raise DatasetError(
            f"{file} is not as COCO has it: {error} is missing"
        ) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise DatasetError(f"{file} is not as COCO has it: {error}") from error
    return Drawings(tuple(dict.fromkeys(names.values())), drawings)


def write(folder: Path, frames: Iterable[FrameToDraw], names: Sequence[str]) -> None:
    """images/ and annotations/, where each class of an image is one mask."""
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for frame in frames:
        frame.write_image(folder / IMAGES)
        height, width = frame.shape
        images.append(
            {
                "id": frame.index,
                "file_name": frame.image_name,
                "height": height,
                "width": width,
            }
        )
        if frame.classes is not None:
            annotations += _annotations(frame.index, frame.classes)
    document = {
        "images": images,
        "annotations": [{"id": k, **a} for k, a in enumerate(annotations, start=1)],
        "categories": [
            {"id": k, "name": name, "supercategory": ""}
            for k, name in enumerate(names, start=1)
        ],
    }
    (folder / FILE).parent.mkdir()
    (folder / FILE).write_text(json.dumps(document, ensure_ascii=False), "utf-8")


def _annotations(image_id: int, classes: np.ndarray) -> Iterator[dict[str, object]]:
    """One annotation, without an id, for every class in an image."""
    for value in np.unique(classes[classes != IGNORE_LABEL]).tolist():
        mask = rle.encode(np.asfortranarray(classes == value, np.uint8))
        yield {
            "image_id": image_id,
            "category_id": value + 1,
            "segmentation": {**mask, "counts": mask["counts"].decode()},
            "area": int(rle.area(mask)),
            "bbox": rle.toBbox(mask).tolist(),
            "iscrowd": 1,  # COCO: several objects, as a mask and not as polygons
        }


def _drawing(
    file: Path, image: Mapping, masks: list[_Mask], shape: tuple[int, int]
) -> Drawing:
    name = image["file_name"]
    if not isinstance(name, str):
        raise ValueError(f"the file_name {name!r} is no text")
    what = f"{name} in {file}"
    check_size(what, (image["height"], image["width"]), shape)
    return Drawing(
        file=what,
        frame=frame_number(name, file),
        names=frozenset(class_name for class_name, _ in masks),
        paint=partial(_paint, what, masks, shape),
    )


def _paint(
    what: str, masks: list[_Mask], shape: tuple[int, int], values: Mapping[str, int]
) -> np.ndarray:
    classes = np.full(shape, IGNORE_LABEL, np.uint8)
    for name, segmentation in masks:
        try:
            classes[_decode(segmentation, shape)] = values[name]
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise DatasetError(
                f"a segmentation ({name}) of {what} cannot be read ({error}); expected "
                "polygons of 3 corners or more, or run lengths"
            ) from error
    return classes


def _decode(segmentation: Any, shape: tuple[int, int]) -> np.ndarray:
    """(H, W) bool of polygons, of run lengths, or of run lengths as a string."""
    if isinstance(segmentation, list):
        polygons = [np.array(polygon, np.float64) for polygon in segmentation]
        for polygon in polygons:
            if polygon.ndim != 1 or polygon.size < 6 or polygon.size % 2:
                raise ValueError(f"a polygon of {polygon.size} numbers")
            if not (np.abs(polygon) < _FARTHEST).all():
                raise ValueError("a corner far out of the image")
        if not polygons:
            raise ValueError("it is empty, as that of a box is")
        merged = rle.merge(rle.frPyObjects([p.tolist() for p in polygons], *shape))
        return rle.decode(merged).astype(bool)
    if tuple(segmentation["size"]) != shape:
        raise ValueError(f"its size is {segmentation['size']}")
    counts = segmentation["counts"]
    if isinstance(counts, str):
        counts = _run_lengths(counts)
    if sum(counts) != shape[0] * shape[1] or min(counts) < 0:
        raise ValueError(f"its run lengths add up to {sum(counts)}")
    pixels = np.repeat(
        np.arange(len(counts)) % 2 == 1, counts
    )  # down, column by column
    return pixels.reshape(shape, order="F")


def _run_lengths(text: str) -> list[int]:
    """The numbers in a string, as `rleFrString` of COCO's maskApi.c has them.

    pycocotools decodes such strings too, but reads and writes past the end of its
    memory when one is cut off.
    """
    counts: list[int] = []
    number, num_bits = 0, 0
    for character in text.encode("ascii"):
        code = character - ord("0")
        if not 0 <= code < 64 or num_bits >= _MOST_BITS:
            raise ValueError("its run lengths are no such string")
        number |= (code & 31) << num_bits  # five bits each, the lowest ones first
        num_bits += 5
        if code & 32:  # there are more
            continue
        if code & 16:
            number -= 1 << num_bits
        counts.append(number + (counts[-2] if len(counts) > 2 else 0))
        number, num_bits = 0, 0
    if num_bits:
        raise ValueError("its run lengths end within a number")
    return counts
