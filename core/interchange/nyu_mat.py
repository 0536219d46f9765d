"""NYUv2's official file, nyu_depth_v2_labeled.mat (MATLAB v7.3, which is HDF5).

MATLAB stores the first axis fastest, so every array is transposed: an image is
(3, width, height) here. Rows are read one at a time; the file is 2.8 GB.
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.errors import DatasetError
from core.frame import Intrinsics, RgbdFrame
from core.images import EncodedImage
from core.interchange.calibration import CameraFile
from core.interchange.image_folder import nominal_time_ns
from core.nyuv2 import DEPTH_SCALE, color_camera, depth_units, without_border
from core.nyuv2_labels import classes_from_894

FILE_NAME = "nyu_depth_v2_labeled.mat"
NUM_FRAMES = 1449


class NyuMat:
    """The labelled frames in the order of the file, for any thread."""

    def __init__(self, path: Path, camera: CameraFile | None = None) -> None:
        import h5py

        self.path = path
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
        self._is_raw = "rawDepths" in arrays
        self._depths = self._file["rawDepths" if self._is_raw else "depths"]
        self._images, self._labels = self._file["images"], self._file["labels"]
        self._check_shapes()
        self._check_names()
        self._camera = self._find_camera(camera)

    @property
    def name(self) -> str:
        """The file's name without its suffix."""
        return self.path.stem

    def __len__(self) -> int:
        """1449 in the official file."""
        return len(self._images)

    def __getitem__(self, index: int) -> RgbdFrame:
        number = range(len(self))[index]
        with self._lock:
            image, depth_m = self._images[number], self._depths[number]
        depth = depth_units(depth_m.T)
        return RgbdFrame.aligned(
            np.ascontiguousarray(image.transpose(2, 1, 0)),
            depth if self._is_raw else without_border(depth),
            self._camera,
            DEPTH_SCALE,
            timestamp_ns=nominal_time_ns(number),
            number=number,
        )

    def __iter__(self) -> Iterator[RgbdFrame]:
        for index in range(len(self)):
            yield self[index]

    def pose(self, index: int) -> None:
        """None: the frames are from many rooms."""

    def encoded_color(self, index: int) -> EncodedImage | None:
        """None: the file holds pixels."""

    def classes(self, index: int) -> np.ndarray:
        """(H, W) uint8 of NYUv2's 40 classes, 255 = ignore."""
        with self._lock:
            labels = self._labels[index]
        return classes_from_894(labels.T, f"{self.path}, frame {index + 1}")

    @property
    def scenes(self) -> tuple[str, ...]:
        """The scene of every frame, as the folders of raw frames are called up to a
        letter; empty where the file does not say."""
        with self._lock:
            if "scenes" not in self._file:
                return ()
            references = self._file["scenes"][()].ravel()
            return tuple(
                _text(self._file, references, number + 1)
                for number in range(len(references))
            )

    def _check_shapes(self) -> None:
        num, channels, width, height = (*self._images.shape, 0, 0, 0, 0)[:4]
        expected = (num, width, height)
        shapes = (self._depths.shape, self._labels.shape)
        if channels != 3 or shapes != (expected, expected) or not 0 < num <= NUM_FRAMES:
            raise DatasetError(
                f"{self.path} is not the official {FILE_NAME}: expected images "
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
                    f"{self.path}: label {label} must be '{name}', found '{found}'; "
                    "its labels are not numbered as in the official file"
                )

    def _find_camera(self, given: CameraFile | None) -> Intrinsics:
        width, height = self._images.shape[2:]
        if given is not None:
            return given.intrinsics(width, height)
        camera = color_camera(width, height)
        if camera is None:
            raise DatasetError(
                f"{self.path}: NYUv2 images are 640x480 or a resized copy of that, "
                f"found {width}x{height}, whose camera is unknown"
            )
        return camera


def _text(file, references: np.ndarray, label: int) -> str:  # type: ignore[no-untyped-def]
    """MATLAB's text is an array of 16-bit characters behind an object reference."""
    if label > len(references):
        return ""
    return "".join(map(chr, file[references[label - 1]][()].ravel()))
