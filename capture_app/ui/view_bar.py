"""The strip above the picture: what to see, and how strongly."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSlider, QToolButton

from capture_app.engine.picture import View
from capture_app.ui.actions import VIEW_ACTIONS


class ViewBar(QFrame):
    """A button a view and a slider for the overlay's opacity."""

    opacity_changed = Signal(float)
    """0..1."""

    def __init__(self, actions: Mapping[str, QAction], opacity: float) -> None:
        super().__init__()
        self.setObjectName("bar")
        self._actions = actions
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 14, 8)
        layout.setSpacing(6)
        for spec in VIEW_ACTIONS.values():
            button = QToolButton()
            button.setDefaultAction(actions[spec.name])
            layout.addWidget(button)
        layout.addStretch(1)
        label = QLabel("Overlay")
        label.setObjectName("muted")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setFixedWidth(150)
        self.slider.setToolTip("Opacity of the class colours ([ and ])")
        self.slider.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._percent = QLabel()
        self._percent.setFixedWidth(
            self._percent.fontMetrics().horizontalAdvance("100 %")
        )
        self._percent.setAlignment(
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        )
        for widget in (label, self.slider, self._percent):
            layout.addWidget(widget)
            layout.addSpacing(4)
        self.slider.valueChanged.connect(self._on_slider)
        self.slider.setValue(round(100 * opacity))

    def show_view(self, view: View) -> None:
        """Mark the view that is on; the slider works where there is an overlay."""
        self._actions[VIEW_ACTIONS[view].name].setChecked(True)
        self.slider.setEnabled(view not in (View.DEPTH, View.COLOR))

    def show_opacity(self, percent: int) -> None:
        """Set the slider."""
        self.slider.setValue(percent)

    def step_opacity(self, percent: int) -> None:
        """Move the slider."""
        self.slider.setValue(self.slider.value() + percent)

    def _on_slider(self, value: int) -> None:
        self._percent.setText(f"{value} %")
        self.opacity_changed.emit(value / 100)
