"""hn-convert: frames from anywhere to recordings and other layouts, and repair."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import tyro

from core.command import run_command
from core.errors import HNError
from core.files import check_is_new, whole_folder

if TYPE_CHECKING:
    from capture_app.sensors.files import FileSensor
    from core.interchange import FrameSource
    from core.interchange.layout import ProgressReport

logger = logging.getLogger(__name__)

Target: TypeAlias = Literal["recording", "tum", "open3d", "scannet", "7scenes", "nyu"]


@dataclass(frozen=True)
class ConvertConfig:
    """Turn recordings and image folders into each other: hn-convert IN OUT.

    Or rebuild a recording that was cut off: hn-convert --repair RECORDING.
    """

    source: Annotated[
        tyro.conf.Positional[Path | None], tyro.conf.arg(metavar="IN")
    ] = None
    """A recording, a folder of colour and depth images in any layout that is known, a
    RealSense's .db3 or .bag, or an Azure Kinect's .mkv."""
    out: Annotated[tyro.conf.Positional[Path | None], tyro.conf.arg(metavar="OUT")] = (
        None
    )
    """The new recording's or layout's folder."""
    to: Target = "recording"
    """What to write: a recording, or the layout of TUM RGB-D, of Open3D's
    reconstruction system, of ScanNet, of 7-Scenes, or of NYUv2's labelled images."""
    intrinsics: Path | None = None
    """Calibration of images, in place of one that lies there: the 3 x 3 matrix as text,
    or Open3D's JSON."""
    every: int = 1
    """Take every n-th frame."""
    repair: Annotated[Path | None, tyro.conf.arg(metavar="RECORDING")] = None
    """A recording that was cut off. Every whole frame is kept; the file as it was stays
    beside it as capture.cut.mcap."""


def convert_command(config: ConvertConfig) -> str:
    """Do what the config asks for; the sentence that says what came of it."""
    if config.repair is not None:
        if config != ConvertConfig(repair=config.repair):
            raise HNError(
                "--repair stands alone; give IN and OUT, or --repair RECORDING"
            )
        return _repair(config.repair)
    if config.source is None or config.out is None:
        raise HNError("give IN and OUT, or --repair RECORDING (hn-convert --help)")
    return convert(
        config.source, config.out, config.to, config.intrinsics, config.every
    )


def convert(
    source_path: Path,
    out: Path,
    to: Target = "recording",
    intrinsics: Path | None = None,
    every: int = 1,
) -> str:
    """Write every n-th frame at `source_path` to a new folder, or nothing at all.

    A recording that was interrupted, or failed, is gone on with when the same is asked
    for again.
    """
    from capture_app.convert_recording import (
        copy_recording,
        frames_in_words,
        write_layout,
        write_recording,
    )
    from capture_app.convert_resume import holds_frames, resumable_folder
    from capture_app.sensors.files import open_file
    from core.recording import Recording

    if every < 1:
        raise HNError(f"--every must be at least 1, got {every}")
    check_is_new(out)
    file = open_file(source_path, at_pace=False)
    if file is not None:
        if to != "recording" or intrinsics is not None:
            raise HNError(
                f"{source_path} becomes a recording, with the calibration that it "
                "has; leave out --to and --intrinsics, and convert the recording then"
            )
        return _convert_file(file, source_path, out, every)
    source = _open(source_path, intrinsics)
    if isinstance(source, Recording) and (to, every) == ("recording", 1):
        with _progress(f"copying {source_path}") as bar:
            copy_recording(source_path, out, bar)
        return f"{out}: a copy of the recording {source_path}"
    if every > 1:
        from core.interchange.selection import EveryNth

        source = EveryNth(source, every)
    if len(source) == 0:
        raise HNError(f"{source_path} holds no whole frame; there is nothing to write")
    with _progress(f"converting {source.name}") as bar:
        if to == "recording":
            resumable = resumable_folder(out, source_path, every, intrinsics)
            with resumable as (folder, goes_on):
                num_poses = write_recording(source, folder, goes_on, bar)
        else:
            with whole_folder(out, is_worth_keeping=holds_frames) as folder:
                num_poses = write_layout(to, source, folder, bar)
    return f"{out}: {frames_in_words(len(source), num_poses)}"


def _open(path: Path, intrinsics: Path | None) -> "FrameSource":
    from core.interchange import open_frames
    from core.interchange.calibration import read_camera_file
    from core.recording import Recording

    source = open_frames(path, read_camera_file(intrinsics) if intrinsics else None)
    if isinstance(source, Recording) and intrinsics is not None:
        raise HNError(
            f"{path} is a recording, which has its calibration; --intrinsics is for "
            "images that come without one"
        )
    return source


def _convert_file(file: "FileSensor", path: Path, out: Path, every: int) -> str:
    """Write what a camera's SDK has recorded, as it comes."""
    from capture_app.convert_recording import write_file
    from capture_app.convert_resume import resumable_folder
    from core.recording import RecordingWriter

    with (
        file,
        resumable_folder(out, path, every) as (folder, goes_on),
        _progress(f"converting {path}") as advance,
        RecordingWriter(
            folder,
            device=file.name,
            notes=f"converted from {path.name}",
            goes_on=goes_on,
        ) as writer,
    ):
        write_file(file, writer, every, advance)
    lost = f", {writer.num_dropped} lost before" if writer.num_dropped else ""
    return f"{out}: {writer.num_frames} frames{lost}"


def _repair(path: Path) -> str:
    from core.recording import repair_recording

    with _progress(f"repairing {path}") as advance:
        result = repair_recording(path, advance)
    if result.cut_file is None:
        return (
            f"{path} is whole ({result.num_frames} frames); there is nothing to repair"
        )
    damaged = f" ({result.num_damaged} were damaged)" if result.num_damaged else ""
    before = [str(kept) for kept in (result.cut_file, result.cut_annotations) if kept]
    return (
        f"{path}: {result.num_frames} frames kept{damaged}; "
        f"before: {' and '.join(before)}"
    )


@contextmanager
def _progress(title: str) -> "Iterator[ProgressReport]":
    """A bar on stderr, so that stdout has the result alone."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(
        console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def main() -> None:
    """Run hn-convert."""
    run_command("hn-convert", ConvertConfig, convert_command)
