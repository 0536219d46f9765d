"""The list that opens below the camera: what there is, and why the rest is not."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QToolButton, QVBoxLayout, QWidget

from capture_app.engine.camera_choices import CameraChoice
from capture_app.ui.choice_button import ChoiceButton
from capture_app.ui.setup_parts import link, muted, note, row, sentence

WIDTH = 400
_MARGIN, _AROUND = 10, 160  # pixels around the rows, and above and below them


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
        self._shown: tuple[list[CameraChoice], str] | None = None
        self._anchor = parent
        self._rows = QVBoxLayout()
        self._buttons: dict[str, ChoiceButton] = {}
        self._look = link(
            "Look again", "Ask every kind of camera anew", self.look_wanted.emit
        )
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
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
        if self._shown == (list(choices), current):
            return
        self._shown = list(choices), current
        rows, before, self._buttons = QWidget(), self._buttons, {}
        layout = QVBoxLayout(rows)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for choice in choices:
            layout.addWidget(self._row(choice, choice.spec == current))
        layout.addStretch(1)
        focused = [spec for spec, button in before.items() if button.hasFocus()]
        self._area.setWidget(rows)
        self._rows = layout
        self._fit()
        self._focus(*focused)

    def open_below(self, widget: QWidget) -> None:
        """Show the list, all of it on the screen."""
        self._anchor = widget
        self.show()
        self._fit()
        if self._shown is not None:
            self._focus(self._shown[1])

    def _focus(self, spec: str = "") -> None:
        """Have the keys begin at this camera."""
        if spec in self._buttons:
            self._buttons[spec].setFocus()

    def _row(self, choice: CameraChoice, is_chosen: bool) -> QWidget:
        """A line to click, or what is missing, with a button that tells all of it."""
        button = ChoiceButton()
        button.show_choice(choice, is_chosen)
        if choice.is_available:
            self._buttons[choice.spec] = button
            button.clicked.connect(self.close)
            button.clicked.connect(lambda: self.chosen.emit(choice.spec))
            return button
        button.setEnabled(False)
        reason = note(sentence(choice.detail))
        reason.setContentsMargins(28, 0, 12, 6)
        reason.hide()

        def turn() -> None:
            reason.setVisible(reason.isHidden())
            self._fit()

        why = link("Why?", f"All about why there is no {choice.title}", turn)
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row(1, button, why))
        layout.addWidget(reason)
        return whole

    def _fit(self) -> None:
        """As high as its rows, as far as the screen allows."""
        if not self.isVisible():
            return
        screen = self._anchor.screen().availableGeometry()
        self._rows.activate()
        height = self._rows.sizeHint().height()
        if self._rows.hasHeightForWidth():
            height = self._rows.totalHeightForWidth(WIDTH - 2 * _MARGIN)
        self._area.setFixedHeight(min(height, screen.height() - _AROUND))
        self.adjustSize()
        place = self._anchor.mapToGlobal(QPoint(0, self._anchor.height() + 4))
        x = min(place.x(), screen.right() - self.width() - _MARGIN)
        y = min(place.y(), screen.bottom() - self.height() - _MARGIN)
        self.move(max(screen.left(), x), max(screen.top(), y))
