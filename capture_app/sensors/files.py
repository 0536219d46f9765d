"""Files that the SDKs of cameras recorded, as sensors that end."""

from pathlib import Path
from typing import TypeAlias

from capture_app.sensors.azure_kinect_file import AzureKinectFileSensor
from capture_app.sensors.realsense_file import RealSenseFileSensor

FileSensor: TypeAlias = AzureKinectFileSensor | RealSenseFileSensor

_BY_SUFFIX: dict[str, type[AzureKinectFileSensor] | type[RealSenseFileSensor]] = {
    ".mkv": AzureKinectFileSensor,
    ".db3": RealSenseFileSensor,
    ".bag": RealSenseFileSensor,
}


def open_file(path: Path, at_pace: bool = True) -> FileSensor | None:
    """The sensor that plays the file, still to be opened; None if it is no such file.

    At the pace it was recorded in, or as fast as it is read.
    """
    sensor = _BY_SUFFIX.get(path.suffix.lower())
    return sensor(path, at_pace) if sensor is not None and path.is_file() else None
