"""SUN RGB-D: one folder a frame, thousands of them in a tree, and its toolbox.

    SUNRGBD/kv1/NYUdata/NYU0001/    a frame (core.interchange.sun_rgbd), its seg.mat
    SUNRGBDtoolbox/                 in the tree, or beside the folder that is named

Its labels are those that others report results on; without it seg.mat is read.
"""

import os
import re
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

import numpy as np

from core.errors import DatasetError, UnreadableFrameError
from core.images import read_color
from core.interchange import ImageFolder, open_frames
from core.interchange.calibration import calibration_files
from training.datasets.dataset import UNUSED, LabelledFrame, Target, file_state
from training.datasets.labelled_images import check_size
from training.datasets.nyuv2 import is_official_test
from training.datasets.splits import independent_parts, last_fifth
from training.datasets.sun_labels import (
    CLASS_NAMES,
    ToolboxLabels,
    frame_key,
    read_seg_mat,
    read_split,
)

TOOLBOX = "SUNRGBDtoolbox"
LABELS_FILE, META_FILE, SPLIT_FILE = (
    "SUNRGBD2Dseg.mat",
    "SUNRGBDMeta.mat",
    "allsplit.mat",
)
SEG_FILE = "seg.mat"


class SunRgbd:
    """The frames of a tree, by their folders."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.folders, toolbox = _find(path)
        self._toolbox_files = sorted(toolbox.values())
        self._keys = [frame_key(f.resolve().as_posix()) for f in self.folders]
        self._labels: ToolboxLabels | None = None
        if LABELS_FILE in toolbox and META_FILE in toolbox:
            self._labels = ToolboxLabels(toolbox[LABELS_FILE], toolbox[META_FILE])
        self._nyu_numbers = [_nyu_number(key) for key in self._keys]
        num_frames = len(self.folders)
        self._sources: list[ImageFolder | None] = [None] * num_frames
        self.has_depth = np.ones(num_frames, bool)
        self.has_semantic = np.array([self._has_labels(k) for k in range(num_frames)])
        self.class_names: Sequence[str] = CLASS_NAMES if self.has_semantic.any() else ()
        self.notes: Sequence[str] = ()
        if LABELS_FILE in toolbox and self._labels is None:
            self._note(
                f"{LABELS_FILE} is not used without {META_FILE}, which says whose "
                f"labels it has; {SEG_FILE} of each frame is"
            )
        self.parts = self._find_parts(toolbox.get(SPLIT_FILE))

    def __len__(self) -> int:
        """10335 in the whole data set."""
        return len(self.folders)

    def fingerprint(self) -> Sequence[Hashable]:
        """Every file's path, size and time, those of the toolbox too."""
        files = [file for folder in self.folders for file in sorted(_files(folder))]
        return file_state([*self._toolbox_files, *files])

    def survey(self, advance: Callable[[], None] = lambda: None) -> None:
        """None: its frames are no sequence."""

    def read(self, index: int, target: Target | None = None) -> LabelledFrame:
        """One frame with its classes, where it has them."""
        source = self._source(index)
        frame = None if target == "semantic" else source[0]
        rgb = read_color(source.pairs[0][0]) if frame is None else frame.rgb
        semantic = None
        if self.has_semantic[index] and target != "hn":
            semantic = self._read_labels(index)
            check_size(self.folders[index] / SEG_FILE, semantic, rgb)
        return LabelledFrame(rgb, frame, semantic)

    def _source(self, index: int) -> ImageFolder:
        """The one image of a frame; to open it takes as long as to read it."""
        source = self._sources[index]
        if source is None:
            folder = self.folders[index]
            try:
                found = open_frames(folder)
            except DatasetError as error:
                raise UnreadableFrameError(str(error)) from error
            if len(found) != 1 or not isinstance(found, ImageFolder):
                raise UnreadableFrameError(
                    f"{folder} holds {len(found)} images; SUN RGB-D has one a folder"
                )
            source = self._sources[index] = found
        return source

    @property
    def is_nyuv2(self) -> np.ndarray:
        """(N,) bool: the frames that NYUv2 has too."""
        return np.array([number is not None for number in self._nyu_numbers])

    def leave_out_nyuv2(self) -> None:
        """Use none of the frames that NYUv2 has too."""
        num_left_out = np.count_nonzero(self.is_nyuv2)
        if num_left_out:
            self.parts = np.where(self.is_nyuv2, UNUSED, self.parts)
            self._note(
                f"its {num_left_out} frames of NYUv2 are left out, since NYUv2 itself "
                "is in --data"
            )

    def _note(self, text: str) -> None:
        self.notes = [*self.notes, f"{self.name}: {text}"]

    def _has_labels(self, index: int) -> bool:
        if self._labels is not None and self._labels.has(self._keys[index]):
            return True
        return (self.folders[index] / SEG_FILE).is_file()

    def _read_labels(self, index: int) -> np.ndarray:
        """(H, W) uint8 classes, 255 = ignore."""
        key = self._keys[index]
        if self._labels is not None and key is not None and self._labels.has(key):
            return self._labels.read(key)
        return read_seg_mat(self.folders[index] / SEG_FILE)

    def _find_parts(self, split_file: Path | None) -> np.ndarray:
        """(N,) of str, by the official split; that of NYUv2 and the last fifth of the
        others without it."""
        if split_file is None:
            self._note(
                f"no {SPLIT_FILE}, so the last fifth is for tests, and "
                "of NYUv2's frames those of its official test part"
            )
            return independent_parts(self._is_test())
        train, test = read_split(split_file)
        known = np.array([key in train or key in test for key in self._keys])
        is_test = np.array([key in test for key in self._keys])
        parts = np.full(len(self), UNUSED, "<U10")
        parts[known] = independent_parts(is_test[known])
        num_unknown = np.count_nonzero(~known)
        if num_unknown:
            self._note(
                f"{num_unknown} of its {len(self)} frames are in no part "
                f"of {split_file} and are left out"
            )
        return parts

    def _is_test(self) -> np.ndarray:
        """(N,) bool: NYUv2's official test frames, and the last fifth of the others."""
        is_nyu = self.is_nyuv2
        numbers = np.array([n for n in self._nyu_numbers if n is not None], np.int64)
        is_test = np.zeros(len(self), bool)
        is_test[is_nyu] = is_official_test()[numbers - 1]
        is_test[~is_nyu] = last_fifth(int((~is_nyu).sum()))
        return is_test


def _nyu_number(key: str | None) -> int | None:
    """The number in NYUv2, from 1, of a frame that is from there."""
    match = re.search(r"NYUdata/NYU(\d{4})$", key or "")
    return None if match is None else int(match[1])


def is_sun_rgbd(path: Path) -> bool:
    """Whether the folder, or one below it, is a frame of SUN RGB-D."""
    return any(_is_frame(inner) for _, inner, _ in os.walk(path))


def _find(path: Path) -> tuple[list[Path], dict[str, Path]]:
    """Folders of frames, in order, and the files of the toolbox by name."""
    folders: list[Path] = []
    toolbox: dict[str, Path] = {}
    beside = path.resolve().parent / TOOLBOX
    for root in (path, beside):
        for folder, inner, files in os.walk(root):
            if _is_frame(inner) and root == path:
                folders.append(Path(folder))
                inner.clear()
            for name in {LABELS_FILE, META_FILE, SPLIT_FILE}.intersection(files):
                toolbox.setdefault(name, Path(folder) / name)
    return sorted(folders), toolbox


def _is_frame(inner_folders: Sequence[str]) -> bool:
    return {"image", "depth", "depth_bfx"} <= set(inner_folders)


def _files(folder: Path) -> list[Path]:
    """What a frame is read from."""
    return [
        *(file for kind in ("image", "depth") for file in (folder / kind).iterdir()),
        *(folder / "extrinsics").glob("*.txt"),
        *calibration_files(folder),
        folder / SEG_FILE,
    ]
