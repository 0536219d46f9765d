"""A field for a number between two others, or for leaving it to somebody else."""

from PySide6.QtCore import QLocale, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QSizePolicy


class RangeField(QDoubleSpinBox):
    """A number from `low` to `high`; with a word for `automatic`, none at all too.

    The wheel scrolls the column, and changes nothing here.
    """

    edited = Signal()
    """At every key; more may follow."""

    def __init__(
        self,
        low: float,
        high: float,
        step: float = 1.0,
        decimals: int = 0,
        unit: str = "",
        automatic: str = "",
        tip: str = "",
    ) -> None:
        super().__init__()
        self._automatic = automatic
        self.setLocale(QLocale.c())
        self.setDecimals(decimals)
        self.setSingleStep(step)
        # The word stands for the value below the lowest one.
        self.setRange(low - step if automatic else low, high)
        self.setSpecialValueText(automatic)
        self.setSuffix(f" {unit}" if unit else "")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setToolTip(f"{tip}\nFrom {low:g} to {high:g}{self.suffix()}".strip())
        self.valueChanged.connect(lambda _: self.edited.emit())

    @property
    def number(self) -> float | None:
        """What it says; None for the word."""
        if self._automatic and self.value() <= self.minimum():
            return None
        return self.value()

    def show_number(self, number: float | None) -> None:
        """Say this, without a signal."""
        self.blockSignals(True)
        self.setValue(self.minimum() if number is None else number)
        self.blockSignals(False)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Have what is typed take the place of what is there, also after a click."""
        super().focusInEvent(event)
        QTimer.singleShot(0, self, self.selectAll)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to the column."""
        event.ignore()
