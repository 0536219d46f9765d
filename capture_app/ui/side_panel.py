"""The column beside the picture: small pictures, what is under the cursor, how good the
frames are, and one card that explains colours, coverage or the last take."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from capture_app.engine.picture import Picture
from capture_app.engine.probe import Probe
from capture_app.engine.scene_watch import SceneWatch
from capture_app.engine.take_examiner import Examination
from capture_app.engine.thumbnails import Thumbnails
from capture_app.ui.coverage_card import CoverageCard
from capture_app.ui.legend import Legend
from capture_app.ui.probe_card import ProbeCard
from capture_app.ui.quality_card import QualityCard
from capture_app.ui.take_panel import TakePanel
from capture_app.ui.thumbnail_strip import ThumbnailStrip
from core.bins import HNBins
from core.prediction import ModelInfo, Task

WIDTH, RIGHT_MARGIN, CARD_MARGIN = 276, 12, 14
_TABS = (
    ("Legend", "What the colours mean"),
    ("Coverage", "Which classes this scene has shown so far, and what it lacks"),
    ("Last take", "What the last recording is worth"),
)
_LEGEND, _COVERAGE, _TAKE = range(3)


class SidePanel(QFrame):
    """All of it is about the newest picture, but for the last take."""

    view_chosen = Signal(object)
    """The `View` of a small picture that was clicked."""

    def __init__(self, bins: HNBins, models: Mapping[Task, ModelInfo]) -> None:
        super().__init__()
        self.setFixedWidth(WIDTH)
        self.thumbnails = ThumbnailStrip()
        self.thumbnails.chosen.connect(self.view_chosen)
        self.probe, self.quality = ProbeCard(), QualityCard()
        self.legend = Legend(bins, models)
        self.coverage = CoverageCard(bins)
        self.take = TakePanel(bins)
        self._title = QLabel()
        self._title.setObjectName("title")
        self._stack = QStackedWidget()
        for widget in (self.legend, self.coverage, _scrolled(self.take)):
            self._stack.addWidget(widget)
        self._tabs = QButtonGroup(self)
        self._shown: Examination | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, RIGHT_MARGIN, 10)
        layout.setSpacing(8)
        for part in (self.thumbnails, self.probe, self.quality):
            layout.addWidget(part)
        layout.addWidget(self._card(), 1)
        self._tabs.idClicked.connect(self._show_tab)
        self._show_tab(_LEGEND)

    def show_picture(self, picture: Picture | None) -> None:
        """Explain the colours of this picture."""
        if picture is not None:
            view = picture.settings.view
            self.legend.explain(view, picture.shares, picture.line_shares)
            self.thumbnails.show_view(view)
        self._show_title()

    def show_thumbnails(self, thumbnails: Thumbnails | None) -> None:
        """The small pictures, if there are new ones."""
        if thumbnails is not None:
            self.thumbnails.show_thumbnails(thumbnails)

    def show_scene(self, scene: SceneWatch) -> None:
        """How good the newest frame is, and what the scene has shown."""
        self.quality.show_quality(scene.quality)
        self.coverage.show_coverage(scene.coverage)

    def show_probe(self, probe: Probe | None) -> None:
        """What is under the cursor."""
        self.probe.show_probe(probe)

    def show_examination(self, examination: Examination | None) -> None:
        """What is known of the last take; it comes to the front once it is."""
        if examination is None or examination is self._shown:
            return
        self._shown = examination
        self.take.show_examination(examination)
        if examination.report is not None:
            self.show_take()
        self._show_title()

    def show_take(self) -> None:
        """Show the last take."""
        self._show_tab(_TAKE)

    def show_legend(self) -> None:
        """Show what the colours mean."""
        self._show_tab(_LEGEND)

    def show_coverage(self) -> None:
        """Show what the scene has shown so far."""
        self._show_tab(_COVERAGE)

    def _card(self) -> QFrame:
        card = QFrame()
        card.setObjectName("card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(CARD_MARGIN, 10, CARD_MARGIN, 10)
        inside.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(4)
        for k, (text, tip) in enumerate(_TABS):
            tab = QToolButton()
            tab.setText(text)
            tab.setToolTip(tip)
            tab.setCheckable(True)
            tab.setObjectName("tab")
            tab.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self._tabs.addButton(tab, k)
            row.addWidget(tab)
        inside.addLayout(row)
        inside.addWidget(self._title)
        inside.addWidget(self._stack, 1)
        return card

    def _show_tab(self, k: int) -> None:
        self._tabs.button(k).setChecked(True)
        self._stack.setCurrentIndex(k)
        self._show_title()

    def _show_title(self) -> None:
        names = {_LEGEND: self.legend.title(), _COVERAGE: "This scene so far"}
        take = "No take yet" if self._shown is None else f"Take {self._shown.path.name}"
        text = names.get(self._stack.currentIndex(), take)
        width = WIDTH - 2 * CARD_MARGIN - RIGHT_MARGIN
        elide = Qt.TextElideMode.ElideMiddle
        self._title.setText(self._title.fontMetrics().elidedText(text, elide, width))
        self._title.setToolTip(text)


def _scrolled(widget: QWidget) -> QScrollArea:
    """The widget in a place that may be lower than it."""
    area = QScrollArea()
    area.setWidget(widget)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area
