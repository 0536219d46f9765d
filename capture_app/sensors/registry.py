"""Which sensors there are. A new family is a file, and an entry here and in probe."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

from capture_app.sensors.azure_kinect import AzureKinectSensor
from capture_app.sensors.files import open_file
from capture_app.sensors.kinect_v1 import KinectV1Sensor
from capture_app.sensors.kinect_v2 import KinectV2Sensor
from capture_app.sensors.orbbec import OrbbecSensor
from capture_app.sensors.probe import MODULES, probe
from capture_app.sensors.realsense import RealSenseSensor
from capture_app.sensors.realsense_options import RealSenseSettings
from capture_app.sensors.replay import ReplaySensor
from capture_app.sensors.sensor import Sensor, SensorStatus
from capture_app.sensors.simulated import SimulatedSensor
from capture_app.sensors.usb import UsbDevice, usb_devices
from core.errors import SensorError

_MICROSOFT, _ORBBEC = 0x045E, 0x2BC5
_AZURE = range(0x097A, 0x097F)  # its hub, depth, colour and microphones
_KINECT_1 = (0x02AE, 0x02BF)  # for the Xbox, for Windows
_FILES = SensorStatus(
    "PATH",
    True,
    "a recording, a RealSense's .db3 or .bag, an Azure Kinect's .mkv, or a folder of "
    "colour and depth images",
)
_SIMULATED = SensorStatus("simulated", True, "a furnished room, rendered; always here")


def _simulated(seed: str | None) -> Sensor:
    if seed is not None and not re.fullmatch(r"\d+", seed):
        raise SensorError(
            f"simulated:{seed} has no number after it, as simulated:7 has"
        )
    return SimulatedSensor(seed=int(seed or 0))


def _kinect_v2(serial: str | None) -> Sensor:
    if serial is not None:
        raise SensorError(
            "Microsoft's SDK knows one Kinect v2 at a time; write kinect2 alone"
        )
    return KinectV2Sensor()


_BY_NAME: dict[str, Callable[[str | None], Sensor]] = {
    "simulated": _simulated,
    "realsense": RealSenseSensor,
    "azure": AzureKinectSensor,
    "kinect1": KinectV1Sensor,
    "kinect2": _kinect_v2,
    "orbbec": OrbbecSensor,
}
"""By the name before the colon; made of what is after it."""

_IS_OF: dict[str, Callable[[UsbDevice], bool]] = {
    "realsense": lambda usb: "realsense" in usb.name.lower(),
    "azure": lambda usb: usb.vendor == _MICROSOFT and usb.product in _AZURE,
    "kinect1": lambda usb: usb.vendor == _MICROSOFT and usb.product in _KINECT_1,
    "orbbec": lambda usb: usb.vendor == _ORBBEC,
}
"""Whether something that is plugged in is such a camera."""


def open_sensor(
    spec: str,
    realsense: RealSenseSettings = RealSenseSettings(),  # noqa: B008 - frozen
) -> Sensor:
    """The sensor that `spec` names, still to be opened: a name of the list or a path.

    "azure:000123" is the Azure Kinect of this serial number, "azure" any one;
    "simulated:7" is the simulated camera in room 7, "simulated" in room 0. `realsense`
    is how a RealSense is to measure.
    """
    name, colon, choice = spec.partition(":")
    if name == "realsense" and bool(colon) == bool(choice):
        return RealSenseSensor(choice or None, realsense)
    if realsense != RealSenseSettings():
        raise SensorError(
            f"{spec} is no RealSense camera, and the --realsense options are for one; "
            "leave them out, or add --sensor realsense"
        )
    if name in _BY_NAME and bool(colon) == bool(choice):
        return _BY_NAME[name](choice or None)
    path = Path(spec).expanduser()
    if path.exists():
        return open_file(path) or ReplaySensor(path)
    raise SensorError(
        f"no sensor and no file is called {spec!r}; expected {', '.join(_BY_NAME)}, "
        "one of these with a serial number such as realsense:012345, or the path of a "
        "recording, of a RealSense's .db3 or .bag, of an Azure Kinect's .mkv, or of a "
        "folder of colour and depth images"
    )


def default_sensor() -> str:
    """A camera that is connected, or else the simulated one."""
    for status in probe(_plugged_in()):
        if status.available:
            return status.name
    return _SIMULATED.name


def list_sensors() -> list[SensorStatus]:
    """Every sensor: what is connected, and why the rest is not available."""
    return [*probe(list(MODULES)), _SIMULATED, _FILES]


def _plugged_in() -> list[str]:
    """The families that may be connected: asking all takes a second."""
    if sys.platform != "linux":  # nobody tells
        return list(MODULES)
    devices = usb_devices()
    return [name for name, is_of in _IS_OF.items() if any(map(is_of, devices))]
