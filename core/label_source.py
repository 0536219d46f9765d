"""HN-labels of the frames of one source, on all cores, written as they are made."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from core.bins import HNBins
from core.errors import DatasetError, HNError
from core.floor import FloorPlane
from core.frame import RgbdFrame
from core.hn_labels import HNLabels, Method, label_frame
from core.images import write_image
from core.interchange import FrameSource
from core.label_report import (
    FrameReport,
    LabelStatistics,
    contact_sheet,
    make_tile,
    on_sheet,
)
from core.overlay import blend, class_palette
from core.parallel import parallel_map
from core.quality import TakeQuality
from core.recording import Recording
from core.recording.survey import recorded_survey
from core.survey import Survey, has_clock, survey

logger = logging.getLogger(__name__)


def label_source(
    source: FrameSource,
    method: Method,
    bins: HNBins,
    every: int = 1,
    folder: Path | None = None,
) -> LabelStatistics:
    """Statistics of the labels of every n-th frame.

    With a `folder`, which must not exist, also classes/, overlays/, statistics.json and
    contact_sheet.jpg in it. Without one nothing is written, not even what a recording
    keeps of its frames.
    """
    numbers = range(0, len(source), every)
    if folder is not None:
        for part in ("classes", "overlays"):
            (folder / part).mkdir(parents=True)
    with frame_progress() as progress:
        found = look_through(source, progress, is_kept=folder is not None)
        statistics = LabelStatistics(method, bins, take_quality(source, found))
        floors = found.floors if method == "live" else None
        work = FrameLabeller(source, floors, method, bins, folder, on_sheet(numbers))
        tiles, problems = _label(work, numbers, statistics, progress)
    for problem in problems:  # now that no bar is in the way
        logger.warning("%s; the frame is left out", problem)
    statistics.unreadable = len(problems)
    if not statistics.frames:
        raise DatasetError(
            f"no frame of {source.name} can be read; nothing is labelled"
        )
    if folder is not None:
        _write_report(folder, statistics, tiles)
    return statistics


def _label(
    work: "FrameLabeller",
    numbers: Sequence[int],
    statistics: LabelStatistics,
    progress: Progress,
) -> tuple[list[np.ndarray], list[HNError]]:
    """Label frames and count them; their tiles, and why some cannot be read."""
    tiles: list[np.ndarray] = []
    problems: list[HNError] = []
    task = progress.add_task(f"labelling {work.source.name}", total=len(numbers))
    with parallel_map(work, numbers) as reports:
        for report in reports:
            progress.advance(task)
            if isinstance(report, HNError):
                problems.append(report)
                continue
            statistics.add(report)
            if report.tile is not None:
                tiles.append(report.tile)
    return tiles, problems


@dataclass(frozen=True, eq=False)
class FrameLabeller:
    """Reads, labels and writes one frame at a time, on any thread."""

    source: FrameSource
    floors: Sequence[FloorPlane | None] | None
    """Of every frame; None where each frame finds its own."""
    method: Method
    bins: HNBins
    folder: Path | None = None
    """Where to write; None writes nothing."""
    on_sheet: frozenset[int] = frozenset()
    """Frames whose reports have a tile."""

    def __call__(self, number: int) -> FrameReport | HNError:
        """What is to be remembered of a frame, or why it cannot be read."""
        try:
            frame = self.source[number]
        except HNError as error:
            return error
        labels = self._labels(frame, number)
        floor, counts = None, np.zeros(256, np.int64)
        if labels is not None:
            floor = labels.floor
            counts = np.bincount(labels.classes.ravel(), minlength=256)
        picture = self._write(frame, labels, number)
        tile = make_tile(picture, number, floor) if number in self.on_sheet else None
        valid = np.count_nonzero(frame.depth) / frame.depth.size
        return FrameReport(number, valid, floor, counts, tile)

    def _labels(self, frame: RgbdFrame, number: int) -> HNLabels | None:
        if self.floors is None:
            return label_frame(frame, self.bins, self.method)
        floor = self.floors[number]
        if floor is None:
            return None
        return label_frame(frame, self.bins, self.method, floor=floor)

    def _write(
        self, frame: RgbdFrame, labels: HNLabels | None, number: int
    ) -> np.ndarray:
        """Write classes and overlay of a frame that has them; its picture."""
        if labels is None or self.folder is None:
            return frame.rgb
        picture = blend(frame.rgb, labels.classes, class_palette(self.bins))
        write_image(self.folder / "classes" / f"{number:06d}.png", labels.classes)
        write_image(self.folder / "overlays" / f"{number:06d}.jpg", picture)
        return picture


def take_quality(source: FrameSource, found: Survey) -> TakeQuality:
    """What the frames of a source add up to, with those that its recorder lost."""
    dropped = source.scene.dropped if isinstance(source, Recording) else ()
    return TakeQuality(found.quality, dropped, has_clock(source))


def look_through(source: FrameSource, progress: Progress, is_kept: bool) -> Survey:
    """Every frame's floor and quality; a recording's are kept beside it."""
    task = progress.add_task(f"looking through {source.name}", total=len(source))

    def advance() -> None:
        progress.advance(task)

    if isinstance(source, Recording):
        found = recorded_survey(source, advance, is_kept)
    else:
        found = survey(source, advance)
    progress.update(task, completed=len(source))
    return found


def _write_report(
    folder: Path, statistics: LabelStatistics, tiles: Sequence[np.ndarray]
) -> None:
    if tiles:
        write_image(folder / "contact_sheet.jpg", contact_sheet(tiles))
    text = json.dumps(statistics.summary(), indent=2) + "\n"
    (folder / "statistics.json").write_text(text)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f} frames/s")


def frame_progress() -> Progress:
    """Bars on stderr, so that stdout has the result alone."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
