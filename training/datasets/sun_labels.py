"""The 37 classes of SUN RGB-D: in each frame's folder, or in one file of its toolbox.

    */seg.mat            seglabel (H, W), 0 = unlabelled, k = the k-th of its own names
    SUNRGBD2Dseg.mat     HDF5; of each frame seglabel (W, H), 0 = unlabelled, 1..37
    SUNRGBDMeta.mat      the colour image of each frame, in the same order
    allsplit.mat         alltrain and alltest, folders of frames

The 37 are the first of NYUv2's 40. People named what they outlined in seg.mat with
words of their own; those that are none of the 37 are ignored.
"""

import threading
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from core.bins import IGNORE_LABEL
from core.errors import DatasetError, UnreadableFrameError
from core.nyuv2 import NYU40_NAMES

CLASS_NAMES = NYU40_NAMES[:37]
SPELLINGS = {"fridge": "refrigerator", "tv": "television"}  # seg37list.mat
SENSORS = ("kv1", "kv2", "realsense", "xtion")


class ToolboxLabels:
    """The classes of all frames in SUNRGBD2Dseg.mat, for any thread."""

    def __init__(self, file: Path, meta_file: Path) -> None:
        import h5py

        self._path = file
        # HDF5 is not safe to call from several threads at once.
        self._lock = threading.Lock()
        try:
            self._file = h5py.File(file, "r")
            self._references = self._file["SUNRGBD2Dseg"]["seglabel"][()].ravel()
        except (OSError, KeyError) as error:
            raise DatasetError(
                f"{file} is not the toolbox's file of 2D labels ({error}); download it "
                "again, or remove it to take seg.mat of each frame"
            ) from error
        meta = _load(meta_file, "SUNRGBDMeta", DatasetError)
        paths = [str(one.rgbpath) for one in np.atleast_1d(meta)]
        if len(paths) != len(self._references):
            raise DatasetError(
                f"{meta_file} has {len(paths)} frames and {file.name} "
                f"{len(self._references)}; they must be of one toolbox"
            )
        # .../kv1/NYUdata/NYU0001/image/NYU0001.jpg
        self._row = {frame_key(path, above=2): row for row, path in enumerate(paths)}

    def has(self, key: str | None) -> bool:
        """Whether the frame of this key is among them."""
        return key is not None and key in self._row

    def read(self, key: str) -> np.ndarray:
        """(H, W) uint8 classes, 255 = ignore."""
        row = self._row[key]
        with self._lock:
            labels = self._file[self._references[row]][()].T
        where = f"{self._path}, frame {row + 1}"
        return _classes(labels, range(len(CLASS_NAMES)), where)


def read_seg_mat(file: Path) -> np.ndarray:
    """(H, W) uint8 classes, 255 = ignore, of one frame's seg.mat."""
    names = _load(file, "names", UnreadableFrameError)
    labels = _load(file, "seglabel", UnreadableFrameError)
    classes = [class_of(str(name)) for name in np.atleast_1d(names)]
    return _classes(labels, classes, str(file))


def class_of(name: str) -> int:
    """The class that somebody's word for a thing stands for; 255 if none."""
    word = " ".join(name.replace("_", " ").casefold().split())
    word = SPELLINGS.get(word, word)
    return CLASS_NAMES.index(word) if word in CLASS_NAMES else IGNORE_LABEL


def read_split(file: Path) -> tuple[set[str | None], set[str | None]]:
    """The keys of the frames in the train and in the test part."""
    train, test = (_load(file, name, DatasetError) for name in ("alltrain", "alltest"))
    return _keys(train), _keys(test)


def _keys(folders: np.ndarray) -> set[str | None]:
    return {frame_key(str(folder)) for folder in np.atleast_1d(folders)}


def frame_key(path: str, above: int = 0) -> str | None:
    """What names a frame wherever its folder lies: "kv1/NYUdata/NYU0001".

    `above` says how many folders the path goes deeper. None for a folder that is in
    none of the data set's sensors.
    """
    parts = PurePosixPath(path).parts
    parts = parts[: len(parts) - above]
    last = max((k for k, part in enumerate(parts) if part in SENSORS), default=None)
    return None if last is None else "/".join(parts[last:])


def _classes(labels: np.ndarray, classes: Sequence[int], where: str) -> np.ndarray:
    """(H, W) uint8 of labels 0 and k, the k-th of the classes."""
    largest = int(labels.max(initial=0))
    if largest > len(classes):
        num_pixels = np.count_nonzero(labels == largest)
        raise DatasetError(
            f"{where} holds the label {largest} in {num_pixels} pixels; expected "
            f"1..{len(classes)}, as many as it has names, or 0 for unlabelled"
        )
    lookup = np.array([IGNORE_LABEL, *classes], np.uint8)
    return np.ascontiguousarray(lookup[labels.astype(np.int64)])


def _load(file: Path, name: str, error_type: Callable[[str], Exception]) -> Any:
    """One variable of a .mat file of MATLAB before 7.3."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        return loadmat(
            file, variable_names=[name], squeeze_me=True, struct_as_record=False
        )[name]
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        NotImplementedError,
        zlib.error,
        MatReadError,
    ) as error:
        raise error_type(
            f"{file} cannot be read ({error}); expected MATLAB's format with "
            f"'{name}' in it"
        ) from error
