"""The run that is looked at: its name, how far it is, what can be done with it."""

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from capture_app.engine.run_entry import Entry, RunState
from capture_app.ui.models_parts import Elided, action_button, muted, plain

_ACTIONS = ("use_live", "open_report", "copy_command", "models_show_folder")
_LOOKS: Mapping[RunState, str] = {
    RunState.FINISHED: "good",
    RunState.STOPPED: "poor",
    RunState.BROKEN: "bad",
}


class RunHeader(QWidget):
    """Its buttons are on where the run has what they need."""

    taken_off = Signal(object)
    """The Path of a model file that shall not be listed any more."""

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self._entry: Entry | None = None
        self._name = Elided("time")
        self._state = plain()
        self._off = QToolButton()
        self._off.setText("Take off the list")
        self._off.setToolTip("List this file no more; the file itself stays")
        self._off.clicked.connect(self._take_off)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for name in _ACTIONS:
            buttons.addWidget(action_button(actions[name]))
        buttons.addWidget(self._off)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._name)
        layout.addWidget(self._state)
        layout.addLayout(buttons)

    def show_entry(self, entry: Entry | None, second: Entry | None) -> None:
        """Show this run; a second one that it is compared with is named beside it."""
        self._entry = entry
        self.setVisible(entry is not None)
        if entry is None:
            return
        beside = "" if second is None else f"   beside   {second.name}"
        self._name.show_text(f"{entry.name}{beside}")
        self._state.setText(entry.words)
        self._state.setProperty("state", _LOOKS.get(entry.state, ""))
        self._state.style().polish(self._state)
        self._off.setVisible(entry.config is None and entry.path.suffix == ".onnx")

    def say(self, text: str) -> None:
        """Say what was just done, in place of the state."""
        self._state.setText(text)

    def _take_off(self) -> None:
        if self._entry is not None:
            self.taken_off.emit(self._entry.path)


class LoadedCard(QFrame):
    """Which networks the Capture page shows now."""

    def __init__(self, unload: QAction) -> None:
        super().__init__()
        self.setObjectName("card")
        title = muted("On the Capture page now", wraps=False)
        title.setObjectName("title")
        self._hn, self._semantic = Elided(), Elided()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 10)
        layout.setSpacing(3)
        layout.addWidget(title)
        layout.addWidget(self._hn)
        layout.addWidget(self._semantic)
        layout.addSpacing(4)
        layout.addWidget(action_button(unload))
        self.show_names("", "")

    def show_names(self, hn: str, semantic: str) -> None:
        """Name the networks that are on, "" where there is none."""
        self._hn.show_text(f"HN network: {hn or 'none'}")
        self._semantic.show_text(f"Semantic network: {semantic or 'none'}")

    @property
    def words(self) -> tuple[str, str]:
        """What it says."""
        return self._hn.whole, self._semantic.whole


class FirstRun(QWidget):
    """No run yet: how to make one."""

    def __init__(self, add_model: QAction) -> None:
        super().__init__()
        self._head = plain("Nothing is trained yet.")
        self._head.setObjectName("time")
        self._why = muted()
        self._command = plain()
        self._command.setAccessibleName("The command to begin with")
        self._copy = QToolButton()
        self._copy.setText("Copy the command")
        self._copy.setToolTip("Put it on the clipboard, for a terminal")
        self._copy.clicked.connect(self._copy_command)
        card = QFrame()
        card.setObjectName("card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(16, 14, 16, 14)
        inside.addWidget(self._command)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self._copy)
        buttons.addWidget(action_button(add_model))
        buttons.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(12)
        for widget in (self._head, self._why, card):
            column.addWidget(widget)
        column.addLayout(buttons)
        layout = QHBoxLayout(self)
        layout.addStretch(1)
        middle = QVBoxLayout()
        middle.addStretch(1)
        middle.addLayout(column)
        middle.addStretch(2)
        layout.addLayout(middle, 4)
        layout.addStretch(1)

    def show_command(self, command: str, runs: str, has_recordings: bool) -> None:
        """Say what to type, and where its result will be listed."""
        on = (
            "on your recordings"
            if has_recordings
            else ("on simulated rooms, as there are no recordings yet")
        )
        self._why.setText(
            f"The runs in the folder {runs} are listed here, while they train and "
            f"after. This command makes a small first one {on}, in about a minute; "
            "type it in a terminal:"
        )
        if self._command.text() != command:
            self._command.setText(command)
            self._copy.setText("Copy the command")

    @property
    def command(self) -> str:
        """The command that is shown."""
        return self._command.text()

    def _copy_command(self) -> None:
        QApplication.clipboard().setText(self._command.text())
        self._copy.setText("Copied")
