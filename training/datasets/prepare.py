"""Datasets ready to be trained on: looked at once, resized and labelled.

The small ones are kept on disk for every later run; the frames of large ones are made
anew whenever they are drawn. Both give the same images and targets.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from training.datasets.cache import cached, show_life
from training.datasets.class_counts import ClassCounts
from training.datasets.dataset import Dataset, place_of_data
from training.datasets.frame_source import (
    FramesOnTheFly,
    FrameSource,
    Recipe,
    Target,
)
from training.datasets.kept import new_arrays, open_arrays
from training.datasets.look import look_at_frames, read_look, write_look


@dataclass(frozen=True, eq=False)
class PreparedData:
    """What there is to train on in a dataset of N frames."""

    name: str
    class_names: tuple[str, ...]
    """Of its semantic classes."""
    frames: FrameSource
    hn_counts: ClassCounts
    semantic_counts: ClassCounts
    parts: np.ndarray
    """(N,) of str: the Part of every frame, or UNUSED."""
    skipped: dict[str, int]
    """Why frames lack labels that they could have had, and how many."""
    content: str
    """Changes with any pixel or label."""

    @property
    def has_hn(self) -> np.ndarray:
        """(N,) bool: it has HN-labels."""
        return self.hn_counts.has_target

    @property
    def has_semantic(self) -> np.ndarray:
        """(N,) bool."""
        return self.semantic_counts.has_target


def prepare(
    dataset: Dataset,
    wants_hn: np.ndarray,
    recipe: Recipe,
    is_kept: bool = True,
    advance: Callable[[], None] = lambda: None,
) -> PreparedData:
    """The dataset's frames by the recipe, with HN-labels where wanted and possible.

    `wants_hn` is (N,) bool. What one look at the frames tells, and with `is_kept` the
    frames themselves, come from the user's cache once they are there; until then
    `advance` is called for every frame.
    """
    may_have = targets_of(dataset, wants_hn, recipe)

    def fill(unfinished: Path) -> None:
        def advance_alive() -> None:
            show_life(unfinished)
            advance()

        arrays = new_arrays(unfinished, may_have, recipe) if is_kept else None
        store = None if arrays is None else arrays.put
        survey = None
        if wants_hn.any():  # it may have to be made yet
            survey = dataset.survey(lambda: show_life(unfinished))
        look = look_at_frames(dataset, survey, wants_hn, recipe, store, advance_alive)
        if arrays is not None:
            arrays.flush()
        write_look(look, unfinished)

    subject = asdict(recipe) if is_kept else asdict(recipe.bins)
    wanted = np.flatnonzero(wants_hn).tolist()
    place = place_of_data(dataset.name)
    folder = cached((place, subject), dataset.fingerprint(), wanted, fill)
    look = read_look(folder)
    frames: FrameSource = FramesOnTheFly(dataset, recipe, look.floors)
    if is_kept:
        frames = open_arrays(folder, may_have)
    return PreparedData(
        name=dataset.name,
        class_names=tuple(dataset.class_names),
        frames=frames,
        hn_counts=look.counts["hn"],
        semantic_counts=look.counts["semantic"],
        parts=dataset.parts,
        skipped=look.skipped,
        content=look.content,
    )


def targets_of(
    dataset: Dataset, wants_hn: np.ndarray, recipe: Recipe
) -> dict[Target, np.ndarray]:
    """(N,) bool of each kind of target: the frames that may turn out to have it."""
    depth: dict[Target, np.ndarray] = {"depth": wants_hn} if recipe.with_depth else {}
    return {"hn": wants_hn, "semantic": dataset.has_semantic, **depth}
