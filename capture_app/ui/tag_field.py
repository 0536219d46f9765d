"""Words for a recording, as chips beside the line where they are typed."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, QStringListModel, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QCompleter,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QWidget,
)

_EDIT_WIDTH, _CHIP_WIDTH = 72, 72
_SPACING = 4
_MAX_LETTERS = 40
_MAX_REMEMBERED = 50


class TagField(QWidget):
    """Comma or Enter makes a chip of what is typed; a click on a chip removes it, and
    so does the backspace key where nothing is typed. Tags used before are offered."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._tags: list[str] = []
        self._remembered: list[str] = []
        self._chips: list[QToolButton] = []
        self._edit = QLineEdit()
        self._more = _chip()
        self._more.clicked.connect(self._edit.setFocus)
        self._edit.setPlaceholderText("add tag")
        self._edit.setMaxLength(_MAX_LETTERS)
        self._edit.setMinimumWidth(_EDIT_WIDTH)
        self._edit.setToolTip("Words for the recording; comma or Enter ends one")
        self._edit.textEdited.connect(self._note_edit)
        # After the completer, which changes the line when Enter takes what it offers.
        queued = Qt.ConnectionType.QueuedConnection
        self._edit.returnPressed.connect(self._note_return, queued)
        self._edit.installEventFilter(self)
        self._offered = QStringListModel(self)
        completer = QCompleter(self._offered, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.activated.connect(lambda _: self._commit(), queued)
        self._edit.setCompleter(completer)
        self.setFocusProxy(self._edit)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(_SPACING)
        self._layout.addWidget(self._more)
        self._layout.addWidget(self._edit, 1)
        self._show_chips()

    def tags(self) -> tuple[str, ...]:
        """All tags, with what is typed but not ended yet."""
        self._commit()
        return tuple(self._tags)

    def set_tags(self, tags: Sequence[str]) -> None:
        """Show these tags and no others."""
        self._tags = []
        for tag in tags:
            self._add(tag)
        self._show_chips()

    @property
    def remembered(self) -> tuple[str, ...]:
        """Tags that were ever used, the newest first."""
        return tuple(self._remembered)

    def recall(self, remembered: Sequence[str]) -> None:
        """Offer these tags, as `remembered` had them."""
        self._remembered = [tag for tag in remembered if isinstance(tag, str)]
        self._offer()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take in the word when the line is left; take back the last tag where there
        is nothing else to take back."""
        if watched is self._edit:
            if isinstance(event, QFocusEvent) and _leaves(event):
                self._commit()
            if isinstance(event, QKeyEvent) and self._takes_back(event):
                self._remove(self._tags[-1])
                return True
        return super().eventFilter(watched, event)

    def _takes_back(self, event: QKeyEvent) -> bool:
        return (
            event.type() is QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Backspace
            and not self._edit.text()
            and bool(self._tags)
        )

    def minimumSizeHint(self) -> QSize:
        """Room for the line and for a number of chips."""
        width = self._edit.minimumWidth() + _SPACING + self._more.sizeHint().width()
        return QSize(width, self._edit.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as many chips as there is room for."""
        self._fit_chips()

    def _note_edit(self, text: str) -> None:
        if "," in text:
            *ended, rest = text.split(",")
            for tag in ended:
                self._add(tag)
            self._edit.setText(rest.lstrip())
            self._note_change()

    def _note_return(self) -> None:
        if self._edit.text().strip():
            self._commit()
        else:
            self._edit.clearFocus()

    def _commit(self) -> None:
        text = self._edit.text()
        if not text:
            return
        self._edit.clear()
        if self._add(text):
            self._note_change()

    def _add(self, text: str) -> bool:
        """Take in a tag, unless it is empty or there; whether it did."""
        tag = " ".join(text.replace(",", " ").split())[:_MAX_LETTERS]
        if not tag or tag.casefold() in (one.casefold() for one in self._tags):
            return False
        self._tags.append(tag)
        self._remembered = [tag, *(one for one in self._remembered if one != tag)]
        del self._remembered[_MAX_REMEMBERED:]
        return True

    def _remove(self, tag: str) -> None:
        self._tags.remove(tag)
        self._note_change()
        self._edit.setFocus()

    def _note_change(self) -> None:
        self._show_chips()
        self.changed.emit()

    def _show_chips(self) -> None:
        for chip in self._chips:
            chip.hide()
            chip.deleteLater()
        self._chips = []
        for place, tag in enumerate(self._tags, start=1):
            chip = _chip()
            chip.setText(
                chip.fontMetrics().elidedText(
                    tag, Qt.TextElideMode.ElideRight, _CHIP_WIDTH
                )
                + "  ×"  # noqa: RUF001 - the sign of a button that closes
            )
            chip.setToolTip(f"Remove the tag {tag}")
            chip.clicked.connect(lambda _=False, tag=tag: self._remove(tag))
            self._layout.insertWidget(place, chip)
            self._chips.append(chip)
        self._offer()
        self._fit_chips()

    def _offer(self) -> None:
        used = {tag.casefold() for tag in self._tags}
        offered = [tag for tag in self._remembered if tag.casefold() not in used]
        self._offered.setStringList(offered)

    def _fit_chips(self) -> None:
        """Hide the oldest chips for which there is no room, and count them."""
        room = self.width() - _EDIT_WIDTH
        widths = [chip.sizeHint().width() + _SPACING for chip in self._chips]
        num_hidden = 0
        if sum(widths) > room:
            self._more.setText(f"+{len(widths)}")
            room -= self._more.sizeHint().width() + _SPACING
            while num_hidden < len(widths) and sum(widths[num_hidden:]) > room:
                num_hidden += 1
        for number, chip in enumerate(self._chips):
            chip.setVisible(number >= num_hidden)
        self._more.setVisible(num_hidden > 0)
        self._more.setText(f"+{num_hidden}")
        self._more.setToolTip("Tags: " + ", ".join(self._tags))


def _leaves(event: QFocusEvent) -> bool:
    """Whether the user goes elsewhere, and not to the list of completions."""
    is_popup = event.reason() is Qt.FocusReason.PopupFocusReason
    return event.lostFocus() and not is_popup


def _chip() -> QToolButton:
    chip = QToolButton()
    chip.setObjectName("link")
    chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return chip
