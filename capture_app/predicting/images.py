"""Image files that stand for themselves, without depth."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from capture_app.predicting.pictures import Picture, Pictures, Unreadable, Wanted
from core.errors import DatasetError, UnreadableFrameError
from core.interchange.image_folder import nominal_time_ns, number_key
from core.parallel import parallel_map

IMAGE_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".jp2")
)
_COLOR = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_ANYDEPTH


@dataclass(frozen=True)
class ImageFiles:
    """Image files; results are called as they are."""

    name: str
    files: Sequence[Path]
    has_depth = False

    def __post_init__(self) -> None:
        for stem, count in Counter(file.stem for file in self.files).items():
            if count > 1:
                twins = [str(file) for file in self.files if file.stem == stem]
                raise DatasetError(
                    f"{twins[0]} and {twins[1]} would share one result {stem}.png; "
                    "rename one of them, or predict them one by one with different "
                    "--out"
                )

    def num_pictures(self, wanted: Wanted) -> int:
        """How many files are asked for."""
        return len(range(0, len(self.files), wanted.every))

    @contextmanager
    def pictures(self, wanted: Wanted) -> Iterator[Pictures]:
        """Every n-th image."""
        indices = range(0, len(self.files), wanted.every)
        with parallel_map(self._read, indices) as pictures:
            yield pictures

    def _read(self, index: int) -> Picture | Unreadable:
        file = self.files[index]
        try:
            rgb = read_photo(file)
        except UnreadableFrameError as error:
            return Unreadable(file.name, str(error))
        return Picture(index, file.stem, rgb, nominal_time_ns(index))


def image_files(folder: Path) -> list[Path]:
    """The images that lie in a folder, by number and name; hidden ones left out."""
    found = [
        file
        for file in folder.iterdir()
        if file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".")
    ]
    return sorted(found, key=lambda file: (number_key(file), file.name))


def read_photo(path: Path) -> np.ndarray:
    """(H, W, 3) uint8 RGB of any image that OpenCV reads, upright as viewers show it.

    Grey becomes colour, alpha is left out and 16 bits become 8. UnreadableFrameError
    for a file that is no image, and for depth.
    """
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
        rgb = cv2.imdecode(data, _COLOR) if data.size else None
    except OSError as error:
        raise UnreadableFrameError(
            f"{path} cannot be read: {error.strerror}"
        ) from error
    except cv2.error as error:
        raise UnreadableFrameError(
            f"{path} cannot be decoded ({error.err}); it is damaged or too large"
        ) from error
    if rgb is None:
        raise UnreadableFrameError(f"{path} is not an image or is damaged")
    if rgb.dtype == np.uint8:
        return rgb
    if rgb.dtype != np.uint16:
        raise UnreadableFrameError(
            f"{path} has pixels of {rgb.dtype}; expected a colour image of 8 or 16 bits"
        )
    if np.array_equal(rgb[..., 0], rgb[..., 1]) and np.array_equal(
        rgb[..., 0], rgb[..., 2]
    ):
        raise UnreadableFrameError(
            f"{path} has one channel of 16 bits, as depth has; expected a colour image"
        )
    return (rgb // 257).astype(np.uint8)
