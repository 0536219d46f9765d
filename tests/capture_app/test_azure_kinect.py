"""The Azure Kinect, live, as far as libk4a goes without one."""

import ctypes as c
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import microsoft_azure
import numpy as np
import pytest
from azure_recordings import R_ACCELEROMETER_RIG, R_COLOR_RIG
from built_azure import (
    PERIOD_US,
    START_US,
    BuiltDevice,
    depth_image,
    needs_libk4a,
    rgb_of,
)

from capture_app.sensors import azure_kinect, libk4a, libk4a_files
from capture_app.sensors.azure_kinect import AzureKinectSensor, probe
from capture_app.sensors.failures import SensorLostError
from core.errors import SensorError
from core.frame import RgbdFrame


def frames_of(sensor: AzureKinectSensor, number: int) -> list[RgbdFrame]:
    frames = [sensor.read(1.0) for _ in range(number)]
    return [frame for frame in frames if frame is not None]


@needs_libk4a
def test_a_capture_is_a_frame_with_raw_depth() -> None:
    with AzureKinectSensor(device=BuiltDevice(0, 1, 3)) as sensor:
        assert (sensor.name, sensor.fps) == ("Azure Kinect 000123", 30)
        frames = frames_of(sensor, 3)
    assert [frame.number for frame in frames] == [0, 1, 3]
    for frame in frames:
        np.testing.assert_array_equal(frame.rgb, rgb_of(frame.number))
        np.testing.assert_array_equal(frame.depth, depth_image(frame.number))
        assert frame.depth_scale == 0.001
        assert frame.timestamp_ns == (START_US + frame.number * PERIOD_US) * 1000


@needs_libk4a
def test_the_cameras_are_those_that_libk4a_makes_of_the_calibration() -> None:
    device = BuiltDevice(0)
    with AzureKinectSensor(device=device) as sensor:
        (frame,) = frames_of(sensor, 1)
    nfov_unbinned, hd = 2, 1
    theirs = microsoft_azure.calibration_for(
        device.calibration().rstrip(b"\0"), nfov_unbinned, hd
    )
    for camera, ours in (
        (theirs.color, frame.color_intrinsics),
        (theirs.depth, frame.depth_intrinsics),
    ):
        numbers = (ours.cx, ours.cy, ours.fx, ours.fy)
        np.testing.assert_allclose(numbers, camera.parameters[:4], rtol=1e-5)
        assert (ours.width, ours.height) == (camera.width, camera.height)
        assert len(ours.distortion) == 8


@needs_libk4a
def test_up_comes_from_the_accelerometer_unless_it_is_shaken() -> None:
    accelerations = ((1.0, 2.0, 9.4), (30.0, 0.0, 0.0))
    device = BuiltDevice(0, 1, accelerations=accelerations)
    with AzureKinectSensor(device=device) as sensor:
        frames = frames_of(sensor, 2)
    up = R_COLOR_RIG @ R_ACCELEROMETER_RIG.T @ accelerations[0]
    up /= np.linalg.norm(up)
    for frame in frames:
        assert frame.up_hint is not None
        np.testing.assert_allclose(frame.up_hint, up, atol=1e-6)


@needs_libk4a
def test_a_damaged_colour_image_is_a_gap() -> None:
    device = BuiltDevice(0, 1, 2)
    device.color[1] = device.color[1][:2000]
    with AzureKinectSensor(device=device) as sensor:
        frames = frames_of(sensor, 2)
    assert [frame.number for frame in frames] == [0, 2]


@needs_libk4a
def test_a_capture_without_colour_is_none() -> None:
    device = BuiltDevice(4)
    assert device.library.images(device.capture(4, has_color=False)) is None


@needs_libk4a
def test_a_lost_camera_is_told_from_a_silent_one() -> None:
    with AzureKinectSensor(device=BuiltDevice(0)) as sensor:
        frames_of(sensor, 1)
        with pytest.raises(SensorLostError, match="unplugged"):
            sensor.read(1.0)
    device = BuiltDevice(0)
    device.is_silent = True
    with (
        AzureKinectSensor(device=device) as sensor,
        pytest.raises(SensorLostError, match=r"sent no frame for 0\.05 s"),
    ):
        sensor.read(0.05)


@needs_libk4a
def test_it_is_closed_once_and_opens_again() -> None:
    device = BuiltDevice(0)
    sensor = AzureKinectSensor(device=device)
    for _ in range(2):
        sensor.open()
        frames_of(sensor, 1)
        sensor.close()
        sensor.close()
    assert device.num_started == device.num_closed == 2
    with pytest.raises(SensorError, match="closed; open it"):
        sensor.read(1.0)


@needs_libk4a
@pytest.mark.parametrize(
    ("call", "failure", "sentence"),
    [
        (
            "start",
            OSError("it does not start: LIBUSB_ERROR_ACCESS"),
            "not be opened by",
        ),
        ("start", OSError("libusb: LIBUSB_ERROR_BUSY"), "in use by another program"),
        (
            "serial",
            OSError("it does not tell"),
            r"cannot be used \(it does not tell\);",
        ),
        ("calibration", b"{}", "calibration in Azure Kinect 000123 cannot be used"),
    ],
)
def test_a_camera_that_does_not_start_is_closed_and_says_why(
    call: str, failure: object, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> object:
        if isinstance(failure, OSError):
            raise failure
        return failure

    device = BuiltDevice(0)
    monkeypatch.setattr(device, call, fail)
    with pytest.raises(SensorError, match=sentence):
        AzureKinectSensor(device=device).open()
    assert device.num_closed == 1


@needs_libk4a
def test_without_a_camera_it_is_said_how_to_connect_one() -> None:
    with pytest.raises(SensorError, match="no Azure Kinect is connected; plug it into"):
        AzureKinectSensor().open()
    assert not probe().available
    with pytest.raises(OSError, match=r"it does not open: .*No devices found|libusb"):
        libk4a.Device(libk4a_files.load_library(), 0)


def test_a_camera_that_does_not_open_is_listed_and_not_available(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Device:
        def __init__(self, library: object, index: int) -> None:
            if index not in opens:
                raise OSError("it does not open: LIBUSB_ERROR_ACCESS")
            self.serial = lambda: f"00{index}"

        def close(self) -> None: ...

    calls = SimpleNamespace(k4a_device_get_installed_count=lambda: 2)
    library = SimpleNamespace(calls=calls)
    monkeypatch.setattr(azure_kinect, "load_library", lambda: library)
    monkeypatch.setattr(libk4a, "Device", Device)
    opens: tuple[int, ...] = ()
    status = azure_kinect.probe()
    assert not status.available
    assert status.reason.count("may not be opened by this user") == 2
    opens = (1,)
    status = azure_kinect.probe()
    assert status.available
    assert status.reason.endswith("; Azure Kinect, serial 001")


def test_without_the_library_it_is_said_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("K4A_LIB_DIR", str(tmp_path))
    with pytest.raises(SensorError, match=r"K4A_LIB_DIR is .*, which holds no"):
        libk4a_files.find_file()
    monkeypatch.delenv("K4A_LIB_DIR")
    monkeypatch.setattr(libk4a_files, "_folders", lambda: [])
    monkeypatch.setattr(libk4a_files, "find_library", lambda name: None)
    with pytest.raises(SensorError, match="pip install pyk4a-bundle"):
        libk4a_files.find_file()


def test_a_library_that_is_none_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "libk4a.so").write_bytes(b"no library")
    monkeypatch.setenv("K4A_LIB_DIR", str(tmp_path))
    libk4a_files.load_library.cache_clear()
    with pytest.raises(SensorError, match=r"cannot be loaded \(.*libk4a\.so"):
        libk4a_files.load_library()


class Calls:
    """libk4a's calls for one camera that is connected."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.samples = [(0.5, 9.0, 2.0), (1.5, 9.5, 4.0)]
        self.capture_status = 2

    def __getattr__(self, name: str) -> Callable[..., int]:
        def call(*arguments: Any) -> int:
            self.made.append(name.removeprefix("k4a_device_"))
            return 0

        return call

    def k4a_device_open(self, index: int, handle: Any) -> int:
        handle._obj.value = 7 + index
        return 0

    def k4a_device_get_serialnum(self, handle: Any, text: Any, size: Any) -> int:
        serial = b"000456789\0"
        if text is None:
            size._obj.value = len(serial)
            return 2  # too small
        text.raw = serial
        return 0

    def k4a_device_get_capture(self, handle: Any, capture: Any, wait_ms: int) -> int:
        assert wait_ms == 250
        return self.capture_status

    def k4a_device_get_imu_sample(self, handle: Any, sample: Any, wait_ms: int) -> int:
        if not self.samples:
            return 2
        acceleration = sample._obj.acceleration
        acceleration.x, acceleration.y, acceleration.z = self.samples.pop(0)
        return 0


def test_a_device_is_asked_as_the_library_wants_it() -> None:
    calls = Calls()
    library: Any = SimpleNamespace(calls=calls, errors=[])
    device = libk4a.Device(library, 1)
    assert device._handle.value == 8
    assert device.serial() == "000456789"
    assert device.acceleration() is None  # its IMU is not started
    device.start()
    np.testing.assert_allclose(device.acceleration(), (1.0, 9.25, 3.0))
    assert device.acceleration() is None
    assert device.images(0.25) is None
    calls.capture_status = 1
    with pytest.raises(OSError, match="it does not send any more"):
        device.images(0.25)
    calls.made.clear()
    device.close()
    device.close()
    assert calls.made == ["stop_imu", "stop_cameras", "close"]


def test_the_configuration_asks_for_what_the_sensor_says() -> None:
    asked: list[Any] = []
    calls = Calls()
    calls.__dict__["k4a_device_start_cameras"] = lambda _, c: asked.append(c) or 0
    library: Any = SimpleNamespace(calls=calls, errors=[])
    libk4a.Device(library, 0).start()
    theirs = microsoft_azure.Configuration(0, 1, 2, 2, True, 0, 0, 0, False)
    assert bytes(asked[0]) == bytes(theirs)
    assert c.sizeof(asked[0]) == c.sizeof(theirs)
