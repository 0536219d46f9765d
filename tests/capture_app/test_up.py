"""Which way is up: the accelerometer, and what the floors say about it."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from scripted import label_all, make_frame, wait_until

from capture_app.engine import hint_check
from capture_app.engine.hint_check import HintCheck
from capture_app.sensors.up import UpFilter, UpSign
from core.frame import RgbdFrame
from core.hn_labels import HNLabels

UP = np.array((0.1, -0.9, -0.42)) / np.linalg.norm((0.1, -0.9, -0.42))
AXES = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])  # turned about z


def test_up_is_the_acceleration_in_the_axes_of_the_colour_camera() -> None:
    up = UpFilter(AXES)
    up.update(AXES.T @ UP * 9.95)  # D435i's often measure a little too much
    np.testing.assert_allclose(up.up, UP, atol=1e-12)


@pytest.mark.parametrize("length", [0.0, 7.0, 9.2, 10.4, 20.0])
def test_a_camera_that_is_moved_keeps_the_up_it_had(length: float) -> None:
    up = UpFilter(np.eye(3))
    up.update(length * UP)
    assert up.up is None
    up.update(9.81 * UP)
    up.update(length * np.array((1.0, 0.0, 0.0)))
    np.testing.assert_allclose(up.up, UP, atol=1e-12)


def test_noise_is_smoothed_and_a_turn_is_followed() -> None:
    rng = np.random.default_rng(7)
    up = UpFilter(np.eye(3))
    errors = []
    for _ in range(300):
        up.update(9.81 * UP + rng.normal(0, 0.2, 3))
        assert up.up is not None
        errors.append(np.degrees(np.arccos(min(1.0, up.up @ UP))))
    alone = np.degrees(0.2 / 9.81) * np.sqrt(np.pi / 2)  # the mean error of one sample
    assert np.mean(errors[50:]) < 0.4 * alone
    turned = np.array((0.0, -1.0, 0.0))
    for _ in range(60):
        up.update(9.81 * turned)
    np.testing.assert_allclose(up.up, turned, atol=0.01)


def settled(hints: list[np.ndarray]) -> tuple[bool, bool]:
    sign = UpSign()
    for hint in hints:
        sign.compare(hint, UP)
    return sign.is_settled, sign.is_opposite


def test_five_floors_settle_whether_up_is_the_opposite() -> None:
    tilted = np.array((0.5, -0.8, 0.3)) / np.linalg.norm((0.5, -0.8, 0.3))
    assert settled([tilted] * 4) == (False, False)
    assert settled([tilted] * 5) == (True, False)
    assert settled([-tilted] * 4) == (False, False)
    assert settled([-tilted] * 5) == (True, True)
    # A table top taken for a floor now and then does not matter.
    assert settled([UP, -UP, UP, -UP, UP, UP, UP]) == (True, False)
    assert settled([UP] * 5 + [-UP] * 9) == (True, False)


def test_a_hint_across_the_floor_says_nothing() -> None:
    across = np.cross(UP, (1.0, 0.0, 0.0))
    across /= np.linalg.norm(across)
    assert settled([across, -across] * 20) == (False, False)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_hint_that_points_down_is_turned_over_and_said_once(
    sign: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def label_without_hint(frame: RgbdFrame) -> HNLabels:
        assert frame.up_hint is None  # with it, the ceiling would be the floor
        return label_all(frame)

    monkeypatch.setattr(hint_check, "label_frame", label_without_hint)
    true_up = label_all(make_frame(1)).floor.up
    warnings: list[str] = []
    before = threading.active_count()
    check = HintCheck(warnings.append)
    frame = replace(make_frame(1), up_hint=sign * true_up)
    np.testing.assert_array_equal(check.corrected(frame).up_hint, sign * true_up)

    def looks_until_settled() -> bool:
        check.look(frame)
        return check._sign.is_settled

    wait_until(looks_until_settled)
    corrected = check.corrected(frame)
    np.testing.assert_array_equal(corrected.up_hint, true_up)
    np.testing.assert_array_equal(corrected.depth, frame.depth)
    check.close()
    check.close()
    assert threading.active_count() == before
    assert len(warnings) == (sign < 0)


def test_frames_without_a_hint_need_no_check() -> None:
    frame = make_frame(1)
    before = threading.active_count()
    check = HintCheck(pytest.fail)
    check.look(frame)
    assert check.corrected(frame) is frame
    assert threading.active_count() == before
    check.close()
