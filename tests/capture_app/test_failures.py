"""Eight failures, eight sentences, each with what to do."""

from pathlib import Path

import pytest

from capture_app.sensors import failures
from capture_app.sensors.failures import SensorLostError
from capture_app.sensors.usb import UsbDevice, usb_devices
from core.errors import SensorError

CAMERA = "Kinect v1"
EIGHT = {
    "unplugged": (failures.unplugged(CAMERA), "plug it in again"),
    "stalled": (failures.stalled(CAMERA, 2.0), "try another cable"),
    "USB 2": (failures.usb_2(CAMERA), "use a USB 3 port"),
    "no profile": (
        failures.no_profile(CAMERA, "depth at 90 fps", "30 fps, 60 fps"),
        "choose one of these",
    ),
    "no package": (failures.package_missing(CAMERA, "libk"), "pip install libk"),
    "no library": (
        failures.library_missing(CAMERA, "libk.so: cannot open", "apt-get install k"),
        "apt-get install k",
    ),
    "no permission": (failures.no_permission(CAMERA), "install its udev rules"),
    "busy": (failures.busy(CAMERA), "close that one"),
}


def test_each_is_one_sentence_of_its_own_that_names_the_camera() -> None:
    sentences = {str(error) for error, _ in EIGHT.values()}
    assert len(sentences) == 8
    for error, what_to_do in EIGHT.values():
        text = str(error)
        assert isinstance(error, SensorError)
        assert CAMERA in text and what_to_do in text
        assert "\n" not in text and ". " not in text and not text.endswith(".")


def test_only_what_may_come_back_is_lost() -> None:
    lost = [n for n, (error, _) in EIGHT.items() if isinstance(error, SensorLostError)]
    assert lost == ["unplugged", "stalled"]


# As librealsense, libfreenect, libk4a and libusb were heard to say it.
@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("xioctl(VIDIOC_S_FMT) failed Last Error: Device or resource busy", "busy"),
        ("xioctl(VIDIOC_S_FMT) failed, errno=16", "busy"),
        ("failed to claim usb interface: 0, error: RS2_USB_STATUS_BUSY", "busy"),
        ("libusb_claim_interface(...) returned LIBUSB_ERROR_BUSY", "busy"),
        ("failed to open", "busy"),
        (
            "failed to open usb interface: 0, error: RS2_USB_STATUS_ACCESS",
            "no permission",
        ),
        ("Could not open camera: LIBUSB_ERROR_ACCESS", "no permission"),
        ("failed to set power state", "no permission"),
        ("Cannot open '/dev/video0 Last Error: Permission denied", "no permission"),
        ("uvc_open2(...) returned Access denied", "no permission"),
        ("open failed, errno=13", "no permission"),
        ("xioctl(VIDIOC_REQBUFS) failed Last Error: No such device", "unplugged"),
        ("No device connected", "unplugged"),
        ("libusb_bulk_transfer: LIBUSB_ERROR_NO_DEVICE", "unplugged"),
    ],
)
def test_what_an_sdk_says_is_told_in_plain_words(message: str, expected: str) -> None:
    assert str(failures.told_by(CAMERA, message)) == str(EIGHT[expected][0])


@pytest.mark.parametrize(
    "message", ["", "Couldn't resolve requests", "errno=130", "the business is open"]
)
def test_what_no_failure_is_known_for_is_left_to_the_caller(message: str) -> None:
    assert failures.told_by(CAMERA, message) is None


def test_usb_devices_are_those_of_the_system(tmp_path: Path) -> None:
    for name, texts in {
        "1-2": ("8086\n", "0b3a\n", "Intel(R) RealSense(TM) Depth Camera 435i \n"),
        "usb1": ("1d6b\n", "0002\n", None),
        "2-1": ("045e\n", None, "gone this moment"),
        "2-3": ("not a number\n", "0001\n", "odd"),
    }.items():
        (tmp_path / name).mkdir()
        for file, text in zip(("idVendor", "idProduct", "product"), texts, strict=True):
            if text is not None:
                (tmp_path / name / file).write_text(text)
    (tmp_path / "1-0:1.0").mkdir()  # an interface, no device
    assert usb_devices(tmp_path) == [
        UsbDevice(0x8086, 0x0B3A, "Intel(R) RealSense(TM) Depth Camera 435i"),
        UsbDevice(0x1D6B, 2, ""),
    ]
    assert usb_devices(tmp_path / "nowhere") == []
