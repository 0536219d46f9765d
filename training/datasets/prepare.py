"""Frames once resized and labelled, then kept on disk for every later run.

Height is labelled on the original size, then image and labels are resized (section
3.3): colours by area, labels by their nearest pixel.
"""

import hashlib
import json
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from core.bins import HNBins
from core.errors import DatasetError, UnreadableFrameError
from core.frame import RgbdFrame
from core.hn_labels import HNLabels, label_frame
from training.datasets.cache import cached
from training.datasets.dataset import Dataset

logger = logging.getLogger(__name__)

ARRAYS = ("rgb", "hn", "semantic")
FRAMES_FILE = "frames.json"
NO_FLOOR = "no floor known, so no HN-labels"
UNREADABLE = "cannot be read"


@dataclass(frozen=True)
class Recipe:
    """What frames are made into."""

    size: tuple[int, int]
    """(height, width) of images and labels."""
    bins: HNBins


@dataclass(frozen=True, eq=False)
class PreparedData:
    """A dataset's frames at one size. Arrays are read-only and lie on disk."""

    name: str
    class_names: tuple[str, ...]
    rgb: np.ndarray
    """(N, H, W, 3) uint8."""
    hn: np.ndarray
    """(N, H, W) uint8 HN classes, 255 = ignore."""
    semantic: np.ndarray
    """(N, H, W) uint8 semantic classes, 255 = ignore."""
    has_hn: np.ndarray
    """(N,) bool: a floor was found."""
    has_semantic: np.ndarray
    """(N,) bool."""
    parts: np.ndarray
    """(N,) of str: the Part of every frame, or UNUSED."""
    skipped: dict[str, int]
    """Why frames lack labels that they could have had, and how many."""
    content: str
    """Changes with any pixel or label above."""


def prepare(
    dataset: Dataset,
    wants_hn: np.ndarray,
    recipe: Recipe,
    advance: Callable[[], None] = lambda: None,
) -> PreparedData:
    """The dataset's frames by the recipe, with HN-labels where wanted and possible.

    `wants_hn` is (N,) bool. Frames that were prepared before come from the user's
    cache; `advance` is called for every other one.
    """
    wanted = np.flatnonzero(wants_hn).tolist()
    folder = cached(
        (dataset.name, asdict(recipe)),
        dataset.fingerprint(),
        wanted,
        lambda unfinished: _fill(unfinished, dataset, wants_hn, recipe, advance),
    )
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS}
    frames = json.loads((folder / FRAMES_FILE).read_text(encoding="utf-8"))
    return PreparedData(
        name=dataset.name,
        class_names=tuple(dataset.class_names),
        has_hn=np.array(frames["has_hn"], bool),
        has_semantic=np.array(frames["has_semantic"], bool),
        parts=dataset.parts,
        skipped=frames["skipped"],
        content=frames["content"],
        **arrays,
    )


def _fill(
    folder: Path,
    dataset: Dataset,
    wants_hn: np.ndarray,
    recipe: Recipe,
    advance: Callable[[], None],
) -> None:
    """Write the arrays of all frames; those that are not used stay 0."""
    shape = (len(dataset), *recipe.size)
    rgb = _new_array(folder / "rgb.npy", (*shape, 3))
    hn = _new_array(folder / "hn.npy", shape)
    semantic = _new_array(folder / "semantic.npy", shape)
    has_hn, has_semantic = np.zeros((2, len(dataset)), bool)

    find_labels = _hn_labeller(dataset, wants_hn, recipe)

    def work(index: int) -> str:
        """Fill one frame's rows; why labels are missing, or nothing."""
        try:
            labelled = dataset.read(index)
        except UnreadableFrameError as error:
            logger.warning("%s; the frame is skipped", error)
            return UNREADABLE
        rgb[index] = resize_rgb(labelled.rgb, recipe.size)
        if labelled.semantic is not None:
            semantic[index] = resize_classes(labelled.semantic, recipe.size)
            has_semantic[index] = True
        if not wants_hn[index] or labelled.frame is None:
            return ""
        labels = find_labels(index, labelled.frame)
        if labels is None:
            return NO_FLOOR
        hn[index] = resize_classes(labels.classes, recipe.size)
        has_hn[index] = True
        return ""

    indices = np.flatnonzero(wants_hn | dataset.has_semantic).tolist()
    skipped = _count_on_all_cores(work, indices, advance)
    if indices and skipped[UNREADABLE] == len(indices):
        raise DatasetError(f"{dataset.name}: none of its frames can be read")
    for array in (rgb, hn, semantic):
        array.flush()
    frames = {
        "content": _digest((rgb, hn, semantic, has_hn, has_semantic)),
        "has_hn": has_hn.tolist(),
        "has_semantic": has_semantic.tolist(),
        "skipped": {why: num for why, num in skipped.items() if why},
    }
    (folder / FRAMES_FILE).write_text(json.dumps(frames), encoding="utf-8")


def _hn_labeller(
    dataset: Dataset, wants_hn: np.ndarray, recipe: Recipe
) -> Callable[[int, RgbdFrame], HNLabels | None]:
    """What finds the labels of a frame, by the floors of its sequence if it is of one;
    None where no floor is known."""
    survey = dataset.survey() if wants_hn.any() else None

    def find(index: int, frame: RgbdFrame) -> HNLabels | None:
        if survey is None:
            return label_frame(frame, recipe.bins)
        floor = survey.floors[index]
        return None if floor is None else label_frame(frame, recipe.bins, floor=floor)

    return find


def _count_on_all_cores(
    work: Callable[[int], str], indices: Sequence[int], advance: Callable[[], None]
) -> Counter[str]:
    """How often each word comes of `work`."""
    counts: Counter[str] = Counter()
    # Threads: OpenCV and numpy let go of the interpreter while they work.
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        for word in pool.map(work, indices):
            counts[word] += 1
            advance()
    finally:
        pool.shutdown(cancel_futures=True)
    return counts


def _digest(arrays: Iterable[np.ndarray]) -> str:
    """Changes with any byte of the arrays."""
    content = hashlib.sha256()
    for array in arrays:
        content.update(array.data)
    return content.hexdigest()


def _new_array(path: Path, shape: tuple[int, ...]) -> np.memmap:
    return np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)


def resize_rgb(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) uint8 at (height, width), as `core.prediction` resizes its input."""
    height, width = size
    shrinks = rgb.shape[0] > height or rgb.shape[1] > width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(rgb, (width, height), interpolation=method)


def resize_classes(classes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W) uint8 at (height, width), each pixel the one at its centre."""
    height, width = size
    # INTER_NEAREST takes the upper left pixel instead of the central one.
    return cv2.resize(classes, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
