"""The floor of a moving camera: measured where it shows, carried where it does not."""

from dataclasses import replace

import numpy as np

from core.floor import FloorPlane, measure_floor
from core.floor_consensus import CARRIED_M, DRIFT, MAX_SIGMA_M
from core.frame import Intrinsics
from core.geometry import angle_deg
from core.normals import SurfaceSamples
from core.planes import PlaneField, cell_camera
from core.tracking import relative_motion

# All our choice.
SAME_UP_DEG, SAME_HEIGHT = 5.0, 0.10  # degrees and metres between two equal floors
STEP_HEIGHT = 0.05  # metres that a camera rises or falls between two frames
CONTRADICTIONS = 5  # frames in a row that outvote a carried floor


class FloorTracker:
    """Follows one camera's floor from frame to frame.

    A frame that shows the floor where the last one had it is believed. Where it shows
    none, or another one, the motion between the frames carries the last floor on, and
    only several frames in a row overrule it. Once its height has become uncertain it is
    no longer told, but which way is up is still carried: it hardly drifts, and keeps
    walls from passing for a floor.
    """

    def __init__(self) -> None:
        self._floor: FloorPlane | None = None
        self._field: PlaneField | None = None
        self._variance = 0.0  # of the camera height since it was measured, m^2
        self._num_contradictions = 0

    def update(
        self,
        field: PlaneField,
        samples: SurfaceSamples,
        intrinsics: Intrinsics,
        hint: np.ndarray | None,
    ) -> FloorPlane | None:
        """The floor of the next frame, measured or tracked, or None.

        `field` is kept until the next call.
        """
        self._floor = self._follow(samples, intrinsics, hint)
        self._field = field
        return self._floor if self._is_known else None

    @property
    def _is_known(self) -> bool:
        return self._floor is not None and (
            self._variance == 0.0
            or (
                self._variance < MAX_SIGMA_M**2
                and CARRIED_M[0] < self._floor.camera_height < CARRIED_M[1]
            )
        )

    def _follow(
        self, samples: SurfaceSamples, intrinsics: Intrinsics, hint: np.ndarray | None
    ) -> FloorPlane | None:
        last = self._floor
        if last is None:
            return self._believe(measure_floor(samples, hint))
        measured = measure_floor(samples, last.up if hint is None else hint)
        if measured is not None and _are_same(measured, last, STEP_HEIGHT):
            return self._believe(measured)
        carried = self._carry(last, samples, intrinsics)
        if carried is None:
            return self._believe(measure_floor(samples, hint))
        if measured is not None:
            self._num_contradictions += 1
            if (
                _are_same(measured, carried, SAME_HEIGHT)
                or self._num_contradictions >= CONTRADICTIONS
                or not self._is_known
            ):
                return self._believe(measured)
        else:
            self._num_contradictions = 0
        return carried

    def _believe(self, measured: FloorPlane | None) -> FloorPlane | None:
        self._variance = 0.0
        self._num_contradictions = 0
        return measured

    def _carry(
        self, last: FloorPlane, samples: SurfaceSamples, intrinsics: Intrinsics
    ) -> FloorPlane | None:
        """The last frame's floor in this one, or None when the motion is lost."""
        assert self._field is not None
        motion = relative_motion(self._field, samples, cell_camera(intrinsics))
        if motion is None:
            return None
        T_last_now = motion.T_previous_current
        shift_covariance = np.linalg.inv(motion.information)[3:, 3:]
        self._variance += DRIFT**2 * float(last.up @ shift_covariance @ last.up)
        up = T_last_now[:3, :3].T @ last.up
        return replace(
            last,
            up=up / np.linalg.norm(up),
            camera_height=last.camera_height + float(last.up @ T_last_now[:3, 3]),
            source="tracked",
            confidence=max(0.0, 1.0 - self._variance**0.5 / MAX_SIGMA_M),
        )


def _are_same(a: FloorPlane, b: FloorPlane, height: float) -> bool:
    return (
        angle_deg(a.up, b.up) < SAME_UP_DEG
        and abs(a.camera_height - b.camera_height) < height
    )
