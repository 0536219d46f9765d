"""Shows the command that trains on recordings."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from capture_app.engine.naming import folder_name
from capture_app.engine.training_words import (
    PRESETS,
    suggested_run,
    training_command,
)
from capture_app.ui.library_words import breakable
from capture_app.ui.setup_parts import ChoiceBox, muted, note

_WIDTH = 620


class TrainDialog(QDialog):
    """A preset, a name for the run, and the command to copy."""

    def __init__(self, data: Sequence[Path], what: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Train on these")
        self.setMinimumWidth(_WIDTH)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._data = data
        self.preset = ChoiceBox("How much is trained, and which network")
        self.preset.show_choices(
            [(f"{name}: {words}", name) for name, words in PRESETS.items()]
        )
        self.run = QLineEdit(suggested_run(data))
        self.run.setToolTip("The folder of the run, in runs")
        self.command = QPlainTextEdit()
        self.command.setReadOnly(True)
        self.command.setFont(
            QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        )
        self.command.setAccessibleName("Command")
        self.command.setFixedHeight(6 * self.command.fontMetrics().lineSpacing() + 16)
        self.copy = QPushButton("Copy")
        self.copy.setToolTip("Put the command on the clipboard")
        self.copy.clicked.connect(self._copy)
        close = QPushButton("Close")
        close.setToolTip("Back to the library")
        close.setAutoDefault(False)
        close.clicked.connect(self.accept)
        self.preset.currentIndexChanged.connect(self._tell)
        self.run.textChanged.connect(self._tell)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.copy)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addWidget(muted(f"Train on {what} with"))
        layout.addWidget(self.preset)
        layout.addWidget(muted("as the run"))
        layout.addWidget(self.run)
        layout.addWidget(self.command)
        layout.addWidget(
            note(
                breakable(
                    f"Run it in a terminal in {Path.cwd()}. The Models page lists the "
                    "run as soon as it has begun."
                )
            )
        )
        layout.addLayout(buttons)
        self._tell()

    def _tell(self) -> None:
        run = folder_name(self.run.text())
        self.command.setPlainText(training_command(self._data, self.preset.value, run))
        self.copy.setText("Copy")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.command.toPlainText())
        self.copy.setText("Copied")
