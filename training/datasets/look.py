"""What one look at the frames of a dataset tells, before any is trained on."""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from core.bins import HNBins
from core.errors import DatasetError, UnreadableFrameError
from core.floor import FloorPlane
from core.frame import RgbdFrame
from core.hn_labels import HNLabels, label_frame
from core.parallel import parallel_map
from core.recording.floors import floors_from_json, floors_to_json
from core.survey import Survey
from training.datasets.class_counts import (
    ClassCounter,
    ClassCounts,
    UnknownClassError,
    band_histograms,
)
from training.datasets.dataset import Dataset, Target
from training.datasets.depth_target import depth_target
from training.datasets.frame_source import Recipe

logger = logging.getLogger(__name__)

FRAMES_FILE, COUNTS_FILE = "frames.json", "counts.npz"
NO_FLOOR = "no floor known, so no HN-labels"
UNREADABLE = "cannot be read"
COUNTED: tuple[Target, ...] = ("hn", "semantic")
"""Targets that are classes."""

Store = Callable[[int, np.ndarray, dict[Target, np.ndarray]], None]
"""Takes number, colours and targets of a frame at the original size, on any thread."""


@dataclass(frozen=True, eq=False)
class Look:
    """What is known of all frames of a dataset."""

    floors: list[FloorPlane | None]
    """None for a frame without HN-labels."""
    counts: dict[Target, ClassCounts]
    skipped: dict[str, int]
    """Why frames lack labels that they could have had, and how many."""
    content: str
    """Changes with any pixel or label."""


@dataclass(frozen=True, eq=False)
class _Seen:
    """What one frame told."""

    floor: FloorPlane | None
    lacks_floor: bool
    """Though HN-labels of it are wanted."""
    histograms: dict[Target, np.ndarray]
    """(bands, 256) of each target that it has."""
    digest: bytes


def look_at_frames(
    dataset: Dataset,
    survey: Survey | None,
    wants_hn: np.ndarray,
    recipe: Recipe,
    store: Store | None = None,
    advance: Callable[[], None] = lambda: None,
) -> Look:
    """Read the frames that may be used, on all cores: those in `wants_hn`, (N,) bool,
    and those with semantic labels. The dataset's survey is of use for HN-labels only.

    `store` is given each of them, `advance` is called after it. DatasetError where none
    can be read, or one has a class that the dataset does not name.
    """
    indices = np.flatnonzero(wants_hn | dataset.has_semantic).tolist()
    see = _seer(dataset, survey, wants_hn, recipe, store)
    notes = _Notes(dataset, recipe.bins)
    with parallel_map(see, indices) as all_seen:
        for index, seen in zip(indices, all_seen, strict=True):
            notes.add(index, seen)
            advance()
    if indices and notes.skipped[UNREADABLE] == len(indices):
        raise DatasetError(f"{dataset.name}: none of its frames can be read")
    return notes.look()


def write_look(look: Look, folder: Path) -> None:
    """Keep a look in a folder."""
    frames = {
        "floors": floors_to_json(look.floors),
        "skipped": look.skipped,
        "content": look.content,
    }
    (folder / FRAMES_FILE).write_text(json.dumps(frames), encoding="utf-8")
    arrays = {
        f"{target}_{name}": array
        for target, counts in look.counts.items()
        for name, array in vars(counts).items()
    }
    np.savez(folder / COUNTS_FILE, **arrays)


def read_look(folder: Path) -> Look:
    """The look that `write_look` kept."""
    frames = json.loads((folder / FRAMES_FILE).read_text(encoding="utf-8"))
    with np.load(folder / COUNTS_FILE) as arrays:
        counts = {
            target: ClassCounts(
                *(arrays[f"{target}_{field.name}"] for field in fields(ClassCounts))
            )
            for target in COUNTED
        }
    floors = floors_from_json(frames["floors"])
    return Look(floors, counts, frames["skipped"], frames["content"])


def _seer(
    dataset: Dataset,
    survey: Survey | None,
    wants_hn: np.ndarray,
    recipe: Recipe,
    store: Store | None,
) -> Callable[[int], _Seen | None]:
    """What looks at a frame, for any thread; None where it cannot be read."""
    find_labels = _hn_labeller(survey, recipe.bins)

    def see(index: int) -> _Seen | None:
        try:
            labelled = dataset.read(index)
        except UnreadableFrameError as error:
            logger.warning("%s; the frame is skipped", error)
            return None
        wanted = labelled.frame if wants_hn[index] else None
        labels = None if wanted is None else find_labels(index, wanted)
        targets = _targets(labels, labelled.semantic)
        if store is not None:
            depth: dict[Target, np.ndarray] = {}
            if recipe.with_depth and wanted is not None and labels is not None:
                depth["depth"] = depth_target(wanted)
            store(index, labelled.rgb, targets | depth)
        return _Seen(
            floor=None if labels is None else labels.floor,
            lacks_floor=wanted is not None and labels is None,
            histograms={name: band_histograms(t) for name, t in targets.items()},
            digest=_digest(index, labelled.rgb, targets),
        )

    return see


class _Notes:
    """Gathers what the frames of a dataset told."""

    def __init__(self, dataset: Dataset, bins: HNBins) -> None:
        self.skipped: Counter[str] = Counter()
        self._name = dataset.name
        self._floors: list[FloorPlane | None] = [None] * len(dataset)
        self._counters: dict[Target, ClassCounter] = {
            "hn": ClassCounter(len(dataset), bins.num_classes),
            "semantic": ClassCounter(len(dataset), len(dataset.class_names)),
        }
        self._content = hashlib.sha256()

    def add(self, index: int, seen: _Seen | None) -> None:
        """The next frame; None for one that cannot be read."""
        if seen is None:
            self.skipped[UNREADABLE] += 1
            return
        if seen.lacks_floor:
            self.skipped[NO_FLOOR] += 1
        self._floors[index] = seen.floor
        self._content.update(seen.digest)
        for target, histogram in seen.histograms.items():
            try:
                self._counters[target].add(index, histogram)
            except UnknownClassError as error:
                raise DatasetError(
                    f"frame {index} of {self._name} has {error}; correct its labels "
                    "or its list of classes"
                ) from error

    def look(self) -> Look:
        """All of it."""
        counts = {name: counter.counts() for name, counter in self._counters.items()}
        return Look(self._floors, counts, dict(self.skipped), self._content.hexdigest())


def _targets(
    labels: HNLabels | None, semantic: np.ndarray | None
) -> dict[Target, np.ndarray]:
    """The targets that a frame has, of its original size."""
    targets: dict[Target, np.ndarray] = {}
    if labels is not None:
        targets["hn"] = labels.classes
    if semantic is not None:
        targets["semantic"] = semantic
    return targets


def _hn_labeller(
    survey: Survey | None, bins: HNBins
) -> Callable[[int, RgbdFrame], HNLabels | None]:
    """What finds the labels of a frame, by the floors of its sequence if it is of one;
    None where no floor is known."""

    def find(index: int, frame: RgbdFrame) -> HNLabels | None:
        if survey is None:
            return label_frame(frame, bins)
        floor = survey.floors[index]
        return None if floor is None else label_frame(frame, bins, floor=floor)

    return find


def _digest(index: int, rgb: np.ndarray, targets: dict[Target, np.ndarray]) -> bytes:
    """Changes with any byte of a frame."""
    content = hashlib.sha256(f"{index} {rgb.shape} {sorted(targets)}".encode())
    for array in (rgb, *targets.values()):
        content.update(np.ascontiguousarray(array).data)
    return content.digest()
