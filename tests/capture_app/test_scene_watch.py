"""Looks at the live frames: what is good, poor, and what has been seen."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
from scripted import label_all, make_frame, wait_until

from capture_app.engine import scene_watch
from capture_app.engine.meters import meters
from capture_app.engine.picture import Layers
from capture_app.engine.scene_watch import Quality, SceneWatch, camera_speed
from core.bins import HNBins
from core.frame import RgbdFrame
from core.geometry import angle_deg
from core.hn_labels import Labeler
from core.simulation import SimulatedCamera

NUM_FRAMES = 48


@pytest.fixture(scope="module")
def camera() -> SimulatedCamera:
    """The room that the app opens with, in small: a hand-held walk at 30 fps."""
    return SimulatedCamera(seed=0, width=240, height=180)


@pytest.fixture(scope="module")
def walk(camera: SimulatedCamera) -> list[Layers]:
    """Its first frames, labelled one after the other."""
    labeler = Labeler()
    return [layers_of(camera.frame(number), labeler) for number in range(NUM_FRAMES)]


def layers_of(frame: RgbdFrame, labeler: Labeler) -> Layers:
    labels = labeler(frame)
    floor = None if labels is None else labels.floor
    arrived_s = frame.timestamp_ns / 1e9
    return Layers(frame, arrived_s, labels, floor=floor, is_floor_known=True)


@pytest.fixture
def watch(no_thread_is_left: None) -> Iterator[SceneWatch]:
    watch = SceneWatch(HNBins())
    yield watch
    watch.close()
    watch.close()


def looked_at(watch: SceneWatch, *layers: Layers) -> Quality:
    """What is found of the last of them, the only one that it is time to look at."""
    known = watch.quality
    for one in layers:
        watch.look(one)
    wait_until(lambda: watch.quality is not known)
    assert watch.quality is not None
    return watch.quality


def followed(watch: SceneWatch, walk: list[Layers]) -> Iterator[tuple[int, Quality]]:
    """Offer every frame; the numbers of those that were looked at, and what was
    found."""
    for layers in walk:
        known, looked_s = watch.quality, watch._looked_s
        watch.look(layers)
        if watch._looked_s != looked_s:
            wait_until(lambda known=known: watch.quality is not known)
            assert watch.quality is not None
            yield layers.frame.number, watch.quality


def test_a_slowly_carried_camera_has_no_amber_meter(
    watch: SceneWatch, walk: list[Layers], camera: SimulatedCamera
) -> None:
    num_looks = 0
    for number, quality in followed(watch, walk):
        num_looks += 1
        states = {meter.name: meter.state for meter in meters(quality)}
        assert "poor" not in states.values(), (number, meters(quality))
        layers = walk[number]
        assert quality.valid_depth == (layers.frame.depth > 0).mean()
        assert quality.floor is layers.floor is not None
        assert quality.floor.camera_height == pytest.approx(
            camera.poses[number][2, 3], abs=0.05
        )
        assert layers.frame.up_hint is not None
        assert quality.imu_error_deg == pytest.approx(
            angle_deg(quality.floor.up, layers.frame.up_hint)
        )
    assert num_looks in (7, 8)


def test_how_fast_the_camera_moves_is_what_its_poses_say(
    watch: SceneWatch, walk: list[Layers], camera: SimulatedCamera
) -> None:
    turns, shifts = [], []
    for number, quality in followed(watch, walk):
        if number == 0:
            assert quality.turn_deg_s is quality.speed_m_s is None
            continue
        T = np.linalg.inv(camera.poses[number - 1]) @ camera.poses[number]
        turn = 30 * np.degrees(np.linalg.norm(cv2.Rodrigues(T[:3, :3])[0]))
        assert quality.turn_deg_s is not None and quality.speed_m_s is not None
        turns.append(quality.turn_deg_s - turn)
        shifts.append(quality.speed_m_s - 30 * np.linalg.norm(T[:3, 3]))
    assert np.median(np.abs(turns)) < 3.0  # of some 50
    assert np.median(np.abs(shifts)) < 0.15  # of some 0.7


def test_a_fast_pan_is_too_fast(watch: SceneWatch, walk: list[Layers]) -> None:
    before, later = walk[0], walk[5]  # as if it came a frame later: 250 deg/s
    time_ns = before.frame.timestamp_ns + 33_333_333
    after = replace(later, frame=replace(later.frame, timestamp_ns=time_ns))
    looked_at(watch, before)
    quality = looked_at(watch, replace(after, arrived_s=before.arrived_s + 1.0))
    (motion,) = [meter for meter in meters(quality) if meter.name == "Motion"]
    assert motion.state == "poor"
    assert "too fast" in motion.details


def test_a_blurred_frame_is_told_from_the_scene_s_own(
    watch: SceneWatch, walk: list[Layers]
) -> None:
    for _ in followed(watch, walk[:36]):
        pass
    num_looks = watch.coverage.num_looks
    last = walk[40]
    blurred = replace(last.frame, rgb=cv2.blur(last.frame.rgb, (13, 1)))
    quality = looked_at(watch, replace(last, frame=blurred, arrived_s=90.0))
    assert quality.is_blurred
    assert meters(quality)[2].words == "blurred"
    assert watch.coverage.num_looks == num_looks  # nothing can be learnt from it
    assert not looked_at(watch, replace(walk[41], arrived_s=91.0)).is_blurred
    assert watch.coverage.num_looks == num_looks + 1


def test_a_walk_fills_the_coverage_and_a_still_camera_does_not(
    watch: SceneWatch, walk: list[Layers]
) -> None:
    for number in range(5):
        frame = replace(walk[0].frame, number=number)
        looked_at(watch, replace(walk[0], frame=frame, arrived_s=number - 20.0))
    assert watch.coverage.num_looks == 1
    seen = [walk[0]]
    for number, _ in followed(watch, walk[3:]):
        seen.append(walk[number])
    assert watch.coverage.num_looks == len(seen)
    counts = [
        np.bincount(one.labels.classes.ravel(), minlength=256)[:20]
        for one in seen
        if one.labels is not None
    ]
    np.testing.assert_allclose(watch.coverage.shares, sum(counts) / np.sum(counts))
    watch.reset()
    assert watch.coverage.num_looks == 0
    assert not watch.coverage.shares.any()


def scripted_layers(number: int, arrived_s: float) -> Layers:
    frame = make_frame(number)
    labels = label_all(frame)
    return Layers(frame, arrived_s, labels, floor=labels.floor, is_floor_known=True)


def test_it_looks_five_times_a_second_and_never_waits(
    watch: SceneWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    is_looking, may_look = threading.Event(), threading.Event()

    def measure(frame: RgbdFrame) -> object:
        is_looking.set()
        may_look.wait(5.0)
        looks.append(frame.number)
        return real(frame)

    real = scene_watch.measure_frame
    monkeypatch.setattr(scene_watch, "measure_frame", measure)
    watch.look(scripted_layers(0, 10.0))
    assert is_looking.wait(5.0)
    watch.look(scripted_layers(1, 10.31))  # nobody has looked at the first yet
    third = scripted_layers(2, 10.62)
    watch.look(third)
    assert watch.newest is third  # whether or not somebody looks
    may_look.set()
    wait_until(lambda: looks and looks[-1] == 2)
    assert looks == [0, 2]
    wait_until(lambda: watch.quality is not None)
    for number in range(3, 63):
        at_s, looked_s = 10.63 + number / 30, watch._looked_s
        watch.look(scripted_layers(number, at_s))
        if watch._looked_s != looked_s:
            wait_until(lambda number=number: looks[-1] == number)
    assert set(np.diff(looks[2:])) <= {6, 7}  # frames of 33 ms


def test_a_frame_that_is_shown_again_is_not_looked_at_again(
    watch: SceneWatch,
) -> None:
    layers = scripted_layers(0, 10.0)
    quality = looked_at(watch, layers)
    watch.look(replace(layers, arrived_s=20.0))
    assert watch._worker.inbox.take() is None
    assert watch.quality is quality


def test_before_floors_are_looked_for_there_is_nothing_to_say(
    watch: SceneWatch,
) -> None:
    watch.look(Layers(make_frame(0), 10.0))
    assert watch._worker.inbox.take() is None
    assert watch.quality is None
    found = looked_at(watch, Layers(make_frame(1), 10.1, is_floor_known=True))
    assert found.floor is None
    assert found.valid_depth == pytest.approx(57 / 64)
    assert watch.coverage.num_looks == 0


@pytest.mark.parametrize("step_ns", [0, -33_333_333, 300_000_000])
def test_motion_is_not_told_across_a_jump_of_the_clock(
    walk: list[Layers], step_ns: int
) -> None:
    before, after = (layers.frame for layers in walk[1:3])
    assert camera_speed(before, after) is not None
    moved = replace(after, timestamp_ns=before.timestamp_ns + step_ns)
    assert camera_speed(before, moved) is None


def test_motion_is_not_told_between_frames_of_two_cameras(
    walk: list[Layers],
) -> None:
    before = walk[1].frame
    after = replace(make_frame(0), timestamp_ns=before.timestamp_ns + 33_333_333)
    assert camera_speed(before, after) is None


def test_a_look_that_fails_is_a_problem_in_words(
    watch: SceneWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(frame: RgbdFrame) -> object:
        raise MemoryError("no room for it")

    monkeypatch.setattr(scene_watch, "measure_frame", fail)
    watch.look(scripted_layers(0, 10.0))
    wait_until(lambda: watch._worker.has_failed)
    wait_until(lambda: not watch._worker._thread.is_alive())
    (problem,) = watch.problems.take()
    assert "scene watch thread stopped (MemoryError: no room for it)" in problem.message
    assert problem.can_retry
    watch.look(scripted_layers(1, 11.0))  # and nothing else happens
    assert watch.quality is None
