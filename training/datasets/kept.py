"""Resized frames and their targets on disk, as long as these are small."""

import errno
import math
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from core.errors import DatasetError
from training.datasets.cache import cache_folder, cached_bytes, drop_oldest
from training.datasets.frame_source import (
    Recipe,
    Target,
    resize_classes,
    resize_rgb,
)

Keep = Literal["auto", "yes", "no"]
"""Whether frames are kept: auto is yes where they fit."""

# Our choice. 4 GB are the 1449 frames of NYUv2 at any size, or 28K at the laptop's, and
# most of what the memory of a laptop holds of files; the paper's 41K would be 63 GB.
MAX_KEPT_BYTES = 4 * 10**9
DISK_SHARE = 0.2
"""Most that all kept frames may take of what the disk would have without them: it is
the user's, and other runs' too."""


_ZEROS = bytes(1 << 20)


@dataclass(frozen=True, eq=False)
class KeptFrames:
    """Images and targets in arrays that lie on disk, with a row for each frame that may
    be used."""

    rgb: np.memmap
    """(n, H, W, 3) uint8."""
    targets: dict[Target, np.memmap]
    """(m, H, W) uint8 of each kind, 255 = ignore."""
    rgb_rows: np.ndarray
    """(N,) int64, the row of every frame of the dataset in `rgb`."""
    target_rows: dict[Target, np.ndarray]
    """The same in `targets`."""

    def read(self, index: int, target: Target) -> tuple[np.ndarray, np.ndarray]:
        """As of every source."""
        classes = self.targets[target][self.target_rows[target][index]]
        return self.rgb[self.rgb_rows[index]], classes

    def put(
        self, index: int, rgb: np.ndarray, targets: dict[Target, np.ndarray]
    ) -> None:
        """Resize and keep one frame with the targets that it has."""
        size = self.rgb.shape[1:3]
        self.rgb[self.rgb_rows[index]] = resize_rgb(rgb, size)
        for target, classes in targets.items():
            row = self.target_rows[target][index]
            self.targets[target][row] = resize_classes(classes, size)

    def flush(self) -> None:
        """Have the disk keep all that was put."""
        for array in (self.rgb, *self.targets.values()):
            array.flush()


def new_arrays(
    folder: Path, has_target: dict[Target, np.ndarray], recipe: Recipe
) -> KeptFrames:
    """Empty arrays in a folder; `has_target` is (N,) bool of each kind, the frames that
    may get one.

    Frames kept by other runs make room for them, those that were used last at last.
    """
    needed = size_in_bytes(has_target, recipe)
    drop_oldest(_file(folder, "rgb").name, _share_of_disk() - needed)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DatasetError(
            f"keeping the resized frames takes {needed / 1e6:.0f} MB, but the disk of "
            f"{cache_folder()} has {free / 1e6:.0f} MB free; free some, or have the "
            "frames made while training (--keep no)"
        )
    used = _used(has_target)
    shapes: dict[str, tuple[int, ...]] = {"rgb": (int(used.sum()), *recipe.size, 3)}
    for target, has in has_target.items():
        shapes[target] = (int(has.sum()), *recipe.size)
    for name, shape in shapes.items():
        np.lib.format.open_memmap(
            _file(folder, name), mode="w+", dtype=np.uint8, shape=shape
        )
        _allocate(_file(folder, name), math.prod(shape))
    return open_arrays(folder, has_target, mode="r+")


def open_arrays(
    folder: Path,
    has_target: dict[Target, np.ndarray],
    mode: Literal["r", "r+"] = "r",
) -> KeptFrames:
    """The arrays that `new_arrays` made for the same frames."""
    return KeptFrames(
        rgb=np.load(_file(folder, "rgb"), mmap_mode=mode),
        targets={
            target: np.load(_file(folder, target), mmap_mode=mode)
            for target in has_target
        },
        rgb_rows=_rows(_used(has_target)),
        target_rows={target: _rows(has) for target, has in has_target.items()},
    )


def is_worth_keeping(num_bytes: int) -> bool:
    """Whether so much fits well on the disk of the cache and into memory."""
    return num_bytes <= min(MAX_KEPT_BYTES, _share_of_disk())


def _share_of_disk() -> int:
    """How many bytes all kept frames together may take."""
    folder = cache_folder()
    disk = next(path for path in (folder, *folder.parents) if path.exists())
    # With what is kept by now, so that keeping frames changes no later answer.
    for_cache = shutil.disk_usage(disk).free + cached_bytes(_file(folder, "rgb").name)
    return int(DISK_SHARE * for_cache)


def _allocate(file: Path, num_bytes: int) -> None:
    """Have the disk give a new file the bytes at its end; OSError if it has too few.

    To write to a mapped file that a full disk cannot hold ends the program.
    """
    with file.open("r+b") as opened:
        size = os.fstat(opened.fileno()).st_size
        try:
            os.posix_fallocate(opened.fileno(), 0, size)
            return
        except AttributeError:  # macOS, Windows
            pass
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                raise
        opened.seek(size - num_bytes)
        for start in range(0, num_bytes, len(_ZEROS)):
            opened.write(_ZEROS[: num_bytes - start])


def size_in_bytes(has_target: dict[Target, np.ndarray], recipe: Recipe) -> int:
    """What the arrays for these frames take."""
    height, width = recipe.size
    num_targets = sum(int(has.sum()) for has in has_target.values())
    return height * width * (3 * int(_used(has_target).sum()) + num_targets)


def _used(has_target: dict[Target, np.ndarray]) -> np.ndarray:
    return np.logical_or.reduce(list(has_target.values()))


def _rows(has: np.ndarray) -> np.ndarray:
    """(N,) int64: the number of every frame among those that have one."""
    return np.cumsum(has) - 1


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.npy"
