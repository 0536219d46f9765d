"""hn-capture: the window."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capture_app.engine.disk_space import MIN_FREE_BYTES, bytes_to_leave
from capture_app.sensors.realsense_options import RealSenseSettings
from core.command import run_command
from core.errors import HNError

if TYPE_CHECKING:
    from capture_app.engine.setup import SessionSetup


@dataclass(frozen=True)
class CaptureConfig:
    """Watch a depth camera turn into labels, and record it."""

    sensor: str | None = None
    """A camera of hn-record --list, such as realsense or azure:SERIAL; simulated:SEED;
    or the path of something to replay. Without it, a connected camera, or else what
    was watched last, or else the simulated room."""
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
    from capture_app.sensors.registry import open_sensor
    from capture_app.ui.app import run_window
    from capture_app.ui.memory import Memory, default_memory
    from capture_app.ui.window import Folders

    if config.collect and "hn" not in find_networks(config.model):
        raise HNError(
            "--collect keeps frames at which an HN network is wrong and there is none; "
            "add --model runs/NAME/model_hn.onnx"
        )
    memory = default_memory() if config.screenshot is None else None
    setup, notes = _setup(config, Memory(memory).get("setup", {}))
    # A wrong name ends here, before there is a window.
    open_sensor(setup.sensor, config.realsense)
    run_window(
        setup,
        Folders(config.recordings, config.runs, memory),
        config.screenshot,
        min_free_bytes,
        config.collect,
        notes,
    )
    return None if config.screenshot is None else f"saved {config.screenshot}"


def _setup(
    config: CaptureConfig, kept: dict[str, Any]
) -> "tuple[SessionSetup, list[str]]":
    """What the options ask for, the rest as it was `kept`; and what of that cannot be.

    A camera that is connected goes before what was watched last.
    """
    from capture_app.engine.camera_choices import is_path, room_of
    from capture_app.engine.setup_json import setup_from_json, without_missing
    from capture_app.sensors.registry import default_sensor

    setup, notes = setup_from_json(kept)
    setup, missing = without_missing(setup)
    sensor = config.sensor or default_sensor()
    needs_no_camera = is_path(setup.sensor) or room_of(setup.sensor) is not None
    if config.sensor is None and sensor == "simulated" and needs_no_camera:
        sensor = setup.sensor
    setup = replace(setup, sensor=sensor, models=config.model or setup.models)
    if config.realsense != RealSenseSettings():
        setup = replace(setup, realsense=config.realsense)
    return setup, [*notes, *missing]


if __name__ == "__main__":
    main()
