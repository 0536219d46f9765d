"""How heights and angles are cut into classes, as fields."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from capture_app.engine.bins_input import (
    as_even,
    edges_text,
    even_edges,
    typed_bins,
)
from capture_app.ui.range_field import RangeField
from capture_app.ui.setup_parts import Warned, link, muted, note, row
from core.bins import IGNORE_LABEL, HNBins
from core.errors import HNError


class BinsEditor(QWidget):
    """Edits bins; what is wrong with them it says while they are typed."""

    edited = Signal(bool)
    """Something else is there now; True while more may follow."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = HNBins()
        self._as_shown: tuple[str, str, bool] = ("", "", False)
        self._count = RangeField("Bins of height", 1, IGNORE_LABEL)
        self._step = RangeField("Height of a bin", 0.01, 2, 0.05, "m")
        self._is_free = QCheckBox("Heights of my own")
        self._is_free.setToolTip("Name every edge between two heights, in metres")
        self._heights = QLineEdit()
        self._heights.setToolTip("Metres between the heights, rising: 0.1 0.5 1 2")
        self._angles = QLineEdit()
        self._angles.setToolTip(
            "Degrees between the angles of a surface to the floor, rising: 30 60.\n"
            "Empty for classes of height alone"
        )
        self._is_signed = QCheckBox("Ceiling apart from floor")
        self._is_signed.setToolTip(
            "Signed angles, 0 to 180 degrees: what faces down is no longer as what "
            "faces up"
        )
        self._problem = Warned()
        self._summary = note()
        self._reset = link("Reset", "10 heights of 0.25 m, angles apart at 45 degrees",
                           lambda: self._choose(HNBins()))  # fmt: skip
        self._of, self._m, self._deg = muted("of"), muted("m"), muted("deg")
        self._arrange()
        for field in (self._count, self._step):
            field.edited.connect(lambda: self._on_edit(True))
        for line in (self._heights, self._angles):
            line.textEdited.connect(lambda _: self._on_edit(True))
            line.editingFinished.connect(lambda: self._on_edit(False))
        self._is_free.clicked.connect(self._on_free)
        self._is_signed.clicked.connect(lambda: self._on_edit(False))
        self.show_bins(HNBins())

    def bins(self) -> HNBins | None:
        """What is typed; None while that makes no bins."""
        try:
            return self._read()
        except HNError:
            return None

    def show_bins(self, bins: HNBins) -> None:
        """Show these, without a signal."""
        even = as_even(bins.height_edges)
        self._is_free.setChecked(even is None)
        if even is not None:
            self._count.show_number(even[0])
            self._step.show_number(even[1])
        self._heights.setText(edges_text(bins.height_edges))
        self._angles.setText(edges_text(bins.angle_edges))
        self._is_signed.setChecked(bins.signed_angles)
        self._shown, self._as_shown = bins, self._typed()
        self._explain()

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(
            row(muted("Heights"), 2, self._count, self._of, 3, self._step, self._m)
        )
        layout.addWidget(self._heights)
        layout.addWidget(self._is_free)
        layout.addLayout(row(muted("Angles at"), 1, self._angles, self._deg))
        layout.addWidget(self._is_signed)
        layout.addWidget(self._problem)
        layout.addLayout(row(1, self._summary, self._reset))

    def _typed(self) -> tuple[str, str, bool]:
        """Edges as texts, and whether angles are signed."""
        heights = self._heights.text()
        if not self._is_free.isChecked():
            heights = self._even_text()
        return heights, self._angles.text(), self._is_signed.isChecked()

    def _even_text(self) -> str:
        """The edges of so many bins that are so high."""
        count, step = self._count.number, self._step.number
        assert count is not None and step is not None
        return edges_text(even_edges(round(count), step))

    def _read(self) -> HNBins:
        """HNError says why it makes no bins."""
        if not self._is_free.isChecked():
            for field in (self._count, self._step):
                if field.problem:
                    raise HNError(field.problem)
        if self._typed() == self._as_shown:
            return self._shown  # to the last digit, and a network's may be any
        return typed_bins(*self._typed())

    def _choose(self, bins: HNBins) -> None:
        self.show_bins(bins)
        self.edited.emit(False)

    def _on_free(self, is_free: bool) -> None:
        """Go on from the edges that there are."""
        if is_free:
            self._heights.setText(self._even_text())
        self._on_edit(False)
        if is_free:
            self._heights.setFocus()

    def _on_edit(self, is_typing: bool) -> None:
        self._explain()
        self.edited.emit(is_typing)

    def _explain(self) -> None:
        """Show the fields that count, and what they make or why they make nothing."""
        is_free = self._is_free.isChecked()
        self._heights.setVisible(is_free)
        for widget in (self._count, self._of, self._step, self._m):
            widget.setVisible(not is_free)
        words = num_classes = ""
        try:
            num_classes = f"{self._read().num_classes} classes"
        except HNError as error:
            words = str(error)
        self._problem.say(words)
        self._summary.setText(num_classes)
