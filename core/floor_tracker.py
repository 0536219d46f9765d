"""The floor of a moving camera: measured where it shows, carried where it does not."""

from dataclasses import replace

import numpy as np

from core.floor import FloorPlane, measure_floor
from core.frame import Intrinsics
from core.geometry import angle_deg
from core.normals import SurfaceSamples
from core.planes import PlaneField, cell_camera
from core.tracking import relative_motion

# All our choice.
SAME_UP_DEG, SAME_HEIGHT = 5.0, 0.10  # degrees and metres between two equal floors
STEP_HEIGHT = 0.05  # metres that a camera rises or falls between two frames
CONTRADICTIONS = 5  # frames in a row that outvote a carried floor
MAX_CARRIED = 90  # frames; the height drifts by up to half a centimetre in each


class FloorTracker:
    """Follows one camera's floor from frame to frame.

    A frame that shows the floor where the last one had it is believed. Where it shows
    none, or another one, the motion between the frames carries the last floor on, and
    only several frames in a row overrule it. After `MAX_CARRIED` frames its height is
    no longer told, but which way is up is still carried: it hardly drifts, and keeps
    walls from passing for a floor.
    """

    def __init__(self) -> None:
        self._floor: FloorPlane | None = None
        self._field: PlaneField | None = None
        self._num_carried = 0
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
        return None if self._num_carried > MAX_CARRIED else self._floor

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
                or self._num_carried >= MAX_CARRIED
            ):
                return self._believe(measured)
        else:
            self._num_contradictions = 0
        self._num_carried += 1
        return carried

    def _believe(self, measured: FloorPlane | None) -> FloorPlane | None:
        self._num_carried = self._num_contradictions = 0
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
        up = T_last_now[:3, :3].T @ last.up
        return replace(
            last,
            up=up / np.linalg.norm(up),
            camera_height=last.camera_height + float(last.up @ T_last_now[:3, 3]),
            source="tracked",
            confidence=last.confidence * motion.inlier_share,
        )


def _are_same(a: FloorPlane, b: FloorPlane, height: float) -> bool:
    return (
        angle_deg(a.up, b.up) < SAME_UP_DEG
        and abs(a.camera_height - b.camera_height) < height
    )
