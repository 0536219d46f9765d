"""What is done with the chosen recordings: trash, export, training, repair."""

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QMessageBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from capture_app.engine.discarding import delete_all, discard_all, restore_all
from capture_app.engine.exporting import export
from capture_app.engine.job import Advance, Job
from capture_app.engine.library_watch import Changes
from capture_app.engine.training_words import training_data
from capture_app.engine.trash import Trashed
from capture_app.ui.library_export import ExportDialog
from capture_app.ui.library_list import LibraryList
from capture_app.ui.library_strip import DoneStrip, JobStrip
from capture_app.ui.library_train import TrainDialog
from capture_app.ui.library_trash import TrashList
from capture_app.ui.library_words import moved_text, recordings_text
from core.recording import repair_recording

_NOTHING = "There is nothing to bring back: the trash is empty."


class LibraryWork(QObject):
    """Does it, says so in lines above the player, and knows the way back."""

    failed = Signal(str)
    changed_disk = Signal()

    def __init__(self, recordings: Path, library: LibraryList, page: QWidget) -> None:
        super().__init__(page)
        self._recordings, self._list, self._page = recordings, library, page
        self._exports = recordings.absolute().parent / "exports"
        self._moved: list[list[Trashed]] = []
        self._trashed: list[Trashed] = []
        self._to_select: Path | None = None
        self._job: Job | None = None
        self._waiting: deque[tuple[str, Callable[[Advance], str]]] = deque()
        self.done, self._running = DoneStrip(), JobStrip()
        self.strips, self.lists = QWidget(), QStackedWidget()
        layout = QVBoxLayout(self.strips)
        layout.setContentsMargins(6, 0, 6, 0)
        layout.setSpacing(6)
        layout.addWidget(self.done)
        layout.addWidget(self._running)
        self.trash_list = TrashList()
        self.lists.addWidget(library)
        self.lists.addWidget(self.trash_list)
        library.trash_opened.connect(self.open_trash)
        self.trash_list.closed.connect(self.close_trash)
        self.trash_list.restored.connect(self._bring_back)
        self.trash_list.deleted.connect(self._ask_to_delete)

    @property
    def num_trashed(self) -> int:
        """How many recordings are in the trash."""
        return len(self._trashed)

    @property
    def shows_trash(self) -> bool:
        """Whether the trash is open."""
        return self.lists.currentWidget() is self.trash_list

    def tick(self, changes: Changes) -> None:
        """Show what was found, and how far the running job is."""
        if changes.trashed is not None:
            self._trashed = changes.trashed
            self.trash_list.show_trashed(self._trashed)
        if self._to_select in changes.entries:
            self._list.select(self._to_select)
            self._to_select = None
        if self._job is not None and self._job.is_over:
            self._note_end(self._job)
        self._running.show_job(self._job)

    def open_trash(self) -> None:
        """Show the trash in place of the recordings."""
        self.lists.setCurrentWidget(self.trash_list)
        self.trash_list.view.setFocus()

    def close_trash(self) -> None:
        """Show the recordings again."""
        self.lists.setCurrentIndex(0)
        self._list.view.setFocus()

    def trash(self) -> None:
        """Move the chosen recordings to the trash; what lies there is deleted, after a
        question."""
        if self.shows_trash:
            self._ask_to_delete(self.trash_list.chosen)
            return
        moved, problems = discard_all([entry.path for entry in self._list.chosen])
        self._tell(problems)
        if moved:
            self._moved.append(moved)
            gone = {one.path.parent.parent / one.name for one in moved}
            self._list.apply(Changes(gone=gone))
            text = moved_text([one.name for one in moved])
            tip = "Put it back where it was (Ctrl+Z)"
            self.done.say(text, "Bring back", tip, self.restore)
            self.changed_disk.emit()

    def restore(self) -> None:
        """Bring back what is chosen in the trash, or else what went there last."""
        if self.shows_trash and self.trash_list.chosen:
            self._bring_back(self.trash_list.chosen)
        elif self._moved:
            self._bring_back(self._moved[-1])
        elif self._trashed:
            self._bring_back(self._trashed[:1])
        else:
            self.done.say(_NOTHING)

    def export(self) -> None:
        """Ask in which format, and where."""
        entries = [entry for entry in self._list.chosen if entry.can_play]
        if entries:
            dialog = ExportDialog(entries, self._exports, self._page)
            dialog.wanted.connect(self._export)
            dialog.open()

    def train(self) -> None:
        """Show the command."""
        chosen = self._list.chosen
        data = training_data(chosen, self._list.entries, self._recordings)
        if data:
            num_usable = sum(entry.can_play for entry in chosen)
            what = recordings_text(num_usable)
            TrainDialog(data, what, self._page).open()

    def repair(self, path: Path) -> None:
        """Rebuild a recording that was cut off."""

        def work(advance: Advance) -> str:
            result = repair_recording(path, advance)
            return (
                f"{path.name} is repaired with its {result.num_frames} whole frames; "
                f"the file as it was is {result.cut_file}."
            )

        self._begin(f"Repairing {path.name}", work)

    def end(self) -> None:
        """Give up what is running; safe to call twice."""
        self._waiting.clear()
        if self._job is not None:
            self._job.close()

    def _export(self, paths: Sequence[Path], to: str, folder: Path) -> None:
        self._exports = folder
        what = paths[0].name if len(paths) == 1 else recordings_text(len(paths))
        self._begin(
            f"Exporting {what}", lambda advance: export(paths, to, folder, advance)
        )

    def _bring_back(self, trashed: Sequence[Trashed]) -> None:
        homes, problems = restore_all(trashed)
        self._tell(problems)
        wanted = set(trashed)
        self._moved = [
            rest
            for batch in self._moved
            if (rest := [t for t in batch if t not in wanted])
        ]
        if homes:
            names = ", ".join(home.name for home in homes)
            self.done.say(f"Brought back: {names}.")
            self._to_select = homes[0]
        self.changed_disk.emit()

    def _ask_to_delete(self, trashed: Sequence[Trashed]) -> None:
        if not trashed:
            return
        names = ", ".join(one.name for one in trashed)
        buttons = QMessageBox.StandardButton
        box = QMessageBox(self._page)
        box.setWindowTitle("Delete for good?")
        box.setIcon(QMessageBox.Icon.Warning)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"Delete {names} for good? The frames cannot be brought back.")
        box.setStandardButtons(buttons.Cancel)
        delete = box.addButton(
            "Delete for good", QMessageBox.ButtonRole.DestructiveRole
        )
        box.setDefaultButton(buttons.Cancel)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        delete.clicked.connect(partial(self._delete, tuple(trashed)))
        box.open()

    def _delete(self, trashed: Sequence[Trashed], _: bool = False) -> None:
        gone = set(trashed)
        self._moved = [batch for batch in self._moved if not gone & set(batch)]
        self._begin(
            f"Deleting {recordings_text(len(trashed))}",
            lambda advance: delete_all(trashed, advance),
        )

    def _begin(self, title: str, work: Callable[[Advance], str]) -> None:
        """Do it now, or when what is running is done."""
        self._waiting.append((title, work))
        if self._job is None:
            self._job = Job(*self._waiting.popleft())
        self._running.show_job(self._job)

    def _note_end(self, job: Job) -> None:
        job.close()
        self._job = Job(*self._waiting.popleft()) if self._waiting else None
        if job.problem:
            self._tell([job.problem])
        else:
            self.done.say(job.sentence)
        self.changed_disk.emit()

    def _tell(self, problems: Sequence[str]) -> None:
        if problems:
            self.failed.emit("; ".join(problems))
