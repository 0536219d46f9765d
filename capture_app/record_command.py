"""hn-record: record a camera without a window."""

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from capture_app.engine.disk_space import MIN_FREE_BYTES, bytes_to_leave, time_in_words
from capture_app.sensors.realsense_options import RealSenseSettings
from core.command import run_command
from core.errors import HNError, RecordingError, SensorError

if TYPE_CHECKING:
    import numpy as np

    from capture_app.engine.recorder import RecordingPlan, RecordingSummary
    from capture_app.engine.session import CaptureSession
    from capture_app.sensors.sensor import KnowsTruth, Sensor

Say = Callable[[str], None]

RECORDINGS = Path("recordings")
_REFRESH_S = 0.1
_LOST = "Waiting for the camera to come back  "
_SAID_BELOW_S = 3600.0  # more time than that on the disk is nobody's worry


@dataclass(frozen=True)
class RecordConfig:
    """Record some seconds of a camera into a folder; --list shows the cameras."""

    sensor: str = "simulated"
    """A camera of --list, with :SERIAL after it for one of several; simulated or
    simulated:SEED; or the path of something to replay."""
    seconds: float = 10.0
    """How long, by the camera's clock. Ctrl-C ends it earlier and keeps what it has."""
    out: Path | None = None
    """Folder of the new recording; without it, the next free name in recordings/."""
    annotate_every: int | None = None
    """Give every N-th frame its true semantic classes (simulated cameras only)."""
    tags: tuple[str, ...] = ()
    """Words to find the recording by."""
    notes: str = ""
    """Anything worth knowing about the scene."""
    min_free_gb: float = MIN_FREE_BYTES / 1e9
    """The recording ends, whole, when its disk has less than this left."""
    wait_for_camera_s: float = 60.0
    """For how long to wait for a camera that was lost to come back, before ending with
    what is saved and status 2. The window of --show waits for as long as it is open."""
    show: bool = False
    """Watch the recording in the window, which closes at its end."""
    list: bool = False
    """Show every sensor, what is connected and why the rest is not; record nothing."""
    realsense: RealSenseSettings = RealSenseSettings()  # noqa: RUF009 - frozen
    """How a RealSense is to measure."""


def main() -> None:
    """The console command."""
    run_command("hn-record", RecordConfig, run)


def run(config: RecordConfig) -> str:
    """Do what the command line asks for; the text to print at the end."""
    if config.list:
        return sensor_table()
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status("Opening the camera") as status:
        return describe(record(config, lambda text: status.update(escape(text))))


def sensor_table() -> str:
    """One line a sensor: its name, whether it is ready, and why or why not."""
    from capture_app.sensors.registry import list_sensors

    return "\n".join(
        f"{sensor.name:<12} {'ready' if sensor.available else 'not available':<15} "
        f"{sensor.reason}"
        for sensor in list_sensors()
    )


def record(config: RecordConfig, say: Say = lambda _: None) -> "RecordingSummary":
    """Record what `config` asks for and sum it up. `say` hears how it goes."""
    from capture_app.engine.naming import next_free
    from capture_app.engine.recorder import RecordingPlan
    from capture_app.sensors.registry import open_sensor
    from capture_app.sensors.sensor import KnowsTruth

    if not 0 < config.seconds < math.inf:
        raise HNError(f"--seconds must be above 0 and finite, got {config.seconds:g}")
    if config.annotate_every is not None and config.annotate_every < 1:
        raise HNError(
            f"--annotate-every must be 1 or more, got {config.annotate_every}"
        )
    if not config.wait_for_camera_s >= 0:
        raise HNError(
            f"--wait-for-camera-s must be 0 or more, got {config.wait_for_camera_s:g}"
        )
    min_free_bytes = bytes_to_leave(config.min_free_gb)
    sensor = open_sensor(config.sensor, config.realsense)
    if config.annotate_every is not None:
        _check_truth(sensor, config)
    out = config.out or next_free(RECORDINGS, sensor.name)
    if out.is_dir() and any(out.iterdir()):
        raise RecordingError(
            f"{out} is not empty; nothing is overwritten: choose another --out"
        )
    plan = RecordingPlan(
        out,
        config.seconds,
        config.tags,
        config.notes,
        min_free_bytes=min_free_bytes,
    )
    if config.show:
        session = _in_window(sensor, plan)
    else:
        session = _unseen(sensor, plan, config.wait_for_camera_s, say)
    problems = [p for p in session.take_problems() if not p.is_warning]
    if problems:
        raise SensorError(" ".join(problem.message for problem in problems))
    summary = session.recording
    if summary is None or not (summary.num_frames or summary.earlier):
        raise RecordingError(f"no frame was recorded into {out}")
    if config.annotate_every is not None and isinstance(sensor, KnowsTruth):
        annotate(summary.path, sensor, config.annotate_every, say)
    return summary


def _check_truth(sensor: "Sensor", config: RecordConfig) -> None:
    """SensorError when the frames to record cannot be annotated, each one once."""
    from capture_app.sensors.sensor import KnowsTruth

    if not isinstance(sensor, KnowsTruth):
        raise SensorError(
            f"--annotate-every needs a camera that knows the truth, {config.sensor} "
            "does not; use --sensor simulated"
        )
    # The same frames again would end up in training and in test.
    if config.seconds > sensor.lap_s:
        raise SensorError(
            f"the simulated walk repeats after {sensor.lap_s:g} s; with "
            f"--annotate-every record at most {sensor.lap_s:g} s, or use "
            "simulated:SEED for another room"
        )


def _unseen(
    sensor: "Sensor", plan: "RecordingPlan", longest_loss_s: float, say: Say
) -> "CaptureSession":
    """The session, closed, that recorded the plan; SensorError if its camera was lost
    for too long."""
    from capture_app.engine.session import CaptureSession

    has_ended = True
    with CaptureSession(sensor) as session:
        session.start(record=plan)
        with contextlib.suppress(KeyboardInterrupt):
            has_ended = _wait(session, longest_loss_s, say)
    if not has_ended:
        summary = session.recording
        saved = "" if summary is None else describe(summary)
        raise SensorError(
            f"the camera did not come back within {longest_loss_s:g} s; "
            + (f"saved up to then: {saved}" if saved else "nothing was saved")
        )
    return session


def _in_window(sensor: "Sensor", plan: "RecordingPlan") -> "CaptureSession":
    """The session, closed, that recorded the plan while the window showed it."""
    from capture_app.ui.native import prepare_qt

    prepare_qt(needs_no_display=False)
    from capture_app.engine.live import LiveView
    from capture_app.engine.session import CaptureSession
    from capture_app.ui.app import record_in_window
    from core.bins import HNBins
    from core.hn_labels import Labeler

    bins = HNBins()
    return record_in_window(
        lambda: CaptureSession(sensor, LiveView(Labeler(bins), bins)), plan
    )


def _wait(session: "CaptureSession", longest_loss_s: float, say: Say) -> bool:
    """Return when the recording is over or cannot be; False if the camera is gone."""
    from capture_app.engine.states import RecorderState, SourceState

    lost_at_s: float | None = None
    while True:
        is_lost = session.source_state is SourceState.RECONNECTING
        summary = session.recording
        if summary is not None:
            if session.recorder_state is RecorderState.OFF:
                return True
            say(f"{_LOST}{_progress(summary)}" if is_lost else _progress(summary))
        elif session.opening_progress is not None:
            done, total = session.opening_progress
            say(f"{session.sensor.opening_text}: {100 * done // max(total, 1)} %")
        if session.source_state in (SourceState.FAILED, SourceState.ENDED):
            return True
        now_s = time.monotonic()
        lost_at_s = (lost_at_s or now_s) if is_lost else None
        if lost_at_s is not None and now_s - lost_at_s >= longest_loss_s:
            return False
        time.sleep(_REFRESH_S)


def _progress(summary: "RecordingSummary") -> str:
    text = (
        f"{summary.path}  {summary.seconds:.1f} s  {summary.num_frames} frames  "
        f"{summary.num_dropped} dropped"
    )
    left_s = summary.seconds_left
    if left_s is None or left_s > _SAID_BELOW_S:
        return text
    return f"{text}  room for {time_in_words(left_s)}"


def annotate(
    path: Path, sensor: "KnowsTruth", every: int, say: Say = lambda _: None
) -> int:
    """Save the true semantic classes of every N-th frame of a recording; how many."""
    from core.annotations import save_annotations
    from core.nyuv2 import NYU40_NAMES
    from core.recording import Recording

    recording = Recording(path)
    indices = range(0, len(recording), every)

    def truths() -> Iterator["tuple[int, np.ndarray]"]:
        for done, index in enumerate(indices):
            say(f"Annotating {path}: {done} of {len(indices)} frames")
            yield index, sensor.truth(recording[index].number).semantic

    return save_annotations(path, truths(), NYU40_NAMES)


def describe(summary: "RecordingSummary") -> str:
    """A finished recording in one line for each of its folders."""
    folders = [s for s in (*summary.earlier, summary) if s.num_frames > 0]
    return "\n".join(
        f"{folder.path}: {folder.num_frames} frames, {folder.num_dropped} dropped, "
        f"{folder.seconds:.1f} s, {folder.size_bytes / 1e6:.1f} MB"
        for folder in folders
    )


if __name__ == "__main__":
    main()
