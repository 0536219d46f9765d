"""The quality of the newest frame as four meters, in words that people use."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from capture_app.engine.scene_watch import Quality
from core.floor import FloorSource
from core.sharpness import SHARP

# All our choice. The walk through the simulated room has up to 0.9 m/s and 61 deg/s.
LEAST_DEPTH = 0.5  # of the pixels: with less, most have no label
FAST_M_S = 1.5  # a brisk walk
FAST_DEG_S = 90.0  # in a hundredth of a second of exposure 8 of 640 pixels
IMU_DEG = 5.0  # at 3 m it moves a height by 0.26 m: into the next class
SURE = 0.1  # the shortest bar of a floor that is known

_SOURCES: Mapping[FloorSource, str] = {
    "measured": "this frame shows the floor",
    "tracked": "the floor is carried here from earlier frames",
}

State = Literal["good", "poor", "unknown"]


@dataclass(frozen=True)
class Meter:
    """One row: a name, a bar, a few words."""

    name: str
    words: str
    share: float
    """0..1, how long the bar is."""
    state: State
    details: str
    """What else there is to know: a sentence or two."""


def meters(quality: Quality | None) -> tuple[Meter, ...]:
    """Depth, Floor, Sharp and Motion of a frame, or dashes while there is none."""
    if quality is None:
        names = ("Depth", "Floor", "Sharp", "Motion")
        why = "No frame has been looked at yet."
        return tuple(Meter(name, "—", 0.0, "unknown", why) for name in names)
    return (_depth(quality), _floor(quality), _sharp(quality), _motion(quality))


def _depth(quality: Quality) -> Meter:
    share = quality.valid_depth
    is_poor = share < LEAST_DEPTH
    details = f"{100 * share:.0f} % of the pixels have depth."
    if is_poor:
        details += " Go nearer or farther, and avoid glass, black and the sun."
    words = f"{100 * share:.0f} % valid"
    return Meter("Depth", words, share, _state(is_poor), details)


def _floor(quality: Quality) -> Meter:
    floor, error = quality.floor, quality.imu_error_deg
    if floor is None:
        details = "Without a floor there are no labels: point the camera at the floor."
        return Meter("Floor", "not in view", 0.0, "poor", details)
    height, share = floor.camera_height, max(SURE, floor.confidence)
    words = f"{height:.2f} m {floor.source}"
    details = (
        f"The camera is {height:.2f} m above the floor, {tilt_words(floor.up)}; "
        f"{_SOURCES[floor.source]}."
    )
    if error is None:
        return Meter("Floor", words, share, "good", details)
    details += f" Its up and that of the camera's IMU are {error:.1f}° apart."
    if error <= IMU_DEG:
        return Meter("Floor", words, share, "good", details)
    return Meter(
        "Floor", f"{height:.1f} m, IMU {error:.0f}° off", share, "poor", details
    )


def _sharp(quality: Quality) -> Meter:
    if quality.sharpness is None:
        details = "The picture is too plain to tell whether it is sharp."
        return Meter("Sharp", "too plain to tell", 0.0, "unknown", details)
    share = min(1.0, quality.sharpness / SHARP)
    if quality.is_blurred:
        details = "Less than half as sharp as this scene was: hold the camera still."
        return Meter("Sharp", "blurred", share, "poor", details)
    return Meter("Sharp", "sharp", share, "good", "As sharp as this scene has been.")


def _motion(quality: Quality) -> Meter:
    speed, turn = quality.speed_m_s, quality.turn_deg_s
    if speed is None or turn is None:
        details = "How the camera moves cannot be told from these frames."
        return Meter("Motion", "not known", 0.0, "unknown", details)
    share = max(speed / FAST_M_S, turn / FAST_DEG_S)
    words = f"{speed:.1f} m/s, {turn:.0f}°/s"
    details = f"The camera moves at {speed:.2f} m/s and turns by {turn:.0f}° a second."
    if share <= 1.0:
        return Meter("Motion", words, share, "good", details)
    details += " That is too fast: pictures blur and neighbours hardly overlap."
    words = f"fast, {turn:.0f}°/s" if turn > FAST_DEG_S else f"fast, {speed:.1f} m/s"
    return Meter("Motion", words, 1.0, "poor", details)


def tilt_words(up: np.ndarray) -> str:
    """Where a camera looks that sees `up` (3,), in whole degrees."""
    right, down, forward = up
    pitch = math.degrees(math.asin(max(-1.0, min(1.0, -forward))))
    roll = math.degrees(math.atan2(right, -down))
    sign = "+" if round(roll) > 0 else ""
    direction = "down" if pitch > 0 else "up"
    return f"looks {abs(pitch):.0f}° {direction}, roll {sign}{round(roll)}°"


def _state(is_poor: bool) -> State:
    return "poor" if is_poor else "good"
