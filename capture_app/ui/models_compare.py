"""What depth says, what the network says, where they differ, frame by frame."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from capture_app.engine.compare import Compared, Look
from capture_app.engine.run_entry import Entry
from capture_app.ui.models_agreement import AgreementBars
from capture_app.ui.models_compare_pictures import ComparedPictures
from capture_app.ui.models_parts import action_button, muted
from core.bins import HNBins

_ROOM = "Simulated room"


class CompareView(QWidget):
    """Chooses frames and shows what came of them."""

    asked = Signal(object)
    """A Look that is wanted now."""

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self._entry: Entry | None = None
        self._answer: Compared | None = None
        self._num_frames = 0
        """Of the recording; 0 until they are counted."""
        self._source = QComboBox()
        self._source.setToolTip("The recording whose frames are compared on")
        self._source.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._source.setMinimumContentsLength(18)
        self._source.addItem(_ROOM, None)
        self._source.currentIndexChanged.connect(self._change_source)
        self._through = QToolButton()
        self._through.setText("Run through")
        self._through.setCheckable(True)
        self._through.setToolTip(
            "Look at one frame after the other by itself, for the mean over them all"
        )
        self._through.toggled.connect(self._run_through)
        self._number = QLabel()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setToolTip("The frame to compare on")
        self.slider.setAccessibleName("Frame")
        self.slider.setRange(0, 0)
        self.slider.valueChanged.connect(self.ask)
        self.pictures = ComparedPictures()
        self.pictures.resized.connect(self.ask)
        self._note = muted()
        self._bars = AgreementBars()
        self._lay_out(actions)
        self._show_number()

    def show_sources(self, recordings: Sequence[Path]) -> None:
        """Offer these recordings, the first of them unless one is chosen, and the
        simulated room."""
        before = [self._source.itemData(k) for k in range(self._source.count())]
        wanted: list[Path | None] = [*recordings, None]
        if before == wanted:
            return
        chosen = self._source.currentData()
        is_first = len(before) == 1
        with QSignalBlocker(self._source):
            self._source.clear()
            for path in recordings:
                self._source.addItem(path.name, path)
                tip = Qt.ItemDataRole.ToolTipRole
                self._source.setItemData(self._source.count() - 1, str(path), tip)
            self._source.addItem(_ROOM, None)
            stays = not is_first and chosen in wanted
            self._source.setCurrentIndex(wanted.index(chosen) if stays else 0)
        if self._source.currentData() != chosen:
            self._change_source()

    def show_entry(self, entry: Entry | None) -> None:
        """Compare the networks of this run."""
        if entry == self._entry:
            return
        is_other = (
            self._entry is None or entry is None or entry.path != self._entry.path
        )
        self._entry = entry
        if is_other:
            self._through.setChecked(False)
        self.ask()

    @property
    def look(self) -> Look:
        """What is to be seen now."""
        entry = self._entry
        config = None if entry is None else entry.config
        return Look(
            () if entry is None else entry.models,
            HNBins() if config is None else config.bins,
            self._source.currentData(),
            self.slider.value(),
            self.pictures.picture_size,
        )

    def ask(self, *_: object) -> None:
        """Have what is to be seen now compared."""
        self._show_number()
        self.asked.emit(self.look)

    def step(self, frames: int) -> None:
        """Go that many frames on."""
        self._through.setChecked(False)
        self.slider.setValue(self.slider.value() + frames)

    def stop(self) -> None:
        """Look at no more frames by itself."""
        self._through.setChecked(False)

    def show_doing(self, doing: str) -> None:
        """Say what is waited for, or ""."""
        self.pictures.show_notice(doing)

    def show_answer(self, answer: Compared) -> None:
        """Show what came of a look, unless it was about another run or recording."""
        wanted = self.look
        if (answer.look.models, answer.look.source) != (wanted.models, wanted.source):
            return
        self._answer = answer
        if answer.num_frames:
            self._num_frames = answer.num_frames
            with QSignalBlocker(self.slider):
                self.slider.setRange(0, answer.num_frames - 1)
        self._show_number()
        self.pictures.show_answer(answer)
        words = answer.problem or answer.note
        if not self._has_models and not answer.problem:
            words = "This run has no network yet; depth alone is shown."
        self._note.setText(words)
        self._note.setProperty("state", "bad" if answer.problem else "")
        self._note.style().polish(self._note)
        self._note.setVisible(bool(words))
        self._bars.show_agreements(answer.agreement, answer.so_far)
        if self._through.isChecked():
            self._go_on(answer)

    @property
    def _has_models(self) -> bool:
        return self._entry is not None and bool(self._entry.models)

    def _change_source(self) -> None:
        self._through.setChecked(False)
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, 0)  # until its frames are counted
        self._num_frames = 0
        self.ask()

    def _run_through(self, is_on: bool) -> None:
        if not is_on:
            return
        if self.slider.value() == self.slider.maximum():
            self.slider.setValue(0)
        else:
            self.ask()

    def _go_on(self, answer: Compared) -> None:
        """To the next frame; the last one ends it, and so does a problem."""
        if answer.problem or self.slider.value() == self.slider.maximum():
            self._through.setChecked(False)
        elif answer.look.frame == self.slider.value():
            self.slider.setValue(self.slider.value() + 1)

    def _show_number(self) -> None:
        words = f"frame {self.slider.value() + 1}"
        if self._num_frames:
            words += f" of {self._num_frames}"
        self._number.setText(words)

    def _lay_out(self, actions: Mapping[str, QAction]) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(muted("Frames of", wraps=False))
        top.addWidget(self._source, 1)
        top.addWidget(self._through)
        bottom = QHBoxLayout()
        bottom.setSpacing(8)
        for name, arrow in (
            ("models_step_back", Qt.ArrowType.LeftArrow),
            ("models_step_forward", Qt.ArrowType.RightArrow),
        ):
            button = action_button(actions[name])
            button.setArrowType(arrow)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            bottom.addWidget(button)
        bottom.addWidget(self.slider, 1)
        bottom.addWidget(self._number)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self.pictures, 1)
        layout.addLayout(bottom)
        layout.addWidget(self._note)
        layout.addWidget(self._bars)
