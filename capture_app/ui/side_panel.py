"""The column beside the picture: what the colours mean, and where the floor is."""

import math
from collections.abc import Mapping

from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from capture_app.engine.picture import Picture
from capture_app.ui.legend import Legend
from core.bins import HNBins
from core.floor import FloorPlane, FloorSource
from core.prediction import ModelInfo

WIDTH = 264

_SOURCES: Mapping[FloorSource, str] = {
    "measured": "floor measured",
    "tracked": "floor tracked from earlier frames",
}


class SidePanel(QFrame):
    """Legend and floor of the newest picture."""

    def __init__(self, bins: HNBins, model: ModelInfo | None) -> None:
        super().__init__()
        self.setFixedWidth(WIDTH)
        self.legend = Legend(bins, model)
        self._legend_title = _title("")
        self._height = QLabel()
        self._height.setObjectName("time")
        self._tilt, self._source = QLabel(), QLabel()
        for label in (self._tilt, self._source):
            label.setObjectName("muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, 12, 10)
        layout.setSpacing(10)
        legend_card, floor_card = QFrame(), QFrame()
        floor_title = _title("Camera above the floor")
        for card, widgets in (
            (legend_card, (self._legend_title, self.legend)),
            (floor_card, (floor_title, self._height, self._tilt, self._source)),
        ):
            card.setObjectName("card")
            inside = QVBoxLayout(card)
            inside.setContentsMargins(14, 12, 14, 12)
            inside.setSpacing(6)
            for widget in widgets:
                inside.addWidget(widget)
        layout.addWidget(floor_card)
        layout.addWidget(legend_card, 1)
        self.show_picture(None)

    def show_picture(self, picture: Picture | None, is_preparing: bool = False) -> None:
        """Explain this picture; `is_preparing` while its labels cannot be there yet."""
        if picture is not None:
            self.legend.explain(picture.settings.view, picture.shares)
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
    return f"looks {abs(pitch):.0f}° {'down' if pitch > 0 else 'up'}, roll {roll:+.0f}°"
