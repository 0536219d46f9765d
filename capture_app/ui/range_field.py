"""A field for a number between two others, or for leaving it to somebody else."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy


class RangeField(QLineEdit):
    """A number from `low` to `high`; where it is optional, empty is none.

    What is wrong is in `problem` while it is typed, and gone when the field is left.
    """

    edited = Signal()
    """At every key; more may follow."""

    def __init__(
        self,
        name: str,
        low: float,
        high: float,
        step: float = 1,
        unit: str = "",
        is_optional: bool = False,
    ) -> None:
        super().__init__()
        self._low, self._high, self._step = low, high, step
        self._is_whole = all(float(limit).is_integer() for limit in (low, high, step))
        self._is_optional = is_optional
        unit = f" {unit}" if unit else ""
        self._range = f"{name}: {low:g} to {high:g}{unit}"
        self.number: float | None = None if is_optional else low
        self.problem = ""
        self.setPlaceholderText("automatic" if is_optional else "")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        left_out = ", or empty for automatic" if is_optional else ""
        self.setToolTip(f"{self._range}{left_out}. The arrow keys step")
        self.setAccessibleName(name)
        self.textEdited.connect(self._on_text)
        self.editingFinished.connect(self._on_leaving)
        self.show_number(self.number)

    def show_number(self, number: float | None) -> None:
        """Say this, without a signal."""
        self.number, self.problem = number, ""
        self._kept = number
        self.setText("" if number is None else f"{number:.6g}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down are a step more and less."""
        ways = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
        if event.key() not in ways:
            super().keyPressEvent(event)
            return
        number = self._low if self.number is None else self.number
        number = round(number + ways[Qt.Key(event.key())] * self._step, 6)
        self.show_number(min(max(number, self._low), self._high))
        self.edited.emit()

    def _on_text(self, text: str) -> None:
        text = text.strip().replace(",", ".")
        self.problem = ""
        try:
            if text or not self._is_optional:
                number = float(text)
                if not self._low <= number <= self._high:
                    raise ValueError
                if self._is_whole and not number.is_integer():
                    raise ValueError
                self.number = number
            else:
                self.number = None
        except ValueError:
            self.problem = f"{self._range}, got {text or 'nothing'}."
        self.edited.emit()

    def _on_leaving(self) -> None:
        """Keep what is there, or say again what was there before."""
        if self.problem:
            self.show_number(self._kept)
            self.edited.emit()
        self._kept = self.number
