"""The built-in camera: a walk through a rendered room, played in a loop at 30 fps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from capture_app.sensors.pace import Pace
from capture_app.sensors.sensor import Progress, Sensor
from core.errors import SensorError
from core.frame import RgbdFrame

if TYPE_CHECKING:
    from core.simulation import FrameTruth, SimulatedCamera


class SimulatedSensor(Sensor):
    """Frames of a `SimulatedCamera`; numbers and timestamps run on from lap to lap.

    The first start renders the loop (10-15 s) and keeps it on disk for the next ones.
    """

    name = "simulated"
    opening_text = "Rendering the simulated room, once"

    def __init__(
        self,
        seed: int = 0,
        camera: SimulatedCamera | None = None,
        folder: Path | None = None,
    ) -> None:
        self._seed = seed
        self._given_camera = camera
        self._folder = folder
        self._frames: Sequence[RgbdFrame] | None = None
        self.fps = 30.0

    @cached_property
    def _camera(self) -> SimulatedCamera:
        from core.simulation import SimulatedCamera

        return self._given_camera or SimulatedCamera(seed=self._seed)

    @property
    def lap_s(self) -> float:
        """How long the walk is, seconds."""
        return len(self._camera) / self._camera.fps

    def open(self, progress: Progress | None = None) -> None:
        """Load the loop, rendering it first if this machine has not yet."""
        from core.simulation import cached_loop

        self.fps = float(self._camera.fps)
        self._frames = cached_loop(self._camera, self._folder, progress)
        self._next = 0
        self._pace = Pace()

    def read(self, timeout_s: float) -> RgbdFrame | None:
        """The next frame when it is due; never late by more than the reader is."""
        if self._frames is None:
            raise SensorError("the simulated camera is closed; open it before reading")
        number = self._next
        self._next += 1
        self._pace.wait(1 / self.fps)
        return replace(
            self._frames[number % len(self._frames)],
            number=number,
            timestamp_ns=int(number * 1_000_000_000 // self.fps),
        )

    def truth(self, number: int) -> FrameTruth:
        """What the frame with this number really shows."""
        return self._camera.truth(number % len(self._camera))

    def close(self) -> None:
        """Let go of the loop."""
        self._frames = None
