"""A session that records for long, looked at from outside."""

import re
import time
from pathlib import Path
from threading import enumerate as running_threads

import numpy as np

from capture_app.engine.recorder import QUEUE_BYTES, RecordingPlan, RecordingSummary
from capture_app.engine.session import CaptureSession
from capture_app.engine.states import SourceState
from core.frame import RgbdFrame
from core.recording import Recording

LOOK_PERIOD_S = 0.05
CHECKED = 200  # frames that are compared with what the camera gave


class Watch:
    """What a running session needs."""

    def __init__(self, session: CaptureSession) -> None:
        self._session = session
        self._start = time.monotonic(), time.process_time()
        self._first_cpu_s = thread_times()
        self._last_cpu_s = self._first_cpu_s
        self.label_fps: list[float] = []
        self.most_queued = 0
        self.memory_mb: list[float] = []
        """At the start and after every minute, without the frames that wait."""
        self.percent: dict[str, float] = {}
        """Of one core, of the process and of its threads."""

    def look(self) -> None:
        """Note how it is now."""
        summary = self._session.recording
        queued = 0 if summary is None else summary.queued_bytes
        self.most_queued = max(self.most_queued, queued)
        self.label_fps.append(self._session.stats().label_fps)
        self._last_cpu_s = {**self._last_cpu_s, **thread_times()}
        seconds = time.monotonic() - self._start[0]
        if seconds >= 60 * len(self.memory_mb):
            self.memory_mb.append(memory_mb() - queued / 1e6)
        used = {"process": time.process_time() - self._start[1]}
        for name, cpu_s in self._last_cpu_s.items():
            used[name] = cpu_s - self._first_cpu_s.get(name, 0.0)
        self.percent = {name: 100 * cpu_s / seconds for name, cpu_s in used.items()}

    def text(self, summary: RecordingSummary) -> str:
        """What was seen, line by line."""
        threads = ", ".join(
            f"{name} {value:.0f}"
            for name, value in sorted(self.percent.items(), key=lambda item: -item[1])
            if name != "process" and value >= 0.5
        )
        return (
            f"recorded          {summary.seconds:.0f} s\n"
            f"frames            {summary.num_frames}\n"
            f"missing           {summary.num_dropped}\n"
            f"labels            {np.median(self.label_fps):.1f} fps median\n"
            f"CPU, % of a core  {self.percent['process']:.0f} ({threads})\n"
            f"memory, MB        {', '.join(f'{mb:.0f}' for mb in self.memory_mb)}, "
            "minute by minute\n"
            f"size              {summary.size_bytes / 1024 / summary.num_frames:.0f} "
            "KiB a frame\n"
            f"queue             {self.most_queued / 1e6:.1f} MB at most of "
            f"{QUEUE_BYTES / 1e6:.0f}"
        )


def wait_until_live(session: CaptureSession) -> None:
    """Return when the camera streams and its first frame is labelled."""
    assert session.live is not None
    while (
        session.source_state is not SourceState.STREAMING or session.live.is_preparing
    ):
        time.sleep(LOOK_PERIOD_S)


def record_watched(
    session: CaptureSession, path: Path, seconds: float
) -> tuple[RecordingSummary, Watch]:
    """Record so many seconds of a session that streams."""
    session.start_recording(RecordingPlan(path, seconds))
    watch = Watch(session)
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        time.sleep(LOOK_PERIOD_S)
        watch.look()
    summary = session.stop_recording() or session.recording
    assert summary is not None
    for problem in session.take_problems():
        print(problem.message)
    return summary, watch


def checked(recording: Recording) -> list[RgbdFrame]:
    """Frames spread over a recording, to be compared."""
    indices = np.linspace(0, len(recording) - 1, CHECKED).astype(int)
    return [recording[index] for index in indices.tolist()]


def memory_mb() -> float:
    """Of the process, without the files that are mapped; 0 but on Linux."""
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return 0.0
    (anonymous,) = re.findall(r"RssAnon:\s+(\d+) kB", text)
    return 1024 * int(anonymous) / 1e6


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
