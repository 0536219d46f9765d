"""Whether a long recording drops a frame while labels are computed beside it.

    python benchmarks/endurance.py --minutes 5

A session as the window has it, with its labels, its pictures and its recorder, on a
camera of 848x480 at 30 fps that waits for nobody: walks through a rendered room, with
the noise of a D435, whose frames are lost when nobody takes them for two periods. The
recording goes to a temporary folder (9 MB a second) unless --out names another disk.
Fails when a frame is missing from it.
"""

import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tyro
from session_watch import checked, record_watched, wait_until_live

from capture_app.engine.live import LiveView
from capture_app.engine.recorder import RecordingSummary
from capture_app.engine.session import CaptureSession
from capture_app.sensors.sensor import Progress, Sensor
from core.bins import HNBins
from core.frame import RgbdFrame
from core.hn_labels import Labeler
from core.recording import Recording
from core.simulation import SimulatedCamera, cached_loop

WIDTH, HEIGHT, FPS = 848, 480, 30
DRIVER_FRAMES = 2  # that wait in the driver until they are taken


@dataclass(frozen=True)
class Config:
    """How long, and where to."""

    minutes: float = 5.0
    """Of recording; rendering the room takes half a minute before the first run."""
    out: Path | None = None
    """New folder for the recording, which stays; without it a temporary one."""


class RoomCamera(Sensor):
    """Frames of a rendered room in real time, whether somebody takes them or not."""

    name = "endurance"
    fps = float(FPS)

    def __init__(self) -> None:
        self._loop = cached_loop(SimulatedCamera(3, 240, "d435", WIDTH, HEIGHT))
        self.kept_waiting_s: list[float] = []

    def open(self, progress: Progress | None = None) -> None:
        """Start the clock."""
        self._start_s = self._given_s = time.monotonic()
        self._next = 0

    def read(self, timeout_s: float) -> RgbdFrame | None:
        """The oldest frame that is still there, or the next when it is due."""
        now_s = time.monotonic()
        self.kept_waiting_s.append(now_s - self._given_s)
        newest = int((now_s - self._start_s) * FPS)
        number = max(self._next, newest - DRIVER_FRAMES + 1)
        time.sleep(max(0.0, self._start_s + number / FPS - now_s))
        self._next = number + 1
        self._given_s = time.monotonic()
        return self.frame(number)

    def frame(self, number: int) -> RgbdFrame:
        """The frame of this number, which the loop comes back to."""
        frame = self._loop[number % len(self._loop)]
        return replace(frame, number=number, timestamp_ns=number * 10**9 // FPS)

    def close(self) -> None:
        """Nothing to stop."""


def record(camera: RoomCamera, path: Path, seconds: float) -> RecordingSummary:
    """Record while labels are computed, and print what it took."""
    bins = HNBins()
    with CaptureSession(camera, LiveView(Labeler(bins), bins)) as session:
        session.start()
        wait_until_live(session)
        camera.kept_waiting_s.clear()
        lost_before = session.stats().num_lost
        summary, watch = record_watched(session, path, seconds)
        num_lost = session.stats().num_lost - lost_before
    waits_ms = 1000 * np.array(camera.kept_waiting_s)
    print(
        f"{WIDTH}x{HEIGHT}, {FPS} fps\n"
        f"{watch.text(summary)}\n"
        f"lost by camera    {min(num_lost, summary.num_dropped)} of the missing\n"
        f"camera waits      {np.median(waits_ms):.2f} ms median, "
        f"{waits_ms.max():.1f} at most, for recorder and labels to take a frame"
    )
    return summary


def check(path: Path, camera: RoomCamera) -> None:
    """Some frames of the recording are those that the camera gave."""
    for frame in checked(Recording(path)):
        expected = camera.frame(frame.number)
        assert frame.timestamp_ns == expected.timestamp_ns
        assert np.array_equal(frame.depth, expected.depth)


def main() -> int:
    """The exit status: 1 when a frame is missing, or the recording ended early."""
    config = tyro.cli(Config, prog="python benchmarks/endurance.py")
    with ExitStack() as stack:
        path = config.out
        if path is None:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "take"
        camera = RoomCamera()
        summary = record(camera, path, 60 * config.minutes)
        check(path, camera)
    return int(summary.num_dropped > 0 or summary.error is not None)


if __name__ == "__main__":
    sys.exit(main())
