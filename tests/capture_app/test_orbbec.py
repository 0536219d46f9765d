"""Orbbec cameras: frames as the SDK describes them, and a made-up SDK; no camera."""

import sys
from typing import Any

import numpy as np
import pytest
from made_up_orbbec import (
    HEIGHT,
    ROTATION,
    WIDTH,
    Frame,
    Profile,
    Sdk,
    color_frame,
    color_of,
    depth_frame,
    depth_of,
    pair,
)

from capture_app.sensors import orbbec
from capture_app.sensors import probe as probing
from capture_app.sensors.failures import SensorLostError
from capture_app.sensors.orbbec import OrbbecSensor, probe
from capture_app.sensors.orbbec_frames import frame_of, rgb_of
from core.errors import SensorError


def test_a_frame_has_depth_and_colour_as_they_were_sent() -> None:
    frame = frame_of(depth_frame(3), color_frame(3))
    assert frame is not None
    np.testing.assert_array_equal(frame.rgb, color_of(3))
    np.testing.assert_array_equal(frame.depth, depth_of(3))
    assert frame.depth_scale == 0.25e-3
    assert (frame.number, frame.timestamp_ns) == (3, 5_200_001_000)
    np.testing.assert_allclose(frame.T_color_depth[:3, :3], ROTATION, atol=1e-6)
    np.testing.assert_allclose(frame.T_color_depth[:3, 3], (-0.0315, 0.002, 0.0005))
    lens = frame.depth_intrinsics
    assert (lens.width, lens.height, lens.fx, lens.fy) == (8, 4, 9.5, 9.25)
    assert (lens.cx, lens.cy) == (4.5, 2.75)
    # OpenCV's k1 k2 p1 p2 k3 k4 k5 k6.
    assert lens.distortion == (0.01, 0.02, 0.5, 0.25, 0.03, 0.04, 0.05, 0.06)


@pytest.mark.parametrize("kind", ["RGB", "BGR", "BGRA"])
def test_colour_comes_in_many_orders(kind: str) -> None:
    np.testing.assert_array_equal(rgb_of(color_frame(1, kind)), color_of(1))


def test_colour_that_is_damaged_or_unknown_is_told() -> None:
    jpeg = Frame(0, b"no jpeg", (WIDTH, HEIGHT), "MJPG", 0)
    assert rgb_of(jpeg) is None
    assert frame_of(depth_frame(0), jpeg) is None
    with pytest.raises(SensorError, match=r"offers no colour as RGB.*it has H264"):
        rgb_of(color_frame(1, "H264"))


def test_a_fisheye_is_refused() -> None:
    color = color_frame(0)
    color.profile = Profile(WIDTH, HEIGHT, "KANNALA_BRANDT4")
    with pytest.raises(SensorError, match="fisheye lens, which is not supported"):
        frame_of(depth_frame(0), color)


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(orbbec, "check_connected", lambda name: None)
    monkeypatch.setattr(orbbec, "_LOOKING_PERIOD_S", 0.0)

    def use(sdk: Sdk) -> Sdk:
        monkeypatch.setattr(orbbec, "_sdk", lambda: sdk)
        return sdk

    return use


def test_pairs_of_one_instant_are_frames_once(use: Any) -> None:
    sdk = use(
        Sdk(
            ["A1"],
            [
                pair(depth_frame(0), color_frame(0)),
                pair(depth_frame(0), color_frame(0)),
                None,
                pair(depth_frame(1), None),
                pair(depth_frame(2), color_frame(2, late_us=40_000)),
                pair(depth_frame(4), color_frame(4)),
                Sdk.OBError("device disconnected"),
            ],
        )
    )
    with OrbbecSensor() as sensor:
        assert (sensor.name, sensor.fps) == ("Femto Bolt", 15)
        frames = [sensor.read(1.0), sensor.read(1.0)]
        assert [frame.number for frame in frames if frame] == [0, 4]
        sdk.serials.clear()
        with pytest.raises(SensorLostError, match="unplugged"):
            sensor.read(1.0)
    sensor.close()
    assert sdk.num_stopped == 1


@pytest.mark.parametrize(
    ("serials", "sentence"),
    [
        (["A1"], "is connected but has sent no frame"),
        (["B2"], "was unplugged"),  # another one is no consolation
    ],
)
@pytest.mark.parametrize("is_told", [True, False])
def test_a_silent_camera_is_told_from_one_that_is_gone(
    use: Any, serials: list[str], sentence: str, is_told: bool
) -> None:
    answer = Sdk.OBError("frame timeout") if is_told else None
    sdk = use(Sdk(["A1"], [answer] * 10**6))
    with OrbbecSensor() as sensor:
        sdk.serials = serials
        with pytest.raises(SensorLostError, match=sentence):
            sensor.read(0.02)


def test_depth_and_colour_have_one_rate(use: Any) -> None:
    sdk = use(Sdk(["A1"], []))
    sdk.color_fps = (30, 15)
    with OrbbecSensor() as sensor:
        assert sensor.fps == 15
    assert [profile.get_fps() for profile in sdk.started] == [15, 15]
    sdk.color_fps = (30,)
    with pytest.raises(SensorError, match="no colour of 10x6 at 15 fps, as depth; it"):
        OrbbecSensor().open()


def test_a_camera_is_found_by_its_serial_number_and_stays_that_one(use: Any) -> None:
    sdk = use(Sdk(["A1", "B2"], []))
    for serial in ("B2", "A1"):
        sensor = OrbbecSensor(serial)
        sensor.open()
        assert sensor._serial == serial
    anyone = OrbbecSensor()
    anyone.open()
    sdk.serials = ["B2"]
    with pytest.raises(SensorError, match="no Orbbec camera of serial number A1"):
        anyone.open()


def test_the_sdk_is_given_a_moment_to_see_its_cameras(use: Any) -> None:
    sdk = use(Sdk(["A1", "B2"], [], looks=3))
    status = probe()
    assert status.available
    assert status.reason == (
        "Femto Bolt, serial A1, USB3.0; Femto Bolt, serial B2, USB3.0"
    )
    assert all(folder.endswith("orbbec") for folder in sdk.logged_to)


def test_without_a_camera_it_is_said_how_to_connect_one(
    use: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(Sdk([], []))
    assert orbbec._LOOKING_S <= probing.LIMIT_S - 1  # the rest is for its library
    monkeypatch.setattr(orbbec, "_LOOKING_S", 0.01)
    assert probe().reason.startswith("no Orbbec camera is connected; plug one")


@pytest.mark.parametrize(
    ("version", "sentence"),
    [((3, 11), "need Python 3.12 or newer"), ((3, 13), "pip install pyorbbecsdk2")],
)
def test_python_and_the_package_are_asked_for(
    version: tuple[int, int], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyorbbecsdk", None)  # as if it were not there
    monkeypatch.setattr(orbbec, "PYTHON", version)
    with pytest.raises(SensorError, match=sentence):
        OrbbecSensor().open()
