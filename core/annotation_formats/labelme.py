"""labelme's JSON: polygons and other shapes, and which image they are drawn on.

Shapes are painted as labelme's own `labelme.utils.shapes_to_label` paints them: with
Pillow, the later ones over the earlier ones, and a pixel is part of a corner when the
corner lies in it.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from core.annotation_formats.drawing import (
    Drawing,
    Drawings,
    FrameToDraw,
    check_fit_lines,
    check_size,
    frame_number,
    read_lines,
    write_lines,
)
from core.bins import IGNORE_LABEL
from core.errors import DatasetError

UNLABELLED = ("__ignore__", "_background_")  # as in labelme's own examples
LABELS_FILE = "labels.txt"  # for its option --labels
VERSION = "6.3.1"  # what was compared; labelme 5 reads and writes the same
_NUM_POINTS = {  # of the shapes that cover pixels
    "polygon": range(3, 10**6),
    "rectangle": range(2, 3),
    "oriented_rectangle": range(4, 5),
    "circle": range(2, 3),
    "mask": range(2, 3),
}
PIXEL_CENTER = 0.5  # to labelme, (0, 0) is the outer corner of the first pixel
_FARTHEST = 100_000  # pixels; beyond it, painting takes long and overflows at last


@dataclass(frozen=True, eq=False)
class _Shape:
    label: str
    kind: str
    points: np.ndarray
    """(n, 2) float64, x and y."""
    mask: np.ndarray | None
    """(h, w) bool, of the box between the two points of a mask."""


def is_labelme(document: object) -> bool:
    """Whether this is the content of a labelme file."""
    return isinstance(document, dict) and "shapes" in document


def read(
    documents: Mapping[Path, object], folder: Path, shape: tuple[int, int]
) -> Drawings:
    """What was drawn with labelme; `documents` are the files' contents.

    Its classes are in the order of labels.txt in the folder, else of the alphabet.
    """
    drawings = [_drawing(*item, shape) for item in documents.items()]
    names = sorted({name for drawing in drawings for name in drawing.names})
    if (folder / LABELS_FILE).exists():
        names = read_lines(folder / LABELS_FILE)
    classes = tuple(name for name in names if name not in UNLABELLED)
    return Drawings(classes, drawings, frozenset(UNLABELLED))


def write(folder: Path, frames: Iterable[FrameToDraw], names: Sequence[str]) -> None:
    """Images, a JSON file beside each that is annotated, and labels.txt."""
    check_fit_lines(names, LABELS_FILE)
    unlabelled = next((name for name in UNLABELLED if name not in names), None)
    if unlabelled is None:
        raise DatasetError(
            f"{' and '.join(UNLABELLED)} are both classes, so labelme has no word for "
            "pixels without one; rename one of them, or take another --format"
        )
    write_lines(folder / LABELS_FILE, [unlabelled, *names])
    for frame in frames:
        frame.write_image(folder)
        if frame.classes is not None:
            text = json.dumps(
                _document(frame, frame.classes, names, unlabelled),
                indent=2,
                ensure_ascii=False,
            )
            (folder / f"{frame.name}.json").write_text(text, "utf-8")


def _drawing(file: Path, document: object, shape: tuple[int, int]) -> Drawing:
    assert isinstance(document, dict)
    height, width = document.get("imageHeight"), document.get("imageWidth")
    if height is not None and width is not None:
        check_size(f"the image of {file}", (height, width), shape)
    image = document.get("imagePath") or file.name
    try:
        if not isinstance(image, str):
            raise ValueError(f"the imagePath {image!r} is no text")
        shapes = [_shape(entry) for entry in document["shapes"]]
    except KeyError as error:
        raise DatasetError(
            f"{file} is not as labelme writes it: a shape has no {error}"
        ) from error
    except (TypeError, ValueError) as error:
        raise DatasetError(f"{file} is not as labelme writes it: {error}") from error
    return Drawing(
        file=str(file),
        frame=frame_number(image, file),
        names=frozenset(s.label for s in shapes),
        paint=partial(_paint, file, shapes, shape),
    )


def _shape(entry: dict) -> _Shape:
    """One shape, checked; ValueError says what is wrong with it."""
    label, kind = entry["label"], entry.get("shape_type") or "polygon"
    if not isinstance(label, str):
        raise ValueError(f"the label {label!r} is no text")
    if kind not in _NUM_POINTS:
        raise ValueError(
            f"a shape of type {kind} ({label}) covers no pixels; draw a polygon in its "
            "place, or delete it"
        )
    points = np.array(entry["points"], np.float64)
    if points.shape[1:] != (2,) or len(points) not in _NUM_POINTS[kind]:
        raise ValueError(f"a {kind} ({label}) has points of shape {points.shape}")
    if not (np.abs(points) < _FARTHEST).all():
        raise ValueError(f"a {kind} ({label}) has a point far out of the image")
    mask = _mask(entry["mask"]) if kind == "mask" else None
    return _Shape(label, kind, points, mask)


def _mask(text: str) -> np.ndarray:
    """(h, w) bool of a PNG in base64, which is not 0 where the mask is."""
    png = np.frombuffer(base64.b64decode(text), np.uint8)
    image = cv2.imdecode(png, cv2.IMREAD_UNCHANGED) if png.size else None
    if image is None or image.ndim != 2:
        raise ValueError("a mask is no PNG image with one channel")
    return image != 0


def _paint(
    file: Path, shapes: list[_Shape], shape: tuple[int, int], values: Mapping[str, int]
) -> np.ndarray:
    canvas = _Canvas(shape)
    for drawn in shapes:
        try:
            canvas.paint(drawn, values[drawn.label])
        except ValueError as error:
            raise DatasetError(
                f"{file} is not as labelme writes it: {error}"
            ) from error
    return canvas.classes()


class _Canvas:
    """An image that shapes are painted on, one over the other."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._image = Image.new("L", shape[::-1], IGNORE_LABEL)
        self._draw = ImageDraw.Draw(self._image)

    def classes(self) -> np.ndarray:
        """(H, W) uint8."""
        return np.array(self._image)

    def value_at(self, x: int, y: int) -> int:
        """What is painted on a pixel."""
        return int(np.asarray(self._image)[y, x])

    def paint(self, shape: _Shape, value: int) -> None:
        """Give every pixel of a shape a value."""
        if shape.mask is not None:
            self._paste(shape.points, shape.mask, value)
        elif shape.kind == "rectangle":
            corners = np.concatenate((shape.points.min(0), shape.points.max(0)))
            self._draw.rectangle(corners.tolist(), fill=value, outline=value)
        elif shape.kind == "circle":
            center, on_it = shape.points
            radius = np.hypot(*(on_it - center))
            box = np.concatenate((center - radius, center + radius))
            self._draw.ellipse(box.tolist(), fill=value, outline=value)
        else:
            corners = shape.points.ravel()
            self._draw.polygon(corners.tolist(), fill=value, outline=value)

    def _paste(self, points: np.ndarray, mask: np.ndarray, value: int) -> None:
        (left, top), (right, bottom) = points.astype(int).tolist()
        box = (left, top, right + 1, bottom + 1)
        expected = (bottom + 1 - top, right + 1 - left)
        is_inside = left >= 0 and top >= 0
        is_inside &= right < self._image.width and bottom < self._image.height
        if mask.shape != expected or not is_inside:
            raise ValueError(f"a mask of shape {mask.shape} does not fit {box}")
        self._image.paste(value, box, Image.fromarray(mask))


def _document(
    frame: FrameToDraw, classes: np.ndarray, names: Sequence[str], unlabelled: str
) -> dict[str, object]:
    """What labelme keeps of one image."""
    height, width = frame.shape
    return {
        "version": VERSION,
        "flags": {},
        "shapes": [
            {
                "label": unlabelled if value == IGNORE_LABEL else names[value],
                "points": points.tolist(),
                "group_id": None,
                "description": "",
                "shape_type": "polygon",
                "flags": {},
                "mask": None,
            }
            for value, points in _polygons(classes)
        ],
        "imagePath": frame.image_name,
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
    }


def _polygons(classes: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """The class and (n, 2) corners of polygons that give the classes when they are
    painted in this order.

    Each is the outline of one connected region, holes and all. What lies in a hole is a
    smaller polygon and comes later, so pixels without a class need one there too.
    """
    regions = sorted(_regions(classes), key=lambda region: -cv2.contourArea(region[1]))
    canvas = _Canvas(classes.shape)
    for value, outline in regions:
        x, y = outline[0].tolist()
        if value == IGNORE_LABEL and canvas.value_at(x, y) == IGNORE_LABEL:
            continue  # nothing is painted there that must be taken back
        missing = max(0, 3 - len(outline))  # labelme wants three corners
        points = np.pad(outline, ((0, missing), (0, 0)), mode="edge") + PIXEL_CENTER
        canvas.paint(_Shape("", "polygon", points, None), value)
        yield value, points


def _regions(classes: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """The class and the (n, 2) int32 outline, x and y, of every region whose pixels
    share edges: two such regions are apart, or one lies in a hole of the other."""
    for value in np.unique(classes).tolist():
        num_regions, numbers, boxes, _ = cv2.connectedComponentsWithStats(
            (classes == value).astype(np.uint8), connectivity=4
        )
        for number in range(1, num_regions):
            x, y, width, height, _ = boxes[number].tolist()
            region = numbers[y : y + height, x : x + width] == number
            outlines, _ = cv2.findContours(
                region.astype(np.uint8),
                cv2.RETR_EXTERNAL,
                cv2.CHAIN_APPROX_SIMPLE,
                offset=(x, y),
            )
            yield value, outlines[0][:, 0]
