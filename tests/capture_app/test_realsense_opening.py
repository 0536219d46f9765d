"""Opening a RealSense: which camera, and what goes wrong."""

import builtins
import sys
import threading
import time
from typing import Any

import pyrealsense2 as rs
import pytest
from software_camera import Port, SoftwareCamera, feeding, images

from capture_app.sensors import realsense, realsense_devices
from capture_app.sensors.failures import SensorLostError
from capture_app.sensors.realsense import RealSenseSensor
from capture_app.sensors.realsense_options import RealSenseSettings
from capture_app.sensors.usb import UsbDevice
from core.errors import SensorError

AT_ONCE = RealSenseSettings(settling_s=0)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realsense, "_PAUSE_S", 0.01)
    monkeypatch.setattr(realsense, "_FIRST_FRAME_S", 0.1)
    monkeypatch.setattr(realsense, "_RESET_S", 0.3)


def test_a_camera_is_opened_again_by_its_serial_number() -> None:
    first, other = SoftwareCamera(serial="11"), SoftwareCamera(serial="12")
    devices = [first.device, other.device]
    sensor = RealSenseSensor(None, AT_ONCE, lambda: devices)
    sensor.open()
    sensor.close()
    devices.reverse()
    with sensor:
        first.push(1, *images(1))
        assert sensor.read(2.0) is not None
    devices.remove(first.device)
    with pytest.raises(SensorLostError, match="was unplugged"):
        sensor.open()
    with RealSenseSensor("12", AT_ONCE, lambda: devices) as sensor:
        other.push(7, *images(7))
        assert sensor.read(2.0) is not None
    with pytest.raises(SensorError, match="number 13 is connected; there is 12"):
        RealSenseSensor("13", AT_ONCE, lambda: devices).open()


def test_a_camera_without_colour_is_refused() -> None:
    with pytest.raises(SensorError, match=r"colour at one frame rate; it has none"):
        RealSenseSensor(None, AT_ONCE, Port(SoftwareCamera(has_color=False))).open()


def test_usb_2_is_a_warning_while_it_works() -> None:
    with RealSenseSensor(None, AT_ONCE, Port(SoftwareCamera(usb="2.1"))) as sensor:
        (warning,) = sensor.take_warnings()
        assert "through USB 2" in warning and "USB 3 port" in warning
        assert sensor.take_warnings() == []
    with RealSenseSensor(None, AT_ONCE, Port(SoftwareCamera())) as sensor:
        assert sensor.take_warnings() == []


def test_a_camera_that_another_one_streams_from_is_tried_three_times() -> None:
    camera = SoftwareCamera()
    port = Port(camera)
    with RealSenseSensor(None, AT_ONCE, port):
        asked_before = port.num_asked
        with pytest.raises(SensorError, match=r"does not start .*is streaming"):
            RealSenseSensor(None, AT_ONCE, port).open()
        assert port.num_asked == asked_before + 3


def test_a_camera_that_starts_at_the_last_attempt_is_open() -> None:
    camera = SoftwareCamera()
    other = RealSenseSensor(None, AT_ONCE, Port(camera))
    other.open()
    port = Port(camera)

    def devices() -> list:
        if port.num_asked == 2:
            other.close()
        return port()

    with RealSenseSensor(None, AT_ONCE, devices) as sensor:
        camera.push(1, *images(1))
        assert sensor.read(2.0) is not None


def test_a_camera_that_opens_and_sends_nothing_has_stalled() -> None:
    port = Port(SoftwareCamera())
    with pytest.raises(SensorLostError, match=r"connected but has sent no frame"):
        RealSenseSensor(devices=port).open()
    assert port.num_asked == 3


class Resettable:
    """A software device that can be reset, or that cannot even be looked into."""

    def __init__(self, camera: SoftwareCamera, trouble: str | None = None) -> None:
        self.num_resets = 0
        self.was_reset = threading.Event()
        self._device = camera.device
        self._trouble = trouble

    def hardware_reset(self) -> None:
        """What the SDK's own software device lacks."""
        self.num_resets += 1
        self.was_reset.set()

    def query_sensors(self) -> list[Any]:
        """Those of the device, unless there is trouble."""
        if self._trouble is not None:
            raise RuntimeError(self._trouble)
        return self._device.query_sensors()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._device, name)


def test_a_camera_that_sends_nothing_is_reset_before_the_last_attempt() -> None:
    camera = SoftwareCamera()
    device = Resettable(camera)

    def feed_after_reset() -> None:
        assert device.was_reset.wait(5.0)
        with feeding(camera):
            assert is_open.wait(5.0)

    is_open = threading.Event()
    feeder = threading.Thread(target=feed_after_reset)
    feeder.start()
    with RealSenseSensor(devices=lambda: [device]):
        is_open.set()
    feeder.join()
    assert device.num_resets == 1


@pytest.mark.parametrize(
    ("trouble", "num_resets"),
    [
        ("failed to claim usb interface: 0, error: RS2_USB_STATUS_BUSY", 0),
        ("failed to set power state", 0),
        ("get_xu(...) failed", 1),
    ],
)
def test_nobody_elses_camera_is_reset(trouble: str, num_resets: int) -> None:
    device = Resettable(SoftwareCamera(), trouble)
    with pytest.raises(SensorError):
        RealSenseSensor(devices=lambda: [device]).open()
    assert device.num_resets == num_resets


def test_opening_can_be_given_up_while_it_waits() -> None:
    camera = SoftwareCamera()

    def give_up(done: int, total: int) -> None:
        raise KeyboardInterrupt

    sensor = RealSenseSensor(devices=Port(camera))
    with pytest.raises(KeyboardInterrupt):
        sensor.open(give_up)
    with pytest.raises(SensorError, match="closed"):
        sensor.read(0.1)
    with feeding(camera), sensor:
        assert sensor.read(2.0) is not None


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (
            "xioctl(VIDIOC_S_FMT) failed, errno=16 Last Error: Device or resource busy",
            "in use by another",
        ),
        ("failed to set power state", "udev rules"),
        ("Cannot open '/dev/video0 Last Error: No such device", "was unplugged"),
        ("set_xu(...) failed", r"does not start \(set_xu"),
    ],
)
def test_what_the_sdk_says_when_it_looks_is_explained(
    message: str, sentence: str
) -> None:
    def fail() -> list:
        raise RuntimeError(message)

    with pytest.raises(SensorError, match=sentence):
        RealSenseSensor(devices=fail).open()


def test_a_camera_that_only_the_system_sees_lacks_permission(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "Intel(R) RealSense(TM) Depth Camera 435i "
    monkeypatch.setattr(
        realsense_devices, "usb_devices", lambda: [UsbDevice(0x8086, 0x0B3A, name)]
    )
    with pytest.raises(SensorError, match=r"udev rules.*group video"):
        RealSenseSensor(devices=Port()).open()


def test_without_a_camera_the_list_says_so() -> None:
    if len(rs.context().query_devices()) > 0:
        pytest.skip("a RealSense camera is connected")
    start = time.monotonic()
    status = realsense.probe()
    assert time.monotonic() - start < 3.0
    assert not status.available
    assert "no RealSense camera is connected" in status.reason
    with pytest.raises(SensorError, match="no RealSense camera is connected"):
        RealSenseSensor().open()


def test_a_camera_on_usb_2_is_listed_with_a_word_about_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    camera = SoftwareCamera(usb="2.1", serial="0042")
    monkeypatch.setattr(realsense, "connected_devices", Port(camera))
    status = realsense.probe()
    assert status.available
    assert status.reason == (
        "Intel RealSense D435I, serial 0042, USB 2.1; too slow for most of its modes: "
        "use a USB 3 port and cable"
    )


@pytest.mark.parametrize(
    ("failure", "advice"),
    [
        (
            ModuleNotFoundError("No module named 'pyrealsense2'"),
            "pip install pyrealsense2",
        ),
        (
            ImportError("libusb-1.0.so.0: cannot open shared object file"),
            r"libusb-1\.0\.so\.0.*apt-get install libusb-1\.0-0",
        ),
    ],
)
def test_a_missing_sdk_names_what_to_install(
    failure: ImportError, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_import = builtins.__import__

    def import_without_sdk(name: str, *args: object) -> object:
        if name == "pyrealsense2":
            raise failure
        return real_import(name, *args)

    monkeypatch.delitem(sys.modules, "pyrealsense2")
    monkeypatch.setattr(builtins, "__import__", import_without_sdk)
    assert not realsense.probe().available
    with pytest.raises(SensorError, match=advice):
        RealSenseSensor().open()
