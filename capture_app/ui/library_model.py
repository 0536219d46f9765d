"""The recordings as Qt's views want them: rows, their order, what is searched for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QImage

from capture_app.engine.library import Entry, Order
from capture_app.engine.library_watch import Changes
from capture_app.ui.library_words import row_tip

ENTRY, THUMBNAIL = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1

Index = QModelIndex | QPersistentModelIndex


class LibraryModel(QAbstractListModel):
    """A row an entry, in the order they were found."""

    def __init__(self, want_thumbnail: Callable[[Path], None], parent: QObject) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []
        self._want_thumbnail = want_thumbnail
        self._rows: dict[Path, int] = {}
        self._images: dict[Path, tuple[QImage, np.ndarray]] = {}
        self._asked: set[Path] = set()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's
        """How many entries."""
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """An entry, its name, or its thumbnail, which is asked for when it is not
        there."""
        entry = self.entries[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return entry.title
            case Qt.ItemDataRole.ToolTipRole:
                return row_tip(entry)
            case _ if role == ENTRY:
                return entry
            case _ if role == THUMBNAIL:
                return self._thumbnail(entry)
        return None

    def row_of(self, path: Path) -> int | None:
        """Where an entry is."""
        return self._rows.get(path)

    def apply(self, changes: Changes) -> None:
        """Show what was found."""
        for path in changes.gone:
            self._remove(path)
        new = []
        for path, entry in changes.entries.items():
            row = self._rows.get(path)
            if row is None:
                new.append(entry)
            else:
                self.entries[row] = entry
                self._asked.discard(path)
                self.dataChanged.emit(self.index(row), self.index(row))
        if new:
            first = len(self.entries)
            self.beginInsertRows(QModelIndex(), first, first + len(new) - 1)
            self.entries += new
            self._count_rows()
            self.endInsertRows()
        for path, pixels in changes.thumbnails.items():
            self._show_thumbnail(path, pixels)

    def forget_thumbnails(self) -> None:
        """Have all made anew; the old ones are shown until then."""
        self._asked.clear()
        if self.entries:
            last = self.index(len(self.entries) - 1)
            self.dataChanged.emit(self.index(0), last, [THUMBNAIL])

    def _thumbnail(self, entry: Entry) -> QImage | None:
        if entry.can_play and entry.path not in self._asked:
            self._asked.add(entry.path)
            self._want_thumbnail(entry.path)
        found = self._images.get(entry.path)
        return None if found is None else found[0]

    def _show_thumbnail(self, path: Path, pixels: np.ndarray) -> None:
        row = self._rows.get(path)
        if row is None:
            return
        height, width = pixels.shape
        image = QImage(
            pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32
        )
        self._images[path] = image, pixels  # the image borrows the array's memory
        self.dataChanged.emit(self.index(row), self.index(row), [THUMBNAIL])

    def _remove(self, path: Path) -> None:
        row = self._rows.get(path)
        if row is None:
            return
        self.beginRemoveRows(QModelIndex(), row, row)
        del self.entries[row]
        self._images.pop(path, None)
        self._asked.discard(path)
        self._count_rows()
        self.endRemoveRows()

    def _count_rows(self) -> None:
        self._rows = {entry.path: row for row, entry in enumerate(self.entries)}


class ArrangedModel(QSortFilterProxyModel):
    """The rows that are searched for, in the order that is wanted."""

    def __init__(self, model: LibraryModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._search, self._order = "", Order.DATE
        self.setSourceModel(model)
        self.sort(0)

    def search(self, text: str) -> None:
        """Show what has all words of a text."""
        self._search = text
        self.invalidate()

    def arrange(self, order: Order) -> None:
        """Show in this order."""
        self._order = order
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Whether the row is searched for."""
        return self._model.entries[row].is_found_by(self._search)

    def lessThan(self, left: Index, right: Index) -> bool:
        """Whether the first comes before the second."""
        entries = self._model.entries
        one, other = entries[left.row()], entries[right.row()]
        return one.sort_key(self._order) < other.sort_key(self._order)
