"""The player: view, picture, time line, and the buttons that move in time."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from capture_app.engine.picture import COMPARED_VIEWS, View, ViewSettings
from capture_app.engine.player import Player
from capture_app.engine.probe import probe
from capture_app.engine.shown import Shown, views_of
from capture_app.ui.frame_view import FrameView
from capture_app.ui.library_timeline import Timeline
from capture_app.ui.library_words import probe_lines, where_lines
from capture_app.ui.setup_parts import ChoiceBox, Elided

_TICK_MS = 16
_SECOND_S = 1.0
# What the buttons say; their actions have the words and the keys.
_SIGNS = {
    "first": "|◂",
    "jump_back": "−1 s",  # noqa: RUF001 - a minus
    "step_back": "◂|",
    "play_backwards": "◀",
    "play": "▶",
    "step_forward": "|▸",
    "jump_forward": "+1 s",
    "last": "▸|",
}
_PAUSE = "❚❚"
_VIEWS_WIDTH = 160


class PlayerPanel(QWidget):
    """Shows one recording, frame by frame, both ways."""

    has_problem = Signal(str)

    def __init__(self, player: Player) -> None:
        super().__init__()
        self.setMinimumWidth(440)
        self.player = player
        self._settings = ViewSettings()
        self._shown: Shown | None = None
        self._actions: Mapping[str, QAction] = {}
        self.views = ChoiceBox("What is laid over the photo (V: the next one)")
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.frame_view = FrameView()
        self.timeline = Timeline()
        self._place, self._note = QLabel(), Elided("")
        self._where, self._source = Elided(""), Elided("")
        self._moves = QHBoxLayout()
        self._lay_out()
        self._show_views()
        self.views.currentIndexChanged.connect(self._on_view)
        self.opacity.valueChanged.connect(
            lambda value: self._show(replace(self._settings, opacity=value / 100))
        )
        self.frame_view.resized.connect(
            lambda *size: self._show(replace(self._settings, size=size))
        )
        self.frame_view.orbited.connect(
            lambda orbit: self._show(replace(self._settings, orbit=orbit))
        )
        self.frame_view.pointed.connect(lambda _: self._say_where())
        self.timeline.sought.connect(self._on_sought)
        self.timeline.stepped.connect(player.step)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)

    @property
    def shown(self) -> Shown | None:
        """The frame in the picture."""
        return self._shown

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Have buttons for what moves in time."""
        self._actions = actions
        self._moves.addStretch(1)
        for name, sign in _SIGNS.items():
            button = QToolButton()
            actions[name].setIconText(sign)  # of the button; menus have the words
            button.setDefaultAction(actions[name])
            button.setAccessibleName(actions[name].text())
            self._moves.addWidget(button)
        self._moves.addStretch(1)

    def open(self, path: Path | None, why_not: str = "") -> None:
        """Show a recording, or say why there is none."""
        self.player.shut()
        self._shown = None
        self.frame_view.forget_picture()
        self.timeline.show_track(None)
        for label in (self._place, self._where, self._source):
            label.clear()
        self.frame_view.show_notice(why_not)
        if path is not None:
            self.player.open(path)

    def say_looking(self, progress: float | None) -> None:
        """How far the search for the recording's floor is; None when it is over."""
        is_over = progress is None
        text = "" if is_over else f"Finding the floor: {100 * (progress or 0):.0f} %"
        self._note.setText(text)
        self._note.setToolTip(
            ""
            if is_over
            else "Until it is found, a frame has the floor it shows itself"
        )

    def resume(self) -> None:
        """Be shown."""
        self._timer.start(_TICK_MS)

    def rest(self) -> None:
        """Be hidden: nothing plays, nothing is painted."""
        self.player.pause()
        self._timer.stop()

    def next_view(self) -> None:
        """The next one of the list, and the first after the last."""
        self.views.setCurrentIndex((self.views.currentIndex() + 1) % self.views.count())

    def tick(self) -> None:
        """Go on playing, and show what is there."""
        player = self.player
        player.tick()
        shown = player.shown.take()
        if shown is not None and shown.track is player.track:
            self._show_frame(shown)
        elif player.failure and self._shown is None:
            self.frame_view.show_notice(player.failure)
        self.timeline.show_position(player.position)
        self.timeline.show_floors(player.floors)
        for name, direction in (("play", 1), ("play_backwards", -1)):
            is_on = player.direction == direction
            self._actions[name].setIconText(_PAUSE if is_on else _SIGNS[name])
        for problem in player.take_problems():
            self.has_problem.emit(problem.message)

    def _show_frame(self, shown: Shown) -> None:
        is_new = self._shown is None
        self._shown = shown
        if is_new:
            self.timeline.show_track(shown.track)
            self._show_views()
        self.frame_view.show_notice(_notice(shown))
        if shown.picture is None:
            self.frame_view.forget_picture()
        else:
            self.frame_view.show_picture(shown.picture)
        self._say_where()

    def _say_where(self) -> None:
        """When the picture was taken, or what is where the mouse points."""
        shown, point = self._shown, self.frame_view.point
        if shown is None:
            return
        track, position, picture = shown.track, shown.position, shown.picture
        self._place.setText(f"{position} / {len(track) - 1}")
        lines = None
        if point is not None and picture is not None and self.player.direction == 0:
            view, bins = picture.settings.view, self.player.bins
            found = probe(picture.layers, *point, view, bins, track.models)
            lines = None if found is None else probe_lines(found)
        for label, text in zip(
            (self._where, self._source), lines or where_lines(shown), strict=True
        ):
            label.setText(text)
            label.setToolTip(text)

    def _show_views(self) -> None:
        """What can be seen of this recording; what is seen stays if it can."""
        views = views_of(None if self._shown is None else self._shown.track)
        self.views.show_choices(
            [(view.value[:1].upper() + view.value[1:], view) for view in views]
        )
        if self._settings.view in views:
            self.views.show_value(self._settings.view)
        self._on_view()

    def _on_view(self) -> None:
        view: View = self.views.value
        self.opacity.setEnabled(view not in (View.DEPTH, View.COLOR))
        if view is not self._settings.view:
            self._show(replace(self._settings, view=view))

    def _show(self, settings: ViewSettings) -> None:
        self._settings = settings
        self.player.show(settings)

    def _on_sought(self, position: int) -> None:
        self.player.pause()
        self.player.seek(position)

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        overlay = QLabel("Overlay")
        overlay.setObjectName("muted")
        self.views.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.views.setFixedWidth(_VIEWS_WIDTH)
        self.opacity.setRange(0, 100)
        self.opacity.setValue(round(100 * self._settings.opacity))
        self.opacity.setFixedWidth(110)
        self.opacity.setToolTip("Opacity of the class colours")
        self.opacity.setAccessibleName("Opacity")
        self._place.setObjectName("time")
        for label in (self._source, self._note):
            label.setObjectName("muted")
        for widget in (self.views, overlay, self.opacity):
            bar.addWidget(widget)
        bar.addSpacing(8)
        bar.addWidget(self._note, 1)
        lines = QVBoxLayout()
        lines.setSpacing(0)
        lines.addWidget(self._where)
        lines.addWidget(self._source)
        words = QHBoxLayout()
        words.setSpacing(14)
        words.addWidget(self._place)
        words.addLayout(lines, 1)
        self._moves.setSpacing(4)
        box = QFrame()
        box.setObjectName("card")
        inner = QVBoxLayout(box)
        inner.setContentsMargins(8, 6, 8, 8)
        inner.setSpacing(4)
        inner.addWidget(self.timeline)
        inner.addLayout(words)
        inner.addLayout(self._moves)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 10, 6, 10)
        layout.setSpacing(8)
        layout.addLayout(bar)
        layout.addWidget(self.frame_view, 1)
        layout.addWidget(box)


def _notice(shown: Shown) -> str:
    if shown.picture is None:
        return shown.problem
    layers, view = shown.picture.layers, shown.picture.settings.view
    if view in COMPARED_VIEWS and layers.is_floor_known and layers.floor is None:
        return "The floor of this frame is not known, so it has no labels"
    is_predicted = view in (View.HN_PREDICTION, View.SEMANTIC, View.DISAGREEMENT)
    if is_predicted and not layers.predicted:
        return "This frame has no prediction"
    return ""
