"""The strip below the picture: record, the scene's name, how the recording goes, and
how many hard frames are kept."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QToolButton,
)

from capture_app.engine.collector import Collection
from capture_app.engine.disk_space import size_in_words, time_in_words
from capture_app.engine.recorder import RecordingSummary
from capture_app.engine.states import RecorderState
from capture_app.ui.theme import theme

_ACTION_TEXTS = {
    RecorderState.OFF: " Record",
    RecorderState.RECORDING: " Stop",
    RecorderState.FINALISING: " Saving…",
    RecorderState.WAITING: " Stop",
}


class RecordBar(QFrame):
    """Shows a recording and a collection; what to do is the window's to decide."""

    def __init__(self, record: QAction, collect: QAction) -> None:
        super().__init__()
        self.setObjectName("bar")
        self._icons = (_icon(is_recording=False), _icon(is_recording=True))
        self._action = record
        self._collect = collect
        self._collect_tip = collect.toolTip()
        collect_button = QToolButton()
        collect_button.setDefaultAction(collect)
        button = QToolButton()
        button.setObjectName("record")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setIconSize(QSize(16, 16))
        button.setDefaultAction(record)
        button.setMinimumWidth(126)
        self.scene = QLineEdit()
        self.scene.setFixedWidth(190)
        self.scene.setPlaceholderText("scene name")
        self.scene.setToolTip("The recording's folder")
        self.scene.returnPressed.connect(self.scene.clearFocus)
        scene_label = QLabel("Scene")
        scene_label.setObjectName("muted")
        self._time = QLabel("00:00.0")
        self._time.setObjectName("time")
        self._frames = QLabel()
        self._dropped = QLabel()
        self._dropped.setObjectName("dropped")
        self._saved = QLabel()
        self._saved.setObjectName("muted")
        self._saved.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        self._saved.setAlignment(
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 10)
        layout.setSpacing(14)
        for widget in (button, scene_label, self.scene):
            layout.addWidget(widget)
        layout.addSpacing(10)
        for label in (self._time, self._frames, self._dropped):
            layout.addWidget(label)
        layout.addWidget(self._saved, 1)
        layout.addWidget(collect_button)
        self.show_recording(None, RecorderState.OFF)

    def show_recording(
        self, summary: RecordingSummary | None, state: RecorderState
    ) -> None:
        """The running recording, or the last one, or none yet."""
        is_recording = state in (RecorderState.RECORDING, RecorderState.WAITING)
        is_off = state is RecorderState.OFF
        self._action.setChecked(is_recording)
        self._action.setText(_ACTION_TEXTS[state])
        self._action.setIcon(self._icons[is_recording])
        self.scene.setEnabled(is_off)
        for label in (self._time, self._frames, self._dropped):
            label.setVisible(summary is not None)
        if summary is None:
            return
        minutes, tenths = divmod(round(10 * summary.seconds), 600)
        self._time.setText(f"{minutes:02}:{tenths / 10:04.1f}")
        self._frames.setText(f"{summary.num_frames} frames")
        self._dropped.setText(f"{summary.num_dropped} dropped")
        _set_property(self._dropped, "lost", summary.num_dropped > 0)
        text = _saved_text(summary, is_off)
        metrics = self._saved.fontMetrics()
        elided = metrics.elidedText(
            text, Qt.TextElideMode.ElideMiddle, self._saved.width() - 4
        )
        self._saved.setText(elided)
        self._saved.setToolTip(text)

    def show_collection(self, collection: Collection | None) -> None:
        """The running collection, or the last one, or none yet."""
        self._collect.setChecked(collection is not None and collection.is_on)
        if collection is None:
            return
        words, where = _collected_words(collection)
        self._collect.setText(f"Collect: {words}" if collection.is_on else "Collect")
        self._collect.setToolTip(self._collect_tip + where)


def _collected_words(collection: Collection) -> tuple[str, str]:
    """What the button says of a collection, and what there is to know besides."""
    words = f"{collection.num_kept} kept"
    if collection.num_lost > 0:
        words += f", {collection.num_lost} lost"
    where = f"\n{collection.num_kept} hard frames are in {collection.where}"
    return words, where if collection.num_kept > 0 else ""


def _saved_text(summary: RecordingSummary, is_off: bool) -> str:
    """What is on the disk, and while it grows, for how long it may."""
    folders = [s for s in (*summary.earlier, summary) if s.num_frames > 0]
    if is_off and not folders:
        return "nothing was recorded"
    size = f"{sum(folder.size_bytes for folder in folders) / 1e6:.0f} MB"
    if is_off:
        return f"saved to {', '.join(str(s.path) for s in folders)}  ·  {size}"
    if summary.free_bytes is None or summary.seconds_left is None:
        return size
    # On the left, so that nothing moves when it becomes known.
    free, left = size_in_words(summary.free_bytes), time_in_words(summary.seconds_left)
    return f"{free} = {left} left  ·  {size}"


def _set_property(label: QLabel, name: str, value: bool) -> None:
    text = "true" if value else "false"
    if label.property(name) != text:
        label.setProperty(name, text)
        label.style().polish(label)


def _icon(is_recording: bool) -> QIcon:
    """A red dot, or the dark square of stop."""
    pixmap = QPixmap(48, 48)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    if is_recording:
        painter.setBrush(QColor("#1b0507"))
        painter.drawRoundedRect(QRectF(8, 8, 32, 32), 5, 5)
    else:
        painter.setBrush(QColor(theme().red))
        painter.drawEllipse(QPointF(24, 24), 19, 19)
    painter.end()
    return QIcon(pixmap)
