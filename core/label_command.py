"""`hn-label`: HN-labels of recordings and image folders, as pictures and numbers."""

import json
import logging
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import tyro
from rich.progress import track

from core.bins import HNBins
from core.command import run_command
from core.errors import DatasetError, HNError
from core.frame import RgbdFrame
from core.hn_labels import HNLabels, Labeler, Method
from core.images import write_image
from core.interchange import FrameSource, open_frames
from core.overlay import blend, class_palette

logger = logging.getLogger(__name__)

SHEET_COLUMNS, SHEET_ROWS = 4, 4
TILE_WIDTH = 320


@dataclass(frozen=True)
class LabelConfig:
    """HN-labels of recordings and of folders of colour and depth images."""

    paths: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Recordings, or folders of colour and depth images."""
    out: Path = Path("labels")
    """Where to write; each input gets a folder of its name, never an existing one."""
    every: int = 1
    """Label every n-th frame."""
    method: Method = "live"
    """"paper" is the paper's rule for up and floor: Manhattan frame, first percentile,
    discard."""
    bins: HNBins = field(default_factory=HNBins)
    """How height and angle are cut."""


def main() -> None:
    """Entry point of hn-label."""
    run_command("hn-label", LabelConfig, label)


def label(config: LabelConfig) -> str:
    """Label every input; one line each on what was written and how much has labels."""
    if not config.paths:
        raise DatasetError(
            "no input given; expected recordings or folders of colour and depth images"
        )
    if config.every < 1:
        raise DatasetError(f"--every must be at least 1, got {config.every}")
    sources = [open_frames(path) for path in config.paths]
    folders = [config.out / source.name for source in sources]
    for folder in folders:
        if folders.count(folder) > 1:
            raise DatasetError(
                f"several inputs are called {folder.name} and would share {folder}; "
                "label them one by one with different --out"
            )
        if folder.exists() and any(folder.iterdir()):
            raise DatasetError(
                f"{folder} already holds files; name another folder with --out"
            )
    return "\n".join(
        label_source(source, folder, config)
        for source, folder in zip(sources, folders, strict=True)
    )


def label_source(source: FrameSource, folder: Path, config: LabelConfig) -> str:
    """Write classes, overlays, statistics.json and contact_sheet.jpg of one source.

    The folder appears when it is whole, so what was interrupted can be done again.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        statistics = _write_labels(source, partial, config)
        if folder.exists():
            folder.rmdir()  # it is empty
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return f"{statistics.sentence(source.name)}: {folder}"


def _write_labels(
    source: FrameSource, folder: Path, config: LabelConfig
) -> "_Statistics":
    for part in ("classes", "overlays"):
        (folder / part).mkdir(parents=True)
    labeler = Labeler(config.bins, config.method)
    palette = class_palette(config.bins)
    statistics = _Statistics(config)
    numbers = range(0, len(source), config.every)
    on_sheet = _spread(numbers, SHEET_COLUMNS * SHEET_ROWS)
    tiles = []
    for i in track(numbers, description=f"labelling {source.name}", transient=True):
        try:
            frame = source[i]
        except HNError as error:
            logger.warning("%s; the frame is left out", error)
            statistics.unreadable += 1
            continue
        labels = labeler(frame)
        statistics.add(frame, labels)
        picture = frame.rgb
        if labels is not None:
            picture = blend(frame.rgb, labels.classes, palette)
            write_image(folder / "classes" / f"{i:06d}.png", labels.classes)
            write_image(folder / "overlays" / f"{i:06d}.jpg", picture)
        if i in on_sheet:
            tiles.append(_tile(picture, i, labels is not None))
    if not statistics.frames:
        raise DatasetError(
            f"no frame of {source.name} can be read; nothing is labelled"
        )
    if tiles:
        write_image(folder / "contact_sheet.jpg", _sheet(tiles))
    (folder / "statistics.json").write_text(
        json.dumps(statistics.summary(), indent=2) + "\n"
    )
    return statistics


@dataclass
class _Statistics:
    """What the labels of one source add up to."""

    config: LabelConfig
    frames: int = 0
    unreadable: int = 0
    valid_depth: list[float] = field(default_factory=list)
    camera_heights: list[float] = field(default_factory=list)
    counts: np.ndarray = field(default_factory=lambda: np.zeros(256, np.int64))

    def add(self, frame: RgbdFrame, labels: HNLabels | None) -> None:
        self.frames += 1
        self.valid_depth.append(np.count_nonzero(frame.depth) / frame.depth.size)
        if labels is not None:
            self.camera_heights.append(labels.floor.camera_height)
            self.counts += np.bincount(labels.classes.ravel(), minlength=256)

    def summary(self) -> dict[str, object]:
        bins = self.config.bins
        counts = self.counts[: bins.num_classes]
        shares = counts / max(counts.sum(), 1)
        heights = self.camera_heights
        return {
            "frames": self.frames,
            "unreadable": self.unreadable,
            "labelled": len(heights),
            "valid_depth": float(np.mean(self.valid_depth)),
            "median_camera_height_m": float(np.median(heights)) if heights else None,
            "method": self.config.method,
            "height_edges_m": bins.height_edges,
            "angle_edges_deg": bins.angle_edges,
            "class_shares": dict(
                zip(bins.class_names, shares.round(5).tolist(), strict=True)
            ),
        }

    def sentence(self, name: str) -> str:
        words = f"{name}: {len(self.camera_heights)} of {self.frames} frames labelled"
        if self.unreadable:
            words += f", {self.unreadable} more cannot be read"
        return words


def _spread(numbers: range, count: int) -> set[int]:
    """`count` of the numbers, evenly spread."""
    step = max(1.0, len(numbers) / count)
    return {numbers[int(k * step)] for k in range(min(count, len(numbers)))}


def _tile(rgb: np.ndarray, number: int, is_labelled: bool) -> np.ndarray:
    height = round(rgb.shape[0] * TILE_WIDTH / rgb.shape[1])
    tile = cv2.resize(rgb, (TILE_WIDTH, height), interpolation=cv2.INTER_AREA)
    text = str(number) if is_labelled else f"{number}: no floor in view"
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.5
    (width, _), _ = cv2.getTextSize(text, font, size, 1)
    cv2.rectangle(tile, (0, 0), (width + 12, 24), (0, 0, 0), cv2.FILLED)
    cv2.putText(tile, text, (6, 17), font, size, (255, 255, 255), 1, cv2.LINE_AA)
    return tile


def _sheet(tiles: list[np.ndarray]) -> np.ndarray:
    while len(tiles) % min(SHEET_COLUMNS, len(tiles)):
        tiles.append(np.zeros_like(tiles[0]))
    columns = min(SHEET_COLUMNS, len(tiles))
    rows = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    return np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)
