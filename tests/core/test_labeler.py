"""The live labeler: what one frame gives, again and again, in memory of its own."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from analytic_rooms import look
from hypothesis import given, settings
from hypothesis import strategies as st

from core import HNBins, Intrinsics, Labeler, label_frame
from core.floor_tracker import CONTRADICTIONS
from core.geometry import angle_deg

SIZES = {"wide": (320, 200), "tall": (167, 251)}
BARREL = (-0.21, 0.08, 7e-4, 1e-3, -0.01)
HALL = np.array(((-3.3, -2.9, 0.0), (3.1, 4.2, 2.6)))


def _camera(width, height, distortion=()):
    return Intrinsics(
        width, height, 260.0, 264.0, width * 0.52, height * 0.47, distortion
    )


def _turn(size="wide", distortion=(), has_hint=True, num_frames=6, start_deg=20.0):
    """Frames of a camera that turns about the vertical: its floor stays the same."""
    camera = _camera(*SIZES[size], distortion)
    frames = []
    for number in range(num_frames):
        yaw = start_deg + 4.0 * number
        view = look(camera, (0.2, -0.4, 1.35), yaw, -24.0, 6.0, room=HALL)
        depth = view.noisy(1e-3, 1.2e-3, number)
        hint = view.up if has_hint else None
        frames.append(view.frame(depth=depth, up_hint=hint))
    return frames


def _same(one, other):
    return (
        np.array_equal(one.classes, other.classes)
        and np.array_equal(one.floor.up, other.floor.up)
        and one.floor.camera_height == other.floor.camera_height
        and one.floor.source == other.floor.source
    )


@pytest.mark.parametrize("method", ["live", "paper"])
@pytest.mark.parametrize("has_hint", [True, False])
@pytest.mark.parametrize("distortion", [(), BARREL])
def test_the_first_frame_is_labelled_like_a_single_one(method, has_hint, distortion):
    frame = _turn("tall", distortion, has_hint)[1]
    bins = HNBins((0.4, 0.8, 1.6), (30.0, 60.0))
    alone = label_frame(frame, bins, method)
    assert _same(Labeler(bins, method)(frame), alone)
    assert alone.bins == bins and len(np.unique(alone.classes)) > 4


def test_labels_stay_what_they_are_while_others_are_made():
    frames = _turn()
    labeler = Labeler()
    kept = [labeler(frame) for frame in frames]
    as_made = [labels.classes.copy() for labels in kept]
    ups = [labels.floor.up.copy() for labels in kept]
    for frame in frames:
        labeler(frame)
    for labels, classes, up in zip(kept, as_made, ups, strict=True):
        np.testing.assert_array_equal(labels.classes, classes)
        np.testing.assert_array_equal(labels.floor.up, up)
    assert len({classes.tobytes() for classes in as_made}) == len(frames)


def test_every_frame_with_a_hint_and_a_floor_is_labelled_like_a_single_one():
    for distortion in ((), BARREL):
        labeler = Labeler()
        for frame in _turn(distortion=distortion):
            assert _same(labeler(frame), label_frame(frame))


def test_labelers_on_two_threads_do_not_disturb_each_other():
    streams = [
        _turn("wide", start_deg=100.0),
        _turn("tall", BARREL),
        _turn("wide"),
        _turn("wide", BARREL, start_deg=60.0),
    ]

    def labels_of(frames):
        labeler = Labeler()
        return [labeler(frame) for _ in range(5) for frame in frames]

    alone = [labels_of(frames) for frames in streams]
    with ThreadPoolExecutor(len(streams)) as pool:
        together = list(pool.map(labels_of, streams))
    for one, other in zip(alone, together, strict=True):
        assert all(map(_same, one, other))


def test_the_size_of_images_may_change_on_the_way():
    labeler = Labeler()
    wide, tall = _turn("wide"), _turn("tall")
    for frame in (wide[0], tall[0], wide[1], wide[2], tall[1]):
        labels = labeler(frame)
        assert labels.classes.shape == frame.rgb.shape[:2]
        assert _same(labels, label_frame(frame))


@settings(deadline=None, max_examples=10)
@given(st.lists(st.integers(0, 11), min_size=1, max_size=8))
def test_what_was_seen_before_leaves_no_trace_in_a_frame_with_a_hint(numbers):
    frames = _FRAMES
    labeler = Labeler()
    for number in numbers:
        assert _same(labeler(frames[number]), label_frame(frames[number]))


_FRAMES = [
    frame
    for size in SIZES
    for distortion in ((), BARREL)
    for frame in _turn(size, distortion, num_frames=3)
]


@pytest.mark.parametrize("distortion", [(), BARREL])
def test_later_frames_take_little_more_memory_than_their_labels(distortion):
    camera = _camera(640, 480, distortion)
    view = look(camera, (0.2, -0.4, 1.35), 30.0, -24.0, room=HALL)
    frames = [
        view.frame(depth=view.noisy(1e-3, 1e-3, seed), up_hint=view.up)
        for seed in range(3)
    ]
    labeler = Labeler()
    labels = labeler(frames[0])
    for frame in frames:
        del labels
        tracemalloc.start()
        labels = labeler(frame)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < (1.5 if not distortion else 2.2) * labels.classes.nbytes


def test_a_floor_that_is_measured_no_longer_is_carried_and_says_so():
    # Below half a metre nobody carries a camera: such a floor is not measured.
    labeler = Labeler()
    sources = []
    for height in (0.56, 0.53, 0.48, 0.44):
        view = look(_camera(320, 240), (0.2, -0.4, height), 20.0, -40.0, room=HALL)
        labels = labeler(view.frame(up_hint=view.up))
        assert labels.floor.camera_height == pytest.approx(height, abs=0.005)
        sources.append(labels.floor.source)
    assert sources == ["measured", "measured", "tracked", "tracked"]


@settings(deadline=None, max_examples=15)
@given(st.floats(40, 320), st.floats(-35, -20), st.floats(-20, 20))
def test_after_a_jump_no_floor_is_wrong_and_soon_it_is_measured(yaw, pitch, roll):
    before, after = (
        look(_camera(320, 240), position, 20.0 + turn, *tilt, room=HALL)
        for position, turn, tilt in (
            ((0.2, -0.4, 1.35), 0.0, (-24.0, 6.0)),
            ((-0.5, -0.1, 1.55), yaw, (pitch, roll)),
        )
    )
    labeler = Labeler()
    labeler(before.frame())
    for _ in range(CONTRADICTIONS):
        labels = labeler(after.frame())
        if labels is not None:
            assert angle_deg(labels.floor.up, after.up) < 2.0
            assert labels.floor.camera_height == pytest.approx(1.55, abs=0.05)
    assert labels is not None
    assert labels.floor.source == "measured"


def test_a_table_top_that_passed_for_the_floor_is_soon_overruled():
    table = np.array(((-1.2, 0.3, 0.6), (1.4, 1.6, 0.65)))
    view = look(_camera(320, 240), (0.2, -0.4, 1.35), 10.0, -28.0, 5.0, (table,), HALL)
    depth = view.depth(1e-3)
    only_table = np.where(np.abs(view.heights - 0.65) < 1e-6, depth, 0)
    labeler = Labeler()
    first = labeler(view.frame(depth=only_table.astype(np.uint16)))
    assert first.floor.camera_height == pytest.approx(0.7, abs=0.01)
    labels = [labeler(view.frame(depth=depth)) for _ in range(CONTRADICTIONS)]
    assert [x.floor.source for x in labels[:-1]] == ["tracked"] * (CONTRADICTIONS - 1)
    assert labels[-1].floor.source == "measured"
    assert labels[-1].floor.camera_height == pytest.approx(1.35, abs=0.01)


def test_a_frame_that_shows_nothing_has_no_labels_and_is_no_obstacle():
    frame = _turn()[0]
    empty = _turn()[0].depth * 0
    nothing = look(_camera(320, 200), (0.2, -0.4, 1.35)).frame(depth=empty)
    labeler = Labeler()
    assert labeler(nothing) is None
    assert _same(labeler(frame), label_frame(frame))


def _before_a_wall(pitch_deg, height):
    camera = _camera(*SIZES["wide"])
    view = look(camera, (0.2, 3.2, height), 0.0, pitch_deg, 2.0, (), HALL)
    number = round(1000 * height) + round(10 * pitch_deg)
    return view.frame(depth=view.noisy(1e-3, 1.2e-3, abs(number)))


def test_a_height_that_nothing_shows_any_more_is_not_told():
    labeler = Labeler()
    pitches = np.linspace(-42.0, 0.0, 16)
    found = [labeler(_before_a_wall(pitch, 1.0)) for pitch in pitches]
    assert found[0].floor.source == "measured"
    # Now a bare wall fills the view, on which rising looks like standing still.
    for height in np.arange(1.01, 1.6, 0.01):
        labels = labeler(_before_a_wall(0.0, height))
        if labels is not None:
            assert labels.floor.source == "tracked"
            assert abs(labels.floor.camera_height - height) < 0.15
    assert labels is None


def test_another_camera_of_the_same_size_starts_anew():
    labeler = Labeler()
    assert labeler(_turn()[0]) is not None
    width, height = SIZES["wide"]
    other = Intrinsics(width, height, 520.0, 528.0, width * 0.52, height * 0.47)
    view = look(other, (0.2, 3.2, 1.9), 0.0, 0.0, 2.0, (), HALL)
    assert labeler(view.frame()) is None
