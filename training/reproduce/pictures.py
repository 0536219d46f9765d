"""Pictures as files."""

import cv2
import numpy as np


def png(rgb: np.ndarray) -> bytes:
    """(H, W, 3) uint8 RGB as a file."""
    is_done, data = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    if not is_done:
        raise ValueError(f"cannot encode a {rgb.shape} {rgb.dtype} image")
    return data.tobytes()
