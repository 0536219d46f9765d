"""The live view with networks: what is predicted, and when it is compared."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scripted import (
    HEIGHT,
    WIDTH,
    hn_network,
    label_all,
    make_frame,
    predict_hn,
    predict_lamp,
    semantic_network,
    wait_until,
)

from capture_app.engine import collector
from capture_app.engine.live import LabelFunction, LiveView
from capture_app.engine.picture import Picture, View, ViewSettings
from capture_app.engine.recorder import RecordingPlan
from core.bins import HNBins
from core.frame import RgbdFrame
from core.hn_labels import HNLabels
from core.overlay import class_palette, disagreement_palette
from core.recording import Recording

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

BINS = HNBins()


class Counted:
    """A function that counts its calls and may be told to wait."""

    def __init__(self, function: object) -> None:
        self.num_calls = 0
        self.may_run = threading.Event()
        self.may_run.set()
        self._function = function

    def __call__(self, image: np.ndarray) -> np.ndarray:
        assert self.may_run.wait(5.0)
        self.num_calls += 1
        return self._function(image)  # type: ignore[operator]


class Networks:
    """A live view with both networks and how often they ran."""

    def __init__(self) -> None:
        self.hn, self.semantic = Counted(predict_hn), Counted(predict_lamp)
        self.live = LiveView(
            label_all,
            BINS,
            {**hn_network(self.hn), **semantic_network(self.semantic)},
        )
        self.number = 0

    @property
    def num_calls(self) -> tuple[int, int]:
        """Of the HN and of the semantic network."""
        return self.hn.num_calls, self.semantic.num_calls

    def picture(self, view: View, opacity: float = 1.0) -> Picture:
        """The first picture of this view that has classes."""
        self.live.show(ViewSettings(view, opacity))
        while True:
            self.number += 1
            self.live.offer(make_frame(self.number))
            picture = self.live.pictures.wait(0.05)
            if (
                picture is not None
                and picture.settings.view is view
                and picture.has_classes
            ):
                return picture


@pytest.fixture
def networks() -> Iterator[Networks]:
    networks = Networks()
    yield networks
    networks.hn.may_run.set()
    networks.semantic.may_run.set()
    networks.live.close()


def rgb_at(picture: Picture, row: int, column: int) -> tuple[int, ...]:
    pixel = int(picture.pixels[row, column])
    return (pixel >> 16) & 0xFF, (pixel >> 8) & 0xFF, pixel & 0xFF


def test_nothing_is_predicted_that_nobody_looks_at(networks: Networks) -> None:
    networks.picture(View.HN_LABELS)
    for view in (View.DEPTH, View.COLOR, View.HN_LABELS):
        networks.live.show(ViewSettings(view))
        for _ in range(10):
            networks.live.offer(make_frame(0))
            assert networks.live.pictures.wait(5.0) is not None
    assert networks.num_calls == (0, 0)
    networks.picture(View.SEMANTIC)
    assert networks.hn.num_calls == 0 and networks.semantic.num_calls > 0
    assert networks.live.serious_share is None
    num_before = networks.semantic.num_calls
    networks.picture(View.HN_PREDICTION)
    networks.picture(View.DISAGREEMENT)
    # The last frame of the view before may have been under way.
    assert networks.semantic.num_calls <= num_before + 1
    assert networks.hn.num_calls > 0


def test_each_view_shows_its_own_network(networks: Networks) -> None:
    palette = class_palette(BINS)
    right, low = WIDTH - 9, HEIGHT - 5
    picture = networks.picture(View.HN_PREDICTION)
    assert rgb_at(picture, 3, right) == tuple(palette[2])
    assert rgb_at(picture, HEIGHT // 4 + 3, right) == tuple(palette[15])
    assert picture.shares[3] == pytest.approx(0.5) and not picture.line_shares.any()
    picture = networks.picture(View.SEMANTIC)
    lamp = networks.live.networks["semantic"].info.palette[2]
    assert rgb_at(picture, low, right) == tuple(lamp)
    assert picture.shares[2] == pytest.approx(0.75) and not picture.line_shares.any()
    picture = networks.picture(View.DISAGREEMENT)
    kinds = disagreement_palette()
    assert rgb_at(picture, low, right) == tuple(kinds[0])
    assert rgb_at(picture, HEIGHT // 4 + 3, right) == tuple(kinds[2])
    assert rgb_at(picture, 3, right) == tuple(kinds[3])
    assert rgb_at(picture, low, 3) == (90, 45, 22)  # no depth, so the photo
    expected = (HEIGHT // 2 * WIDTH // 2) / (HEIGHT * (WIDTH - 7))
    assert picture.shares[2] + picture.shares[3] == pytest.approx(expected)
    assert networks.live.serious_share == pytest.approx(expected)


def test_both_predictions_are_fills_and_lines(networks: Networks) -> None:
    picture = networks.picture(View.BOTH)
    lamp = networks.live.networks["semantic"].info.palette[2]
    palette = class_palette(BINS)
    low, middle = HEIGHT - 5, WIDTH // 2
    assert rgb_at(picture, low, WIDTH - 9) == rgb_at(picture, low, 9) == tuple(lamp)
    assert rgb_at(picture, low, middle - 1) == tuple(palette[3])
    assert rgb_at(picture, low, middle) == tuple(palette[12])
    assert picture.shares[2] == pytest.approx(0.75)
    assert picture.line_shares[3] == pytest.approx(0.5)


def test_while_a_network_is_loaded_the_photo_is_live(networks: Networks) -> None:
    networks.picture(View.HN_LABELS)
    networks.hn.may_run.clear()
    networks.live.show(ViewSettings(View.HN_PREDICTION))
    for number in range(1000, 1010):
        networks.live.offer(make_frame(number))
        wait_until(
            lambda n=number: (
                (picture := networks.live.pictures.take()) is not None
                and picture.layers.frame.number == n
                and not picture.has_classes
            )
        )
        assert networks.live.is_loading
    networks.hn.may_run.set()
    networks.picture(View.HN_PREDICTION)
    assert not networks.live.is_loading
    for number in range(2000, 2050):  # from now on each picture waits for its classes
        networks.live.offer(make_frame(number))
        late = networks.live.pictures.take()
        assert late is None or late.has_classes


def test_a_view_that_comes_back_begins_with_the_newest_frame(
    networks: Networks,
) -> None:
    networks.picture(View.HN_PREDICTION)
    networks.picture(View.SEMANTIC)
    networks.hn.may_run.clear()
    networks.live.show(ViewSettings(View.COLOR))
    for number in (5000, 5001):
        networks.live.offer(make_frame(number))
    wait_until(
        lambda: (
            (picture := networks.live.pictures.take()) is not None
            and picture.layers.frame.number == 5001
        )
    )
    networks.live.show(ViewSettings(View.HN_PREDICTION))
    picture = networks.live.pictures.wait(5.0)
    assert picture is not None and picture.layers.frame.number == 5001


def labels_of_number(frame: RgbdFrame) -> HNLabels:
    """Class k everywhere in frame k."""
    labels = label_all(frame)
    classes = np.full((HEIGHT, WIDTH), frame.number % 10, np.uint8)
    return replace(labels, classes=classes)


def test_a_prediction_is_compared_with_the_labels_of_its_own_frame() -> None:
    def predict(rgb: np.ndarray) -> np.ndarray:
        threading.Event().wait(0.02)
        return np.full((HEIGHT, WIDTH), rgb[0, 0, 0] % 10, np.uint8)

    live = LiveView(labels_of_number, BINS, hn_network(predict))
    live.show(ViewSettings(View.DISAGREEMENT))
    pictures = []
    for number in range(120):
        # A frame's brightness is its number, so that any other frame's label is wrong.
        live.offer(make_frame(number, bright=number))
        threading.Event().wait(0.005)
        picture = live.pictures.take()
        if picture is not None and picture.layers.disagreement is not None:
            pictures.append(picture)
    live.close()
    assert len(pictures) > 10
    for picture in pictures:
        assert picture.layers.disagreement.serious_share == 0.0
        assert picture.shares[0] == 1.0


def test_what_has_no_labels_is_not_shown_as_wrong() -> None:
    live = LiveView(lambda frame: None, BINS, hn_network())
    live.show(ViewSettings(View.DISAGREEMENT))
    live.offer(make_frame(0))
    wait_until(lambda: View.DISAGREEMENT in live._predicted_views)
    live.offer(make_frame(1))
    while (picture := live.pictures.wait(5.0)) and not live.lacks_floor(picture):
        pass
    live.close()
    assert picture is not None and not picture.has_classes
    assert live.serious_share is None


@pytest.mark.parametrize("works_first", [True, False])
def test_a_fault_in_a_network_leaves_the_photo_and_a_problem(
    works_first: bool, caplog: pytest.LogCaptureFixture
) -> None:
    works = threading.Event()

    def predict(rgb: np.ndarray) -> np.ndarray:
        if not works.is_set():
            raise ZeroDivisionError("oops")
        return predict_hn(rgb)

    live = LiveView(label_all, BINS, hn_network(predict))
    live.show(ViewSettings(View.HN_PREDICTION))
    if works_first:
        works.set()
        live.offer(make_frame(0))
        wait_until(lambda: View.DISAGREEMENT in live._predicted_views)
        works.clear()
    with caplog.at_level(logging.CRITICAL):
        live.offer(make_frame(1))
        wait_until(lambda: not live._run_network.working and not live.is_preparing)
    for view in (View.HN_PREDICTION, View.DISAGREEMENT):
        live.show(ViewSettings(view))
        live.offer(make_frame(7))
        picture = live.pictures.wait(5.0)
        while picture is not None and picture.layers.frame.number != 7:
            picture = live.pictures.wait(5.0)
        assert picture is not None and not picture.has_classes
        assert not live.is_loading
    (problem,) = live.problems.take()
    live.close()
    assert "HN network stopped (ZeroDivisionError: oops)" in problem.message


def test_labels_in_other_bins_than_the_networks_are_refused() -> None:
    with pytest.raises(ValueError, match="different bins"):
        LiveView(label_all, HNBins(height_edges=(0.4,)), hn_network())


def test_a_collection_keeps_hard_frames_whatever_is_shown(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    networks.picture(View.HN_LABELS)
    assert networks.live.collection is None and networks.num_calls == (0, 0)
    plan = RecordingPlan(tmp_path / "hard", min_free_bytes=0)
    monkeypatch.setattr(collector.HardFrames, "is_hard", lambda self, s, at_s: s > 0.1)
    networks.live.start_collecting(plan, "tester")
    for _ in range(5):
        networks.picture(View.HN_LABELS)
    wait_until(lambda: networks.live.collection.num_kept > 0)
    assert networks.semantic.num_calls == 0
    networks.live.stop_collecting()
    wait_until(lambda: not networks.live.collection.is_on)
    num_calls = networks.hn.num_calls
    for _ in range(5):
        networks.picture(View.HN_LABELS)
    assert networks.hn.num_calls <= num_calls + 1
    networks.live.close()
    recording = Recording(tmp_path / "hard")
    assert len(recording) == networks.live.collection.num_kept
    assert recording.scene.device == "tester" and not recording.is_cut_off


def label_from_afar(frame: RgbdFrame) -> HNLabels:
    labels = label_all(frame)
    return replace(labels, floor=replace(labels.floor, source="tracked"))


@pytest.mark.parametrize("labeler", [lambda frame: None, label_from_afar])
def test_frames_that_do_not_show_their_floor_are_not_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, labeler: LabelFunction
) -> None:
    monkeypatch.setattr(collector.HardFrames, "is_hard", lambda self, s, at_s: True)
    live = LiveView(labeler, BINS, hn_network())
    live.start_collecting(RecordingPlan(tmp_path / "hard", min_free_bytes=0), "")
    for number in range(5):
        live.offer(make_frame(number))
        wait_until(lambda n=number: live._predict.inbox._item is None)
    live.close()
    assert live.collection.num_kept == 0 and list(tmp_path.iterdir()) == []
