"""Asks in which format, and where, recordings are to be written."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from capture_app.engine.exporting import FORMATS, export_folder
from capture_app.engine.library import Entry
from capture_app.ui.file_dialog import ask_for_file
from capture_app.ui.library_words import breakable, recordings_text
from capture_app.ui.setup_parts import ChoiceBox, muted, note, row

_WIDTH = 520
_MAX_NAMED = 4


class ExportDialog(QDialog):
    """A format, a folder, and what will be in it."""

    wanted = Signal(object, str, object)
    """Paths of recordings, the format, the folder."""

    def __init__(self, entries: Sequence[Entry], folder: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self.setMinimumWidth(_WIDTH)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._paths = [entry.path for entry in entries]
        self.format = ChoiceBox("What the recordings become")
        self.format.show_choices([(words, name) for name, words in FORMATS.items()])
        self.folder = QLineEdit(str(folder))
        self.folder.setToolTip("New folders are made in this one")
        browse = QPushButton("Browse…")
        browse.setToolTip("Choose the folder")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        self._outcome = note()
        buttons = QDialogButtonBox()
        self._start = buttons.addButton(
            "Export", QDialogButtonBox.ButtonRole.AcceptRole
        )
        self._start.setToolTip("Write them; the window can be used meanwhile")
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel).setToolTip(
            "Write nothing"
        )
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        self.format.currentIndexChanged.connect(self._tell)
        self.folder.textChanged.connect(self._tell)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(muted(f"Export {recordings_text(len(entries))} as"))
        layout.addWidget(self.format)
        layout.addWidget(muted("into new folders in"))
        layout.addLayout(row(1, self.folder, browse))
        layout.addWidget(self._outcome)
        layout.addStretch(1)
        layout.addWidget(buttons)
        self._tell()

    def _tell(self) -> None:
        """What will be written, by name."""
        text = self.folder.text().strip()
        self._start.setEnabled(bool(text))
        if not text:
            self._outcome.setText("Name a folder.")
            return
        paths = self._paths[:_MAX_NAMED]
        folder = Path(text).expanduser()
        names = [export_folder(path, self.format.value, folder).name for path in paths]
        more = len(self._paths) - len(names)
        words = ", ".join(names) + (f" and {more} more" if more else "")
        self._outcome.setText(breakable(f"Makes {words} in {folder.absolute()}."))

    def _browse(self) -> None:
        ask_for_file(
            self,
            "Where to write",
            lambda path: self.folder.setText(str(path)),
            Path(self.folder.text()),
        )

    def _on_accepted(self) -> None:
        folder = Path(self.folder.text().strip()).expanduser()
        self.wanted.emit(self._paths, self.format.value, folder)
        self.accept()
