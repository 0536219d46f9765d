"""Which sensors there are. A new family is one file and one entry here."""

import re
from collections.abc import Callable
from pathlib import Path

from capture_app.sensors import realsense
from capture_app.sensors.files import open_file
from capture_app.sensors.replay import ReplaySensor
from capture_app.sensors.sensor import Sensor, SensorStatus
from capture_app.sensors.simulated import SimulatedSensor
from core.errors import SensorError


def _simulated_status() -> SensorStatus:
    return SensorStatus("simulated", True, "a furnished room, rendered; always here")


def _replay_status() -> SensorStatus:
    return SensorStatus(
        "PATH",
        True,
        "a recording, a RealSense's .db3 or .bag, an Azure Kinect's .mkv, or a folder "
        "of colour and depth images",
    )


_PROBES: tuple[Callable[[], SensorStatus], ...] = (
    realsense.probe,
    _simulated_status,
    _replay_status,
)

_BY_NAME: dict[str, Callable[[], Sensor]] = {
    "simulated": SimulatedSensor,
    "realsense": realsense.RealSenseSensor,
}


def open_sensor(spec: str) -> Sensor:
    """The sensor that `spec` names, still to be opened: a name of the list or a path.

    "simulated:7" is the simulated camera in room 7, "simulated" in room 0.
    """
    if spec in _BY_NAME:
        return _BY_NAME[spec]()
    if (seed := re.fullmatch(r"simulated:(\d+)", spec)) is not None:
        return SimulatedSensor(seed=int(seed[1]))
    path = Path(spec).expanduser()
    if path.exists():
        return open_file(path) or ReplaySensor(path)
    raise SensorError(
        f"no sensor and no file is called {spec!r}; expected {', '.join(_BY_NAME)} or "
        "the path of a recording, of a RealSense's .db3 or .bag, of an Azure Kinect's "
        ".mkv, or of a folder of colour and depth images"
    )


def default_sensor() -> str:
    """A camera that is connected, or else the simulated one."""
    camera = realsense.probe()
    return camera.name if camera.available else SimulatedSensor.name


def list_sensors() -> list[SensorStatus]:
    """Every sensor: what is connected, and why the rest is not available."""
    return [probe() for probe in _PROBES]
