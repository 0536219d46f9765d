"""Frames whose colour and depth are image files."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from core.errors import DatasetError
from core.frame import Intrinsics, RgbdFrame
from core.images import EncodedImage, encoded_color, read_color, read_depth

NOMINAL_FPS = 30.0  # image folders have no clock; frame n comes at n/30 s
SATURATED = 65535  # in millimetres it stands for none: no camera sees 65 m


class FrameSource(Protocol):
    """Frames in order, and where the camera was if that is known."""

    @property
    def name(self) -> str:
        """A short name for people."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> RgbdFrame: ...

    def __iter__(self) -> Iterator[RgbdFrame]: ...

    def pose(self, index: int) -> np.ndarray | None:
        """(4, 4) T_world_camera of the colour camera, or None when it is not known."""

    def encoded_color(self, index: int) -> EncodedImage | None:
        """The colour image as it is stored; None when that is neither JPEG nor PNG."""


def nominal_time_ns(number: int) -> int:
    """When a frame of a folder without a clock comes."""
    return round(number * 1e9 / NOMINAL_FPS)


def as_it_is(depth: np.ndarray) -> np.ndarray:
    """Depth that is stored in sensor units, 0 where it is missing."""
    return depth


def without_saturated(depth: np.ndarray) -> np.ndarray:
    """(h, w) uint16 with 0 where it is the largest number there is."""
    return np.where(depth == SATURATED, np.uint16(0), depth)


def is_millimetres(depth_scale: float) -> bool:
    """Whether depth of this scale has 65535 for none, as 7-Scenes and others do."""
    return math.isclose(depth_scale, 0.001, rel_tol=1e-6)  # or a float32 of it


@dataclass(frozen=True, eq=False)
class ImageFolder:
    """Pairs of image files with one calibration; a file is read on look-up.

    Frames are counted from 0: the numbers in names may be a clock's, or leave gaps.
    """

    path: Path
    pairs: Sequence[tuple[Path, Path]]
    """Colour and depth file of every frame."""
    color_intrinsics: Intrinsics
    depth_intrinsics: Intrinsics
    T_color_depth: np.ndarray = field(default_factory=lambda: np.eye(4))
    depth_scale: float = 0.001
    """Metres per depth unit."""
    poses: Sequence[np.ndarray | None] | None = None
    timestamps_ns: Sequence[int] | None = None
    """Of every frame, where the images have a clock."""
    up_hints: Sequence[np.ndarray | None] | None = None
    """(3,) unit vector away from the floor in the colour camera, of every frame."""
    unpaired: tuple[str, ...] = ()
    """Names of images that have no partner; they are left out."""
    decode_depth: Callable[[np.ndarray], np.ndarray] = as_it_is
    """(h, w) uint16 as in the file to sensor units; 65535 mm become 0 after it."""

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.resolve().name

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> RgbdFrame:
        color_file, depth_file = self.pairs[index]
        rgb = read_color(color_file)
        depth = self.decode_depth(read_depth(depth_file))
        if is_millimetres(self.depth_scale):
            depth = without_saturated(depth)
        _check_size(color_file, rgb, self.color_intrinsics)
        _check_size(depth_file, depth, self.depth_intrinsics)
        number = range(len(self))[index]
        return RgbdFrame(
            rgb=rgb,
            depth=depth,
            depth_scale=self.depth_scale,
            color_intrinsics=self.color_intrinsics,
            depth_intrinsics=self.depth_intrinsics,
            T_color_depth=self.T_color_depth,
            timestamp_ns=self._timestamp_ns(number),
            up_hint=None if self.up_hints is None else self.up_hints[number],
            number=number,
        )

    def __iter__(self) -> Iterator[RgbdFrame]:
        for index in range(len(self)):
            yield self[index]

    def pose(self, index: int) -> np.ndarray | None:
        """(4, 4) T_world_camera of the colour camera, or None when it is not known."""
        return None if self.poses is None else self.poses[index]

    def encoded_color(self, index: int) -> EncodedImage | None:
        """The colour file's bytes; None when it is neither JPEG nor PNG."""
        return encoded_color(self.pairs[index][0])

    def _timestamp_ns(self, number: int) -> int:
        if self.timestamps_ns is None:
            return nominal_time_ns(number)
        return self.timestamps_ns[number]


def number_key(path: Path) -> tuple[int, ...]:
    """Every number in a file's name: (2, 150) of "kitchen2-frame-000150.color.png"."""
    return tuple(int(digits) for digits in re.findall(r"\d+", path.stem))


def _check_size(path: Path, image: np.ndarray, camera: Intrinsics) -> None:
    height, width = image.shape[:2]
    if (height, width) != (camera.height, camera.width):
        raise DatasetError(
            f"{path} is {width}x{height}; expected {camera.width}x{camera.height} as "
            "the images before it"
        )
