"""What depth sensors make of exact depth: noise, steps, jagged edges, shadows, holes.

kinect  Kinect v1: axial noise after Nguyen, Izadi & Lovell (3DIMPVT 2012); steps of
        1/8 pixel of disparity after Khoshelham & Elberink (Sensors 2012); the
        projector's shadow.
d435    RealSense D400 stereo: disparity noise of 0.1 pixel, alike over some pixels.
tof     Time of flight (Kinect v2, Azure Kinect): noise that grows with distance.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

NoiseModel = Literal["kinect", "d435", "tof", "none"]

_KINECT_BASELINE = 0.075  # metres between projector and camera
_D435_BASELINE = 0.05
_STEPS_PER_PIXEL = {"kinect": 8, "d435": 32}
_NATIVE_WIDTH = {"kinect": 640, "d435": 848}
"""Disparity is measured on the sensor's own pixels, whatever size the image has."""


@dataclass(frozen=True, eq=False)
class ExactDepth:
    """What a perfect depth camera would see."""

    depth_m: np.ndarray
    """(H, W) float32 along the optical axis; 0 where there is nothing."""
    cosine: np.ndarray
    """(H, W) float32 between the surface's normal and the ray, 0..1."""
    is_glossy: np.ndarray
    """(H, W) bool: glass and black gloss."""
    fx: float
    """Focal length in pixels."""


def sensed_depth(
    exact: ExactDepth, model: NoiseModel, depth_scale: float, rng: np.random.Generator
) -> np.ndarray:
    """(H, W) uint16 depth as such a sensor reports it; 0 where it sees nothing."""
    if model == "none":
        return np.rint(exact.depth_m / depth_scale).astype(np.uint16)
    sense = {"kinect": _kinect, "d435": _d435, "tof": _tof}[model]
    depth_m, is_lost = sense(exact, _jagged(exact.depth_m, model, rng), rng)
    is_lost |= (exact.depth_m <= 0.0) | _lost_on_gloss(exact, rng)
    return np.where(is_lost, 0.0, np.rint(depth_m / depth_scale)).astype(np.uint16)


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.standard_normal(shape, dtype=np.float32)


def _jagged(
    depth_m: np.ndarray, model: NoiseModel, rng: np.random.Generator
) -> np.ndarray:
    """The depth with pixels at steps taken from a neighbour at random."""
    kernel = np.ones((3, 3), np.uint8)
    step = cv2.dilate(depth_m, kernel) - cv2.erode(depth_m, kernel)
    rows, columns = np.nonzero(step > 0.04 * depth_m**2)
    sigma = 0.4 if model == "tof" else 0.5
    height, width = depth_m.shape
    shift = np.rint(sigma * _normal(rng, (2, len(rows)))).astype(np.int64)
    result = depth_m.copy()
    result[rows, columns] = depth_m[
        np.clip(rows + shift[0], 0, height - 1),
        np.clip(columns + shift[1], 0, width - 1),
    ]
    return result


def _kinect(
    exact: ExactDepth, jagged: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    z = np.maximum(jagged, 0.05)
    sigma = 0.0012 + 0.0019 * (z - 0.4) ** 2
    slanted = exact.cosine < 0.5
    angle = np.arccos(exact.cosine[slanted])
    sigma[slanted] += (
        0.0001
        / np.sqrt(z[slanted])
        * angle**2
        / np.maximum(np.pi / 2 - angle, 0.05) ** 2
    )
    z = np.maximum(z + sigma * _normal(rng, z.shape), 0.05)
    native_fx = exact.fx * _NATIVE_WIDTH["kinect"] / z.shape[1]
    steps = np.float32(_STEPS_PER_PIXEL["kinect"] * native_fx * _KINECT_BASELINE)
    z = steps / np.rint(steps / z)
    is_lost = _shadow(exact.depth_m, exact.fx * _KINECT_BASELINE)
    is_lost |= (exact.cosine < np.cos(np.radians(82))) | (z < 0.5) | (z > 8.0)
    return z, is_lost


def _shadow(depth_m: np.ndarray, pixel_metres: float) -> np.ndarray:
    """(H, W) bool where something nearer hides the projector at the right."""
    distance = np.where(depth_m > 0.0, np.maximum(depth_m, 0.05), np.inf)
    columns = np.arange(depth_m.shape[1], dtype=np.float32)
    reach = columns + np.float32(pixel_metres) / distance
    return reach < np.maximum.accumulate(reach, axis=1) - 1.0


def _d435(
    exact: ExactDepth, jagged: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    native = _NATIVE_WIDTH["d435"] / jagged.shape[1]
    noise = cv2.GaussianBlur(_normal(rng, jagged.shape), (0, 0), 2.5)
    # A blurred field of unit noise has deviation 1 / (2 sqrt(pi) sigma).
    noise = noise * np.float32(0.10 * 2.0 * np.sqrt(np.pi) * 2.5)
    pixel_metres = np.float32(exact.fx * native * _D435_BASELINE)
    disparity = pixel_metres / np.maximum(jagged, 0.05) + noise
    steps = _STEPS_PER_PIXEL["d435"]
    disparity = np.rint(disparity * steps) / steps
    z = pixel_metres / np.maximum(disparity, 1e-2)
    # The left camera sees past the left edges of near things, the right one does not.
    is_lost = _shadow(exact.depth_m[:, ::-1], exact.fx * _D435_BASELINE)[:, ::-1]
    is_lost = is_lost | (z < 0.3) | (z > 10.0)
    return z, is_lost | (exact.cosine < np.cos(np.radians(85)))


def _tof(
    exact: ExactDepth, jagged: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    sigma = 0.0015 + 0.0007 * jagged
    sigma += 0.003 * (exact.cosine < np.cos(np.radians(70)))
    z = jagged + sigma * _normal(rng, jagged.shape)
    is_lost = (z < 0.5) | (z > 7.2) | (exact.cosine < np.cos(np.radians(84)))
    return z, is_lost


def _lost_on_gloss(exact: ExactDepth, rng: np.random.Generator) -> np.ndarray:
    """(H, W) bool: blotches on glossy surfaces. Our choice: about 70 % of them."""
    if not exact.is_glossy.any():
        return np.zeros(exact.is_glossy.shape, bool)
    height, width = exact.is_glossy.shape
    cells = _normal(rng, (height // 12 + 2, width // 12 + 2))
    blotches = cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC)
    return exact.is_glossy & (blotches > -0.35)
