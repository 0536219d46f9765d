"""The words and the states of the four meters."""

from dataclasses import replace

import numpy as np
import pytest

from capture_app.engine.meters import Meter, meters, tilt_words
from capture_app.engine.scene_watch import Quality
from core.floor import FloorPlane

# Looks 20 deg down, and its right side is 10 deg low: by hand, from the rotations.
PITCH, ROLL = np.radians((20.0, 10.0))
UP = np.array(
    (np.cos(PITCH) * np.sin(ROLL), -np.cos(PITCH) * np.cos(ROLL), -np.sin(PITCH))
)
GOOD = Quality(0.94, FloorPlane(UP, 1.2, confidence=0.8), 1.3, 0.15, False, 0.7, 48.0)


def meter(quality: Quality | None, name: str) -> Meter:
    (found,) = [one for one in meters(quality) if one.name == name]
    return found


def test_a_good_frame_has_four_good_meters() -> None:
    found = meters(GOOD)
    assert [one.name for one in found] == ["Depth", "Floor", "Sharp", "Motion"]
    assert [one.words for one in found] == [
        "94 % valid",
        "1.20 m measured",
        "sharp",
        "0.7 m/s, 48°/s",
    ]
    assert {one.state for one in found} == {"good"}
    assert [one.share for one in found] == pytest.approx(
        [0.94, 0.8, 0.75, 48 / 90], abs=0.01
    )


def test_without_a_frame_nothing_is_said() -> None:
    assert {(one.words, one.share, one.state) for one in meters(None)} == {
        ("—", 0.0, "unknown")
    }


@pytest.mark.parametrize(
    ("changes", "name", "words", "advice"),
    [
        ({"valid_depth": 0.49}, "Depth", "49 % valid", "Go nearer or farther"),
        ({"floor": None}, "Floor", "not in view", "point the camera at the floor"),
        ({"imu_error_deg": 14.2}, "Floor", "1.2 m, IMU 14° off", "14.2° apart"),
        ({"is_blurred": True}, "Sharp", "blurred", "hold the camera still"),
        ({"turn_deg_s": 128.0}, "Motion", "fast, 128°/s", "too fast"),
        ({"speed_m_s": 1.72}, "Motion", "fast, 1.7 m/s", "too fast"),
    ],
)
def test_what_is_poor_says_so_in_words(
    changes: dict[str, object], name: str, words: str, advice: str
) -> None:
    quality = replace(GOOD, **changes)  # type: ignore[arg-type]
    found = meter(quality, name)
    assert (found.words, found.state) == (words, "poor")
    assert advice in found.details
    others = [one.state for one in meters(quality) if one.name != name]
    assert others == ["good"] * 3


@pytest.mark.parametrize(
    "changes",
    [
        {"valid_depth": 0.51},
        {"imu_error_deg": 4.9},
        {"imu_error_deg": None},
        {"turn_deg_s": 89.0, "speed_m_s": 1.49},
        {"floor": FloorPlane(UP, 1.18, "tracked", 0.02)},
    ],
)
def test_nothing_cries_wolf(changes: dict[str, object]) -> None:
    quality = replace(GOOD, **changes)  # type: ignore[arg-type]
    assert {one.state for one in meters(quality)} == {"good"}


def test_a_tracked_floor_is_called_so_and_has_a_bar() -> None:
    found = meter(replace(GOOD, floor=FloorPlane(UP, 1.18, "tracked", 0.0)), "Floor")
    assert found.words == "1.18 m tracked"
    assert found.share > 0.05
    assert "carried here" in found.details


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"sharpness": None}, "Sharp", "too plain to tell"),
        ({"speed_m_s": None, "turn_deg_s": None}, "Motion", "not known"),
    ],
)
def test_what_is_not_known_is_neither_good_nor_poor(
    changes: dict[str, object], name: str, words: str
) -> None:
    found = meter(replace(GOOD, **changes), name)  # type: ignore[arg-type]
    assert (found.words, found.state, found.share) == (words, "unknown", 0.0)


def test_the_tilt_is_in_whole_degrees() -> None:
    assert tilt_words(UP) == "looks 20° down, roll +10°"
    assert tilt_words(np.array((0.0, -1.0, 0.0))) == "looks 0° up, roll 0°"
    assert "looks 20° down" in meter(GOOD, "Floor").details
