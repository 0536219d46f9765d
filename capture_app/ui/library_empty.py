"""What the Library page shows before anything is recorded."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from capture_app.ui.library_words import breakable
from capture_app.ui.setup_parts import note

_WIDTH = 460


class EmptyPanel(QWidget):
    """A sentence, and the way to the first recording."""

    left = Signal()
    trash_opened = Signal()

    def __init__(self, recordings: Path) -> None:
        super().__init__()
        title = QLabel("Nothing is recorded yet")
        title.setObjectName("time")
        where = note(
            breakable(f"Recordings appear here as soon as they are in {recordings}.")
        )
        where.setFixedWidth(_WIDTH)
        where.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.go = QPushButton("Go and record")
        self.go.setToolTip("To the Capture page, where R begins a recording")
        self.go.clicked.connect(self.left)
        self._trash = QPushButton()
        self._trash.setToolTip("What was thrown away can be brought back")
        self._trash.clicked.connect(self.trash_opened)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addStretch(2)
        middle = QHBoxLayout()  # in which a label gets the height that its words need
        middle.addStretch(1)
        middle.addWidget(where)
        middle.addStretch(1)
        layout.addWidget(title, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addLayout(middle)
        for part in (self.go, self._trash):
            layout.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        self.show_trash(0)

    def show_trash(self, count: int) -> None:
        """Offer the trash if there is something in it."""
        self._trash.setText(f"Show the trash ({count})")
        self._trash.setVisible(count > 0)
