"""Image files to arrays; a damaged file is an UnreadableFrameError."""

from pathlib import Path

import cv2
import numpy as np

from training.datasets.dataset import UnreadableFrameError


def read_rgb(path: Path) -> np.ndarray:
    """(H, W, 3) uint8, red first."""
    return cv2.cvtColor(_read(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def read_depth(path: Path) -> np.ndarray:
    """(H, W) uint16."""
    depth = _read(path, cv2.IMREAD_UNCHANGED)
    if depth.dtype != np.uint16 or depth.ndim != 2:
        raise UnreadableFrameError(
            f"{path} must be a 16-bit image with one channel, "
            f"found {depth.dtype} {depth.shape}"
        )
    return depth


def read_classes(path: Path) -> np.ndarray:
    """(H, W) uint8, the numbers in a label image as they are stored."""
    classes = _read(path, cv2.IMREAD_UNCHANGED)
    if classes.dtype != np.uint8 or classes.ndim != 2:
        raise UnreadableFrameError(
            f"{path} must be an 8-bit image with one channel, "
            f"found {classes.dtype} {classes.shape}"
        )
    return classes


def _read(path: Path, flags: int) -> np.ndarray:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableFrameError(
            f"{path} cannot be read: {error.strerror}"
        ) from error
    # Decoding from memory: cv2.imread prints a warning of its own for a missing file.
    image = cv2.imdecode(np.frombuffer(content, np.uint8), flags) if content else None
    if image is None:
        raise UnreadableFrameError(f"{path} is not an image that OpenCV can decode")
    return image
