"""Frames from files of cameras' SDKs, from folders and recordings, as a recording."""

import logging
import shutil
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from capture_app.engine.stats import Gaps
from capture_app.sensors.azure_kinect_file import AzureKinectFileSensor
from capture_app.sensors.files import FileSensor
from core.annotations import save_annotations
from core.errors import HNError
from core.files import whole_folder
from core.images import as_png
from core.interchange import FrameSource
from core.interchange.layout import ProgressReport
from core.interchange.layouts import layout
from core.interchange.nyu_labelled import annotations_of
from core.interchange.selection import EveryNth
from core.recording import Recording, RecordingWriter, SceneInfo
from core.survey import NOMINAL_CLOCK, has_clock

logger = logging.getLogger(__name__)

FILE_TIMEOUT_S = 30.0  # for the next frame of a file, on a slow disk
_COPIED_AT_ONCE = 2**22  # bytes


def write_file(
    file: FileSensor, writer: RecordingWriter, every: int, advance: ProgressReport
) -> None:
    """Write every n-th frame, after those that the writer has."""
    gaps = Gaps()
    index = 0
    if writer.kept:
        index = (len(writer.kept) - 1) * every + 1
        if isinstance(file, AzureKinectFileSensor):
            file.skip(index, writer.kept[-1].timestamp_ns)
        else:  # they decode a frame to know if it is whole
            for _ in range(index):
                file.read(FILE_TIMEOUT_S)
    if every == 1:
        for kept in writer.kept:
            writer.count_drop(gaps.before(kept.number))
    while (frame := file.read(FILE_TIMEOUT_S)) is not None:
        if every == 1:
            writer.count_drop(gaps.before(frame.number))
            writer.write(frame, color=file.encoded_color)
        elif index % every == 0:
            counted_anew = replace(frame, number=index // every)
            writer.write(counted_anew, color=file.encoded_color)
        index += 1
        advance(index, file.num_frames)


def write_recording(
    source: FrameSource, folder: Path, goes_on: bool, advance: ProgressReport
) -> int:
    """Write a recording with all that the source knows, or the rest of it; how many
    poses it has."""
    words = words_of(source)
    log_lost_words(source, words)
    num_poses = 0
    with RecordingWriter(folder, **words, goes_on=goes_on) as writer:
        for index in range(len(source)):
            pose = source.pose(index)
            num_poses += pose is not None
            if index >= len(writer.kept):
                frame = source[index]
                # Only a camera's pixels become JPEG; what others stored stays exact.
                color = source.encoded_color(index) or as_png(frame.rgb)
                writer.write(frame, pose, color)
            advance(index + 1, len(source))
    copy_annotations(source, folder)
    return num_poses


def write_layout(
    to: str, source: FrameSource, folder: Path, advance: ProgressReport
) -> int:
    """Write the layout of this name into an empty folder; how many poses it has."""
    target = layout(to)
    assert target.write is not None  # of those that can be chosen every one has it
    target.write(source, folder, advance)
    log_lost_words(source)
    annotations = annotations_of(source)
    if annotations is not None and to != "nyu":
        logger.warning("the annotations of %d frames are not kept", len(annotations[0]))
    if not target.has_poses:
        return 0
    return sum(source.pose(index) is not None for index in range(len(source)))


def copy_recording(recording_path: Path, out: Path, advance: ProgressReport) -> None:
    """A recording as it is, with its annotations and floors; `advance` hears of bytes.

    What is just being written into it is passed over.
    """
    if out.resolve().is_relative_to(recording_path.resolve()):
        raise HNError(f"{out} lies inside {recording_path}; choose another place")
    total = sum(file.stat().st_size for file in recording_path.rglob("[!.]*"))
    done = 0

    def copy(source: str, target: str) -> None:
        nonlocal done
        with open(source, "rb") as old, open(target, "wb") as new:
            while part := old.read(_COPIED_AT_ONCE):
                new.write(part)
                done += len(part)
                advance(min(done, total), total)
        shutil.copystat(source, target)

    with whole_folder(out) as folder:
        shutil.copytree(
            recording_path,
            folder,
            ignore=shutil.ignore_patterns(".*"),
            dirs_exist_ok=True,
            copy_function=copy,
        )


def frames_in_words(num_frames: int, num_poses: int) -> str:
    """How many frames were written, and with how many poses."""
    text = f"{num_frames} frames"
    if num_poses == num_frames:
        return f"{text} with poses"
    return f"{text}, {num_poses} of them with poses" if num_poses else text


def copy_annotations(source: FrameSource, folder: Path) -> None:
    """Give a recording the annotations of its frames, where the source has any."""
    annotations = annotations_of(source)
    if annotations is not None:
        classes, names = annotations
        save_annotations(folder, classes.items(), names)


def words_of(source: FrameSource) -> dict[str, Any]:
    """What a recording says of itself, to be said by one made of its frames."""
    scene = _scene_of(source)
    if scene is None:
        settings = {} if has_clock(source) else dict(NOMINAL_CLOCK)
        return {"notes": f"converted from {source.name}", "settings": settings}
    return {
        "device": scene.device,
        "tags": scene.tags,
        "notes": scene.notes,
        "settings": dict(scene.settings),
    }


def log_lost_words(source: FrameSource, kept: Collection[str] = ()) -> None:
    """Name what a recording says of itself besides what is kept of it."""
    original = _recording_of(source)
    if original is not None and original.predicted_by is not None:
        logger.warning("predictions are not kept; hn-predict makes them again")
    scene = _scene_of(source)
    names = ("device", "tags", "notes", "created", "dropped", "settings")
    lost = [name for name in names if scene and getattr(scene, name)]
    lost = [name for name in lost if name not in kept]
    if lost:
        logger.warning("of scene.json these are not kept: %s", ", ".join(lost))


def _scene_of(source: FrameSource) -> SceneInfo | None:
    """What the recording says of itself whose frames these are, all or some of them."""
    original = _recording_of(source)
    return None if original is None else original.scene


def _recording_of(source: FrameSource) -> Recording | None:
    """The recording whose frames these are, all or some of them."""
    original = source.source if isinstance(source, EveryNth) else source
    return original if isinstance(original, Recording) else None
