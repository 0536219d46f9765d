"""What a RealSense is asked for: its mode, its options, a settled exposure."""

import numpy as np
import pyrealsense2 as rs
import pytest
from software_camera import Port, SoftwareCamera

from capture_app.sensors.realsense import RealSenseSensor
from capture_app.sensors.realsense_modes import choose_mode
from capture_app.sensors.realsense_options import RealSenseSettings, apply_settings
from capture_app.sensors.settling import Settling
from core.errors import SensorError


def test_sizes_and_rate_are_those_asked_for() -> None:
    camera = SoftwareCamera()
    for size in ((96, 72), (120, 90)):
        camera.add_size("depth", size, 60)
        camera.add_size("color", size, 60)
    settings = RealSenseSettings((96, 72), (120, 90), 60)
    mode = choose_mode(rs, camera.device, settings)
    assert (mode.fps, mode.depth.size, mode.color.size) == (60, (96, 72), (120, 90))


def test_without_a_wish_the_mode_is_the_nearest_to_640_by_480_at_30() -> None:
    camera = SoftwareCamera()
    for kind in ("depth", "color"):
        camera.add_size(kind, (640, 480), 60)
        camera.add_size(kind, (96, 72), 30)
    mode = choose_mode(rs, camera.device, RealSenseSettings())
    assert (mode.fps, mode.depth.size, mode.color.size) == (30, (96, 72), (96, 72))
    mode = choose_mode(rs, camera.device, RealSenseSettings(fps=60))
    assert (mode.fps, mode.depth.size, mode.color.size) == (60, (640, 480), (640, 480))
    assert mode.accelerometer is None


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            RealSenseSettings(depth_size=(1280, 720)),
            r"offers no depth of 1280x720 at 30 fps; it has 64x48: choose",
        ),
        (
            RealSenseSettings(color_size=(1920, 1080)),
            r"offers no colour of 1920x1080 at 30 fps; it has 80x60: choose",
        ),
        (
            RealSenseSettings(fps=90),
            r"offers no depth \(z16\) and colour at 90 fps; it has 30 fps: choose",
        ),
    ],
)
def test_a_mode_that_is_not_there_names_those_that_are(
    settings: RealSenseSettings, sentence: str
) -> None:
    with pytest.raises(SensorError, match=sentence):
        RealSenseSensor(None, settings, Port(SoftwareCamera())).open()
    with pytest.raises(SensorError, match="through USB 2"):
        RealSenseSensor(None, settings, Port(SoftwareCamera(usb="2.1"))).open()


def test_settings_reach_the_camera() -> None:
    camera, option = SoftwareCamera(), rs.option
    camera.add_option("depth", option.visual_preset, 0, 6)
    camera.add_option("depth", option.emitter_enabled, 0, 2)
    camera.add_option("depth", option.laser_power, 0, 360)
    for kind in ("depth", "color"):
        camera.add_option(kind, option.enable_auto_exposure, 0, 1)
        camera.add_option(kind, option.exposure, 1, 165_000)
    camera.add_option("color", option.auto_exposure_priority, 0, 1)
    priority = option.auto_exposure_priority
    camera.device.query_sensors()[1].set_option(priority, 1.0)
    settings = RealSenseSettings(
        preset="high_accuracy",
        laser=True,
        laser_power_mw=150,
        depth_exposure_ms=8.5,
        settling_s=0,
    )
    with RealSenseSensor(None, settings, Port(camera)):
        assert camera.option("depth", option.visual_preset) == 3
        assert camera.option("depth", option.emitter_enabled) == 1
        assert camera.option("depth", option.laser_power) == 150
        assert camera.option("depth", option.enable_auto_exposure) == 0
        assert camera.option("depth", option.exposure) == 8500  # microseconds
        assert camera.option("color", option.enable_auto_exposure) == 1
        assert camera.option("color", priority) == 0
    settings = RealSenseSettings(laser=False, color_exposure_ms=15.6, settling_s=0)
    with RealSenseSensor(None, settings, Port(camera)):
        assert camera.option("depth", option.emitter_enabled) == 0
        assert camera.option("depth", option.enable_auto_exposure) == 1
        assert camera.option("color", option.enable_auto_exposure) == 0
        assert camera.option("color", option.exposure) == 156  # of 100 microseconds


def test_where_one_sensor_sees_both_colour_has_no_exposure_of_its_own() -> None:
    camera = SoftwareCamera()
    camera.add_option("depth", rs.option.enable_auto_exposure, 0, 1)
    camera.add_option("depth", rs.option.exposure, 1, 165_000)
    sensor = camera.device.first_depth_sensor()
    apply_settings(rs, RealSenseSettings(depth_exposure_ms=4), sensor, sensor)
    assert camera.option("depth", rs.option.enable_auto_exposure) == 0
    assert camera.option("depth", rs.option.exposure) == 4000
    with pytest.raises(SensorError, match="exposes depth and colour together"):
        apply_settings(rs, RealSenseSettings(color_exposure_ms=4), sensor, sensor)


def test_what_a_camera_cannot_be_set_to_is_one_sentence() -> None:
    camera = SoftwareCamera()
    camera.add_option("depth", rs.option.laser_power, 0, 360)
    for settings, sentence in (
        (RealSenseSettings(laser=True), "has no laser switch to set; leave"),
        (RealSenseSettings(preset="hand"), "has no presets to set"),
        (RealSenseSettings(color_exposure_ms=5), "has no manual exposure"),
        (RealSenseSettings(laser_power_mw=400), "laser power .* 0 to 360 .* got 400"),
    ):
        with pytest.raises(SensorError, match=sentence):
            RealSenseSensor(None, settings, Port(camera)).open()


def brightness_until_settled(levels: list[int]) -> int:
    settling = Settling()
    for level in levels:
        settling.add(np.full((6, 8, 3), level, np.uint8))
        if settling.is_over:
            break
    return settling.num_frames


def test_the_exposure_has_settled_when_the_brightness_stays() -> None:
    brightening = list(range(20, 140, 10))
    assert brightness_until_settled([90] * 40) == 8
    assert brightness_until_settled([*brightening, *[140] * 40]) == 12 + 8
    assert brightness_until_settled([90, 120] * 40) == 30
