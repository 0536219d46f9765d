"""Recordings in the formats of others, one new folder each."""

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from capture_app.convert_recording import (
    copy_recording,
    frames_in_words,
    write_layout,
)
from capture_app.engine.job import Advance
from capture_app.engine.naming import next_segment
from core.errors import HNError
from core.files import whole_folder
from core.recording import Recording

FORMATS: Mapping[str, str] = {
    "tum": "TUM RGB-D: rgb/, depth/ and trajectory as text",
    "open3d": "Open3D: color/, depth/ and camera_intrinsic.json",
    "scannet": "ScanNet: color/, depth/, pose/ and intrinsic/",
    "7scenes": "7-Scenes: frame-NNNNNN.color, .depth and .pose",
    "nyu": "NYUv2: rgb/, depth/ and, where annotated, labels",
    "recording": "Recording: a copy, as it is",
}
"""As hn-convert --to has them, and what is in them."""


def export_folder(path: Path, to: str, folder: Path) -> Path:
    """Where a recording goes: a name in `folder` that is not taken."""
    name = path.name if to == "recording" else f"{path.name}_{to}"
    return next_segment(folder / name)


def export(paths: Sequence[Path], to: str, folder: Path, advance: Advance) -> str:
    """Write each recording into a new folder in `folder`; what was written, and what
    the format cannot hold. Each is there whole or not at all."""
    sentences, losses = [], []
    for k, path in enumerate(paths):

        def advance_all(done: int, total: int, k: int = k) -> None:
            share = done / max(total, 1)
            advance(round(1000 * (k + share)), 1000 * len(paths))

        advance_all(0, 1)
        try:
            with _said() as said:
                sentences.append(_export(path, to, folder, advance_all))
        except HNError as error:
            if sentences:
                raise HNError(
                    f"{error} (written before: {'; '.join(sentences)})"
                ) from error
            raise
        losses += [loss for loss in said if loss not in losses]
    text = f"Written: {'; '.join(sentences)}."
    return (
        f"{text} What the format cannot hold: {'; '.join(losses)}." if losses else text
    )


def _export(path: Path, to: str, folder: Path, advance: Advance) -> str:
    out = export_folder(path, to, folder)
    if to == "recording":
        copy_recording(path, out, advance)
        return f"{out}, a copy"
    recording = Recording(path)
    with whole_folder(out) as hidden:
        num_poses = write_layout(to, recording, hidden, advance)
    return f"{out}, {frames_in_words(len(recording), num_poses)}"


@contextmanager
def _said() -> Iterator[list[str]]:
    """The warnings that this thread's work logs in the block."""
    said: list[str] = []
    thread = threading.get_ident()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == thread:
                said.append(record.getMessage())

    listener = Listener(logging.WARNING)
    roots = [logging.getLogger(name) for name in ("core", "capture_app")]
    for root in roots:
        root.addHandler(listener)
    try:
        yield said
    finally:
        for root in roots:
            root.removeHandler(listener)
