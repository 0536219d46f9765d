"""The Models page: runs compared, and their networks taken to the live view."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QTimer, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget

from capture_app.engine.compare import Comparer, Look
from capture_app.engine.networks import KINDS
from capture_app.engine.run_command import command_for, first_command
from capture_app.engine.run_details import Details
from capture_app.engine.run_entry import Entry
from capture_app.engine.run_reader import Listed, RunReader
from capture_app.engine.setup import SessionSetup
from capture_app.ui.file_dialog import ask_for_file
from capture_app.ui.models_detail import DetailView
from capture_app.ui.models_header import FirstRun
from capture_app.ui.models_side import ModelsSide
from capture_app.ui.page import Page
from core.bins import HNBins
from core.prediction import Task

_TICK_MS, _LOOK_MS = 16, 2000


class ModelsPage(Page):
    """Lists what was trained; one run, or two beside each other, is looked at."""

    added_changed = Signal()
    """`added` is another one now."""

    def __init__(self, runs: Path, recordings: Path) -> None:
        super().__init__()
        self._runs, self._recordings = runs, recordings
        self._added: tuple[Path, ...] = ()
        self._loaded: tuple[Path, ...] = ()
        self._listed: Listed | None = None
        self._first: Entry | None = None
        self._second: Entry | None = None
        self._details: Details | None = None
        self._reader: RunReader | None = None
        self._comparer: Comparer | None = None
        self._timer = self._every(_TICK_MS, self._tick)
        self._look_timer = self._every(_LOOK_MS, self._look)

    @property
    def added(self) -> tuple[Path, ...]:
        """Model files from elsewhere that are listed too."""
        return self._added

    @added.setter
    def added(self, files: Sequence[Path]) -> None:
        self._added = tuple(dict.fromkeys(Path(file) for file in files))
        self.added_changed.emit()
        self._look()

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """What the page's keys and buttons do."""
        return {
            "use_live": self.use_live,
            "unload": lambda: self.wants.emit("use_models", ()),
            "add_model": self.ask_for_model,
            "models_step_back": lambda: self.detail.step(-1),
            "models_step_forward": lambda: self.detail.step(1),
            "open_report": self.open_report,
            "copy_command": self.copy_command,
            "models_show_folder": self.show_folder,
            "models_reload": self.reload,
        }

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Build the page from parts that show these actions."""
        self._actions = actions
        self.side = ModelsSide(actions)
        self.detail = DetailView(actions)
        self._nothing = FirstRun(actions["add_model"])
        self._stack = QStackedWidget()
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(self.detail)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(14)
        layout.addWidget(self.side)
        layout.addWidget(self._stack, 1)
        self._stack.hide()
        self.side.runs.chosen.connect(self._choose)
        self.detail.asked.connect(self._compare)
        self.detail.taken_off.connect(self._take_off)
        self._allow()

    def enter(self) -> None:
        """List the runs from now on, again and again."""
        if self._reader is None or self._comparer is None:
            self.detail.build_curves()
            self._reader = RunReader(self._runs, self._recordings)
            self._comparer = Comparer()
        self._timer.start()
        self._look_timer.start()
        self._look()
        self.side.runs.view.setFocus()

    def leave(self) -> None:
        """Look at no more files and frames."""
        self._timer.stop()
        self._look_timer.stop()
        if self._reader is not None:
            self.detail.compare.stop()

    def end(self) -> None:
        """Stop every thread; safe to call twice."""
        self.leave()
        if self._reader is not None:
            self._reader.close()
        if self._comparer is not None:
            self._comparer.close()

    def show_loaded(self, paths: tuple[Path, ...]) -> None:
        """Say which networks the Capture page shows now."""
        self._loaded = tuple(paths)
        self._show_loaded()
        self._allow()
        self._look()

    def show_setup(self, setup: SessionSetup, bins: HNBins) -> None:
        """Say which networks the Capture page shows now."""
        self.show_loaded(setup.models)

    def use_live(self) -> None:
        """Take the networks of the run that is looked at to the live view."""
        if self._first is not None and self._first.models:
            self.wants.emit("use_models", self._first.models)

    def open_report(self) -> None:
        """Show the run's page in the browser."""
        if self._first is not None and self._first.report is not None:
            self._open(self._first.report)

    def show_folder(self) -> None:
        """Show where the run is, in the file manager."""
        if self._first is not None:
            path = self._first.path
            self._open(path if path.is_dir() else path.parent)

    def copy_command(self) -> None:
        """Put the command that goes on with the run, or repeats it, on the
        clipboard."""
        if self._first is None:
            return
        command = command_for(self._first)
        if command is None:
            self.has_warning.emit(
                f"It is not known how {self._first.name} was trained: it has no "
                "environment.json of hn-train that says so; nothing was copied."
            )
            return
        QApplication.clipboard().setText(command)
        self.detail.say(f"Copied: {command}")

    def ask_for_model(self) -> None:
        """List a file that the user chooses."""
        ask_for_file(
            self, "Add a model file", self.add_model, self._runs, "ONNX (*.onnx)"
        )

    def add_model(self, file: Path) -> None:
        """List this file, and look at it."""
        self.added = (*self._added, file)
        self.side.runs.choose(file)

    def reload(self) -> None:
        """Read everything anew."""
        self._look(is_anew=True)
        if self._first is not None and self._reader is not None:
            self._reader.read(self._first)
            self.detail.compare.ask()

    def _every(self, period_ms: int, work: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setInterval(period_ms)
        timer.timeout.connect(work)
        return timer

    def _look(self, is_anew: bool = False) -> None:
        if self._reader is not None:
            files = dict.fromkeys((*self._added, *self._strange))
            self._reader.look(tuple(files), is_anew)

    @property
    def _strange(self) -> tuple[Path, ...]:
        """Networks that are on and belong to no run that is listed."""
        entries = () if self._listed is None else self._listed.entries
        known = {
            model.resolve()
            for entry in entries
            if entry.path not in self._loaded
            for model in entry.models
        }
        return tuple(path for path in self._loaded if path.resolve() not in known)

    def _tick(self) -> None:
        """Show what the threads have found."""
        if self._reader is None or self._comparer is None:
            return
        listed = self._reader.listed.take()
        if listed is not None:
            self._show_listed(listed)
        details = self._reader.details.take()
        if details is not None and self._first is not None:
            self._details = details
            self.detail.show_details(self._first, details)
        answer = self._comparer.take()
        if answer is not None:
            self.detail.compare.show_answer(answer)
        self.detail.compare.show_doing(self._comparer.doing)
        for problem in self._reader.take_problems():
            self.has_problem.emit(problem.message, False)

    def _show_listed(self, listed: Listed) -> None:
        if listed == self._listed:
            return
        is_first, self._listed = self._listed is None, listed
        self.detail.compare.show_sources(listed.recordings)
        self.side.runs.show_entries(listed.entries)
        if is_first and listed.entries:
            self.detail.prepare_comparison()
        self._show_loaded()
        self._stack.show()
        if not listed.entries:
            command = first_command(
                self._recordings, self._runs, bool(listed.recordings)
            )
            self._nothing.show_command(
                command, str(self._runs), bool(listed.recordings)
            )

    def _choose(self, first: Entry | None, second: Entry | None) -> None:
        """Look at one run, or at two."""
        before, self._first, self._second = self._first, first, second
        if first is None or before is None or first.path != before.path:
            self._details = None
        has_entries = self._listed is not None and bool(self._listed.entries)
        self._stack.setCurrentWidget(self.detail if has_entries else self._nothing)
        self.detail.show_entries(first, second)
        if first is not None and self._reader is not None and first != before:
            self._reader.read(first)
        self._allow()

    def _compare(self, look: Look) -> None:
        if self._comparer is not None:
            self._comparer.ask(look)

    def _take_off(self, file: Path) -> None:
        self.added = tuple(path for path in self._added if path != file)

    def _allow(self) -> None:
        """Have on what can be done with the run that is looked at."""
        first = self._first
        for name, is_possible in (
            ("use_live", first is not None and bool(first.models)),
            ("unload", bool(self._loaded)),
            ("open_report", first is not None and first.report is not None),
            ("copy_command", first is not None and first.config is not None),
            ("models_show_folder", first is not None),
        ):
            self._actions[name].setEnabled(is_possible)

    def _show_loaded(self) -> None:
        """Mark the networks that are on, and name them."""
        on = {path.resolve() for path in self._loaded}
        names: dict[Task, str] = dict.fromkeys(KINDS, "")
        marked = set()
        entries = () if self._listed is None else self._listed.entries
        for entry in entries:
            for model, task in zip(entry.models, entry.tasks, strict=True):
                if model.resolve() in on:
                    marked.add(model)
                    is_file = entry.path == model
                    name = entry.name if is_file else f"{entry.name}, {model.name}"
                    names[task] = names[task] or name  # that of the run comes first
        self.side.show_loaded(frozenset(marked), names)

    def _open(self, path: Path) -> None:
        url = QUrl.fromLocalFile(str(path.resolve()))
        if not QDesktopServices.openUrl(url):
            self.has_warning.emit(
                f"No program was found that opens {path}; open it by hand."
            )
