"""The files of annotation tools: frames out to be drawn on, drawings in.

One module a tool: `write` puts frames into a new folder, with what is annotated on
them, `read` finds what was drawn. What was written is read the same, pixel by pixel.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeAlias
from zipfile import BadZipFile, ZipFile

from core.annotation_formats import coco, cvat, labelme, png
from core.annotation_formats.drawing import Drawing, Drawings, FrameToDraw
from core.errors import DatasetError

FormatName: TypeAlias = Literal["labelme", "coco", "cvat", "png"]

WRITERS: Mapping[
    FormatName, Callable[[Path, Iterable[FrameToDraw], Sequence[str]], None]
] = {
    "labelme": labelme.write,
    "coco": coco.write,
    "cvat": cvat.write,
    "png": png.write,
}

__all__ = ["WRITERS", "Drawing", "Drawings", "FormatName", "FrameToDraw", "drawings_at"]


@contextmanager
def drawings_at(path: Path, shape: tuple[int, int]) -> Iterator[Drawings]:
    """What a tool has saved at `path`, a folder, a zip file or a JSON file.

    `shape` is the height and width of the images that were drawn on. The drawings can
    be painted until the block ends.
    """
    if not path.exists():
        raise DatasetError(f"{path} does not exist; expected what was drawn")
    with tempfile.TemporaryDirectory() as folder:
        drawings = _read(path, shape)
        if drawings is None and _unpack(path, Path(folder)):
            drawings = _read(Path(folder), shape)
        if drawings is None:
            raise DatasetError(
                f"{path} holds nothing that was drawn; expected labelme's JSON files, "
                f"a COCO file, CVAT's {cvat.MASKS}, or class images with classes.json"
            )
        yield drawings


def _unpack(path: Path, folder: Path) -> bool:
    """Whether a zip file, or the only one in a folder, could be unpacked."""
    files = path.iterdir() if path.is_dir() else [path]
    archives = [file for file in files if file.suffix.lower() == ".zip"]
    if len(archives) != 1:
        return False
    try:
        with ZipFile(archives[0]) as archive:
            archive.extractall(folder)
    except (BadZipFile, RuntimeError, NotImplementedError) as error:
        raise DatasetError(f"{archives[0]} cannot be unpacked: {error}") from error
    return True


def _read(path: Path, shape: tuple[int, int]) -> Drawings | None:
    """What lies there, or None when it is of none of the formats."""
    documents = _read_documents(path)
    with_shapes = {f: d for f, d in documents.items() if labelme.is_labelme(d)}
    with_instances = {f: d for f, d in documents.items() if coco.is_coco(d)}
    if len(with_instances) + bool(with_shapes) > 1:
        names = [file.name for file in [*with_instances, *with_shapes]]
        raise DatasetError(
            f"{path} holds several drawings, {', '.join(names[:3])}; give one COCO "
            "file, or a folder with labelme's files alone"
        )
    if with_shapes:
        folder = path if path.is_dir() else path.parent
        return labelme.read(with_shapes, folder, shape)
    if with_instances:
        [(file, document)] = with_instances.items()
        return coco.read(file, document, shape)
    return cvat.read(path, shape) or png.read(path, shape)


def _read_documents(path: Path) -> dict[Path, object]:
    """The content of a JSON file, or of all in a folder."""
    files = [path] if path.suffix.lower() == ".json" else path.rglob("*.json")
    documents = {}
    for file in sorted(files):
        try:
            document = json.loads(file.read_bytes())
        except (ValueError, RecursionError) as error:
            raise DatasetError(f"{file} is no JSON, or is damaged: {error}") from error
        if labelme.is_labelme(document):
            document.pop("imageData", None)  # the image: a hundred times the rest
        documents[file] = document
    return documents
