"""Thumbnails, probe card and legends: what they say and show."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from scripted import label_all, make_frame, semantic_network

from capture_app.engine.picture import Layers, View
from capture_app.engine.probe import Probe, ShownClass
from capture_app.engine.thumbnails import Thumbnails
from capture_app.ui.legend import Legend
from capture_app.ui.probe_card import ProbeCard
from capture_app.ui.theme import apply_theme
from capture_app.ui.thumbnail_strip import ThumbnailStrip
from core.bins import HNBins
from core.overlay import angle_palette, height_palette

Part = TypeVar("Part", bound=QWidget)

CLASS = ShownClass("0.75-1.00 m, 45-90 deg", (20, 150, 200))
FOUND = Probe(2.004, 0.856, 71.6, CLASS)


def pixels(widget: QWidget) -> np.ndarray:
    """(H, W, 3) what is painted."""
    image = widget.grab().toImage()
    image = image.convertToFormat(image.Format.Format_RGB888)
    flat = np.frombuffer(image.constBits(), np.uint8)
    flat = flat.reshape(image.height(), image.bytesPerLine())[:, : 3 * image.width()]
    return flat.reshape(image.height(), image.width(), 3).astype(int)


@pytest.fixture
def column(qtbot: QtBot) -> Iterator[QVBoxLayout]:
    """What the parts are shown in."""
    widget = QWidget()
    qtbot.addWidget(widget)
    layout = QVBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    widget.resize(252, 300)
    widget.show()
    yield layout


def shown(widget: Part, column: QVBoxLayout) -> Part:
    """The part in a column, as high as it wants to be."""
    column.addWidget(widget)
    column.addStretch(1)
    QApplication.processEvents()
    return widget


@pytest.fixture
def strip(column: QVBoxLayout) -> ThumbnailStrip:
    return shown(ThumbnailStrip(), column)


def test_each_thumbnail_leads_to_its_view(strip: ThumbnailStrip, qtbot: QtBot) -> None:
    chosen: list[View] = []
    strip.chosen.connect(chosen.append)
    left = Qt.MouseButton.LeftButton
    qtbot.mouseClick(strip.depth_button, left)
    qtbot.mouseClick(strip.cloud_button, left)
    qtbot.keyClick(strip.depth_button, Qt.Key.Key_Space)
    assert chosen == [View.DEPTH, View.CLOUD, View.DEPTH]
    # Which view is on is not for them to say.
    assert not strip.depth_button.isChecked() and not strip.cloud_button.isChecked()
    strip.show_view(View.CLOUD)
    assert strip.cloud_button.isChecked() and not strip.depth_button.isChecked()
    strip.show_view(View.COLOR)
    assert not strip.cloud_button.isChecked()


def test_thumbnails_are_painted_side_by_side(strip: ThumbnailStrip) -> None:
    layers = Layers(make_frame(0), 0.0, label_all(make_frame(0)))
    depth, cloud = (
        np.full((162, 216), color, np.uint32) for color in (0xFFAA3311, 0xFF1133AA)
    )
    strip.show_thumbnails(Thumbnails(depth, cloud, layers))
    painted = pixels(strip)
    assert painted[30, 54].tolist() == [0xAA, 0x33, 0x11]
    assert painted[30, -54].tolist() == [0x11, 0x33, 0xAA]
    strip.show_thumbnails(None)
    assert (pixels(strip)[30, [54, -54]].max(axis=-1) < 40).all()


def test_wide_thumbnails_keep_their_shape(strip: ThumbnailStrip) -> None:
    layers = Layers(make_frame(0), 0.0)
    wide = np.full((122, 216), 0xFFDDDDDD, np.uint32)
    strip.show_thumbnails(Thumbnails(wide, wide, layers))
    column = pixels(strip)[:81, -61].max(axis=-1) > 180
    assert column.sum() == pytest.approx(122 * 122 / 216, abs=2)


def test_depth_has_a_scale_in_metres_near_warm_far_cold(strip: ThumbnailStrip) -> None:
    strip.show_thumbnails(None)
    scale = pixels(strip)[66:81, 25:99]
    colours = scale[7]
    assert colours[8, 0] > 1.5 * colours[8, 2] and colours[-8, 2] > colours[-8, 0]
    cloud = pixels(strip)[66:80, 134:248]
    assert np.ptp(cloud) < 20  # none there


@pytest.fixture
def card(column: QVBoxLayout) -> ProbeCard:
    return shown(ProbeCard(), column)


def test_the_card_says_what_is_known_and_dashes_elsewhere(card: ProbeCard) -> None:
    assert set(card.texts().values()) == {"—", "Point at the photo or depth"}
    card.show_probe(FOUND)
    assert card.texts() == {
        "Depth": "2.00 m",
        "Height": "0.86 m",
        "Angle": "72°",
        "Class": "0.75-1.00 m, 45-90 deg",
        "Network": "—",
    }
    lamp, low = ShownClass("lamp", (9, 9, 9)), ShownClass("low", (8, 8, 8))
    card.show_probe(Probe(height_m=-0.003, predicted_hn=low, semantic=lamp))
    texts = card.texts()
    assert texts["Depth"] == texts["Angle"] == texts["Class"] == "—"
    assert texts["Height"] == "0.00 m"  # and not -0.00
    assert texts["Network"] == "lamp / low"
    card.show_probe(None)
    assert card.texts()["Height"] == "—"


def test_the_card_keeps_its_size_whatever_it_says(card: ProbeCard) -> None:
    long = ShownClass("a very long class name that no card has room for", (1, 2, 3))
    sizes = {(card.sizeHint().toTuple(), card.minimumSizeHint().toTuple())}
    for probe in (FOUND, replace(FOUND, depth_m=123.456, semantic=long), Probe(), None):
        card.show_probe(probe)
        QApplication.processEvents()
        sizes.add((card.sizeHint().toTuple(), card.minimumSizeHint().toTuple()))
    assert len(sizes) == 1
    assert card.minimumSizeHint().width() <= 252


def test_the_class_has_its_swatch(card: ProbeCard) -> None:
    def has_color() -> bool:
        return bool((np.abs(pixels(card) - CLASS.color).max(axis=-1) < 4).any())

    assert not has_color()
    card.show_probe(FOUND)
    assert has_color()


def legend_of(qtbot: QtBot, view: View, shares: np.ndarray) -> Legend:
    network = semantic_network()["semantic"]
    legend = Legend(HNBins(), {"semantic": network.info})
    qtbot.addWidget(legend)
    legend.resize(224, 300)
    legend.explain(view, shares, np.zeros(256))
    return legend


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", list(View))
def test_every_view_is_explained(
    view: View, theme: str, qtbot: QtBot, qapp: QApplication
) -> None:
    apply_theme(qapp, theme)  # type: ignore[arg-type]
    try:
        legend = legend_of(qtbot, view, np.full(256, 1 / 256))
        assert legend.title()
        assert len(np.unique(pixels(legend).reshape(-1, 3), axis=0)) > 20
    finally:
        apply_theme(qapp, "dark")


@pytest.mark.parametrize(
    ("view", "palette"),
    [(View.HEIGHTS, height_palette()), (View.ANGLES, angle_palette())],
)
def test_a_scale_has_its_palette_with_the_largest_value_on_top(
    view: View, palette: np.ndarray, qtbot: QtBot
) -> None:
    shares = np.zeros(256)
    shares[:20], shares[128:135] = 0.04, 0.02
    painted = pixels(legend_of(qtbot, view, shares))
    bar = painted[:, 12]
    is_bar = np.ptp(bar, axis=-1) > 60
    top, bottom = np.flatnonzero(is_bar)[[0, -1]]
    middle = bar[(top + bottom) // 2]
    assert np.abs(bar[top + 1] - palette[254]).max() < 25
    assert np.abs(middle - palette[127]).max() < 25
    assert np.abs(bar[bottom - 1] - palette[0]).max() < 25
    # How much of each value is in view: most at the bottom, none at the top.
    grey = np.array((0xA3, 0xAC, 0xBB))
    lengths = (np.abs(painted[:, 115:] - grey).max(axis=-1) < 30).sum(axis=-1)
    height = bottom - top
    assert lengths[bottom - height // 20 : bottom].max() > 60
    assert lengths[top : top + height // 3].max() < 12
    assert lengths[(top + bottom) // 2 - height // 20 :][: height // 10].max() > 20


@pytest.mark.parametrize("height", [40, 90, 160, 500])
def test_the_ticks_of_a_scale_have_room_at_any_height(
    height: int, qtbot: QtBot
) -> None:
    legend = legend_of(qtbot, View.HEIGHTS, np.zeros(256))
    legend.setMinimumHeight(0)
    legend.resize(224, height)
    words = pixels(legend)[:, 36:120]
    is_word = (words.min(axis=-1) > 150).any(axis=1)
    lines = np.diff(is_word.astype(int)).clip(0).sum() + int(is_word[0])
    assert lines >= (4 if height > 60 else 1)
    if height == 500:
        assert lines == 6 + 2  # ticks, and the note below them


def test_a_cloud_without_a_floor_is_explained_by_its_photo(qtbot: QtBot) -> None:
    with_classes = pixels(legend_of(qtbot, View.CLOUD, np.full(256, 1 / 256)))
    without = pixels(legend_of(qtbot, View.CLOUD, np.zeros(256)))
    assert (with_classes.max(axis=-1) - with_classes.min(axis=-1) > 60).mean() > 0.1
    assert (without.max(axis=-1) - without.min(axis=-1) > 30).mean() < 0.01
