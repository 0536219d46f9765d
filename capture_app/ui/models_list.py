"""The list of runs: searched, sorted, one or two of them chosen."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QVBoxLayout,
    QWidget,
)

from capture_app.engine.model_catalog import ORDERS, arranged, when
from capture_app.engine.networks import KINDS
from capture_app.engine.run_entry import Entry
from capture_app.ui.models_parts import muted, percent
from capture_app.ui.models_row import EntryPainter, RowLook

ROLE = int(Qt.ItemDataRole.UserRole)
_Index = QModelIndex | QPersistentModelIndex


class RunList(QWidget):
    """Every run that has the words; the chosen ones stay chosen as runs come and go."""

    chosen = Signal(object, object)
    """The first and the second Entry, each or None."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[Entry, ...] = ()
        self._order: list[Path] = []
        """The chosen ones, in the order in which they were."""
        self._is_setting = False
        self._model = _Model(self)
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search name, network, data…")
        self._search.setToolTip("Show the runs that have all these words")
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._arrange)
        self._sort = QComboBox()
        self._sort.setToolTip("Which runs come first")
        self._sort.addItems([order.name for order in ORDERS])
        self._sort.currentIndexChanged.connect(self._arrange)
        self.view = _view(self._model)
        self.view.selectionModel().selectionChanged.connect(self._note_choice)
        self._hint = muted()
        self._lay_out()

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """List these; what was chosen stays so, and the top one is where nothing was,
        or where it is gone."""
        if tuple(entries) == self._entries:
            return
        gone = {entry.path for entry in self._entries} - {e.path for e in entries}
        needs_choice = not self._order or self._model.first in gone
        self._entries = tuple(entries)
        self._arrange()
        if needs_choice and self._model.entries:
            self.choose(self._model.entries[0].path)

    def show_loaded(self, loaded: frozenset[Path]) -> None:
        """Mark what runs on the Capture page."""
        self._model.loaded = loaded
        self.view.viewport().update()

    def choose(self, path: Path) -> None:
        """Choose one run alone."""
        self._order = [path]
        self._select()
        self._tell()

    @property
    def entries(self) -> list[Entry]:
        """Those that are shown, from the top."""
        return list(self._model.entries)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self._search, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self._sort)
        layout.addWidget(self.view, 1)
        layout.addWidget(self._hint)

    def _arrange(self) -> None:
        order = ORDERS[self._sort.currentIndex()]
        shown = arranged(self._entries, self._search.text(), order)
        self._is_setting = True
        self._model.set_entries(shown)
        self._is_setting = False
        self._select()
        self._tell()
        hidden = len(self._entries) - len(shown)
        words = "Ctrl+click a second run to compare the two."
        if hidden:
            words = f"{len(shown)} of {len(self._entries)} have these words."
        self._hint.setText(words)

    def _select(self) -> None:
        """Have the list show what is chosen, as far as it is in view."""
        self._is_setting = True
        selection = self.view.selectionModel()
        selection.clearSelection()
        rows = {entry.path: row for row, entry in enumerate(self._model.entries)}
        for number, path in enumerate(self._order):
            if path in rows:
                index = self._model.index(rows[path])
                selection.select(index, QItemSelectionModel.SelectionFlag.Select)
                if number == 0:
                    selection.setCurrentIndex(
                        index, QItemSelectionModel.SelectionFlag.NoUpdate
                    )
        self._is_setting = False

    def _note_choice(self) -> None:
        if self._is_setting:
            return
        selected = {index.data(ROLE).path for index in self.view.selectedIndexes()}
        kept = [path for path in self._order if path in selected]
        new = [
            entry.path
            for entry in self._model.entries
            if entry.path in selected and entry.path not in kept
        ]
        self._order = [*kept, *new]
        self._tell()

    def _tell(self) -> None:
        by_path = {entry.path: entry for entry in self._entries}
        found = [by_path[path] for path in self._order if path in by_path]
        second = found[-1] if len(found) > 1 else None
        first = found[0] if found else None
        self._model.first = None if first is None else first.path
        self._model.second = None if second is None else second.path
        self.view.viewport().update()
        self.chosen.emit(first, second)


class _Model(QAbstractListModel):
    """The entries by row."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []
        self.loaded: frozenset[Path] = frozenset()
        self.first: Path | None = None
        self.second: Path | None = None

    def set_entries(self, entries: list[Entry]) -> None:
        """Show these; the view keeps its place where only their content changed."""
        paths = [entry.path for entry in entries]
        if paths == [entry.path for entry in self.entries]:
            self.entries = entries
            if entries:
                last = self.index(len(entries) - 1)
                self.dataChanged.emit(self.index(0), last)
            return
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """How many there are."""
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """An entry's name, all of it in words, or itself."""
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.name
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return _in_words(entry)
        return entry if role == ROLE else None

    def look(self, entry: Entry) -> RowLook:
        """How its row is marked."""
        place = {self.first: 1, self.second: 2}.get(entry.path, 0)
        return RowLook(frozenset(self.loaded & set(entry.models)), place)


def _view(model: _Model) -> QListView:
    view = QListView()
    view.setModel(model)
    view.setItemDelegate(EntryPainter(model.look, view))
    view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setUniformItemSizes(True)
    view.setAccessibleName("Training runs")
    return view


def _in_words(entry: Entry) -> str:
    lines = [entry.name, entry.words]
    if entry.config is not None:
        config = entry.config
        lines += [f"{config.network}, preset {config.preset}", " ".join(config.data)]
    lines += [
        f"{kind} mean IoU {percent(entry.mean_iou(task))}"
        for task, kind in KINDS.items()
        if task in entry.scores
    ]
    return "\n".join((*lines, when(entry)))
