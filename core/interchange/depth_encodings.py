"""How others put metres into the 16 bits of a depth image."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from core.interchange.image_folder import as_it_is, without_saturated
from core.nyuv2 import DEPTH_SCALE, depth_units_of_raw

EncodingName: TypeAlias = Literal["mm", "tum", "sun", "nyu-raw"]


@dataclass(frozen=True)
class DepthEncoding:
    """From the numbers in a depth image to depth."""

    depth_scale: float
    """Metres per depth unit."""
    decode: Callable[[np.ndarray], np.ndarray] = as_it_is
    """(h, w) uint16 as in the file to depth units, 0 where depth is missing."""


def from_sun(depth: np.ndarray) -> np.ndarray:
    """(h, w) uint16 millimetres of SUN RGB-D, which rotates them left by three bits."""
    return (depth >> 3) | (depth << 13)


def from_nyu_raw(image: np.ndarray) -> np.ndarray:
    """(h, w) uint16 units of DEPTH_SCALE of NYUv2's raw disparity.

    Its files are PGM, whose numbers have their high byte first, but hold the low byte
    first: what reads the format as it is defined has the two swapped.
    """
    return depth_units_of_raw(image.byteswap())


ENCODINGS: dict[EncodingName, DepthEncoding] = {
    "mm": DepthEncoding(0.001, without_saturated),
    "tum": DepthEncoding(1 / 5000, without_saturated),
    "sun": DepthEncoding(0.001, from_sun),
    "nyu-raw": DepthEncoding(DEPTH_SCALE, from_nyu_raw),
}
"""By the names that --depth-encoding takes. "tum" is TUM RGB-D and ICL-NUIM."""
