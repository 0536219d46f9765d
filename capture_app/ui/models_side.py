"""The left side of the Models page: the runs, and which networks are on."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from capture_app.ui.models_header import LoadedCard
from capture_app.ui.models_list import RunList
from capture_app.ui.models_parts import action_button
from core.prediction import Task

_WIDTH = 324


class ModelsSide(QWidget):
    """The list, its two buttons, and the card of what is on."""

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self.setFixedWidth(_WIDTH)
        self.runs = RunList()
        self.loaded = LoadedCard(actions["unload"])
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for name in ("add_model", "models_reload"):
            buttons.addWidget(action_button(actions[name]))
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.runs, 1)
        layout.addLayout(buttons)
        layout.addWidget(self.loaded)

    def show_loaded(self, marked: frozenset[Path], names: Mapping[Task, str]) -> None:
        """Mark these model files in the list, and name what is on for each task."""
        self.runs.show_loaded(marked)
        self.loaded.show_names(names["hn"], names["semantic"])
