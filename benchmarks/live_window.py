"""Whether the window keeps up with its camera while networks predict.

    python benchmarks/live_window.py --model runs/first/model_hn.onnx --seconds 60

The window as hn-capture shows it, with the simulated camera (640x480, 30 fps), its
labels and a running recording: once without a network, then with each view that the
models make possible, each in a process of its own. Without a display Qt paints off
screen; for a real one run it under xvfb-run. Fails when a target is missed.
"""

import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import tyro

WARM_UP_S = 3.0
MOST_TICK_MS, MOST_LATENCY_MS, LEAST_FPS, MOST_GUI_PERCENT = 24.0, 45.0, 29.5, 20.0


@dataclass(frozen=True)
class Config:
    """Which networks, and for how long."""

    model: tuple[Path, ...] = ()
    """Model files, as of hn-capture."""
    seconds: float = 30.0
    """Of measuring, a view."""
    collect: bool = False
    """Whether hard frames are collected too."""


@dataclass(frozen=True)
class Measured:
    """What was seen of one view."""

    view: str
    camera_fps: float
    label_fps: float
    prediction_fps: float
    tick_ms: tuple[float, float, float]
    """50th and 95th percentile and maximum between two turns of the event loop."""
    latency_ms: tuple[float, float]
    """50th and 95th percentile from a frame's arrival until it is painted."""
    num_lost: int
    """By the camera, the recording or the collection."""
    mb_per_minute: float
    """By which its memory grew."""
    cpu_percent: float
    """Of one core."""
    gui_percent: float
    """The window's thread alone, of one core."""
    start_s: float
    """From the start of the process to the first picture."""

    HEADER = (
        "view                 camera labels predict  ticks p50/p95/max ms  "
        "painted p50/p95 ms  lost  MB/min  CPU %  GUI %  start s"
    )

    def __str__(self) -> str:
        p50, p95, most = self.tick_ms
        painted = "{:.1f} / {:.1f}".format(*self.latency_ms)
        return (
            f"{self.view:20} {self.camera_fps:6.1f} {self.label_fps:6.1f} "
            f"{self.prediction_fps:7.1f}  {f'{p50:.1f} / {p95:.1f} / {most:.1f}':>20}  "
            f"{painted:>18}  {self.num_lost:4}  {self.mb_per_minute:6.1f}  "
            f"{self.cpu_percent:5.0f}  {self.gui_percent:5.1f}  {self.start_s:7.2f}"
        )

    @property
    def missed(self) -> list[str]:
        """The targets that it missed."""
        checks = {
            f"ticks p95 <= {MOST_TICK_MS:g} ms": self.tick_ms[1] <= MOST_TICK_MS,
            f"painted p95 <= {MOST_LATENCY_MS:g} ms": (
                self.latency_ms[1] <= MOST_LATENCY_MS
            ),
            "30 fps of camera and labels": (
                min(self.camera_fps, self.label_fps) >= LEAST_FPS
            ),
            "nothing lost": self.num_lost == 0,
            f"window <= {MOST_GUI_PERCENT:g} % of a core": (
                self.gui_percent <= MOST_GUI_PERCENT
            ),
        }
        return [name for name, is_reached in checks.items() if not is_reached]


def measure(view_name: str, config: Config, started_s: float) -> Measured:
    """Run the window in this process, which began at `started_s` of the wall clock."""
    from capture_app.ui.native import forget_opencv_plugins, prepare_qt

    prepare_qt(needs_no_display=True)
    from PySide6.QtWidgets import QApplication
    from window_watch import WatchedWindow

    from capture_app.engine.networks import find_networks
    from capture_app.engine.picture import View
    from capture_app.ui.theme import apply_theme

    view = View(view_name)
    networks = find_networks(config.model) if view is not View.HN_LABELS else {}
    forget_opencv_plugins()
    cv2.setNumThreads(1)  # as hn-capture does
    app = QApplication(["live_window"])
    apply_theme(app)
    with tempfile.TemporaryDirectory() as folder:
        window = WatchedWindow(networks, view, Path(folder), config.collect)
        window.run_until_live()
        start_s = window.first_painted_s - started_s
        window.run(WARM_UP_S)
        window.begin()
        window.run(config.seconds)
        seen = window.end()
    fps = seen.num_frames / seen.seconds, seen.num_labelled / seen.seconds
    return Measured(
        view_name,
        *fps,
        float(np.mean(seen.prediction_fps)),
        (*np.percentile(seen.ticks_ms, (50, 95)).tolist(), max(seen.ticks_ms)),
        tuple(np.percentile(seen.latencies_ms, (50, 95)).tolist()),
        seen.num_lost,
        60 * float(np.polyfit(*np.transpose(seen.memory_mb), 1)[0]),
        100 * seen.cpu_s / seen.seconds,
        100 * seen.gui_cpu_s / seen.seconds,
        start_s,
    )


def main() -> int:
    """The exit status: 1 when a target is missed."""
    from capture_app.engine.networks import find_networks
    from capture_app.engine.picture import TASKS_OF, View

    config = tyro.cli(Config, prog="python benchmarks/live_window.py")
    tasks = find_networks(config.model).keys()
    views = [View.HN_LABELS] + [
        view for view in View if TASKS_OF[view] and TASKS_OF[view] <= tasks
    ]
    print(Measured.HEADER)
    num_missed = 0
    for view in views:
        # One process a view, so that none starts with what another has loaded.
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            found = pool.submit(measure, view.value, config, time.time()).result()
        print(found, flush=True)
        for target in found.missed:
            print(f"    missed: {target}")
            num_missed += 1
    return int(num_missed > 0)


if __name__ == "__main__":
    sys.exit(main())
