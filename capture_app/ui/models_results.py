"""How good a run's networks are, class by class, beside another run's."""

from collections.abc import Sequence

from PySide6.QtCore import QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from capture_app.engine.run_entry import Entry
from capture_app.engine.run_scores import Scores
from capture_app.ui.models_classes import SORT_ROLE, ClassModel, class_table, joined
from capture_app.ui.models_parts import Choice, Elided, muted, percent, plain
from core.bins import HNBins
from core.overlay import class_palette, semantic_palette
from core.prediction import Task

TASKS: tuple[tuple[Task, str], ...] = (("hn", "HN classes"), ("semantic", "Semantic"))
_NAME_WIDTH = 180
_MOST_NAMED = 3


class ResultsView(QWidget):
    """The three measures of each network, and a table of its classes to sort."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[Entry, ...] = ()
        self._choice = Choice(
            [(name, f"The classes of the {name} network") for _, name in TASKS],
            lambda _: self._show(),
        )
        self._choice.show_choice(0)
        self._measures = QGridLayout()
        self._measures.setHorizontalSpacing(16)
        self._measures.setVerticalSpacing(2)
        self._measures.setColumnStretch(4, 1)
        self.model = ClassModel()
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.model)
        self._sorted.setSortRole(SORT_ROLE)
        self.table = class_table(self._sorted)
        self._absent = muted()
        self._rest = QWidget()  # keeps the words at the top
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(self._measures)
        layout.addWidget(self._choice)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._absent)
        layout.addWidget(self._rest, 1)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show the results of one run, or of one beside another."""
        if tuple(entries) == self._entries:
            return
        self._entries = tuple(entries)
        self._show_measures()
        has = [bool(entries) and task in entries[0].scores for task, _ in TASKS]
        for button, is_there in zip(self._choice.buttons, has, strict=True):
            button.setEnabled(is_there)
        if any(has) and not has[self._choice.choice]:
            self._choice.show_choice(has.index(True))
        self._show()

    def _show_measures(self) -> None:
        while (item := self._measures.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        rows = [
            (entry, entry.scores[task], name)
            for task, name in TASKS
            for entry in self._entries
            if task in entry.scores
        ]
        if not rows:
            words = "Nothing is measured yet: that is done at the end of a run."
            self._measures.addWidget(muted(words), 0, 0, 1, 5)
            return
        heads = ("", "mean IoU", "global accuracy", "class accuracy", "measured on")
        for column, head in enumerate(heads):
            self._measures.addWidget(muted(head, wraps=False), 0, column)
        for row, (entry, scores, name) in enumerate(rows, 1):
            whose = f"{name}, {entry.name}" if len(self._entries) > 1 else name
            self._add_measures(row, whose, scores)

    def _add_measures(self, row: int, whose: str, scores: Scores) -> None:
        label = plain(wraps=False)
        mode = Qt.TextElideMode.ElideMiddle
        label.setText(label.fontMetrics().elidedText(whose, mode, _NAME_WIDTH))
        label.setToolTip(whose)
        self._measures.addWidget(label, row, 0)
        numbers = (scores.mean_iou, scores.global_accuracy, scores.class_accuracy)
        for column, number in enumerate(numbers, 1):
            value = QLabel(percent(number))
            if column == 1:
                value.setObjectName("title")
            self._measures.addWidget(value, row, column)
        where = Elided("muted")
        trained = f"trained on {scores.num_trained} frames"
        where.show_text(f"{scores.measured_on}; {trained}")
        self._measures.addWidget(where, row, 4)

    def _show(self) -> None:
        """Fill the table with the classes of the task that is chosen."""
        task = TASKS[self._choice.choice][0]
        scores = [entry.scores.get(task) for entry in self._entries]
        first = scores[0] if scores else None
        other = scores[1] if len(scores) > 1 else None
        rows = [] if first is None else joined(first, other)
        bins = HNBins()
        if self._entries and self._entries[0].config is not None:
            bins = self._entries[0].config.bins
        num_classes = 0 if first is None else len(first.classes)
        palette = class_palette(bins) if task == "hn" else semantic_palette(num_classes)
        name = self._entries[1].name if other is not None else ""
        self.model.show_rows([row for row in rows if row.score.pixels], palette, name)
        absent = [row.score.name for row in rows if not row.score.pixels]
        shown = f"Not in the measured frames: {'; '.join(absent[:_MOST_NAMED])}"
        if len(absent) > _MOST_NAMED:
            shown += f" and {len(absent) - _MOST_NAMED} more"
        self._absent.setText(f"{shown}." if absent else "")
        self._absent.setToolTip("\n".join(absent))
        self._absent.setVisible(bool(absent))
        has_any = any(scores)
        self._choice.setVisible(has_any)
        self.table.setVisible(has_any)
        self._rest.setVisible(not has_any)
