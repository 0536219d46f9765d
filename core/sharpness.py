"""How sharp a picture is, and which frames of a take are blurred.

Motion blur is an average along one direction, so that along it neighbouring pixels
hardly differ any more. A picture's mean square difference over two pixels is therefore
held against that over four, across and down: 1/4 where grey rises evenly, as it does
inside a blurred edge, and more the finer the detail. As a ratio it does not depend on
contrast, and a mean at right angles to the difference keeps noise out of it. No number
says what is blurred for every lens and room, so that frames are compared with their
neighbours.
"""

from collections.abc import Sequence

import cv2
import numpy as np

# All our choice, tuned on 7-Scenes' red kitchen (benchmarks/frame_quality).
LARGEST_WIDTH = 1000  # pixels; wider pictures are halved, and so is their blur
NEAR, FAR = 2, 4  # pixels apart
ASIDE = 7  # pixels that are averaged at right angles
LEAST_CONTRAST = 2.0  # grey levels FAR pixels apart; plain walls have less
MOST_SHARP = 0.5  # what no lens draws: there it is the noise that differs
SHARP = 0.2  # sharp enough: frames above it are all alike
BLURRED = 0.5  # of the neighbours' sharpness; 4 pixels of motion halve it
NEIGHBOURS = 15  # frames before and after: half a second
REFERENCE = 0.75  # their quantile: holds while a quarter of them are sharp

_SMOOTH = (NEAR / FAR) ** 2


def sharpness(gray: np.ndarray) -> float | None:
    """0 for a (H, W) uint8 picture without any detail, about 0.2 for a sharp photo, in
    the direction in which it is less sharp; None where it is too plain to tell."""
    while gray.shape[1] > LARGEST_WIDTH:
        height, width = gray.shape
        gray = cv2.resize(gray, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    if min(gray.shape) <= FAR:
        return None
    ratios = []
    for across, down in ((1, 0), (0, 1)):
        smooth = cv2.blur(gray, (1 + (ASIDE - 1) * down, 1 + (ASIDE - 1) * across))
        far = _square_difference(smooth, FAR * across, FAR * down)
        if far >= LEAST_CONTRAST**2:
            near = _square_difference(smooth, NEAR * across, NEAR * down)
            ratios.append(near / far)
    if not ratios:
        return None
    found = max(0.0, (min(ratios) - _SMOOTH) / (1.0 - _SMOOTH))
    return None if found > MOST_SHARP else found


def are_blurred(sharpnesses: Sequence[float | None]) -> list[bool]:
    """Which frames of a take are clearly less sharp than those around them.

    A frame that is too plain to tell is not, and says nothing about its neighbours.
    """
    values = [None if s is None else min(s, SHARP) for s in sharpnesses]
    blurred = []
    for index, value in enumerate(values):
        around = values[max(0, index - NEIGHBOURS) : index + NEIGHBOURS + 1]
        known = sorted(other for other in around if other is not None)
        blurred.append(
            value is not None and value < BLURRED * known[int(REFERENCE * len(known))]
        )
    return blurred


def _square_difference(image: np.ndarray, across: int, down: int) -> float:
    """The mean over all pairs of pixels so far apart."""
    height, width = image.shape
    ahead, behind = image[down:, across:], image[: height - down, : width - across]
    return cv2.norm(ahead, behind, cv2.NORM_L2SQR) / ahead.size
