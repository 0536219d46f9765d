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
from threading import enumerate as running_threads

import numpy as np
import tyro

from capture_app.engine.live import LiveView
from capture_app.engine.recorder import QUEUE_BYTES, RecordingPlan, RecordingSummary
from capture_app.engine.session import CaptureSession
from capture_app.engine.states import SourceState
from capture_app.sensors.sensor import Progress, Sensor
from core.bins import HNBins
from core.frame import RgbdFrame
from core.hn_labels import Labeler
from core.recording import Recording
from core.simulation import SimulatedCamera, cached_loop

WIDTH, HEIGHT, FPS = 848, 480, 30
DRIVER_FRAMES = 2  # that wait in the driver until they are taken
LOOK_PERIOD_S = 0.05
CHECKED = 200  # frames that are compared with what the camera gave


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


class Watch:
    """What a running session needs, looked at from outside."""

    def __init__(self, session: CaptureSession) -> None:
        self._session = session
        self._start = time.monotonic(), time.process_time()
        self._first_cpu_s = thread_times()
        self._last_cpu_s = self._first_cpu_s
        self.label_fps: list[float] = []
        self.most_queued = 0

    def look(self) -> None:
        """Note how it is now."""
        summary = self._session.recording
        if summary is not None:
            self.most_queued = max(self.most_queued, summary.queued_bytes)
        self.label_fps.append(self._session.stats().label_fps)
        self._last_cpu_s = {**self._last_cpu_s, **thread_times()}

    def cpu_percent(self) -> dict[str, float]:
        """Of one core, of the process and of its threads."""
        seconds = time.monotonic() - self._start[0]
        used = {"process": time.process_time() - self._start[1]}
        for name, cpu_s in self._last_cpu_s.items():
            used[name] = cpu_s - self._first_cpu_s.get(name, 0.0)
        return {name: 100 * cpu_s / seconds for name, cpu_s in used.items()}


def thread_times() -> dict[str, float]:
    """Seconds of CPU that Python's threads have used so far; nothing but on Linux."""
    seconds = {}
    for thread in running_threads():
        try:
            text = Path(f"/proc/self/task/{thread.native_id}/stat").read_text()
        except OSError:
            continue
        user, system = text.rpartition(")")[2].split()[11:13]  # proc(5): 14 and 15
        seconds[thread.name] = (int(user) + int(system)) / 100  # USER_HZ
    return seconds


def record(camera: RoomCamera, path: Path, seconds: float) -> RecordingSummary:
    """Record while labels are computed, and print what it took."""
    bins = HNBins()
    with CaptureSession(camera, LiveView(Labeler(bins), bins)) as session:
        session.start()
        live = session.live
        assert live is not None
        while session.source_state is not SourceState.STREAMING or live.is_preparing:
            time.sleep(LOOK_PERIOD_S)
        camera.kept_waiting_s.clear()
        lost_before = session.stats().num_lost
        session.start_recording(RecordingPlan(path, seconds))
        watch = Watch(session)
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            time.sleep(LOOK_PERIOD_S)
            watch.look()
        percent = watch.cpu_percent()
        num_lost = session.stats().num_lost - lost_before
        summary = session.stop_recording() or session.recording
        problems = session.take_problems()
    assert summary is not None
    for problem in problems:
        print(problem.message)
    report(summary, watch, percent, camera, num_lost)
    return summary


def report(
    summary: RecordingSummary,
    watch: Watch,
    percent: dict[str, float],
    camera: RoomCamera,
    num_lost: int,
) -> None:
    """Print what was measured."""
    waits_ms = 1000 * np.array(camera.kept_waiting_s)
    threads = ", ".join(
        f"{name} {value:.0f}"
        for name, value in sorted(percent.items(), key=lambda item: -item[1])
        if name != "process" and value >= 0.5
    )
    print(
        f"{WIDTH}x{HEIGHT}, {FPS} fps, {summary.seconds:.0f} s of recording\n"
        f"frames            {summary.num_frames}\n"
        f"missing           {summary.num_dropped}, of these lost by the camera "
        f"{min(num_lost, summary.num_dropped)}\n"
        f"labels            {np.median(watch.label_fps):.1f} fps median\n"
        f"CPU, % of a core  {percent['process']:.0f} ({threads})\n"
        f"size              {summary.size_bytes / 1024 / summary.num_frames:.0f} KiB "
        "a frame\n"
        f"queue             {watch.most_queued / 1e6:.1f} MB at most of "
        f"{QUEUE_BYTES / 1e6:.0f}\n"
        f"camera waits      {np.median(waits_ms):.2f} ms median, "
        f"{waits_ms.max():.1f} at most, for recorder and labels to take a frame"
    )


def check(path: Path, camera: RoomCamera) -> None:
    """Some frames of the recording are those that the camera gave."""
    recording = Recording(path)
    for index in np.linspace(0, len(recording) - 1, CHECKED).astype(int).tolist():
        frame = recording[index]
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
