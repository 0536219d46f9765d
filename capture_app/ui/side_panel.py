"""The column beside the picture: what the colours mean, and where the floor is."""

import math
from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from capture_app.engine.picture import Picture
from capture_app.engine.take_examiner import Examination
from capture_app.ui.legend import Legend
from capture_app.ui.take_panel import TakePanel
from core.bins import HNBins
from core.floor import FloorPlane, FloorSource
from core.prediction import ModelInfo, Task

WIDTH, RIGHT_MARGIN, CARD_MARGIN = 264, 12, 14

_SOURCES: Mapping[FloorSource, str] = {
    "measured": "floor measured",
    "tracked": "floor tracked from earlier frames",
}


class SidePanel(QFrame):
    """Floor of the newest picture, and its legend or what the last take is worth."""

    def __init__(self, bins: HNBins, models: Mapping[Task, ModelInfo]) -> None:
        super().__init__()
        self.setFixedWidth(WIDTH)
        self.legend = Legend(bins, models)
        self.take = TakePanel(bins)
        self._legend_title, self._take_title = _title(""), _title("")
        self._to_take = _link("Show the last take", self.show_take)
        self._to_legend = _link("Show the legend", self.show_legend)
        self._shown: Examination | None = None
        self._height = QLabel()
        self._height.setObjectName("time")
        self._tilt, self._source = QLabel(), QLabel()
        for label in (self._tilt, self._source):
            label.setObjectName("muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, RIGHT_MARGIN, 10)
        layout.setSpacing(10)
        floor_title = _title("Camera above the floor")
        self._legend_card = _card(self._legend_title, self.legend, self._to_take)
        self._take_card = _card(self._take_title, self.take, self._to_legend)
        layout.addWidget(_card(floor_title, self._height, self._tilt, self._source))
        layout.addWidget(self._legend_card, 1)
        layout.addWidget(self._take_card, 1)
        self._to_take.hide()
        self.show_legend()
        self.show_picture(None)

    def show_examination(self, examination: Examination | None) -> None:
        """What is known of the last take; it takes the legend's place once it is."""
        if examination is None or examination is self._shown:
            return
        self._shown = examination
        self._to_take.show()
        title = f"Take {examination.path.name}"
        self._take_title.setText(_elided(self._take_title, title))
        self.take.show_examination(examination)
        if examination.report is not None:
            self.show_take()

    def show_take(self) -> None:
        """Show the last take in place of the legend."""
        self._legend_card.hide()
        self._take_card.show()

    def show_legend(self) -> None:
        """Show the legend in place of the last take."""
        self._take_card.hide()
        self._legend_card.show()

    def show_picture(self, picture: Picture | None, is_preparing: bool = False) -> None:
        """Explain this picture; `is_preparing` while its labels cannot be there yet."""
        if picture is not None:
            self.legend.explain(
                picture.settings.view, picture.shares, picture.line_shares
            )
        self._legend_title.setText(self.legend.title())
        for label, text in zip(
            (self._height, self._tilt, self._source),
            _floor_texts(picture, is_preparing),
            strict=True,
        ):
            label.setText(text)


def _title(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("title")
    return label


def _link(text: str, work: Callable[[], None]) -> QToolButton:
    """A button as small as its words."""
    button = QToolButton()
    button.setText(text)
    button.setObjectName("link")
    button.clicked.connect(work)
    return button


def _elided(label: QLabel, text: str) -> str:
    """As much of a text as fits into a card."""
    width = WIDTH - 2 * CARD_MARGIN - RIGHT_MARGIN
    return label.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, width)


def _card(*widgets: QWidget) -> QFrame:
    card = QFrame()
    card.setObjectName("card")
    inside = QVBoxLayout(card)
    inside.setContentsMargins(CARD_MARGIN, 12, CARD_MARGIN, 12)
    inside.setSpacing(6)
    for widget in widgets:
        inside.addWidget(widget)
    return card


def _floor_texts(picture: Picture | None, is_preparing: bool) -> tuple[str, str, str]:
    """Height, tilt and source of a picture's floor, or why there is none."""
    floor = None if picture is None else picture.layers.floor
    if floor is not None:
        height = f"{floor.camera_height:.2f} m"
        return height, _tilt(floor), _SOURCES[floor.source]
    if picture is not None and is_preparing:
        return "—", "preparing the label engine…", ""
    is_absent = picture is not None and picture.layers.is_floor_known
    return "—", "floor not known" if is_absent else "", ""


def _tilt(floor: FloorPlane) -> str:
    """Where the camera looks, in whole degrees."""
    right, down, forward = floor.up
    pitch = math.degrees(math.asin(max(-1.0, min(1.0, -forward))))
    roll = math.degrees(math.atan2(right, -down))
    sign = "+" if round(roll) > 0 else ""
    direction = "down" if pitch > 0 else "up"
    return f"looks {abs(pitch):.0f}° {direction}, roll {sign}{round(roll)}°"
