"""The live view when networks fail, anything is slow, or there are no more frames."""

import gc
import logging
import threading
import time
import weakref
from functools import partial

import numpy as np
import pytest
from scripted import (
    hn_network,
    label_all,
    make_frame,
    predict_hn,
    predict_lamp,
    semantic_network,
    wait_until,
)

from capture_app.engine.live import LiveView
from capture_app.engine.picture import TASKS_OF, View, ViewSettings
from core.bins import HNBins
from core.errors import CheckpointError
from core.frame import RgbdFrame
from core.hn_labels import HNLabels

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

BINS = HNBins()
BOTH = {**hn_network(), **semantic_network()}


def oops(rgb: np.ndarray) -> np.ndarray:
    raise ZeroDivisionError("oops")


def shows_classes(live: LiveView, view: View, number: int) -> bool:
    """Whether the newest picture is of this frame, with classes of this view."""
    picture = live.pictures.take()
    return (
        picture is not None
        and picture.has_classes
        and picture.settings.view is view
        and picture.layers.frame.number == number
    )


def test_a_network_that_fails_leaves_the_other_one_at_work(
    caplog: pytest.LogCaptureFixture,
) -> None:
    live = LiveView(label_all, BINS, {**hn_network(oops), **semantic_network()})
    live.show(ViewSettings(View.BOTH))
    with caplog.at_level(logging.CRITICAL):
        live.offer(make_frame(0))
        wait_until(lambda: live._run_network.working == {"semantic"})
    assert not live.is_loading
    live.show(ViewSettings(View.SEMANTIC))
    live.offer(make_frame(1))
    wait_until(lambda: shows_classes(live, View.SEMANTIC, 1))
    (problem,) = live.problems.take()
    live.close()
    assert problem.can_retry
    assert "The HN network stopped (ZeroDivisionError: oops)" in problem.message


def test_a_file_that_cannot_be_used_is_told_in_its_own_words() -> None:
    def load() -> None:
        raise CheckpointError("model.onnx: no such model file")

    networks = semantic_network()
    object.__setattr__(networks["semantic"], "load", load)
    live = LiveView(label_all, BINS, networks)
    live.show(ViewSettings(View.SEMANTIC))
    live.offer(make_frame(0))
    wait_until(lambda: not live.is_loading)
    (problem,) = live.problems.take()
    live.close()
    assert problem.message.startswith(
        "The semantic network cannot be used: model.onnx: no such model file. "
    )


def test_labels_slower_than_the_network_are_compared_all_the_same() -> None:
    def label_slowly(frame: RgbdFrame) -> HNLabels:
        threading.Event().wait(0.06)
        return label_all(frame)

    live = LiveView(label_slowly, BINS, hn_network())
    live.show(ViewSettings(View.DISAGREEMENT))
    num_shown = 0
    for number in range(40):
        live.offer(make_frame(number))
        threading.Event().wait(0.02)
        picture = live.pictures.take()
        num_shown += picture is not None and picture.has_classes
    live.close()
    assert num_shown > 3 and not live.is_loading


def test_how_wrong_a_slow_network_is_stays_known_until_it_has_looked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live = LiveView(label_all, BINS, hn_network())
    live.show(ViewSettings(View.DISAGREEMENT))
    arrived = make_frame(0)
    now_s = time.monotonic
    monkeypatch.setattr("capture_app.engine.live.time.monotonic", lambda: now_s() - 1.5)
    live.offer(arrived)  # a second and a half ago
    monkeypatch.undo()
    wait_until(lambda: View.DISAGREEMENT in live._predicted_views)
    assert live.serious_share is not None
    live.close()


@pytest.mark.parametrize("first", [View.HN_LABELS, View.SEMANTIC, View.COLOR])
def test_the_last_frame_of_all_can_be_looked_at_in_every_view(first: View) -> None:
    live = LiveView(label_all, BINS, BOTH)
    live.show(ViewSettings(first))
    for number in range(3):
        live.offer(make_frame(number))
        wait_until(lambda: live._label.inbox._item is None)
    for view in View:
        if TASKS_OF[view]:
            live.show(ViewSettings(view))
            wait_until(partial(shows_classes, live, view, 2))
    live.close()


class LargeNetwork:
    """Of whose end one can hear."""

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        return predict_hn(rgb)


def test_a_view_that_is_closed_frees_its_networks_at_once() -> None:
    loaded = []
    networks = {**hn_network(predict_lamp)}

    def load() -> LargeNetwork:
        network = LargeNetwork()
        loaded.append(weakref.ref(network))
        return network

    object.__setattr__(networks["hn"], "load", load)
    live = LiveView(label_all, BINS, networks)
    live.show(ViewSettings(View.HN_PREDICTION))
    live.offer(make_frame(0))
    wait_until(lambda: not live.is_loading)
    gc.disable()
    try:
        live.close()
        assert loaded[0]() is None
    finally:
        gc.enable()
