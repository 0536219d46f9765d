"""The small pictures of depth and point cloud."""

import logging
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from scripted import HEIGHT, WIDTH, label_all, make_frame, wait_until

from capture_app.engine import thumbnails as module
from capture_app.engine.live import LiveView
from capture_app.engine.picture import Layers
from capture_app.engine.thumbnails import (
    Thumbnailer,
    Thumbnails,
    depth_thumbnail,
    swinging,
)
from core.bins import HNBins
from core.frame import RgbdFrame
from core.splat import BACKGROUND

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


def labelled(number: int) -> Layers:
    frame = make_frame(number)
    labels = label_all(frame)
    return Layers(frame, float(number), labels, {}, None, labels.floor, True)


def fail(what: str, error: Exception) -> None:
    raise AssertionError(what) from error


@pytest.fixture
def thumbnailer() -> Iterator[Thumbnailer]:
    thumbnailer = Thumbnailer(HNBins(), fail)
    yield thumbnailer
    thumbnailer.close()
    thumbnailer.close()


def test_depth_is_warm_near_and_cold_far_in_the_shape_of_its_camera() -> None:
    depth = np.full((HEIGHT, WIDTH), 600, np.uint16)
    depth[:, WIDTH // 2 :] = 5500
    depth[: HEIGHT // 4] = 0
    frame = replace(make_frame(0), depth=depth)
    pixels = depth_thumbnail(Layers(frame, 0.0))
    assert pixels.shape == (162, 216)
    red, blue = (pixels >> 16) & 0xFF, pixels & 0xFF
    assert (pixels[:39] == 0xFF000000).all()
    assert (red > blue)[42:, :106].all() and (blue > red)[42:, 110:].all()


def test_the_cloud_shows_classes_where_there_are_any(thumbnailer: Thumbnailer) -> None:
    thumbnailer.offer(labelled(0))
    classified = thumbnailer.made.wait(5.0)
    thumbnailer.offer(Layers(make_frame(1), 0.0))
    plain = thumbnailer.made.wait(5.0)
    assert classified is not None and plain is not None
    assert classified.layers.frame.number == 0 and plain.layers.frame.number == 1
    assert set(np.unique(plain.cloud).tolist()) == {BACKGROUND, 0xFF5A2D16}
    assert len(np.unique(classified.cloud)) == 3  # two classes
    assert classified.cloud.shape == (162, 216)
    assert (classified.cloud != BACKGROUND).mean() > 0.1


def test_they_are_few_and_the_newest_comes_in_the_end(
    thumbnailer: Thumbnailer,
) -> None:
    thumbnailer.offer(labelled(0))
    assert thumbnailer.made.wait(5.0) is not None  # compiled by now
    began_s, made = time.monotonic(), []
    number = 0
    while time.monotonic() < began_s + 0.65:
        number += 1
        thumbnailer.offer(labelled(number))
        made.append(thumbnailer.made.wait(0.01))
    lasted_s = time.monotonic() - began_s
    last: list[Thumbnails] = [t for t in made if t is not None]
    assert 2 <= len(last) <= lasted_s / 0.1 + 1
    wait_until(
        lambda: (
            last[-1].layers.frame.number == number
            or ((new := thumbnailer.made.take()) is not None and last.append(new))
        )
    )


def test_closing_does_not_wait_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PERIOD_S", 60.0)
    thumbnailer = Thumbnailer(HNBins(), fail)
    thumbnailer.offer(labelled(0))
    wait_until(lambda: thumbnailer.made.take() is not None)
    began_s = time.monotonic()
    thumbnailer.close()
    assert time.monotonic() - began_s < 5.0


def test_they_go_on_without_labels(caplog: pytest.LogCaptureFixture) -> None:
    def fail_later(frame: RgbdFrame) -> None:
        raise ZeroDivisionError("oops")

    live = LiveView(fail_later, HNBins())
    with caplog.at_level(logging.CRITICAL):
        live.offer(make_frame(0))
        wait_until(lambda: live._label.has_failed)
    live.offer(make_frame(1))
    wait_until(
        lambda: (
            (made := live.thumbnails.take()) is not None
            and made.layers.frame.number == 1
        )
    )
    live.close()


def test_after_the_first_labels_they_have_classes() -> None:
    live = LiveView(label_all, HNBins())
    live.offer(make_frame(0))
    wait_until(lambda: not live.is_preparing)
    live.offer(make_frame(1))
    made = None
    while made is None or made.layers.frame.number < 1:
        made = live.thumbnails.wait(5.0)
        assert made is not None
    live.close()
    assert made.layers.labels is not None


def test_a_fault_in_them_is_a_problem_and_the_picture_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def oops(layers: Layers) -> np.ndarray:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(module, "depth_thumbnail", oops)
    live = LiveView(label_all, HNBins())
    problems = []
    with caplog.at_level(logging.CRITICAL):
        live.offer(make_frame(0))
        wait_until(lambda: problems.extend(live.problems.take()) or problems)
    live.offer(make_frame(1))
    wait_until(
        lambda: (
            (picture := live.pictures.take()) is not None
            and picture.layers.frame.number == 1
        )
    )
    live.close()
    (problem,) = problems
    assert "thumbnail thread stopped (ZeroDivisionError: oops)" in problem.message
    assert problem.can_retry


def test_the_cloud_swings_to_and_fro() -> None:
    yaws = [swinging(second).yaw_deg for second in range(0, 15)]
    assert min(yaws) < 5.0 and max(yaws) > 35.0
    assert max(abs(np.diff(yaws))) < 10.0  # slowly
