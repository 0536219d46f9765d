"""Logits to classes."""

import numpy as np

from core.prediction.fitting import Size
from core.prediction.model_info import Upsampling


def strongest(logits: np.ndarray) -> np.ndarray:
    """(C, H, W) logits to (H, W) uint8, the class of the largest; of equals the first.

    Logits of any float type are taken.
    """
    from core.kernels.classes import strongest_class  # numba takes long

    classes = np.empty(logits.shape[1:], np.uint8)
    strongest_class(np.ascontiguousarray(logits, np.float32), classes)
    return classes


def strongest_upsampled(
    coarse: np.ndarray, upsampling: Upsampling, size: Size
) -> np.ndarray:
    """`strongest` of (C, h, w) logits resized as `upsampling` says, cropped to `size`.

    The resized logits, C numbers a pixel, are never made: where one class is the
    strongest in all four corners, it is between them.
    """
    from core.kernels.classes import strongest_between

    height, width = size
    align = upsampling.align_corners
    rows = _positions(coarse.shape[1], upsampling.height, align)
    columns = _positions(coarse.shape[2], upsampling.width, align)
    classes = np.zeros(size, np.uint8)  # where logits are no numbers, none may win
    corners = np.ascontiguousarray(coarse.transpose(1, 2, 0), np.float32)
    strongest_between(
        corners, strongest(coarse), rows[:height], columns[:width], classes
    )
    return classes


def _positions(before: int, after: int, align_corners: bool) -> np.ndarray:
    """(after,) float32, where the pixels of a line lie in one that has `before`."""
    pixels = np.arange(after, dtype=np.float64)
    if align_corners:
        positions = pixels * ((before - 1) / max(after - 1, 1))
    else:
        positions = (pixels + 0.5) * (before / after) - 0.5
    return np.clip(positions, 0, before - 1).astype(np.float32)
