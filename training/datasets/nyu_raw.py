"""NYUv2's raw scenes: folders of r-*.ppm and d-*.pgm, each a dataset of its own.

Only every fifth frame is looked at. The 407 thousand that there are show the same few
times a second, and section 4 takes a tenth of them.
"""

import logging
import os
import re
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

import numpy as np

from core.errors import DatasetError
from core.interchange.nyu_mat import FILE_NAME
from core.survey import Survey
from training.datasets.dataset import UNUSED, Dataset, file_state
from training.datasets.folders import FolderData
from training.datasets.nyuv2_mat import NYUv2Mat

logger = logging.getLogger(__name__)

STEP = 5  # our choice: some five frames a second, enough to follow the camera by
NUM_NAMED = 3


class NyuRawScene(FolderData):
    """Every fifth frame of a raw scene; HN-labels only."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, STEP)
        self.place = place_of(path.resolve().name)
        """The scene without the letter of this take."""

    def fingerprint(self) -> Sequence[Hashable]:
        """State of the images that are used, a scene has thousands of others, and what
        its accelerometer told for them."""
        hints = getattr(self._source, "up_hints", None) or ()
        told = [None if hint is None else tuple(hint.tolist()) for hint in hints]
        images = [file for pair in self._pairs for file in pair]
        return [*file_state(images), *told]

    def survey(self, advance: Callable[[], None] = lambda: None) -> Survey | None:
        """As of any folder; None for a scene that is left out, which nobody needs."""
        return None if (self.parts == UNUSED).all() else super().survey(advance)


def open_raw_scenes(path: Path) -> list[Dataset]:
    """The scenes in a folder and below, without those whose files are all damaged."""
    scenes: list[Dataset] = []
    error = None
    for folder in _scene_folders(path):
        try:
            scenes.append(NyuRawScene(folder))
        except DatasetError as reason:
            logger.warning("%s; the scene is left out", reason)
            error = reason
    if error is not None and not scenes:
        raise error
    return scenes


def leave_out_test_scenes(datasets: Sequence[Dataset]) -> None:
    """Use no frame of raw scenes that frames of NYUv2's official test part are from."""
    test_places = _test_places(datasets)
    for scene in _raw_scenes(datasets):
        if scene.place in test_places:
            scene.parts = np.full(len(scene), UNUSED, scene.parts.dtype)


def raw_scene_notes(datasets: Sequence[Dataset]) -> list[str]:
    """Which raw scenes are left out, or that it is not known which to leave out."""
    scenes, test_places = _raw_scenes(datasets), _test_places(datasets)
    if not scenes:
        return []
    if not test_places:
        mats = [one.name for one in datasets if isinstance(one, NYUv2Mat)]
        lack = f"and {mats[0]} does not name" if mats else f"without {FILE_NAME} in"
        what = "the scenes of its frames" if mats else "--data"
        return [
            f"raw scenes of NYUv2 ({len(scenes)}) {lack} {what}: some show "
            "what its official test frames show, and are not known; a test on these "
            "frames would be too good"
        ]
    left_out = [scene for scene in scenes if scene.place in test_places]
    if not left_out:
        return []
    names = ", ".join(Path(scene.name).name for scene in left_out[:NUM_NAMED])
    more = " ..." if len(left_out) > NUM_NAMED else ""
    return [
        f"{len(left_out)} of {len(scenes)} raw scenes of NYUv2 are left out: frames of "
        f"its official test part are from there ({names}{more})"
    ]


def place_of(scene: str) -> str:
    """ "bookstore_0001" of "bookstore_0001d": raw scenes of one place end in letters,
    which the labelled frames' scene may lack."""
    return re.sub(r"(?<=\d)[a-z]$", "", scene)


def _raw_scenes(datasets: Sequence[Dataset]) -> list[NyuRawScene]:
    return [one for one in datasets if isinstance(one, NyuRawScene)]


def _test_places(datasets: Sequence[Dataset]) -> set[str]:
    return {
        place_of(scene)
        for one in datasets
        if isinstance(one, NYUv2Mat)
        for scene in one.test_scenes
    }


def _scene_folders(path: Path) -> list[Path]:
    """Folders with raw images of both kinds, in order; not those inside them."""
    found = []
    for folder, inner, files in os.walk(path):
        kinds = {file[:2] for file in files if file.endswith((".ppm", ".pgm"))}
        if {"r-", "d-"} <= kinds:
            found.append(Path(folder))
            inner.clear()
        inner[:] = [name for name in inner if not name.startswith(".")]
    return sorted(found)
