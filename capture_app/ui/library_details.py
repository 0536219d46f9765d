"""What is known of the recording that is looked at, and what the user says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QFocusEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QPlainTextEdit,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from capture_app.engine.library import Entry, Kind
from capture_app.engine.scene_edits import Edit, Saved
from capture_app.engine.take_examiner import Examination
from capture_app.ui.library_words import bins_text, breakable, fact_rows
from capture_app.ui.setup_parts import Card, Elided, link, muted, note, row
from capture_app.ui.tag_field import TagField
from capture_app.ui.take_panel import TakePanel
from core.bins import HNBins
from core.recording import SceneInfo

_SAVE_AFTER_MS = 1500  # without a key
_TAKE_HEIGHT = 420
_CUT_OFF = "The take was cut off. Its whole frames are used, here and in training."
_BEING_WRITTEN = "It is being recorded now, and can be looked at when it is done."


class Words(QPlainTextEdit):
    """Notes, on a few lines."""

    left = Signal()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """They may be saved now."""
        super().focusOutEvent(event)
        self.left.emit()


class DetailsPanel(QScrollArea):
    """Notes and tags to write, facts, and what the recording's labels are worth."""

    edited = Signal(object)
    """An `Edit` to save."""
    repair_wanted = Signal(object)
    """The path of a recording that was cut off."""

    def __init__(self, bins: HNBins) -> None:
        super().__init__()
        self.setMinimumWidth(256)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._entry: Entry | None = None
        self._scene: SceneInfo | None = None
        self._has_new_tags = False
        self._num_unsaved = 0
        self._examination: Examination | None = None
        self.notes, self.tags = Words(), TagField()
        self._title, self._problem, self._bins = Elided(""), note(), note()
        self._repair = link(
            "Repair it",
            "Rebuild its index; the file as it was stays beside it",
            self._on_repair,
        )
        self._facts = QGridLayout()
        self._actions_row = row(1)
        self._words_card, self._facts_card = Card("Notes and tags"), Card("Facts")
        self._labels_card = Card("Labels")
        self._take, self._used_bins = TakePanel(bins), bins
        self._saving = QTimer(self)
        self._saving.setSingleShot(True)
        self._saving.setInterval(_SAVE_AFTER_MS)
        self._saving.timeout.connect(self.save)
        self._lay_out()
        self.set_bins(bins)
        self.notes.textChanged.connect(self._saving.start)
        self.notes.left.connect(self.save)
        self.tags.changed.connect(self._on_tags)
        self.show_entry(None)

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Have buttons for what can be done with this one."""
        for place, name in enumerate(("open_live", "show_folder")):
            button = QToolButton()
            button.setObjectName("link")
            button.setDefaultAction(actions[name])
            self._actions_row.insertWidget(place, button)

    def set_bins(self, bins: HNBins) -> None:
        """Say what the labels are made with."""
        self._used_bins, self._examination = bins, None
        self._bins.setText(bins_text(bins))
        self._take.setParent(None)
        self._take.deleteLater()
        self._take = TakePanel(bins)
        self._take.setMinimumHeight(_TAKE_HEIGHT)
        self._labels_card.add(self._take)

    def show_entry(self, entry: Entry | None) -> None:
        """Show this one, saving first what was written of the last; what is being
        written of the same is left alone."""
        is_same = self._is_of(None if entry is None else entry.path)
        if not is_same:
            self.save()
            self._scene, self._num_unsaved = None, 0
        self._entry = entry
        can_play = entry is not None and entry.can_play
        for part in (self._words_card, self._facts_card, self._labels_card):
            part.setVisible(can_play)
        self._title.setText("" if entry is None else entry.title)
        self._title.setToolTip("" if entry is None else str(entry.path))
        self._show_problem(entry)
        if entry is not None:
            self._show_facts(fact_rows(entry))
            if entry.scene is not None:
                self._show_words(entry.scene)

    def show_examination(self, examination: Examination | None) -> None:
        """How far the look at the recording is, and what was found."""
        if examination is self._examination:
            return
        self._examination = examination
        report = None if examination is None else examination.report
        if report is None or report.statistics.bins == self._used_bins:
            self._take.show_examination(examination)

    def save(self) -> None:
        """Have what was written saved now, if anything was."""
        self._saving.stop()
        notes = self.notes.document()
        is_new = notes.isModified() or self._has_new_tags
        if self._entry is None or self._scene is None or not is_new:
            return
        before = self._scene
        tags = self.tags.tags() if self._has_new_tags else before.tags
        edit = Edit(self._entry.path, before, self.notes.toPlainText(), tags)
        self._scene = replace(before, notes=edit.notes, tags=tags)
        notes.setModified(False)
        self._has_new_tags = False
        self._num_unsaved += 1
        self.edited.emit(edit)

    def show_saved(self, saved: Saved) -> None:
        """What came of an edit; what could not be saved is there to save again."""
        if not self._is_of(saved.edit.path) or self._num_unsaved == 0:
            return
        self._num_unsaved -= 1
        if saved.scene is not None:
            self._show_words(saved.scene)
            return
        self._scene = saved.edit.before
        self.notes.document().setModified(True)
        self._has_new_tags = True

    def write_again(self, edit: Edit) -> None:
        """Have what could not be saved in the fields again, to be saved once more."""
        self.notes.setPlainText(edit.notes)
        self.tags.set_tags(edit.tags)
        self._scene, self._has_new_tags = edit.before, True

    def _is_of(self, path: Path | None) -> bool:
        return self._entry is not None and self._entry.path == path

    def _show_words(self, scene: SceneInfo) -> None:
        """As they are on the disk, unless the user is just writing them."""
        if self._num_unsaved or self.notes.document().isModified():
            return
        if self._has_new_tags:
            return
        if self._scene is None or self.notes.toPlainText() != scene.notes:
            self.notes.setPlainText(scene.notes)
        if self._scene is None or self._scene.tags != scene.tags:
            self.tags.set_tags(scene.tags)
        self._scene = scene
        self._saving.stop()

    def _show_problem(self, entry: Entry | None) -> None:
        texts = {Kind.CUT_OFF: _CUT_OFF, Kind.BEING_WRITTEN: _BEING_WRITTEN}
        text = "" if entry is None else entry.problem or texts.get(entry.kind, "")
        self._problem.setText(breakable(text))
        self._problem.setVisible(bool(text))
        self._repair.setVisible(entry is not None and entry.kind is Kind.CUT_OFF)

    def _show_facts(self, rows: Sequence[tuple[str, str]]) -> None:
        while (item := self._facts.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for k, (name, value) in enumerate(rows):
            words = Elided(value)
            words.setToolTip(value)
            self._facts.addWidget(muted(name), k, 0)
            self._facts.addWidget(words, k, 1)

    def _on_tags(self) -> None:
        self._has_new_tags = True
        self.save()

    def _on_repair(self) -> None:
        if self._entry is not None:
            self.repair_wanted.emit(self._entry.path)

    def _lay_out(self) -> None:
        self._title.setObjectName("time")
        self._problem.setProperty("state", "poor")
        self.notes.setPlaceholderText("What is worth knowing about the scene")
        self.notes.setToolTip("Saved by themselves; Ctrl+Z takes back what is typed")
        self.notes.setTabChangesFocus(True)
        self.notes.setAccessibleName("Notes")
        self.notes.setFixedHeight(4 * self.fontMetrics().lineSpacing() + 14)
        self._facts.setHorizontalSpacing(10)
        self._facts.setVerticalSpacing(2)
        self._facts.setColumnStretch(1, 1)
        self._words_card.add(self.notes, self.tags)
        self._facts_card.add(self._facts)
        self._labels_card.add(self._bins)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(6, 10, 12, 10)
        layout.setSpacing(10)
        layout.addWidget(self._title)
        layout.addLayout(self._actions_row)
        for part in (self._problem, self._repair, self._words_card, self._facts_card):
            layout.addWidget(part)
        layout.addWidget(self._labels_card)
        layout.addStretch(1)
        self.setWidget(inside)
