"""The cards for the quality of the newest frame and for what the scene has shown."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from capture_app.engine.coverage import Coverage, CoverageCounter
from capture_app.engine.scene_watch import Quality
from capture_app.ui.coverage_card import CoverageCard
from capture_app.ui.quality_card import QualityCard
from capture_app.ui.take_panel import Coverage as Grid
from capture_app.ui.theme import apply_theme, theme
from core.bins import HNBins
from core.floor import FloorPlane
from core.near_duplicates import Thumbnail

UP = np.array((0.0, -0.8, -0.6))
GOOD = Quality(0.94, FloorPlane(UP, 1.2, confidence=0.8), 1.3, 0.15, False, 0.7, 48.0)
WORST = Quality(0.31, FloorPlane(UP, 2.48, "tracked"), 178.0, 0.02, True, 10.4, 1128.0)
WIDTH = 252  # of a card in the column


@pytest.fixture(autouse=True)
def a_theme(qapp: QApplication) -> None:
    apply_theme(qapp)


@pytest.fixture
def card(qtbot: QtBot) -> QualityCard:
    card = QualityCard()
    qtbot.addWidget(card)
    card.setFixedWidth(WIDTH)
    return card


def rows(card: QualityCard) -> dict[str, tuple[str, str]]:
    """Words and state by the row's name."""
    labels = card.findChildren(QLabel)
    names, words = labels[0::2], labels[1::2]
    return {
        name.text(): (value.text(), value.property("state") or "")
        for name, value in zip(names, words, strict=True)
    }


def num_pixels(widget: QWidget, color: str) -> int:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    wanted = QColor(color).rgb()
    return sum(
        image.pixel(x, y) == wanted
        for y in range(image.height())
        for x in range(image.width())
    )


def test_each_value_has_a_row_in_words(card: QualityCard) -> None:
    card.show_quality(GOOD)
    assert rows(card) == {
        "Depth": ("94 % valid", ""),
        "Floor": ("1.20 m measured", ""),
        "Sharp": ("sharp", ""),
        "Motion": ("0.7 m/s, 48°/s", ""),
    }
    card.show_quality(replace(GOOD, is_blurred=True, floor=None))
    assert rows(card)["Sharp"] == ("blurred", "poor")
    assert rows(card)["Floor"] == ("not in view", "poor")
    card.show_quality(GOOD)
    assert {state for _, state in rows(card).values()} == {""}
    card.show_quality(None)
    assert {words for words, _ in rows(card).values()} == {"—"}


def test_bars_are_as_long_as_their_values(card: QualityCard) -> None:
    card.show_quality(replace(GOOD, valid_depth=1.0))
    full = num_pixels(card, theme().green)
    card.show_quality(replace(GOOD, valid_depth=0.5))
    half = num_pixels(card, theme().green)
    assert full - half == pytest.approx(32 * 6 / 2, abs=14)
    assert num_pixels(card, theme().amber) == 0
    card.show_quality(replace(GOOD, valid_depth=0.4))
    assert num_pixels(card, theme().amber) > 32


@pytest.mark.parametrize("quality", [None, GOOD, WORST, replace(GOOD, floor=None)])
def test_the_card_is_low_and_no_word_is_cut_off(
    qapp: QApplication, card: QualityCard, quality: Quality
) -> None:
    card.show_quality(quality)
    card.show()
    qapp.processEvents()
    assert (card.width(), card.height() <= 110) == (WIDTH, True)
    for label in card.findChildren(QLabel):
        assert label.width() >= label.sizeHint().width(), label.text()
        assert label.toolTip()


def coverage(shares: np.ndarray, looks: np.ndarray, hint: str) -> Coverage:
    return Coverage(HNBins(), shares, looks, 40, hint)


@pytest.fixture
def coverage_card(qtbot: QtBot) -> CoverageCard:
    card = CoverageCard(HNBins())
    qtbot.addWidget(card)
    card.setFixedSize(WIDTH - 28, 230)
    return card


def test_what_was_seen_is_shown_with_a_hint(coverage_card: CoverageCard) -> None:
    looks = np.full(20, 40)
    looks[[2, 3]] = 0
    hint = "Surfaces at 0.50-0.75 m facing up are missing: look at seats and low tables"
    coverage_card.show_coverage(coverage(np.full(20, 0.05), looks, hint))
    texts = [label.text() for label in coverage_card.findChildren(QLabel)]
    assert texts == [hint, "13 of 15 classes seen"]


def test_classes_that_are_missing_have_an_amber_frame(
    coverage_card: CoverageCard,
) -> None:
    everything = coverage(np.full(20, 0.001), np.full(20, 40), "")
    coverage_card.show_coverage(everything)
    assert num_pixels(coverage_card, theme().amber) == 0
    looks = np.full(20, 40)
    looks[[2, 5]] = 0  # there are hardly any tops at 1.25 m to look for
    coverage_card.show_coverage(replace(everything, looks=looks))
    grid = coverage_card.findChild(Grid)
    assert grid is not None
    assert np.flatnonzero(grid._is_rare).tolist() == [2]
    assert num_pixels(coverage_card, theme().amber) > 0


@pytest.mark.parametrize(
    "bins", [HNBins(), HNBins((), ()), HNBins((0.5,), (30.0, 60.0))]
)
def test_the_longest_hint_fits(qapp: QApplication, qtbot: QtBot, bins: HNBins) -> None:
    card = CoverageCard(bins)
    qtbot.addWidget(card)
    card.setFixedSize(WIDTH - 28, 230)
    counter = CoverageCounter(bins)
    shown = [counter.coverage]
    view = Thumbnail(np.zeros((24, 32), np.uint8), np.zeros((12, 16), np.float32))
    counter.add(np.zeros((20, 30), np.uint8), view)
    shown.append(counter.coverage)
    longest = (
        "Upright surfaces at 0.25-0.50 m are missing: look at the lower part of walls "
        "and furniture"
    )
    shown.append(replace(counter.coverage, hint=longest))
    for found in shown:
        card.show_coverage(found)
        card.show()
        qapp.processEvents()
        for label in card.findChildren(QLabel):
            assert label.height() >= label.heightForWidth(label.width()), label.text()
            assert label.width() >= label.minimumSizeHint().width(), label.text()
