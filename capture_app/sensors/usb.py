"""What is plugged into this computer, whether or not somebody may open it."""

from pathlib import Path
from typing import NamedTuple

_LINUX_DEVICES = Path("/sys/bus/usb/devices")


class UsbDevice(NamedTuple):
    """One device, as it describes itself."""

    vendor: int
    product: int
    name: str


def usb_devices(folder: Path = _LINUX_DEVICES) -> list[UsbDevice]:
    """Every USB device that Linux knows; none on other systems."""
    devices = []
    for path in sorted(folder.glob("*/idVendor")):
        try:
            vendor = int(path.read_text(), 16)
            product = int(path.with_name("idProduct").read_text(), 16)
        except (OSError, ValueError):  # it was unplugged this moment
            continue
        devices.append(UsbDevice(vendor, product, _text(path.with_name("product"))))
    return devices


def _text(path: Path) -> str:
    """What a file says; not every device has a name."""
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
