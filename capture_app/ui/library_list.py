"""The column of recordings: search, order, rows; and the trash behind them."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from capture_app.engine.library import Entry, Order
from capture_app.engine.library_watch import Changes
from capture_app.ui.library_model import ENTRY, ArrangedModel, LibraryModel
from capture_app.ui.library_row import RowDelegate
from capture_app.ui.library_words import chosen_text
from capture_app.ui.setup_parts import ChoiceBox


class LibraryList(QWidget):
    """Which recordings there are; one is shown, one or more are selected."""

    shown_changed = Signal(object)
    """The path of the recording to show, or None."""
    chosen_changed = Signal()
    trash_opened = Signal()

    def __init__(self, model: LibraryModel) -> None:
        super().__init__()
        self.setMinimumWidth(240)
        self._model = model
        self._shown: Path | None = None
        self._arranged = ArrangedModel(model, self)
        self.search = QLineEdit()
        self.order = ChoiceBox("What comes first")
        self.view = QListView()
        self._nothing = QLabel("Nothing has all these words.")
        self._count = QLabel()
        self._trash = QToolButton()
        self._buttons = QHBoxLayout()
        self._set_up()
        self._lay_out()
        self.search.textChanged.connect(self._on_search)
        self.order.currentIndexChanged.connect(self._on_order)
        selection = self.view.selectionModel()
        selection.currentChanged.connect(self._on_current)
        selection.selectionChanged.connect(self._on_chosen)

    @property
    def shown(self) -> Entry | None:
        """The recording that is looked at."""
        row = None if self._shown is None else self._model.row_of(self._shown)
        return None if row is None else self._model.entries[row]

    @property
    def chosen(self) -> list[Entry]:
        """Those that are selected, in the order of the list."""
        rows = sorted(self.view.selectionModel().selectedRows(), key=QModelIndex.row)
        return [row.data(ENTRY) for row in rows]

    @property
    def entries(self) -> list[Entry]:
        """All there are, found by the search or not."""
        return self._model.entries

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Have buttons for what can be done with the selected ones."""
        words = (("export", "Export…"), ("train_on", "Train…"), ("trash", "To trash"))
        for name, text in words:
            actions[name].setIconText(text)  # of buttons; menus have all of it
            button = QToolButton()
            button.setDefaultAction(actions[name])
            button.setObjectName("link")
            self._buttons.addWidget(button)
        self._buttons.addStretch(1)

    def apply(self, changes: Changes) -> None:
        """Show what was found; the newest is shown if nothing is yet."""
        self._model.apply(changes)
        if changes.trashed is not None:
            count = len(changes.trashed)
            self._trash.setText(f"Show the trash ({count})")
            self._trash.setVisible(count > 0)
        if changes.gone or changes.entries:
            current = self.view.currentIndex()
            if not self.view.selectionModel().hasSelection():
                self._select_row(max(0, current.row()))
            self._tell_counts()

    def select(self, path: Path) -> None:
        """Show this one, and select it alone."""
        row = self._model.row_of(path)
        if row is not None:
            index = self._arranged.mapFromSource(self._model.index(row))
            self._select_row(index.row())

    def _select_row(self, row: int) -> None:
        index = self._arranged.index(row, 0)
        if index.isValid():
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.view.selectionModel().setCurrentIndex(index, flags)
            self.view.scrollTo(index)

    def _set_up(self) -> None:
        self.search.setPlaceholderText("Search names, tags, notes")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip(
            "Show the recordings that have all these words in name, tags or notes"
        )
        self.order.show_choices([(order.value, order) for order in Order])
        view = self.view
        view.setModel(self._arranged)
        view.setItemDelegate(RowDelegate(view))
        view.setUniformItemSizes(True)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setMouseTracking(True)
        view.setAccessibleName("Recordings")
        self._nothing.setObjectName("muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.hide()
        self._count.setObjectName("muted")
        self._trash.setObjectName("link")
        self._trash.setToolTip("What was thrown away, to bring back or delete for good")
        self._trash.clicked.connect(self.trash_opened)
        self._trash.hide()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self.search, 1)
        top.addWidget(self.order, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 6, 10)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self._nothing)
        layout.addWidget(self.view, 1)
        layout.addWidget(self._count)
        layout.addLayout(self._buttons)
        layout.addWidget(self._trash)

    def _on_search(self, text: str) -> None:
        self._arranged.search(text)
        self._tell_counts()
        self.view.scrollTo(self.view.currentIndex())

    def _on_order(self) -> None:
        self._arranged.arrange(self.order.value)
        self.view.scrollTo(self.view.currentIndex())

    def _on_current(self, current: QModelIndex, _: QModelIndex) -> None:
        entry: Entry | None = current.data(ENTRY)
        path = None if entry is None else entry.path
        if path != self._shown:
            self._shown = path
            self.shown_changed.emit(path)

    def _on_chosen(self) -> None:
        self._tell_counts()
        self.chosen_changed.emit()

    def _tell_counts(self) -> None:
        self._count.setText(chosen_text(self.chosen, len(self._model.entries)))
        is_empty = self._arranged.rowCount() == 0
        self._nothing.setVisible(is_empty and bool(self.search.text()))
