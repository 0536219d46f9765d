"""The networks that are loaded, and how to load others."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from capture_app.engine.model_files import ModelFiles, ModelReader
from capture_app.engine.networks import KINDS
from capture_app.ui.file_dialog import ask_for_file
from capture_app.ui.setup_parts import (
    Card,
    Elided,
    Warned,
    link,
    muted,
    note,
    row,
    sentence,
)
from core.bins import HNBins
from core.prediction import ModelInfo

_LOOK_MS = 50


class NetworkCard(Card):
    """A line a network. Files are read on a thread; a bad one is refused."""

    edited = Signal()
    """There are other networks now."""
    known = Signal()
    """What the networks are for is known now."""
    models_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("Networks")
        self.models: tuple[Path, ...] = ()
        self._infos: Mapping[Path, ModelInfo] = {}
        self._added: Path | None = None
        self._reader = ModelReader()
        self._shown: list[QWidget] = []
        self._rows = QVBoxLayout()
        self._rows.setSpacing(2)
        self._none = note("None: labels come from depth alone.")
        self._problem = Warned()
        self._load = link("Load…", "Choose a model file of hn-train or hn-export",
                          self._ask)  # fmt: skip
        to_page = link("Models", "All trained networks, and what they are worth",
                       self.models_wanted.emit)  # fmt: skip
        self.add(self._none, self._rows, self._problem, row(self._load, to_page, 1))
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._look)

    @property
    def hn_network(self) -> tuple[Path, HNBins] | None:
        """The HN network with its bins, once that is known."""
        for path in self.models:
            info = self._infos.get(path)
            if info is not None and info.bins is not None:
                return path, info.bins
        return None

    def show_models(self, models: Sequence[Path]) -> None:
        """Show these, without a signal; what they are is known soon."""
        self.models = tuple(models)
        self._added = None
        self._problem.say("")
        self._show_rows()
        if any(path not in self._infos for path in self.models):
            self._read(self.models)
        else:
            self.known.emit()

    def end(self) -> None:
        """Stop reading; safe to call twice."""
        self._timer.stop()
        self._reader.close()

    def _read(self, paths: Sequence[Path]) -> None:
        self._reader.ask(paths)
        self._load.setEnabled(False)
        self._load.setText("Reading…")
        self._timer.start()

    def _look(self) -> None:
        files = self._reader.read.take()
        if files is None:
            return
        self._timer.stop()
        self._load.setEnabled(True)
        self._load.setText("Load…")
        self._infos = {**self._infos, **files.infos}
        self._problem.say(" ".join(sentence(text) for text in files.problems.values()))
        added, self._added = self._added, None
        if added is not None:
            self._add(files, added)
        self._show_rows()
        self.known.emit()

    def _add(self, files: ModelFiles, added: Path) -> None:
        """Use a file that can be used, in place of another one of its kind."""
        if added in files.infos and added not in self.models:
            self.models = files.with_only(added)
            self.edited.emit()

    def _ask(self) -> None:
        near = self.models[-1].parent if self.models else Path("runs")
        ask_for_file(
            self,
            "Load a network",
            self.load,
            near if near.is_dir() else Path(),
            "Networks (*.onnx)",
        )

    def load(self, path: Path) -> None:
        """Use this file too, if it can be used."""
        self._added = path
        self._read((*self.models, path))

    def _remove(self, path: Path) -> None:
        self.models = tuple(each for each in self.models if each != path)
        self._problem.say("")
        self._show_rows()
        self.known.emit()
        self.edited.emit()

    def _show_rows(self) -> None:
        for shown in self._shown:
            self._rows.removeWidget(shown)
            shown.deleteLater()
        self._shown = [self._row(path) for path in self.models]
        for shown in self._shown:
            self._rows.addWidget(shown)
        self._none.setVisible(not self.models)

    def _row(self, path: Path) -> QWidget:
        info = self._infos.get(path)
        kind = "" if info is None else KINDS[info.task]
        name = Elided(path.name)
        name.setToolTip(f"{path}\n{kind} network" if kind else str(path))
        whole = QWidget()
        remove = link("\N{MULTIPLICATION X}", f"Take {path.name} off the camera",
                      lambda: self._remove(path))  # fmt: skip
        remove.setAccessibleName(f"Remove {path.name}")
        layout = row(muted(kind), 1, name, remove)
        layout.setContentsMargins(0, 0, 0, 0)
        whole.setLayout(layout)
        return whole
