"""hn-convert: frames from anywhere to a recording, and recordings that were cut off."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from core.command import run_command
from core.errors import HNError, RecordingError


@dataclass(frozen=True)
class ConvertConfig:
    """Turn recordings and image folders into recordings: hn-convert IN OUT.

    Or rebuild a recording that was cut off: hn-convert --repair RECORDING.
    """

    source: Annotated[
        tyro.conf.Positional[Path | None], tyro.conf.arg(metavar="IN")
    ] = None
    """A recording, or a folder of colour and depth images."""
    out: Annotated[tyro.conf.Positional[Path | None], tyro.conf.arg(metavar="OUT")] = (
        None
    )
    """The new recording's folder."""
    repair: Annotated[Path | None, tyro.conf.arg(metavar="RECORDING")] = None
    """A recording that was cut off. Every whole frame is kept; the file as it was stays
    beside it as capture.cut.mcap."""


def convert_command(config: ConvertConfig) -> str:
    """Do what the config asks for; the sentence that says what came of it."""
    if config.repair is not None:
        if config.source is not None:
            raise HNError(
                "--repair stands alone; give IN and OUT, or --repair RECORDING"
            )
        return _repair(config.repair)
    if config.source is None or config.out is None:
        raise HNError("give IN and OUT, or --repair RECORDING (hn-convert --help)")
    return convert(config.source, config.out)


def convert(source_path: Path, out: Path) -> str:
    """Write every frame at `source_path` to a new recording, or nothing at all."""
    from core.interchange import open_frames
    from core.recording import Recording, RecordingWriter

    source = open_frames(source_path)
    if isinstance(source, Recording):
        return _copy(source_path, out)
    was_there = out.exists()
    writer = RecordingWriter(out, notes=f"converted from {source.name}")
    try:
        with writer, _progress(f"converting {source.name}") as advance:
            for done, frame in enumerate(source, start=1):
                writer.write(frame)
                advance(done, len(source))
    except BaseException:
        _remove_written(out, was_there)
        raise
    result = f"{out}: {writer.num_frames} frames"
    if source.pose(0) is not None:
        result += f"; a recording has no poses: keep {source_path} for them"
    return result


def _remove_written(out: Path, was_there: bool) -> None:
    """Take back what a writer has made; a folder that was there before stays."""
    from core.recording.scene import SCENE_FILE
    from core.recording.writer import CAPTURE_FILE

    for name in (CAPTURE_FILE, SCENE_FILE):
        with suppress(OSError):  # the error that brought us here matters more
            (out / name).unlink()
    if not was_there:
        with suppress(OSError):
            out.rmdir()


def _copy(recording_path: Path, out: Path) -> str:
    """A recording is copied as it is: writing its JPEGs anew would make them worse."""
    if out.exists():
        raise RecordingError(
            f"{out} already exists; choose another name or move it away"
        )
    if out.resolve().is_relative_to(recording_path.resolve()):
        raise RecordingError(
            f"{out} lies inside {recording_path}; choose another place"
        )
    try:
        shutil.copytree(recording_path, out)
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise
    return f"{out}: a copy of the recording {recording_path}"


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
def _progress(title: str) -> Iterator[Callable[[int, int], None]]:
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
