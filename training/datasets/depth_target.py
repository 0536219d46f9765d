"""Depth as a target that is kept, cropped and mirrored like classes: one byte a pixel.

A step is 1.3 % of the depth, which is finer than what depth cameras measure.
"""

import numpy as np

from core.bins import IGNORE_LABEL
from core.frame import RgbdFrame
from core.registration import register_depth, to_color_grid

NEAREST_M, FARTHEST_M = 0.4, 10.0
"""Our choice: what indoor cameras see. Depths beyond are as far as these."""
FARTHEST = 254
"""The target of FARTHEST_M; that of NEAREST_M is 0."""


def depth_target(frame: RgbdFrame) -> np.ndarray:
    """(H, W) uint8 on the colour grid, even steps of the logarithm of the depth, 0 to
    FARTHEST; 255 where depth is missing."""
    depth = register_depth(frame)
    depth_m = np.clip(depth * np.float32(frame.depth_scale), NEAREST_M, FARTHEST_M)
    logarithm = np.log(depth_m / NEAREST_M) / np.log(FARTHEST_M / NEAREST_M)
    steps = np.rint(FARTHEST * logarithm).astype(np.uint8)
    steps[depth == 0] = IGNORE_LABEL
    return to_color_grid(steps, frame.color_intrinsics, IGNORE_LABEL)


def ratio_of_steps(steps: float) -> float:
    """By which factor two depths differ that are so many steps apart."""
    return float((FARTHEST_M / NEAREST_M) ** (steps / FARTHEST))
