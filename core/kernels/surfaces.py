"""The loops of `core.surface_maps`: height and angle of pixels, uncut."""

import numpy as np

from core.kernels.jit import ONE, ZERO, kernel
from core.kernels.labels import Camera, Vector, best_cell, fits, predict_pixel
from core.kernels.planes import Noise

DEGREES = np.float32(180.0 / np.pi)


@kernel
def cell_angles(
    planes: np.ndarray, camera: Camera, up: Vector, angles: np.ndarray
) -> None:
    """(h, w) float32 degrees between up and the cells' normals, which face the camera;
    90 without depth."""
    fx, fy, cx, cy = camera
    for i in range(planes.shape[1]):
        for j in range(planes.shape[2]):
            m, gu, gv = planes[0, i, j], planes[1, i, j], planes[2, i, j]
            a, b = fx * gu, fy * gv
            c = m - (np.float32(j) - cx) * gu - (np.float32(i) - cy) * gv
            square = a * a + b * b + c * c
            length = np.sqrt(square) if square > ZERO else ONE
            cosine = -(a * up[0] + b * up[1] + c * up[2]) / length
            angles[i, j] = DEGREES * np.arccos(min(max(cosine, -ONE), ONE))


@kernel
def surface_pixels(
    depth: np.ndarray,
    unit: np.float32,
    planes: np.ndarray,
    angles: np.ndarray,
    noise: Noise,
    rise: Vector,
    level: np.float32,
    heights: np.ndarray,
    pixel_angles: np.ndarray,
) -> None:
    """(H, W) float32 height and angle of the pixels that have depth; others stay.

    Planes are chosen, and heights computed, as `core.kernels.labels.classify_pixels`
    does: a point of depth z at pixel (u, v) is z * (r0 + u * ru + v * rv) + level above
    the floor, and z is the plane's where that predicts the pixel, else its own.
    """
    r0, ru, rv = rise
    for v in range(depth.shape[0]):
        for u in range(depth.shape[1]):
            if depth[v, u] == 0:
                continue
            z = unit * np.float32(depth[v, u])
            i, j = v // 2, u // 2
            predicted = predict_pixel(planes, i, j, u, v)
            if not fits(predicted, z, noise):
                i, j = best_cell(planes, u, v, ONE / z)
                predicted = predict_pixel(planes, i, j, u, v)
            if fits(predicted, z, noise):
                z = ONE / predicted
            slope = r0 + np.float32(u) * ru + np.float32(v) * rv
            heights[v, u] = z * slope + level
            pixel_angles[v, u] = angles[i, j]
