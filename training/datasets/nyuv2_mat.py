"""NYUv2 as its official file, nyu_depth_v2_labeled.mat (MATLAB v7.3, which is HDF5).

MATLAB stores the first axis fastest, so every array is transposed: an image is
(3, width, height) here. Rows are read one at a time; the file is 2.8 GB.
"""

import threading
from collections.abc import Hashable, Sequence
from pathlib import Path

import numpy as np

from core.errors import DatasetError
from core.frame import RgbdFrame
from core.nyuv2 import NYU40_NAMES
from training.datasets.dataset import LabelledFrame, file_state
from training.datasets.nyuv2 import (
    NUM_FRAMES,
    color_intrinsics,
    is_official_test,
    semantic_from_894,
)
from training.datasets.splits import independent_parts

FILE_NAME = "nyu_depth_v2_labeled.mat"
# 0.2 mm a unit: finer than the Kinect's own steps, and the largest value, 10 m, fits.
DEPTH_SCALE = 2e-4
# The toolbox clamps what the Kinect could not measure to 0 or to 10 m.
MAX_DEPTH_M = 10.0


class NYUv2Mat:
    """The 1449 labelled frames with the official split and the 40 classes."""

    class_names: Sequence[str] = NYU40_NAMES

    def __init__(self, path: Path) -> None:
        import h5py

        self.name = str(path)
        self._path = path
        # HDF5 is not safe to call from several threads at once.
        self._lock = threading.Lock()
        try:
            self._file = h5py.File(path, "r")
        except OSError as error:
            raise DatasetError(
                f"{path} is not the official {FILE_NAME}: it cannot be opened as HDF5 "
                "(MATLAB v7.3); download it again"
            ) from error
        arrays = {k for k, v in self._file.items() if isinstance(v, h5py.Dataset)}
        missing = {"images", "depths", "labels"} - arrays
        if missing:
            raise DatasetError(
                f"{path} is not the official {FILE_NAME}: it lacks "
                f"{', '.join(sorted(missing))}"
            )
        # In `depths` holes were filled by guessing; `rawDepths` is what was measured,
        # and unknown depth is better ignored than guessed.
        self._depths = self._file["rawDepths" if "rawDepths" in arrays else "depths"]
        self._images, self._labels = self._file["images"], self._file["labels"]
        self._check_shapes()
        self._check_names()
        num_frames = len(self._images)
        self.has_depth = np.ones(num_frames, bool)
        self.has_semantic = np.ones(num_frames, bool)
        self.parts = independent_parts(is_official_test()[:num_frames])

    def __len__(self) -> int:
        """1449 in the official file."""
        return len(self._images)

    def fingerprint(self) -> Sequence[Hashable]:
        """The file's path, size and time."""
        return file_state([self._path])

    def floors(self) -> None:
        """None: its frames are no sequence."""

    def read(self, index: int) -> LabelledFrame:
        """One frame, upright."""
        with self._lock:
            image = self._images[index]
            depth_m = self._depths[index]
            labels = self._labels[index]
        rgb = np.ascontiguousarray(image.transpose(2, 1, 0))
        intrinsics = color_intrinsics(rgb, self._path)
        depth = _depth_units(depth_m.T)
        frame = RgbdFrame.aligned(rgb, depth, intrinsics, DEPTH_SCALE)
        semantic = semantic_from_894(labels.T, f"{self._path}, frame {index + 1}")
        return LabelledFrame(rgb, frame, semantic)

    def _check_shapes(self) -> None:
        num, channels, width, height = (*self._images.shape, 0, 0, 0, 0)[:4]
        expected = (num, width, height)
        shapes = (self._depths.shape, self._labels.shape)
        if channels != 3 or shapes != (expected, expected) or not 0 < num <= NUM_FRAMES:
            raise DatasetError(
                f"{self._path} is not the official {FILE_NAME}: expected images "
                f"({NUM_FRAMES}, 3, 640, 480) and depths and labels "
                f"({NUM_FRAMES}, 640, 480), found {self._images.shape}, {shapes[0]} "
                f"and {shapes[1]}"
            )

    def _check_names(self) -> None:
        """Two of the names tell whether labels are numbered as they should be."""
        if "names" not in self._file:
            return
        references = self._file["names"][()].ravel()
        for label, name in ((11, "floor"), (21, "wall")):
            found = _text(self._file, references, label)
            if found != name:
                raise DatasetError(
                    f"{self._path}: label {label} must be '{name}', found '{found}'; "
                    "its labels are not numbered as in the official file"
                )


def _text(file, references: np.ndarray, label: int) -> str:  # type: ignore[no-untyped-def]
    """MATLAB's text is an array of 16-bit characters behind an object reference."""
    if label > len(references):
        return ""
    return "".join(map(chr, file[references[label - 1]][()].ravel()))


def _depth_units(depth_m: np.ndarray) -> np.ndarray:
    """(H, W) float metres to uint16 units of DEPTH_SCALE, 0 where not measured."""
    is_measured = np.isfinite(depth_m) & (depth_m > 0) & (depth_m < MAX_DEPTH_M)
    units = np.where(is_measured, depth_m, 0.0) / DEPTH_SCALE
    return np.rint(units).astype(np.uint16)
