"""Which sensors there are, and which one a word means."""

import time
from pathlib import Path

import pytest
from software_camera import SoftwareCamera

from capture_app.sensors import realsense, registry
from capture_app.sensors.azure_kinect import AzureKinectSensor
from capture_app.sensors.kinect_v1 import KinectV1Sensor
from capture_app.sensors.kinect_v2 import KinectV2Sensor
from capture_app.sensors.orbbec import OrbbecSensor
from capture_app.sensors.realsense import RealSenseSensor
from capture_app.sensors.realsense_options import RealSenseSettings
from capture_app.sensors.registry import default_sensor, list_sensors, open_sensor
from capture_app.sensors.replay import ReplaySensor
from capture_app.sensors.sensor import SensorStatus
from capture_app.sensors.simulated import SimulatedSensor
from capture_app.sensors.usb import UsbDevice
from core.errors import SensorError


def test_a_sensor_is_named_or_is_a_path(tmp_path: Path) -> None:
    for spec, kind in (
        ("simulated", SimulatedSensor),
        ("simulated:7", SimulatedSensor),
        ("realsense", RealSenseSensor),
        ("realsense:012345", RealSenseSensor),
        ("azure", AzureKinectSensor),
        ("kinect1:A00362", KinectV1Sensor),
        ("kinect2", KinectV2Sensor),
        ("orbbec", OrbbecSensor),
        (str(tmp_path), ReplaySensor),
    ):
        assert isinstance(open_sensor(spec), kind)


def test_what_is_after_the_colon_chooses_one_of_several() -> None:
    azure, simulated = open_sensor("azure:000123"), open_sensor("simulated:7")
    assert isinstance(azure, AzureKinectSensor)
    assert isinstance(simulated, SimulatedSensor)
    assert azure._serial == "000123"
    assert simulated._seed == 7


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("nope", r"'nope'; expected simulated, realsense, azure, kinect1, .* or the"),
        ("azure:", "called 'azure:'"),
        (":azure", "called ':azure'"),
        ("simulated:x", "simulated:x has no number after it"),
        ("kinect2:5", "one Kinect v2 at a time"),
    ],
)
def test_what_is_no_sensor_is_one_sentence(spec: str, complaint: str) -> None:
    with pytest.raises(SensorError, match=complaint):
        open_sensor(spec)


def test_the_list_says_what_is_there_and_why_the_rest_is_not() -> None:
    statuses = {status.name: status for status in list_sensors()}
    cameras = ["realsense", "azure", "kinect1", "kinect2", "orbbec"]
    assert list(statuses) == [*cameras, "simulated", "PATH"]
    assert statuses["simulated"].available
    assert statuses["PATH"].available
    for status in statuses.values():
        assert "crashed" not in status.reason and "answer" not in status.reason
        assert len(status.reason) > 20


def test_every_realsense_is_listed_with_its_serial_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cameras = [SoftwareCamera(serial=serial) for serial in ("0042", "0099")]
    devices = [camera.device for camera in cameras]
    monkeypatch.setattr(realsense, "connected_devices", lambda: devices)
    assert realsense.probe().reason == (
        "Intel RealSense D435I, serial 0042, USB 3.2; "
        "Intel RealSense D435I, serial 0099, USB 3.2"
    )


DEPTH_CAMERAS = {
    "realsense": UsbDevice(0x8086, 0x0B3A, "Intel(R) RealSense(TM) Depth Camera 435i"),
    "azure": UsbDevice(0x045E, 0x097C, "Azure Kinect Depth Camera"),
    "kinect1": UsbDevice(0x045E, 0x02AE, "Xbox NUI Camera"),
    "orbbec": UsbDevice(0x2BC5, 0x066B, "Orbbec Femto Bolt Depth Camera"),
}
KEYBOARD = UsbDevice(0x045E, 0x07A5, "Microsoft Keyboard")
BLUETOOTH = UsbDevice(0x8087, 0x0026, "")


@pytest.mark.parametrize("name", DEPTH_CAMERAS)
def test_only_what_is_plugged_in_is_asked_for_at_the_start(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def probe(names: list[str]) -> list[SensorStatus]:
        asked.extend(names)
        return [SensorStatus(name, True, "a camera") for name in names]

    monkeypatch.setattr(registry.sys, "platform", "linux")
    plugged_in = [KEYBOARD, DEPTH_CAMERAS[name], BLUETOOTH]
    monkeypatch.setattr(registry, "usb_devices", lambda: plugged_in)
    monkeypatch.setattr(registry, "probe", probe)
    assert default_sensor() == name
    assert asked == [name]


def test_without_a_camera_it_is_the_simulated_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry.sys, "platform", "linux")
    monkeypatch.setattr(registry, "usb_devices", lambda: [KEYBOARD, BLUETOOTH])
    start = time.monotonic()
    assert default_sensor() == "simulated"
    assert time.monotonic() - start < 0.1


def test_a_camera_that_cannot_be_used_is_not_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry.sys, "platform", "win32")  # which does not tell
    statuses = [
        SensorStatus("realsense", False, "its library crashed"),
        SensorStatus("kinect2", True, "Kinect v2"),
        SensorStatus("orbbec", True, "Femto Bolt"),
    ]
    monkeypatch.setattr(registry, "probe", lambda names: statuses)
    assert default_sensor() == "kinect2"


def test_settings_of_a_realsense_are_for_a_realsense(tmp_path: Path) -> None:
    settings = RealSenseSettings(laser=False)
    assert isinstance(open_sensor("realsense:0123", settings), RealSenseSensor)
    for spec in ("simulated", "azure", str(tmp_path)):
        with pytest.raises(SensorError, match="is no RealSense camera"):
            open_sensor(spec, settings)
