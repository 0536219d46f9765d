"""What can be set on a RealSense camera: its mode, its laser, its exposure."""

from dataclasses import dataclass
from typing import Any, Literal

from capture_app.sensors.realsense_frames import CAMERA
from core.errors import SensorError

# Of exposure in a millisecond: microseconds, and hundreds of them.
_DEPTH_UNITS, _COLOR_UNITS = 1000, 10

Preset = Literal["default", "hand", "high_accuracy", "high_density", "medium_density"]


@dataclass(frozen=True)
class RealSenseSettings:
    """How the camera is to measure. None leaves the choice to us or to the camera."""

    depth_size: tuple[int, int] | None = None
    """Width and height in pixels; without it the mode nearest to 640x480."""
    color_size: tuple[int, int] | None = None
    """Width and height in pixels; without it the mode nearest to 640x480."""
    fps: int | None = None
    """Frames a second of both; without it the rate nearest to 30."""
    preset: Preset | None = None
    """The camera's own set of depth parameters."""
    laser: bool | None = None
    """Whether its dots are projected: on plain walls they give depth."""
    laser_power_mw: float | None = None
    """How bright the dots are."""
    depth_exposure_ms: float | None = None
    """Of the depth camera; automatic without it."""
    color_exposure_ms: float | None = None
    """Of the colour camera; automatic without it."""
    settling_s: float = 1.0
    """How long opening may wait for the automatic exposure to settle; 0 not at all."""


def apply_settings(
    rs: Any, settings: RealSenseSettings, depth_sensor: Any, color_sensor: Any
) -> None:
    """Set what is asked for; SensorError if the camera cannot do that.

    A frame is never exposed for longer than its rate allows: in the dark that would
    lower the rate (librealsense #12957).
    """
    option = rs.option
    if settings.preset is not None:  # first: a preset sets the others too
        value = getattr(rs.rs400_visual_preset, settings.preset).value
        _set(depth_sensor, option.visual_preset, value, "presets")
    if settings.laser is not None:
        _set(depth_sensor, option.emitter_enabled, settings.laser, "laser switch")
    if settings.laser_power_mw is not None:
        _set(depth_sensor, option.laser_power, settings.laser_power_mw, "laser power")
    _set_exposure(rs, depth_sensor, settings.depth_exposure_ms, _DEPTH_UNITS)
    if color_sensor is not depth_sensor:
        _set_exposure(rs, color_sensor, settings.color_exposure_ms, _COLOR_UNITS)
    elif settings.color_exposure_ms is not None:  # a D405
        raise SensorError(
            f"this {CAMERA} camera exposes depth and colour together; set the exposure "
            "of depth"
        )
    _set_if_there(color_sensor, option.auto_exposure_priority, False)


def _set_exposure(rs: Any, sensor: Any, exposure_ms: float | None, units: int) -> None:
    _set_if_there(sensor, rs.option.enable_auto_exposure, exposure_ms is None)
    if exposure_ms is not None:
        _set(sensor, rs.option.exposure, units * exposure_ms, "manual exposure")


def _set_if_there(sensor: Any, option: Any, value: float) -> None:
    if sensor.supports(option) and not sensor.is_option_read_only(option):
        sensor.set_option(option, float(value))


def _set(sensor: Any, option: Any, value: float, name: str) -> None:
    if not sensor.supports(option) or sensor.is_option_read_only(option):
        raise SensorError(
            f"the {CAMERA} camera has no {name} to set; leave that setting out"
        )
    limits = sensor.get_option_range(option)
    if not limits.min <= value <= limits.max:
        raise SensorError(
            f"the {name} of the {CAMERA} camera goes from {limits.min:g} to "
            f"{limits.max:g} in its own units, got {value:g}; choose one of these"
        )
    sensor.set_option(option, float(value))
