"""Which RealSense cameras are connected, and what the SDK's words about them mean."""

from collections.abc import Callable, Sequence
from typing import Any

from capture_app.sensors import failures
from capture_app.sensors.realsense_frames import CAMERA, import_sdk
from capture_app.sensors.usb import usb_devices
from core.errors import SensorError

Devices = Callable[[], Sequence[Any]]


class NotConnectedError(SensorError):
    """The SDK finds no camera, or not the one that is wanted."""


def connected_devices() -> Sequence[Any]:
    """What the SDK finds; SensorError if there is no SDK."""
    return import_sdk().context().query_devices()


def find_device(devices: Devices, serial: str | None) -> Any:
    """The device with this serial number, any one for None; SensorError says why there
    is none."""
    try:
        found = devices()
    except RuntimeError as error:
        raise explained(error) from error
    for device in found:
        if serial in (None, serial_of(device)):
            return device
    if found:
        serials = ", ".join(map(serial_of, found))
        raise NotConnectedError(
            f"no RealSense camera with the serial number {serial} is connected; there "
            f"is {serials}"
        )
    if any("realsense" in usb.name.lower() for usb in usb_devices()):
        raise failures.no_permission(CAMERA)
    raise NotConnectedError(
        "no RealSense camera is connected; plug one into a USB 3 port"
    )


def is_connected(devices: Devices, serial: str | None) -> bool:
    """Whether the device with this serial number is among those connected."""
    try:
        return any(serial_of(device) == serial for device in devices())
    except RuntimeError:  # it went while it was asked
        return False


def name_of(device: Any) -> str:
    """Such as "Intel RealSense D435I"."""
    return _info(device, "name") or CAMERA


def serial_of(device: Any) -> str:
    """Its serial number, empty if it does not say."""
    return _info(device, "serial_number")


def usb_type(device: Any) -> str:
    """Such as "3.2", empty if it does not say."""
    return _info(device, "usb_type_descriptor")


def explained(error: Exception) -> SensorError:
    """An error of the SDK as one that says what to do."""
    if isinstance(error, SensorError):
        return error
    return failures.told_by(CAMERA, str(error)) or SensorError(
        f"the {CAMERA} camera does not start ({error}); unplug it, plug it into a USB "
        "3 port again, and close other programs that may use it"
    )


def _info(device: Any, name: str) -> str:
    info = getattr(import_sdk().camera_info, name)
    return str(device.get_info(info)) if device.supports(info) else ""
