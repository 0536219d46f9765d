"""How the camera moved between two frames, from the planes that labels are made of.

Samples of one frame are laid on the planes of the frame before it. What is made small
is their error in inverse depth, whose noise is nearly the same everywhere. A view may
leave directions open: along a single wall nothing tells a slide from standing still.
There the motion is taken to be none, and `Motion.information` says so.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.frame import Intrinsics
from core.normals import SurfaceSamples, camera_numbers
from core.planes import PlaneField

if TYPE_CHECKING:
    from core.kernels.tracking import Scratch

MIN_INLIER_SHARE = 0.5  # our choice; consecutive frames of real takes have 0.9
MAX_SHIFT_M, MAX_TURN_DEG = 0.5, 25.0  # our choice; between frames of a carried camera
HAND_MOTION_M = 0.05  # between frames; one sigma where the view leaves it open
NUM_INDEPENDENT = 25.0  # depth errors vary smoothly: samples are worth so many
MIN_ERROR = 0.2  # sigmas; what is smaller is luck


@dataclass(frozen=True, eq=False)
class Motion:
    """How the camera moved from the previous frame to the current one."""

    T_previous_current: np.ndarray
    """(4, 4) float64."""
    inlier_share: float
    """0..1, how many of the current frame's samples lie on the previous planes."""
    information: np.ndarray
    """(6, 6) float64 inverse covariance of a turn about the previous camera, radians,
    and a shift, metres, after it. Along what the view left open the standard deviation
    is what a hand may move."""


def relative_motion(
    previous: PlaneField,
    samples: SurfaceSamples,
    camera: Intrinsics,
    guess: np.ndarray | None = None,
) -> Motion | None:
    """The motion from a frame's planes to the next frame's samples, or None when lost.

    `camera` is that of the cells, the same for both; `guess` (4, 4) T_previous_current
    is where the search starts. Up to about 5 deg and 10 cm need none.
    """
    if previous.is_clean.shape != (camera.height, camera.width):
        return None  # the last frame was of another size
    from core.kernels.tracking import align  # numba is slow to import

    motion = np.array(np.eye(4) if guess is None else guess, np.float64)
    scratch = _scratch(len(samples.points))
    num_samples, num_inliers = align(
        samples.normals,
        samples.points,
        previous.planes,
        previous.is_clean,
        camera_numbers(camera),
        previous.noise.numbers,
        motion[:3],
        scratch,
    )
    share = num_inliers / max(num_samples, 1)
    if share < MIN_INLIER_SHARE:
        return None
    errors = scratch.rows[6, :num_inliers]
    square_error = max(float(errors @ errors) / num_inliers, MIN_ERROR**2)
    samples_per_error = num_inliers / NUM_INDEPENDENT
    step, information = _observed_step(
        _step_of(motion), scratch.equations[:, :6], square_error * samples_per_error
    )
    if np.linalg.norm(step[3:]) > MAX_SHIFT_M:
        return None
    if np.linalg.norm(step[:3]) > np.radians(MAX_TURN_DEG):
        return None
    return Motion(_motion_of(step), share, information)


def _observed_step(
    step: np.ndarray, matrix: np.ndarray, variance: float
) -> tuple[np.ndarray, np.ndarray]:
    """The part of a step that the view has seen, and its (6, 6) information.

    Turns are measured by what they shift at the distance of the scene, so that all six
    numbers are metres. Each eigenvector of the normal equations' `matrix` is then a
    direction that errors of `variance` leave uncertain, and so do wrong normals, which
    seem to see a share of a motion that nothing shows. A hand's motion is the prior.
    Zhang, Kaess & Singh (ICRA 2016) drop such directions by a threshold
    on the eigenvalue instead.
    """
    from core.kernels.tracking import NORMAL_VARIANCE

    turns, shifts = np.trace(matrix[:3, :3]), np.trace(matrix[3:, 3:])
    scale = np.repeat((np.sqrt(shifts / turns), 1.0), 3)
    values, vectors = np.linalg.eigh(scale[:, None] * matrix * scale)
    values = np.maximum(values, 1e-12 * shifts)
    unseen = NORMAL_VARIANCE * shifts / values * HAND_MOTION_M
    seen = 1.0 / (variance / values + unseen**2)
    information = seen + HAND_MOTION_M**-2
    along = vectors.T @ (step / scale)
    to_metres = vectors / scale[:, None]
    return (
        scale * (vectors @ (seen / information * along)),
        (to_metres * information) @ to_metres.T,
    )


def _scratch(num_samples: int) -> "Scratch":
    from core.kernels.tracking import FINE_STRIDE, Scratch

    return Scratch(
        np.empty((7, num_samples // FINE_STRIDE + 1), np.float32),
        np.empty((3, 4), np.float32),
        np.empty((6, 7)),
        np.empty((6, 6)),
        np.empty(6),
    )


def _step_of(motion: np.ndarray) -> np.ndarray:
    """(6,) turn vector, radians, and shift of a (4, 4) motion."""
    return np.concatenate((cv2.Rodrigues(motion[:3, :3])[0].ravel(), motion[:3, 3]))


def _motion_of(step: np.ndarray) -> np.ndarray:
    motion = np.eye(4)
    motion[:3, :3] = cv2.Rodrigues(step[:3])[0]
    motion[:3, 3] = step[3:]
    return motion
