"""The live view: labels, pictures and what is said of the floor."""

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from scripted import HEIGHT, WIDTH, ScriptedSensor, label_all, make_frame, wait_until

from capture_app.engine.live import LiveView
from capture_app.engine.painter import horizon
from capture_app.engine.picture import Picture, View, ViewSettings
from capture_app.engine.session import CaptureSession
from capture_app.engine.states import SourceState
from core.bins import HNBins
from core.frame import Intrinsics, RgbdFrame
from core.geometry import project
from core.hn_labels import HNLabels
from core.overlay import class_palette

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


def picture_of(live: LiveView) -> Picture:
    wait_until(lambda: live.pictures._item is not None)
    picture = live.pictures.take()
    assert picture is not None
    return picture


def picture_with(live: LiveView, is_it: Callable[[Picture], object]) -> Picture:
    """The first picture of which `is_it` is true."""
    while not is_it(picture := picture_of(live)):
        pass
    return picture


@pytest.fixture
def live() -> Iterator[LiveView]:
    live = LiveView(label_all, HNBins())
    yield live
    live.close()
    live.close()


def red_of(picture: Picture) -> np.ndarray:
    return (picture.pixels >> 16) & 0xFF


def test_the_overlay_is_as_strong_as_asked(live: LiveView) -> None:
    palette = class_palette(HNBins())
    live.offer(make_frame(0))
    wait_until(lambda: not live.is_preparing)
    for opacity in (0.25, 0.75):
        live.show(ViewSettings(opacity=opacity))
        wait_until(lambda opacity=opacity: picture_of(live).settings.opacity == opacity)
    live.show(ViewSettings(opacity=0.75))
    picture = picture_of(live)
    assert picture.pixels[5, 20] >> 24 == 0xFF
    assert red_of(picture)[5, 3] == 90  # no depth, so the photo
    for column, label in ((20, 3), (50, 12)):
        expected = 0.25 * 90 + 0.75 * palette[label, 0]
        assert red_of(picture)[5, column] == pytest.approx(expected, abs=1.5)
    assert picture.shares[3] == pytest.approx(25 / 57)
    assert picture.layers.floor is not None


def test_depth_and_colour_show_no_classes(live: LiveView) -> None:
    live.show(ViewSettings(View.COLOR))
    live.offer(make_frame(0, bright=200))
    picture = picture_of(live)
    assert (red_of(picture) == 200).all() and not picture.has_classes
    live.show(ViewSettings(View.DEPTH))
    picture = picture_of(live)
    assert (picture.pixels[:, :7] == 0xFF000000).all()  # missing depth is black
    assert (picture.pixels[:, 7:] != 0xFF000000).all()


@pytest.mark.parametrize("size", [(640, 300), (100, 480), (32, 24)])
def test_a_picture_fills_its_place_and_keeps_its_shape(
    size: tuple[int, int], live: LiveView
) -> None:
    live.show(ViewSettings(View.COLOR, size=size))
    live.offer(make_frame(0))
    height, width = picture_of(live).pixels.shape
    assert (width == size[0]) or (height == size[1])
    assert width <= size[0] and height <= size[1]
    assert width / height == pytest.approx(WIDTH / HEIGHT, rel=0.02)


def test_a_fault_in_the_labels_leaves_the_photo_and_a_problem(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(frame: RgbdFrame) -> None:
        raise ZeroDivisionError("oops")

    live = LiveView(fail, HNBins())
    with caplog.at_level(logging.CRITICAL):
        live.offer(make_frame(0))
        wait_until(lambda: live._label.has_failed)
        live.offer(make_frame(1))
        picture = picture_with(live, lambda p: p.layers.frame.number == 1)
    (problem,) = live.problems.take()
    live.close()
    assert not picture.has_classes and not live.is_preparing
    assert "labels thread stopped (ZeroDivisionError: oops)" in problem.message
    assert not live.lacks_floor(picture)


def test_frames_without_floor_are_shown_and_named(tmp_path: Path) -> None:
    live = LiveView(lambda frame: None, HNBins())
    live.offer(make_frame(0))
    picture = picture_with(live, live.lacks_floor)
    live.close()
    assert picture.layers.frame.number == 0 and picture.horizon is None


def test_after_a_fault_in_the_labels_nothing_is_said_of_the_floor(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not even that there is none: nobody looks any more."""

    def fail_later(frame: RgbdFrame) -> HNLabels | None:
        if frame.number < 2:
            return None if frame.number == 0 else label_all(frame)
        raise ZeroDivisionError("oops")

    live = LiveView(fail_later, HNBins())
    live.offer(make_frame(0))
    picture_with(live, live.lacks_floor)
    live.offer(make_frame(1))
    picture_with(live, lambda p: p.has_classes and p.layers.floor)
    with caplog.at_level(logging.CRITICAL):
        live.offer(make_frame(2))
        wait_until(lambda: live._label.has_failed)
    live.offer(make_frame(3))
    picture = picture_with(live, lambda p: p.layers.frame.number == 3)
    live.close()
    assert not picture.has_classes
    assert picture.layers.floor is None and not live.lacks_floor(picture)


def test_the_photo_is_live_until_the_first_labels_are_there() -> None:
    may_label = threading.Event()

    def slow(frame: RgbdFrame) -> HNLabels:
        may_label.wait(5.0)
        return label_all(frame)

    live = LiveView(slow, HNBins())
    for number in range(5):
        live.offer(make_frame(number))
        picture = picture_with(live, lambda p, n=number: p.layers.frame.number == n)
        assert picture.settings.view is View.HN_LABELS
        assert (red_of(picture) == 90).all() and not picture.has_classes
        assert live.is_preparing and not live.lacks_floor(picture)
    may_label.set()
    picture_with(live, lambda p: p.has_classes)
    assert not live.is_preparing
    for number in range(5, 60):  # from now on each picture waits for its labels
        live.offer(make_frame(number))
        late = live.pictures.take()
        assert late is None or late.has_classes
    live.offer(make_frame(60))
    picture_with(live, lambda p: p.layers.frame.number == 60)
    live.close()


def test_slow_labels_skip_frames_and_do_not_hold_up_the_camera() -> None:
    labelled = []
    may_label = threading.Event()

    def slow(frame: RgbdFrame) -> object:
        may_label.wait(5.0)
        labelled.append(frame.number)
        return label_all(frame)

    live = LiveView(slow, HNBins())  # type: ignore[arg-type]
    sensor = ScriptedSensor([*(make_frame(n) for n in range(50)), None])
    with CaptureSession(sensor, live) as session:
        session.start()
        wait_until(lambda: session.source_state is SourceState.ENDED)
        may_label.set()
        wait_until(lambda: 49 in labelled)
    assert len(labelled) <= 3


def test_the_horizon_is_where_the_rays_are_level() -> None:
    up = np.array((0.15, -0.97, -0.2))
    up /= np.linalg.norm(up)
    camera = Intrinsics(640, 480, 500.0, 520.0, 330.0, 200.0)
    ends = horizon(up, camera)
    assert ends is not None
    level = np.cross(up, (0.3, 0.1, 1.0))  # any direction at a right angle to up
    ahead = np.cross(level, up)
    (u, v) = project((ahead / ahead[2])[None], camera)[0]
    (x0, y0), (x1, y1) = ends
    share = (u / 639 - x0) / (x1 - x0)
    assert y0 + share * (y1 - y0) == pytest.approx(v / 479, abs=1e-6)
    assert horizon(np.array((0.0, -0.5, -0.866)), camera) is None  # looks at the floor
