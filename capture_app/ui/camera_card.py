"""The camera that is chosen, and how to choose another one."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from capture_app.engine.camera_choices import (
    choice_of,
    choices,
    nothing_to_set,
    replay_spec,
    room_of,
    room_spec,
    with_recent,
)
from capture_app.engine.sensor_list import SensorList
from capture_app.ui.camera_list import CameraList
from capture_app.ui.choice_button import ChoiceButton
from capture_app.ui.file_dialog import ask_for_file
from capture_app.ui.range_field import RangeField
from capture_app.ui.setup_parts import (
    Card,
    Warned,
    muted,
    note,
    row,
)

_LOOK_MS = 100
_FILES = "Recordings (*.mcap *.db3 *.bag *.mkv)"


class CameraCard(Card):
    """Shows one camera of the list; the list is asked for anew when it is opened."""

    edited = Signal(bool)
    """Another camera is chosen; True while a number is typed."""

    def __init__(self, sensors: SensorList, recent: Sequence[str]) -> None:
        super().__init__("Camera")
        self.recent = tuple(recent)
        self.sensor = "simulated"
        self._sensors = sensors
        self._button = ChoiceButton("Choose a camera, or something to replay", True)
        self._room = RangeField("Room number", 0, 9999)
        self._room.setToolTip(
            f"{self._room.toolTip()}.\nEvery number is another room; the first visit "
            "renders it, which takes 10 to 15 seconds"
        )
        self._room_row = QWidget()
        room = row(muted("Room number"), 1, self._room)
        room.setContentsMargins(0, 0, 0, 0)
        self._room_row.setLayout(room)
        self._remark = note()
        self._problem = Warned("poor")
        self._list = CameraList(self)
        self.add(self._button, self._room_row, self._remark, self._problem)
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._button.clicked.connect(self._open_list)
        self._room.edited.connect(self._on_room)
        self._list.chosen.connect(self._choose)
        self._list.look_wanted.connect(self._look_again)
        self._list.file_wanted.connect(lambda: self._open_dialog(is_folder=False))
        self._list.folder_wanted.connect(lambda: self._open_dialog(is_folder=True))
        self.show_sensor(self.sensor)

    def show_sensor(self, spec: str) -> None:
        """Show this camera, without a signal."""
        self.sensor = spec
        self.recent = with_recent(self.recent, spec)
        number = room_of(spec)
        self._room_row.setVisible(number is not None)
        if number is not None:
            self._room.show_number(number)
        remark = nothing_to_set(spec)
        self._remark.setText(remark)
        self._remark.setVisible(bool(remark))
        self._show_choices()

    def end(self) -> None:
        """Look no more; safe to call twice."""
        self._timer.stop()
        self._list.close()
        self._sensors.close()

    def close_list(self) -> None:
        """Close the list if it is open."""
        self._list.close()

    def _show_choices(self) -> None:
        found = choices(self._sensors.statuses, self.recent, self.sensor)
        current = next(c for c in found if c.spec == self.sensor)
        if not self._sensors.statuses:
            current = choice_of(self.sensor)
        self._button.show_choice(current)
        self._list.show_choices(found, self.sensor, self._sensors.is_looking)

    def _open_list(self) -> None:
        self._list.open_below(self._button)
        self._look_again()

    def _look_again(self) -> None:
        self._problem.say("")
        self._sensors.refresh()
        self._timer.start()
        self._show_choices()

    def _look(self) -> None:
        """Show what came in, until nobody looks any more."""
        if not self._sensors.is_looking:
            self._timer.stop()
        self._sensors.newest.take()
        for problem in self._sensors.problems.take():
            self._problem.say(problem.message)
        self._show_choices()

    def _choose(self, spec: str) -> None:
        if spec != self.sensor:
            self.show_sensor(spec)
            self.edited.emit(False)

    def _on_room(self) -> None:
        self._problem.say(self._room.problem)
        self.sensor = room_spec(round(self._room.number or 0))
        self._show_choices()
        self.edited.emit(True)

    def _open_dialog(self, is_folder: bool) -> None:
        near = Path(self.recent[0]).expanduser().parent if self.recent else Path()
        ask_for_file(
            self,
            "Open a folder" if is_folder else "Open a recording or file",
            lambda path: self._choose(replay_spec(path)),
            near,
            None if is_folder else _FILES,
        )
