"""Whether what the camera shows is worth recording: a few looks a second, on a thread
of its own."""

import math
from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

from capture_app.engine.coverage import Coverage, CoverageCounter
from capture_app.engine.picture import Layers
from capture_app.engine.problems import ProblemLog
from capture_app.engine.worker import Worker
from core.bins import HNBins
from core.floor import FloorPlane
from core.frame import RgbdFrame
from core.geometry import angle_deg
from core.normals import sample_surfaces
from core.planes import cell_camera, fit_planes
from core.quality import FrameMeasures, measure_frame
from core.registration import register_depth
from core.sharpness import NEIGHBOURS, are_blurred
from core.tracking import relative_motion

# Both our choice.
PERIOD_S = 0.2  # between two looks: fast enough to read, 4 % of a core
LONGEST_STEP_S = 0.25  # between two frames whose motion can be told


@dataclass(frozen=True, eq=False)
class Quality:
    """What is to be known of the newest frame before one records."""

    valid_depth: float
    """0..1, the share of its depth pixels that have depth."""
    floor: FloorPlane | None
    """None where it is not known."""
    imu_error_deg: float | None
    """Between the floor's up and the IMU's; None without one of them."""
    sharpness: float | None
    """As `core.sharpness` has it; None where the picture is too plain to tell."""
    is_blurred: bool
    """Clearly less sharp than the scene's frames of the last three seconds."""
    speed_m_s: float | None
    """How fast the camera moves; None where that is not known."""
    turn_deg_s: float | None
    """How fast it turns; None where that is not known."""


class _Scene:
    """What the looks at one scene are compared with."""

    def __init__(self, bins: HNBins) -> None:
        self.counter = CoverageCounter(bins)
        self.sharpnesses: deque[float | None] = deque(maxlen=NEIGHBOURS + 1)


class SceneWatch:
    """Looks at the live frames: how good the newest is, what the scene has shown.

    `look` never waits. A look that fails ends the watch, and `problems` hear of it.
    """

    def __init__(self, bins: HNBins) -> None:
        self.problems = ProblemLog()
        self._bins = bins
        self._scene = _Scene(bins)
        self._quality: Quality | None = None
        self._last: Layers | None = None
        self._looked_s = -math.inf
        self._worker = Worker("scene watch", self._look, self._report)

    @property
    def quality(self) -> Quality | None:
        """Of the newest frame that was looked at, if there was one."""
        return self._quality

    @property
    def coverage(self) -> Coverage:
        """Of the scene so far."""
        return self._scene.counter.coverage

    @property
    def newest(self) -> Layers | None:
        """The frame that was offered last, with its labels: worth a snapshot."""
        return self._last

    def look(self, layers: Layers) -> None:
        """Look at a labelled frame if it is time; what it is told twice counts once.

        How the camera moves is told from this frame and the one that came before it,
        so that the more frames are offered, the faster it may be.
        """
        before = self._last
        if before is not None and before.frame is layers.frame:
            return
        self._last = layers
        if layers.is_floor_known and layers.arrived_s - self._looked_s >= PERIOD_S:
            self._looked_s = layers.arrived_s
            self._worker.inbox.put((None if before is None else before.frame, layers))

    def reset(self) -> None:
        """Another scene, or another recording of it, begins."""
        self._scene = _Scene(self._bins)

    def close(self) -> None:
        """Stop the thread; safe to call twice."""
        self._worker.close()

    def _look(self, work: tuple[RgbdFrame | None, Layers]) -> None:
        before, layers = work
        scene, frame = self._scene, layers.frame
        measured = measure_frame(frame)
        scene.sharpnesses.append(measured.sharpness)
        is_blurred = are_blurred(scene.sharpnesses)[-1]
        labels = layers.labels
        if labels is not None and not is_blurred:
            scene.counter.add(labels.classes, measured.thumbnail)
        speeds = None if before is None else camera_speed(before, frame)
        self._quality = _quality(layers, measured, is_blurred, speeds)

    def _report(self, what: str, error: Exception) -> None:
        self._quality = None
        self.problems.add(
            f"The {what} thread stopped ({type(error).__name__}: {error}). Quality and "
            "coverage stand still; the camera and a running recording go on: open the "
            "camera again to restart it.",
            can_retry=True,
        )


def camera_speed(before: RgbdFrame, after: RgbdFrame) -> tuple[float, float] | None:
    """m/s and deg/s between two frames of one camera; None where they are too far
    apart, or show too little in common."""
    step_s = (after.timestamp_ns - before.timestamp_ns) / 1e9
    camera = after.color_intrinsics
    if not 0.0 < step_s <= LONGEST_STEP_S or before.color_intrinsics != camera:
        return None
    planes = fit_planes(register_depth(before), before.depth_scale)
    field = fit_planes(register_depth(after), after.depth_scale)
    samples = sample_surfaces(field, camera.pinhole())
    motion = relative_motion(planes, samples, cell_camera(camera))
    if motion is None:
        return None
    T = motion.T_previous_current
    turn = np.linalg.norm(cv2.Rodrigues(np.ascontiguousarray(T[:3, :3]))[0])
    shift = np.linalg.norm(T[:3, 3])
    return float(shift) / step_s, math.degrees(turn) / step_s


def _quality(
    layers: Layers,
    measured: FrameMeasures,
    is_blurred: bool,
    speeds: tuple[float, float] | None,
) -> Quality:
    frame, floor = layers.frame, layers.floor
    speed_m_s, turn_deg_s = speeds or (None, None)
    imu_error_deg = None
    if floor is not None and frame.up_hint is not None:
        imu_error_deg = angle_deg(floor.up, frame.up_hint)
    return Quality(
        valid_depth=cv2.countNonZero(frame.depth) / frame.depth.size,
        floor=floor,
        imu_error_deg=imu_error_deg,
        sharpness=measured.sharpness,
        is_blurred=is_blurred,
        speed_m_s=speed_m_s,
        turn_deg_s=turn_deg_s,
    )
