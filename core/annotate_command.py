"""`hn-annotate`: frames of a recording to a drawing tool, and the drawings back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Annotated, TypeAlias, TypeVar

import numpy as np
import tyro
from rich.console import Console
from rich.progress import track

from core.annotation_formats import (
    WRITERS,
    Drawing,
    Drawings,
    FormatName,
    FrameToDraw,
    drawings_at,
)
from core.annotations import check_class_names, save_annotations
from core.bins import IGNORE_LABEL
from core.command import run_command
from core.errors import DatasetError
from core.files import check_is_new, whole_folder
from core.images import not_turned
from core.recording import Recording

MOST_NAMED = 10  # files and frames in a sentence

Item = TypeVar("Item")
Classes: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class ExportConfig:
    """Write frames of a recording as images, with what is annotated on them."""

    recording: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="RECORDING")]
    """The folder of a recording."""
    out: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="OUT")]
    """A new folder for the images and the tool's files."""
    format: FormatName = "labelme"
    """The tool: polygons for labelme; masks for what reads COCO; masks for CVAT; plain
    class images."""
    every: int | None = None
    """Every n-th frame. Without this and --frames, those that are annotated."""
    frames: tuple[int, ...] = ()
    """These frames, counted from 0."""
    classes: Classes = ()
    """The classes to draw, where the recording has none yet or gets more: its own come
    first."""


@dataclass(frozen=True)
class ImportConfig:
    """Turn drawings into annotations of a recording, all of them or none."""

    drawings: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="IN")]
    """A folder of labelme's JSON files, a COCO file, a zip file or folder in CVAT's
    format "Segmentation mask 1.1", or a folder of class images with classes.json or
    classes.txt. The frame is the one number in an image's name, or the six digits that
    it begins with."""
    recording: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="RECORDING")]
    """The folder of the recording that the frames are of."""
    classes: Classes = ()
    """The classes, in the order of their numbers. Without this those of the recording,
    else those of the drawings."""
    replace: bool = False
    """Replace what is annotated on these frames."""


@dataclass(frozen=True)
class AnnotateConfig:
    """Frames of a recording to a drawing tool, and the drawings back."""

    command: tyro.conf.OmitArgPrefixes[
        tyro.conf.OmitSubcommandPrefixes[
            Annotated[ExportConfig, tyro.conf.subcommand("export")]
            | Annotated[ImportConfig, tyro.conf.subcommand("import")]
        ]
    ]


def main() -> None:
    """Entry point of hn-annotate."""
    run_command("hn-annotate", AnnotateConfig, annotate)


def annotate(config: AnnotateConfig) -> str:
    """Do what the command line asks for; the sentence that says what came of it."""
    if isinstance(config.command, ExportConfig):
        return export_frames(config.command)
    return import_drawings(config.command)


def export_frames(config: ExportConfig) -> str:
    """Write frames for a tool into a new folder, all of them or none."""
    recording = Recording(config.recording)
    names = _class_names(recording, config.classes)
    numbers = _frames_to_draw(recording, config)
    if config.out.resolve().is_relative_to(config.recording.resolve()):
        raise DatasetError(
            f"{config.out} lies in the recording; name a folder elsewhere"
        )
    check_is_new(config.out)
    annotated = set(recording.annotations)
    with whole_folder(config.out) as folder:
        frames = (_frame_to_draw(recording, k, k in annotated) for k in numbers)
        WRITERS[config.format](folder, _tracked(frames, len(numbers), "export"), names)
    num_annotated = len(annotated.intersection(numbers))
    return (
        f"{config.out}: {len(numbers)} frames for {config.format}, {num_annotated} of "
        "them annotated already"
    )


def import_drawings(config: ImportConfig) -> str:
    """Make drawings annotations of a recording, all of them or none."""
    recording = Recording(config.recording)
    color = recording.calibration.color
    names = _class_names(recording, config.classes)
    with drawings_at(config.drawings, (color.height, color.width)) as found:
        names = names or found.class_names
        if not names or not found.drawings:
            raise DatasetError(f"no class is drawn on any image in {config.drawings}")
        values = dict.fromkeys(found.unlabelled, IGNORE_LABEL)
        values |= {name: value for value, name in enumerate(names)}
        _check_frames(found.drawings, recording)
        _check_names(found.drawings, values, names)
        num_saved = save_annotations(
            config.recording, _annotations(found, values, recording, config), names
        )
    num_same = len(found.drawings) - num_saved
    same = f", {num_same} more were the same before" if num_same else ""
    return (
        f"{config.recording}: {num_saved} frames annotated{same}; "
        f"classes: {', '.join(names)}"
    )


def _frames_to_draw(recording: Recording, config: ExportConfig) -> Sequence[int]:
    """The frames that an export is asked for, rising."""
    if config.every is not None and config.frames:
        raise DatasetError("--every and --frames exclude each other; give one of them")
    if config.every is not None:
        if config.every < 1:
            raise DatasetError(f"--every must be at least 1, got {config.every}")
        return range(0, len(recording), config.every)
    if not config.frames:
        annotated = list(recording.annotations)
        if not annotated:
            raise DatasetError(
                f"{recording.path} has no annotations; give --every 30 to draw on "
                "every 30th frame, or --frames with their numbers"
            )
        return annotated
    for number in config.frames:
        if not 0 <= number < len(recording):
            raise DatasetError(
                f"there is no frame {number} in {recording.path}; it has "
                f"{len(recording)}, counted from 0"
            )
    return sorted(set(config.frames))


def _frame_to_draw(recording: Recording, index: int, is_annotated: bool) -> FrameToDraw:
    color = recording.calibration.color
    return FrameToDraw(
        index=index,
        image=not_turned(recording.encoded_color(index)),
        shape=(color.height, color.width),
        classes=recording.annotations[index] if is_annotated else None,
    )


def _class_names(recording: Recording, given: Classes) -> Classes:
    """The names that are given, which must continue the recording's; else its own."""
    if not given:
        return recording.annotation_classes
    check_class_names(recording.path, given)
    return given


def _check_frames(drawings: Sequence[Drawing], recording: Recording) -> None:
    """DatasetError unless each drawing is of another frame of the recording."""
    files: dict[int, str] = {}
    for drawing in drawings:
        if drawing.frame >= len(recording):
            raise DatasetError(
                f"{drawing.file} is of frame {drawing.frame} by its image's name, and "
                f"{recording.path} has {len(recording)} frames, counted from 0; is it "
                "another recording's?"
            )
        if drawing.frame in files:
            raise DatasetError(
                f"{files[drawing.frame]} and {drawing.file} are both of frame "
                f"{drawing.frame} by their images' names; keep one of them"
            )
        files[drawing.frame] = drawing.file


def _check_names(
    drawings: Sequence[Drawing], values: Mapping[str, int], names: Classes
) -> None:
    """DatasetError that names every class that has no value, and its files."""
    unknown: dict[str, list[str]] = {}
    for drawing in drawings:
        for name in sorted(drawing.names - values.keys()):
            unknown.setdefault(name, []).append(Path(drawing.file).name)
    if unknown:
        where = "; ".join(
            f"{name} (in {_some(files)})" for name, files in sorted(unknown.items())
        )
        raise DatasetError(
            f"unknown classes are drawn: {where}; correct these names, or make them "
            f"classes: --classes {' '.join(map(quote, [*names, *sorted(unknown)]))}"
        )


def _annotations(
    found: Drawings,
    values: Mapping[str, int],
    recording: Recording,
    config: ImportConfig,
) -> Iterator[tuple[int, np.ndarray]]:
    """Frame and classes of every drawing that is to be saved.

    Ends with a DatasetError where annotations would change that may not be replaced.
    """
    annotations = recording.annotations
    annotated = set() if config.replace else set(annotations)
    in_the_way = []
    for drawing in _tracked(found.drawings, len(found.drawings), "import"):
        classes = drawing.paint(values)
        if drawing.frame not in annotated:
            yield drawing.frame, classes
        elif not np.array_equal(annotations[drawing.frame], classes):
            in_the_way.append(str(drawing.frame))
    if in_the_way:
        raise DatasetError(
            f"{recording.path} has other annotations of the frames "
            f"{_some(in_the_way)}; give --replace to lose those, or leave these frames "
            "out"
        )


def _some(words: Sequence[str]) -> str:
    """The first words, and how many more there are."""
    more = f" and {len(words) - MOST_NAMED} more" if len(words) > MOST_NAMED else ""
    return ", ".join(words[:MOST_NAMED]) + more


def _tracked(items: Iterable[Item], total: int, title: str) -> Iterable[Item]:
    """The items, with a bar on stderr, so that stdout has the result alone."""
    console = Console(stderr=True)
    return track(
        items,
        title,
        total,
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
