"""The strip below the picture: record, count down, snapshot, the scene's name and tags,
how the recording goes, and how many hard frames are kept."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QToolButton,
)

from capture_app.engine.collector import Collection
from capture_app.engine.disk_space import DiskSpace, size_in_words, time_in_words
from capture_app.engine.recorder import RecordingSummary
from capture_app.engine.states import RecorderState
from capture_app.ui.record_icons import BAR_ICONS, ICON_SIZE, record_icon
from capture_app.ui.tag_field import TagField
from capture_app.ui.take_panel import set_state

_ACTION_TEXTS = {
    RecorderState.OFF: "Record",
    RecorderState.RECORDING: "Stop",
    RecorderState.FINALISING: "Saving…",
    RecorderState.WAITING: "Stop",
}
_ROOMY = 1440  # pixels; in a narrower bar buttons are icons alone
_RECORD_WIDTH, _ICON_WIDTH, _TAGS_WIDTH = 132, 40, 330
_SCENE_WIDTHS = (118, 170)  # in a narrow and in a roomy bar


class RecordBar(QFrame):
    """Shows a recording and a collection; what to do is the window's to decide.

    The actions are those of the table: record, countdown, snapshot, discard, undo and
    collect.
    """

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self.setObjectName("bar")
        self._actions = actions
        self._collect_tip = actions["collect"].toolTip()
        self._state = RecorderState.OFF
        self._summary: RecordingSummary | None = None
        self._seconds_left: int | None = None
        self._space: DiskSpace | None = None
        self._discarded: str | None = None
        self._buttons = {name: _button(actions[name]) for name in BAR_ICONS}
        self._record = _button(actions["record"])
        self._record.setObjectName("record")
        self._record.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._record.setMinimumWidth(_RECORD_WIDTH)
        self._undo = _button(actions["undo"])
        self.scene = QLineEdit()
        self.scene.setPlaceholderText("scene name")
        self.scene.setToolTip("The scene: the name of the recording's folder")
        self.scene.returnPressed.connect(self.scene.clearFocus)
        self.tag_field = TagField()
        self.tag_field.setMaximumWidth(_TAGS_WIDTH)
        self._time, self._frames, self._dropped = QLabel("00:00.0"), QLabel(), QLabel()
        self._time.setObjectName("time")
        self._text = _ElidedLabel()
        self._arrange()
        self._draw_icons()
        self.show_recording(None, RecorderState.OFF)

    def show_recording(
        self, summary: RecordingSummary | None, state: RecorderState
    ) -> None:
        """The running recording, or the last one, or none yet."""
        self._summary, self._state = summary, state
        self._show_action()
        is_off = state is RecorderState.OFF
        self.scene.setEnabled(is_off)
        self.tag_field.setEnabled(is_off)
        if summary is not None:
            minutes, tenths = divmod(round(10 * summary.seconds), 600)
            self._time.setText(f"{minutes:02}:{tenths / 10:04.1f}")
            self._frames.setText(f"{summary.num_frames} frames")
            self._dropped.setText(f"{summary.num_dropped} dropped")
            set_state(self._dropped, "bad" if summary.num_dropped > 0 else "")
        self._fit()
        self._text.show_text(*self._words())

    def show_countdown(self, seconds_left: int | None) -> None:
        """How long until a recording begins; None while nothing counts."""
        self._seconds_left = seconds_left
        self._actions["countdown"].setChecked(seconds_left is not None)
        self._show_action()

    def show_disk(self, space: DiskSpace | None) -> None:
        """How long a recording could be that began now, if that is known."""
        self._space = space

    def show_discarded(self, name: str | None) -> None:
        """A take that was thrown away last and can be brought back; None: no such."""
        self._discarded = name
        self.show_recording(self._summary, self._state)

    def show_collection(self, collection: Collection | None) -> None:
        """The running collection, or the last one, or none yet."""
        action = self._actions["collect"]
        action.setChecked(collection is not None and collection.is_on)
        if collection is None:
            return
        words, where = _collected_words(collection)
        action.setText(f"Collect: {words}" if collection.is_on else "Collect")
        action.setToolTip(self._collect_tip + where)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let words go where there is no room for them."""
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Draw the icons in the new theme's colours."""
        if event.type() is QEvent.Type.StyleChange:
            self._draw_icons()
        super().changeEvent(event)

    def _arrange(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 10)
        layout.setSpacing(8)
        layout.addWidget(self._record)
        layout.addWidget(self._buttons["countdown"])
        layout.addWidget(self._buttons["snapshot"])
        layout.addSpacing(4)
        layout.addWidget(self.scene)
        layout.addWidget(self.tag_field, 1)
        layout.addSpacing(4)
        for label in (self._time, self._frames, self._dropped):
            layout.addWidget(label)
        layout.addWidget(self._text, 2)
        layout.addWidget(self._undo)
        layout.addWidget(self._buttons["discard"])
        layout.addWidget(_button(self._actions["collect"]))

    def _fit(self) -> None:
        """The narrower the bar, the less it says; while a recording is on, what can be
        changed only before it gives its place to the numbers."""
        is_roomy = self.width() >= _ROOMY
        style = (
            Qt.ToolButtonStyle.ToolButtonTextBesideIcon
            if is_roomy
            else Qt.ToolButtonStyle.ToolButtonIconOnly
        )
        for button in self._buttons.values():
            button.setToolButtonStyle(style)
            button.setMinimumWidth(_ICON_WIDTH)
        self.scene.setFixedWidth(_SCENE_WIDTHS[is_roomy])
        is_off, is_discarded = self._state is RecorderState.OFF, bool(self._discarded)
        summary = None if is_discarded else self._summary
        self.tag_field.setVisible(is_off)
        self._buttons["countdown"].setVisible(is_off)
        self._buttons["discard"].setVisible(is_off and not is_discarded)
        self._undo.setVisible(is_discarded)
        self._time.setVisible(summary is not None)
        self._frames.setVisible(summary is not None and (is_roomy or not is_off))
        has_lost = summary is not None and summary.num_dropped > 0
        self._dropped.setVisible(self._frames.isVisibleTo(self) or has_lost)

    def _show_action(self) -> None:
        """What the record button does now."""
        action = self._actions["record"]
        is_recording = self._state in (RecorderState.RECORDING, RecorderState.WAITING)
        action.setChecked(is_recording)
        counts = self._seconds_left is not None and not is_recording
        text = f"In {self._seconds_left} s" if counts else _ACTION_TEXTS[self._state]
        action.setText(text)
        action.setIcon(self._record_icons[is_recording])

    def _draw_icons(self) -> None:
        self._record_icons = record_icon(False), record_icon(True)
        for name, draw in BAR_ICONS.items():
            self._actions[name].setIcon(draw())
        self._show_action()

    def _words(self) -> tuple[str, str]:
        """What there is to say besides the numbers, and the same in short."""
        if self._discarded is not None:
            return f"Discarded {self._discarded}", self._discarded
        is_off = self._state is RecorderState.OFF
        space = self._space if is_off else None
        left = None if space is None else space.seconds_left
        if self._summary is None:
            if space is None or left is None:
                return "", ""
            text = f"{size_in_words(space.free_bytes)} = {_left(left)}"
            return text, text
        texts = _saved_texts(self._summary, is_off)
        if left is None:
            return texts
        return f"{texts[0]}  ·  {_left(left)}", f"{texts[1]} · {_left(left)}"


class _ElidedLabel(QLabel):
    """Muted words on the right, as many as there is room for; the tooltip has all."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("muted")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._short = ""

    def show_text(self, text: str, short: str) -> None:
        """Show `text` where it fits, or else as much of `short` as does."""
        self._short = short
        self.setToolTip(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show more or less of it."""
        self._fit()

    def _fit(self) -> None:
        text, width = self.toolTip(), max(0, self.width() - 4)
        metrics = self.fontMetrics()
        if metrics.horizontalAdvance(text) > width:
            mode = Qt.TextElideMode.ElideMiddle
            text = metrics.elidedText(self._short, mode, width)
        self.setText(text)


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setIconSize(ICON_SIZE)
    return button


def _collected_words(collection: Collection) -> tuple[str, str]:
    """What the button says of a collection, and what there is to know besides."""
    words = f"{collection.num_kept} kept"
    if collection.num_lost > 0:
        words += f", {collection.num_lost} lost"
    where = f"\n{collection.num_kept} hard frames are in {collection.where}"
    return words, where if collection.num_kept > 0 else ""


def _saved_texts(summary: RecordingSummary, is_off: bool) -> tuple[str, str]:
    """What is on the disk, and while it grows, for how long it may; and in short."""
    folders = [s for s in (*summary.earlier, summary) if s.num_frames > 0]
    if is_off and not folders:
        return "nothing was recorded", "nothing was recorded"
    size = f"{sum(folder.size_bytes for folder in folders) / 1e6:.0f} MB"
    if is_off:
        paths = ", ".join(str(s.path) for s in folders)
        names = ", ".join(s.path.name for s in folders)
        return f"saved to {paths}  ·  {size}", f"saved {names}"
    if summary.free_bytes is None or summary.seconds_left is None:
        return size, size
    # On the left, so that nothing moves when it becomes known.
    free, left = size_in_words(summary.free_bytes), _left(summary.seconds_left)
    return f"{free} = {left}  ·  {size}", f"{left}  ·  {size}"


def _left(seconds: float) -> str:
    return f"{time_in_words(seconds)} left"
