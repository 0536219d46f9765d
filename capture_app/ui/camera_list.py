"""The list that opens below the camera: what there is, and why the rest is not."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QToolButton, QVBoxLayout, QWidget

from capture_app.engine.camera_choices import CameraChoice
from capture_app.ui.setup_parts import ChoiceButton, link, muted, note, row

WIDTH = 400
_NEAR_EDGE = 12  # pixels between the list and the end of the screen


class CameraList(QFrame):
    """Closes when something was chosen, at Esc, and at a click beside it."""

    chosen = Signal(str)
    """What `open_sensor` takes."""
    file_wanted = Signal()
    folder_wanted = Signal()
    look_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("card")
        self.setFixedWidth(WIDTH)
        self._shown: tuple[Sequence[CameraChoice], str] | None = None
        self._look = link(
            "Look again", "Ask every kind of camera anew", self.look_wanted.emit
        )
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.setSpacing(6)
        layout.addLayout(row(1, muted("Cameras"), self._look))
        layout.addWidget(self._area, 1)
        for text, tip, signal in (
            (
                "Open a recording or file…",
                "Play a capture.mcap, a RealSense's .db3 or .bag, an Azure Kinect's "
                ".mkv as if it were the camera",
                self.file_wanted,
            ),
            (
                "Open a folder…",
                "Play the folder of a recording, or of colour and depth images",
                self.folder_wanted,
            ),
        ):
            button = QToolButton()
            button.setText(text)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(self.close)
            button.clicked.connect(signal)
            layout.addWidget(button)

    def show_choices(
        self, choices: Sequence[CameraChoice], current: str, is_looking: bool
    ) -> None:
        """Offer these; nothing moves when they are what is shown already."""
        self._look.setText("Looking…" if is_looking else "Look again")
        self._look.setEnabled(not is_looking)
        if self._shown == (choices, current):
            return
        self._shown = choices, current
        rows = QWidget()
        layout = QVBoxLayout(rows)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for choice in choices:
            layout.addWidget(self._row(choice, choice.spec == current))
        layout.addStretch(1)
        self._area.setWidget(rows)
        self._fit()

    def open_below(self, widget: QWidget) -> None:
        """Show the list, all of it on the screen."""
        self._anchor = widget
        self._fit()
        self.show()
        self._area.setFocus()
        self.focusNextChild()

    def _row(self, choice: CameraChoice, is_chosen: bool) -> QWidget:
        """A line to click, or what is missing, with a button that tells all of it."""
        button = ChoiceButton()
        button.show_choice(choice.title, choice.detail, is_chosen)
        if choice.is_available:
            button.clicked.connect(self.close)
            button.clicked.connect(lambda: self.chosen.emit(choice.spec))
            return button
        button.setEnabled(False)
        reason = note(choice.detail[:1].upper() + choice.detail[1:] + ".")
        reason.setContentsMargins(28, 0, 12, 6)
        reason.hide()
        why = link("Why?", f"Why there is no {choice.title}", lambda: None)
        why.setCheckable(True)
        why.toggled.connect(reason.setVisible)
        why.toggled.connect(self._fit)
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row(1, button, why))
        layout.addWidget(reason)
        return whole

    def _fit(self) -> None:
        """As high as its rows, as far as the screen allows."""
        rows, anchor = self._area.widget(), getattr(self, "_anchor", None)
        if rows is None or anchor is None:
            return
        rows.layout().activate()
        screen = anchor.screen().availableGeometry()
        room = screen.height() - 2 * _NEAR_EDGE - 130
        inner = WIDTH - 20
        layout = rows.layout()
        height = layout.heightForWidth(inner) if layout.hasHeightForWidth() else -1
        height = max(height, layout.sizeHint().height() if height < 0 else height)
        self._area.setFixedHeight(min(height, max(room, 120)))
        self.adjustSize()
        place = anchor.mapToGlobal(QPoint(0, anchor.height() + 4))
        x = min(place.x(), screen.right() - self.width() - _NEAR_EDGE)
        y = min(place.y(), screen.bottom() - self.height() - _NEAR_EDGE)
        self.move(max(screen.left(), x), max(screen.top(), y))
