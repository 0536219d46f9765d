"""The strip above the picture: what to see, and how strongly."""

from collections.abc import Collection, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSlider, QToolButton

from capture_app.engine.picture import TASKS_OF, View
from capture_app.ui.actions import VIEW_ACTIONS
from core.prediction import Task

_PLAIN_VIEWS = frozenset({View.DEPTH, View.COLOR})


class ViewBar(QFrame):
    """A button a view and a slider for the overlay's opacity.

    Views of networks that are not there make room for a way to get them.
    """

    opacity_changed = Signal(float)
    """0..1."""
    networks_wanted = Signal()

    def __init__(self, actions: Mapping[str, QAction], opacity: float) -> None:
        super().__init__()
        self.setObjectName("bar")
        self._actions = actions
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 7, 14, 7)
        layout.setSpacing(5)
        self._buttons: dict[View, QToolButton] = {}
        for view, spec in VIEW_ACTIONS.items():
            button = QToolButton()
            button.setObjectName("view")
            button.setDefaultAction(actions[spec.name])
            self._buttons[view] = button
            layout.addWidget(button)
        self._load = QToolButton()
        self._load.setText("Load a network…")
        self._load.setToolTip("See what a trained network makes of the photo")
        self._load.setObjectName("link")
        self._load.clicked.connect(self.networks_wanted)
        layout.addWidget(self._load)
        layout.addStretch(1)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setMinimumWidth(60)
        self.slider.setMaximumWidth(150)
        self.slider.setToolTip("Opacity of the class colours ([ and ])")
        self.slider.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._percent = QLabel()
        self._percent.setFixedWidth(
            self._percent.fontMetrics().horizontalAdvance("100 %")
        )
        self._percent.setAlignment(
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        )
        for widget in (self.slider, self._percent):
            layout.addWidget(widget)
        self.slider.valueChanged.connect(self._on_slider)
        self.slider.setValue(round(100 * opacity))

    def show_tasks(self, tasks: Collection[Task]) -> None:
        """Offer the views that networks for `tasks` make possible."""
        for view, button in self._buttons.items():
            button.setVisible(TASKS_OF[view] <= set(tasks))
        self._load.setVisible(not tasks)

    def show_view(self, view: View) -> None:
        """Mark the view that is on; the slider works where there is an overlay."""
        self._actions[VIEW_ACTIONS[view].name].setChecked(True)
        self.slider.setEnabled(view not in _PLAIN_VIEWS)

    def show_opacity(self, percent: int) -> None:
        """Set the slider."""
        self.slider.setValue(percent)

    def step_opacity(self, percent: int) -> None:
        """Move the slider."""
        self.slider.setValue(self.slider.value() + percent)

    def _on_slider(self, value: int) -> None:
        self._percent.setText(f"{value} %")
        self.opacity_changed.emit(value / 100)
