"""Lines above the player: what was done, with the way back, or how far it is."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QToolButton,
    QWidget,
)

from capture_app.engine.job import Job
from capture_app.ui.setup_parts import link


class DoneStrip(QFrame):
    """One sentence and perhaps a button; hidden until there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._label = QLabel()
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
        )
        self._work: Callable[[], object] = lambda: None
        self._button = link("", "", lambda: self._work())
        close = link("Dismiss", "Hide this line", self.hide)
        _fill(self, self._label, self._button, close)
        self.hide()

    @property
    def text(self) -> str:
        """What it says; "" while it is hidden."""
        return "" if self.isHidden() else self._label.text()

    def say(
        self,
        sentence: str,
        button: str = "",
        tip: str = "",
        work: Callable[[], object] = lambda: None,
    ) -> None:
        """Show a sentence, with a button that does `work`."""
        self._label.setText(sentence)
        self._button.setText(button)
        self._button.setToolTip(tip)
        self._button.setVisible(bool(button))
        self._work = work
        self.show()

    def click(self) -> None:
        """Do what the button does."""
        self._work()


class JobStrip(QFrame):
    """How far a job is, and a button to give it up; hidden without one."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._job: Job | None = None
        self._label = QLabel()
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(8)
        self._cancel = link(
            "Cancel", "Give it up; nothing half done is left", self._end
        )
        _fill(self, self._label, self._bar, self._cancel)
        self.hide()

    def show_job(self, job: Job | None) -> None:
        """Show how far this one is."""
        self._job = job
        self.setVisible(job is not None)
        if job is not None:
            self._label.setText(f"{job.title}: {100 * job.progress:.0f} %")
            self._bar.setValue(round(1000 * job.progress))

    def _end(self) -> None:
        if self._job is not None:
            self._job.give_up()


def _fill(frame: QFrame, first: QWidget, *others: QWidget | QToolButton) -> None:
    layout = QHBoxLayout(frame)
    layout.setContentsMargins(12, 6, 8, 6)
    layout.setSpacing(8)
    layout.addWidget(first, 1)
    for other in others:
        layout.addWidget(other)
