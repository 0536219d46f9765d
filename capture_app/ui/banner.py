"""A strip above the picture that says what went wrong and offers the way on."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton


class Banner(QFrame):
    """Hidden until there is a problem."""

    retried = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("banner")
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
        )
        self._retry = QToolButton()
        self._retry.setText("Try again")
        self._retry.setToolTip("Open the camera again (F5)")
        self._retry.clicked.connect(self._on_retry)
        dismiss = QToolButton()
        dismiss.setText("Dismiss")
        dismiss.setToolTip("Hide this message")
        dismiss.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self._label, 1)
        layout.addWidget(self._retry)
        layout.addWidget(dismiss)
        self._is_warning = False
        self.hide()

    @property
    def text(self) -> str:
        """The problem that is shown."""
        return self._label.text()

    def show_problem(
        self, message: str, can_retry: bool, is_warning: bool = False
    ) -> None:
        """Say what happened; a later problem takes the place of an earlier one."""
        self._label.setText(message)
        self._retry.setVisible(can_retry)
        self._is_warning = is_warning
        self.setProperty("warning", is_warning)
        self.style().polish(self)
        self.show()

    def hide_warning(self) -> None:
        """Hide what no longer matters; a problem stays."""
        if self._is_warning:
            self.hide()

    def _on_retry(self) -> None:
        self.hide()
        self.retried.emit()
