"""What was thrown away: to bring back, or to delete for good."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from capture_app.engine.trash import Trashed
from capture_app.ui.library_words import trashed_text

_TRASHED = Qt.ItemDataRole.UserRole


class TrashList(QWidget):
    """The recordings in the trash, the newest first."""

    closed = Signal()
    restored = Signal(object)
    """A list of what to bring back."""
    deleted = Signal(object)
    """A list of what to delete for good; nobody was asked yet."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(232)
        self.view = QListWidget()
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setSpacing(2)
        self.view.setAccessibleName("Trash")
        self.view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        title = QLabel("Trash")
        title.setObjectName("title")
        self._back = _button("Back to the recordings", "Show the recordings again")
        self._restore = _button("Bring back", "Put the selected ones back (Ctrl+Z)")
        self._delete = _button(
            "Delete for good…",
            "Remove the selected ones from the disk, after a question",
        )
        self._back.clicked.connect(self.closed)
        self._restore.clicked.connect(lambda: self.restored.emit(self.chosen))
        self._delete.clicked.connect(lambda: self.deleted.emit(self.chosen))
        self.view.itemSelectionChanged.connect(self._tell_what_can_be_done)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self._restore)
        buttons.addWidget(self._delete)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 6, 10)
        layout.setSpacing(8)
        layout.addWidget(title)
        layout.addWidget(self.view, 1)
        layout.addLayout(buttons)
        layout.addWidget(self._back)
        self._tell_what_can_be_done()

    @property
    def chosen(self) -> list[Trashed]:
        """Those that are selected."""
        return [item.data(_TRASHED) for item in self.view.selectedItems()]

    def show_trashed(self, trashed: Sequence[Trashed]) -> None:
        """Show these; what was selected stays so."""
        chosen = self.chosen
        self.view.clear()
        for one in trashed:
            item = QListWidgetItem(trashed_text(one))
            item.setData(_TRASHED, one)
            item.setToolTip(str(one.path))
            self.view.addItem(item)
            item.setSelected(one in chosen)
        self._tell_what_can_be_done()

    def _tell_what_can_be_done(self) -> None:
        for button in (self._restore, self._delete):
            button.setEnabled(bool(self.view.selectedItems()))


def _button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setObjectName("link")
    return button
