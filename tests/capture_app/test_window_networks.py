"""The window with networks: its views, what it says of them, and collecting."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from closing import close
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QToolButton
from pytestqt.qtbot import QtBot
from scripted import (
    RunningSensor,
    hn_network,
    label_all,
    predict_hn,
    semantic_network,
)

from capture_app.engine import collector
from capture_app.engine.live import LiveView
from capture_app.engine.networks import Networks
from capture_app.engine.picture import View
from capture_app.engine.session import CaptureSession
from capture_app.ui.actions import VIEW_ACTIONS
from capture_app.ui.notice import notice
from capture_app.ui.theme import apply_theme
from capture_app.ui.window import CaptureWindow, Folders
from core.bins import HNBins
from core.overlay import class_palette, disagreement_palette
from core.recording import Recording

BOTH = {**hn_network(), **semantic_network()}


@pytest.fixture
def networks() -> Networks:
    return BOTH


@pytest.fixture
def sensor() -> RunningSensor:
    return RunningSensor()


@pytest.fixture
def window(
    qtbot: QtBot,
    qapp: QApplication,
    sensor: RunningSensor,
    networks: Networks,
    tmp_path: Path,
) -> Iterator[CaptureWindow]:
    apply_theme(qapp)
    before = set(threading.enumerate())
    window = CaptureWindow(
        lambda _: CaptureSession(sensor, LiveView(label_all, HNBins(), networks)),
        Folders(tmp_path / "recordings"),
        min_free_bytes=0,
    )
    window.show()
    qtbot.waitUntil(lambda: shows_classes(window))
    yield window
    close(window)
    assert set(threading.enumerate()) == before


def shows_classes(window: CaptureWindow) -> bool:
    picture = window.capture.frame_view.picture
    return picture is not None and picture.has_classes


def legend_pixels(window: CaptureWindow) -> np.ndarray:
    image = window.capture.side_panel.legend.grab().toImage()
    return np.array(image.constBits()).reshape(image.height(), image.width(), 4)


@pytest.mark.parametrize(
    ("networks", "first"),
    [
        (BOTH, View.BOTH),
        (hn_network(), View.HN_PREDICTION),
        (semantic_network(), View.SEMANTIC),
        ({}, View.HN_LABELS),
    ],
    ids=["both", "hn", "semantic", "none"],
)
def test_the_first_view_is_what_the_networks_are_for(
    window: CaptureWindow, networks: Networks, first: View
) -> None:
    assert window.capture.frame_view.picture.settings.view is first
    assert window.actions_by_name[VIEW_ACTIONS[first].name].isChecked()


def test_the_keys_show_every_view_with_a_legend_of_its_own(
    qtbot: QtBot, window: CaptureWindow
) -> None:
    legends, titles = [], []
    for view, spec in VIEW_ACTIONS.items():
        qtbot.keyClick(window, spec.shortcut)
        has_classes = view not in (View.DEPTH, View.COLOR)
        qtbot.waitUntil(
            lambda view=view, has_classes=has_classes: (
                window.capture.frame_view.picture.settings.view is view
                and window.capture.frame_view.picture.has_classes == has_classes
            )
        )
        window.capture._slow_tick()
        assert window.capture.view_bar.slider.isEnabled() == has_classes
        legends.append(legend_pixels(window))
        titles.append(window.capture.side_panel.legend.title())
    same = {
        (a, b)
        for a in range(len(legends))
        for b in range(a)
        if np.array_equal(legends[a], legends[b])
    }
    assert same == {(9, 0)}  # points have the colours of HN-labels
    assert titles[5] == "Filled: predicted classes"
    assert titles[6] == "Prediction against depth"


def has_color(pixels: np.ndarray, color: np.ndarray) -> bool:
    """Whether a swatch of this RGB is among (H, W, 4) pixels, blue first."""
    return (pixels[..., :3] == color[::-1]).all(axis=-1).sum() > 30


def test_the_legends_have_the_colours_of_their_pictures(
    qtbot: QtBot, window: CaptureWindow
) -> None:
    lamp = BOTH["semantic"].info.palette[2]
    for view, colors in (
        (View.BOTH, [lamp, class_palette(HNBins())[12]]),
        (View.DISAGREEMENT, list(disagreement_palette()[:4])),
    ):
        window.capture.show_view(view)
        qtbot.waitUntil(
            lambda view=view: (
                window.capture.frame_view.picture.settings.view is view
                and window.capture.frame_view.picture.has_classes
            )
        )
        window.capture._slow_tick()
        pixels = legend_pixels(window)
        assert all(has_color(pixels, color) for color in colors)


@pytest.mark.parametrize(
    ("networks", "view", "words"),
    [
        (
            {},
            View.HN_PREDICTION,
            ("the HN network is missing", "--model runs/NAME/model_hn.onnx"),
        ),
        (
            hn_network(),
            View.SEMANTIC,
            (
                "the semantic network is missing",
                "--model runs/NAME/model_hn.onnx runs/NAME/model.onnx",
            ),
        ),
        (
            {},
            View.BOTH,
            ("the HN and the semantic network are missing", "hn.onnx runs/NAME/model."),
        ),
        (
            semantic_network(),
            View.DISAGREEMENT,
            ("the HN network is missing", "Models page"),
        ),
    ],
    ids=["hn", "semantic", "both", "disagreement"],
)
def test_a_view_that_lacks_its_network_says_what_to_do(
    window: CaptureWindow, view: View, words: tuple[str, ...]
) -> None:
    action = window.actions_by_name[VIEW_ACTIONS[view].name]
    assert not action.isEnabled()
    for part in words:
        assert part in action.toolTip()
    for other in (View.HN_LABELS, View.DEPTH, View.COLOR):
        spec = VIEW_ACTIONS[other]
        assert window.actions_by_name[spec.name].isEnabled()
        assert "missing" not in window.actions_by_name[spec.name].toolTip()


def status_words(window: CaptureWindow) -> str:
    window.capture._slow_tick()
    labels = window.capture.status_line.findChildren(QLabel)
    return " ".join(label.text() for label in labels)


def test_how_wrong_the_network_is_stands_in_the_status_while_it_is_known(
    qtbot: QtBot, window: CaptureWindow
) -> None:
    window.capture.show_view(View.DISAGREEMENT)
    # Half of the right half of 64 columns, among the 57 with depth: 28 %.
    qtbot.waitUntil(lambda: "HN wrong 28 %" in status_words(window))
    window.capture.show_view(View.SEMANTIC)
    qtbot.waitUntil(lambda: "HN wrong" not in status_words(window))
    assert "prediction" in status_words(window)


def test_a_network_that_is_being_loaded_is_named(
    qtbot: QtBot, window: CaptureWindow, sensor: RunningSensor, tmp_path: Path
) -> None:
    may_load = threading.Event()

    def slow(rgb: np.ndarray) -> np.ndarray:
        may_load.wait(5.0)
        return predict_hn(rgb)

    window.capture.session.close()
    loading = CaptureWindow(
        lambda _: CaptureSession(
            sensor, LiveView(label_all, HNBins(), hn_network(slow))
        ),
        Folders(tmp_path),
    )

    def words() -> str:
        live = loading.capture.session.live
        return notice(
            loading.capture.session, live, loading.capture.frame_view.picture
        )[0]

    qtbot.waitUntil(lambda: words() == "Loading the network…")
    may_load.set()
    qtbot.waitUntil(lambda: shows_classes(loading))
    assert words() == ""
    loading.close()


@pytest.fixture
def always_hard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every frame is kept, so that the tests need not wait for seconds."""
    monkeypatch.setattr(collector.HardFrames, "is_hard", lambda self, share, at_s: True)


@pytest.mark.usefixtures("always_hard")
def test_collecting_is_off_until_its_key_is_pressed(
    qtbot: QtBot, window: CaptureWindow, tmp_path: Path
) -> None:
    collect = window.actions_by_name["collect"]
    assert window.capture.session.live.collection is None and not collect.isChecked()
    window.capture.show_view(View.DEPTH)
    qtbot.keyClick(window, Qt.Key.Key_C)
    assert collect.isChecked()
    qtbot.waitUntil(lambda: window.capture.session.live.collection.num_kept >= 2)
    window.capture._slow_tick()
    assert collect.text().startswith("Collect: ") and collect.text().endswith(" kept")
    qtbot.keyClick(window, Qt.Key.Key_C)
    assert not collect.isChecked() and collect.text() == "Collect"
    window.close()
    path = tmp_path / "recordings" / "scene-hard_001"
    assert f"hard frames are in {path}" in collect.toolTip()
    assert len(Recording(path)) == window.capture.session.live.collection.num_kept
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.usefixtures("always_hard")
def test_a_collection_goes_on_in_a_new_recording_when_the_camera_is_opened_again(
    qtbot: QtBot, window: CaptureWindow, tmp_path: Path
) -> None:
    window.capture.record_bar.scene.setText("kitchen")
    window.capture.toggle_collecting()
    qtbot.waitUntil(lambda: window.capture.session.live.collection.num_kept >= 1)
    window.capture.restart()
    assert window.actions_by_name["collect"].isChecked()
    qtbot.waitUntil(lambda: window.capture.session.live.collection.num_kept >= 1)
    window.close()
    for name in ("kitchen-hard_001", "kitchen-hard_002"):
        recording = Recording(tmp_path / "recordings" / name)
        assert not recording.is_cut_off and recording.scene.device == "running"


@pytest.mark.usefixtures("always_hard")
def test_a_collection_that_fails_is_a_banner_and_the_camera_goes_on(
    qtbot: QtBot, window: CaptureWindow, tmp_path: Path
) -> None:
    (tmp_path / "recordings").write_text("a file where the folder should be")
    with qtbot.waitSignal(window.has_problem):
        window.capture.toggle_collecting()
    assert "No hard frames are kept any more" in window.banner.text
    assert "press C to begin again" in window.banner.text
    window.capture._slow_tick()
    assert not window.actions_by_name["collect"].isChecked()
    before = window.capture.frame_view.picture.layers.frame.number
    qtbot.waitUntil(
        lambda: window.capture.frame_view.picture.layers.frame.number > before + 3
    )


@pytest.mark.parametrize("networks", [semantic_network()])
def test_without_an_hn_network_nothing_can_be_collected(
    qtbot: QtBot, window: CaptureWindow, networks: Networks
) -> None:
    qtbot.keyClick(window, Qt.Key.Key_C)
    collect = window.actions_by_name["collect"]
    assert not collect.isEnabled() and window.capture.session.live.collection is None
    assert "the HN network is missing" in collect.toolTip()


@pytest.mark.usefixtures("always_hard")
@pytest.mark.parametrize("size", [(1024, 700), (1500, 900)])
def test_no_text_is_cut_off_while_everything_is_on(
    qtbot: QtBot, window: CaptureWindow, size: tuple[int, int]
) -> None:
    window.resize(*size)
    window.capture.show_view(View.DISAGREEMENT)
    window.actions_by_name["record"].trigger()
    window.capture.toggle_collecting()
    qtbot.waitUntil(lambda: "HN wrong" in status_words(window))
    qtbot.waitUntil(lambda: window.capture.session.live.collection.num_kept >= 2)
    window.capture._slow_tick()
    QApplication.processEvents()
    assert (window.width(), window.height()) == size
    for widget in [*window.findChildren(QLabel), *window.findChildren(QToolButton)]:
        if widget.isVisible():
            needed = widget.minimumSizeHint()
            assert widget.width() >= needed.width(), widget.text()
            assert widget.height() >= needed.height(), widget.text()
