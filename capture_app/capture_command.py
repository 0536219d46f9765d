"""hn-capture: the window."""

from dataclasses import dataclass
from pathlib import Path

from capture_app.engine.disk_space import MIN_FREE_BYTES, bytes_to_leave
from capture_app.sensors.realsense_options import RealSenseSettings
from core.command import run_command
from core.errors import HNError


@dataclass(frozen=True)
class CaptureConfig:
    """Watch a depth camera turn into labels, and record it."""

    sensor: str | None = None
    """A camera of hn-record --list, such as realsense or azure:SERIAL; simulated:SEED;
    or the path of something to replay. Without it, a connected camera or else the
    simulated room."""
    model: tuple[Path, ...] = ()
    """Model files of hn-train to watch: an HN network, a semantic one, or one of each,
    such as model_hn.onnx and model.onnx."""
    collect: bool = False
    """Keep frames at which the HN network is very wrong in a recording of their own,
    for its next training."""
    recordings: Path = Path("recordings")
    """Folder that new recordings go to."""
    runs: Path = Path("runs")
    """Folder of what hn-train made."""
    min_free_gb: float = MIN_FREE_BYTES / 1e9
    """A recording ends, whole, when its disk has less than this left."""
    screenshot: Path | None = None
    """Save the window with its first labelled frame as this PNG, and quit."""
    realsense: RealSenseSettings = RealSenseSettings()  # noqa: RUF009 - frozen
    """How a RealSense is to measure."""


def main() -> None:
    """The console command."""
    run_command("hn-capture", CaptureConfig, run)


def run(config: CaptureConfig) -> str | None:
    """Open the window and return when it is closed."""
    min_free_bytes = bytes_to_leave(config.min_free_gb)
    from capture_app.ui.native import prepare_qt

    prepare_qt(needs_no_display=config.screenshot is not None)
    from capture_app.engine.networks import find_networks
    from capture_app.engine.setup import SessionSetup
    from capture_app.sensors.registry import default_sensor, open_sensor
    from capture_app.ui.app import run_window
    from capture_app.ui.memory import default_memory
    from capture_app.ui.window import Folders

    if config.collect and "hn" not in find_networks(config.model):
        raise HNError(
            "--collect keeps frames at which an HN network is wrong and there is none; "
            "add --model runs/NAME/model_hn.onnx"
        )
    sensor = config.sensor or default_sensor()
    # A wrong name ends here, before there is a window.
    open_sensor(sensor, config.realsense)
    memory = default_memory() if config.screenshot is None else None
    run_window(
        SessionSetup(sensor, config.realsense, models=config.model),
        Folders(config.recordings, config.runs, memory),
        config.screenshot,
        min_free_bytes,
        config.collect,
    )
    return None if config.screenshot is None else f"saved {config.screenshot}"


if __name__ == "__main__":
    main()
