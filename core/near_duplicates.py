"""Which frames show once more what an earlier one shows.

Frames are compared as small pictures of colour and of depth: means over 20 x 20 pixels
hardly have noise, and a camera that turns by a pixel of the small picture, 2 deg, is
seen in all of it. What moves by itself is seen in one of its blocks.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

# All our choice. Of pairs of red kitchen's frames less than 2 cm and 1 deg apart 80 %
# differ by less, of those more than 4 cm or 2 deg apart none
# (benchmarks/frame_quality).
COLOR_SIZE, DEPTH_SIZE, BLOCKS = (24, 32), (12, 16), (3, 4)  # rows, columns
SHIFT = 0.9  # pixels of the small picture, in any block
DEPTH_CHANGE, BLOCK_DEPTH_CHANGE = 0.03, 0.10  # of the distance: all over, in any block
NOISE = 2.0  # grey levels that noise and light may change a plain block by
LIGHT = 1.25  # by what factor an automatic exposure may change a picture
COVERED = 0.5  # of a small depth pixel, or else it is missing
MIN_COMMON = 0.1  # of the depth pixels; fewer tell nothing


class Thumbnail(NamedTuple):
    """A frame as a small picture."""

    gray: np.ndarray
    """COLOR_SIZE uint8."""
    depth: np.ndarray
    """DEPTH_SIZE float32, the frame's depth units; 0 where it is missing."""


def thumbnail(gray: np.ndarray, depth: np.ndarray) -> Thumbnail:
    """The small picture of (H, W) uint8 grey levels and (h, w) uint16 depth."""
    small_depth = _shrunk(depth, DEPTH_SIZE).astype(np.float32)
    covered = _shrunk((depth > 0).view(np.uint8) * np.uint8(255), DEPTH_SIZE) / 255.0
    small_depth /= np.maximum(covered, COVERED)
    small_depth[covered < COVERED] = 0.0
    return Thumbnail(_shrunk(gray, COLOR_SIZE), small_depth)


def difference(a: Thumbnail, b: Thumbnail) -> float:
    """How much two frames differ; less than 1 for near-duplicates."""
    shift = _largest_shift(a.gray.astype(np.float32), b.gray.astype(np.float32))
    change, block_change = _depth_changes(a.depth, b.depth)
    return max(shift / SHIFT, change / DEPTH_CHANGE, block_change / BLOCK_DEPTH_CHANGE)


def are_duplicates(thumbnails: Sequence[Thumbnail | None]) -> list[bool]:
    """Which frames show what the last frame shows that is none; None is left out."""
    kept: Thumbnail | None = None
    duplicates = []
    for one in thumbnails:
        is_duplicate = (
            one is not None and kept is not None and difference(kept, one) < 1.0
        )
        duplicates.append(is_duplicate)
        if one is not None and not is_duplicate:
            kept = one
    return duplicates


def _largest_shift(a: np.ndarray, b: np.ndarray) -> float:
    """Pixels that the content of a block may have moved.

    A shift changes grey levels by as much as they differ from pixel to pixel. How much
    light there was is not compared.
    """
    light = (a.mean() + 1.0) / (b.mean() + 1.0)
    b = b * np.clip(light, 1.0 / LIGHT, LIGHT)
    change = _block_means((a - b) ** 2)
    slope = _block_means(_square_slopes(a) + _square_slopes(b)) / 2.0
    return float(np.sqrt((change / (slope + NOISE**2)).max()))


def _square_slopes(image: np.ndarray) -> np.ndarray:
    """Square difference per pixel, the mean of both directions."""
    down, across = np.gradient(image)
    return (down**2 + across**2) / 2.0


def _depth_changes(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """The mean change relative to the distance, and that of the worst block."""
    is_common = (a > 0) & (b > 0)
    if is_common.mean() < MIN_COMMON:
        return 0.0, 0.0
    change = np.where(is_common, np.abs(a - b) / np.maximum(a + b, 1.0) * 2.0, 0.0)
    share = _block_means(is_common.astype(np.float32))
    return (
        float(change.sum() / is_common.sum()),
        float((_block_means(change) / np.maximum(share, COVERED)).max()),
    )


def _block_means(image: np.ndarray) -> np.ndarray:
    rows, columns = BLOCKS
    height, width = image.shape
    blocks = image.reshape(rows, height // rows, columns, width // columns)
    return blocks.mean(axis=(1, 3))


def _shrunk(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)
