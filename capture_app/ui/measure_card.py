"""How a RealSense measures: by task, or value by value."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from capture_app.engine.camera_presets import (
    BUILT_IN,
    CameraPreset,
    delete_preset,
    load_presets,
    save_preset,
)
from capture_app.sensors.realsense_options import RealSenseSettings
from capture_app.ui.range_field import RangeField
from capture_app.ui.setup_parts import (
    Card,
    ChoiceBox,
    Warned,
    fold,
    link,
    muted,
    row,
    sentence,
)
from core.errors import HNError

Size = tuple[int, int]

_AUTOMATIC = "automatic"
_OWN = "Settings of your own"
_DEPTH_SIZES: Sequence[Size] = (
    (1280, 720),
    (848, 480),
    (640, 480),
    (640, 360),
    (480, 270),
    (424, 240),
)
_COLOR_SIZES: Sequence[Size] = (
    (1920, 1080),
    (1280, 720),
    (960, 540),
    (848, 480),
    (640, 480),
    (640, 360),
    (424, 240),
)
_RATES = (6, 15, 30, 60, 90)
_LASER = (("as it is", None), ("on", True), ("off", False))
_SIZE_TIP = "The camera says which of them it has. Automatic: the nearest to 640 x 480"


class MeasureCard(Card):
    """Presets, the streams, and what is rarely needed behind a fold."""

    edited = Signal(bool)
    """Something else is there now; True while a number is typed."""

    def __init__(self, presets: Path) -> None:
        super().__init__("How it measures")
        self._file = presets
        self._presets: tuple[CameraPreset, ...] = BUILT_IN
        self._shown = RealSenseSettings()
        self._preset = ChoiceBox("What the measurement is for")
        self._depth = ChoiceBox(_SIZE_TIP)
        self._color = ChoiceBox(_SIZE_TIP)
        self._fps = ChoiceBox("Frames a second. Automatic: the nearest to 30")
        self._laser = ChoiceBox(
            "The camera's dots: on plain walls they give depth. Two cameras in one "
            "room may need it off"
        )
        self._power = RangeField("Laser power", 0, 360, 30, "mW", is_optional=True)
        self._depth_ms = RangeField(
            "Depth exposure", 0.1, 165, 0.5, "ms", is_optional=True
        )
        self._color_ms = RangeField(
            "Colour exposure", 0.1, 1000, 0.5, "ms", is_optional=True
        )
        self._fields = (self._power, self._depth_ms, self._color_ms)
        self._name = QLineEdit()
        self._name.setPlaceholderText("name, then Enter")
        self._name.setToolTip("The preset's name; Esc saves nothing")
        self._problem, self._file_problem = Warned(), Warned()
        self._save = link("Save as…", "Keep these settings as a preset of your own",
                          self._ask_name)  # fmt: skip
        self._delete = link("Delete", "Forget this preset of yours", self._forget)
        self._fold = link("Advanced", "Laser and exposure", lambda: None)
        self._advanced = QWidget()
        self._arrange()
        self._offer()
        self._connect()
        self.show_settings(RealSenseSettings())
        self._load()

    def settings(self) -> RealSenseSettings | None:
        """What is set; None while a number cannot be."""
        if any(field.problem for field in self._fields):
            return None
        return self._typed()

    def show_settings(self, settings: RealSenseSettings) -> None:
        """Show these, without a signal."""
        self._shown = settings
        for box, size in (
            (self._depth, settings.depth_size),
            (self._color, settings.color_size),
        ):
            box.show_value(size, _size_text(size))
        self._fps.show_value(settings.fps, f"{settings.fps} fps")
        self._laser.show_value(settings.laser)
        self._power.show_number(settings.laser_power_mw)
        self._depth_ms.show_number(settings.depth_exposure_ms)
        self._color_ms.show_number(settings.color_exposure_ms)
        self._problem.say("")
        self._show_preset()

    def _typed(self) -> RealSenseSettings:
        """What the fields say; the rest as it was shown."""
        return replace(
            self._shown,
            depth_size=self._depth.value,
            color_size=self._color.value,
            fps=self._fps.value,
            laser=self._laser.value,
            laser_power_mw=self._power.number,
            depth_exposure_ms=self._depth_ms.number,
            color_exposure_ms=self._color_ms.number,
        )

    def _show_preset(self) -> None:
        """Offer every preset, and name the one whose settings these are."""
        settings = self._typed()
        same = [each for each in self._presets if each.settings == settings]
        words = [(each.name, each) for each in self._presets]
        self._preset.show_choices(words)
        self._preset.show_value(same[0] if same else None, _OWN)
        self._delete.setVisible(bool(same) and not same[0].is_built_in)
        self._save.setEnabled(not same)

    def _choose_preset(self) -> None:
        preset = self._preset.value
        if preset is not None:
            self.show_settings(preset.settings)
            self.edited.emit(False)

    def _on_edit(self, is_typing: bool) -> None:
        wrong = [field.problem for field in self._fields if field.problem]
        self._problem.say(" ".join(wrong))
        self._show_preset()
        self.edited.emit(is_typing)

    def _load(self) -> None:
        """Read the user's own; a damaged file is told of, and what we have is there."""
        self._presets = BUILT_IN
        try:
            self._presets += load_presets(self._file)
        except HNError as error:
            self._file_problem.say(sentence(str(error)))

    def _ask_name(self) -> None:
        self._name.clear()
        self._name.show()
        self._name.setFocus()

    def _keep(self) -> None:
        """Save what is set under the name that was typed."""
        try:
            save_preset(self._file, self._name.text(), self._typed())
        except HNError as error:
            self._file_problem.say(sentence(str(error)))
            return
        self._name.hide()
        self._file_problem.say("")
        self._load()
        self._show_preset()

    def _forget(self) -> None:
        """Delete the preset that is chosen; what it set stays as it is."""
        try:
            delete_preset(self._file, self._preset.value.name)
        except HNError as error:
            self._file_problem.say(sentence(str(error)))
            return
        self._load()
        self._show_preset()

    def _offer(self) -> None:
        sizes = ((self._depth, _DEPTH_SIZES), (self._color, _COLOR_SIZES))
        for box, offered in sizes:
            words = [(_size_text(size), size) for size in offered]
            box.show_choices([(_AUTOMATIC, None), *words])
        rates = [(f"{rate} fps", rate) for rate in _RATES]
        self._fps.show_choices([(_AUTOMATIC, None), *rates])
        self._laser.show_choices(_LASER)

    def _arrange(self) -> None:
        self._name.hide()
        fold(self._fold, self._advanced)
        streams = _grid(
            QGridLayout(),
            ("Depth", self._depth),
            ("Colour", self._color),
            ("Rate", self._fps),
        )
        _grid(
            QGridLayout(self._advanced),
            ("Laser", self._laser),
            ("Power, mW", self._power),
            ("Exposure, ms", None),
            ("Depth", self._depth_ms),
            ("Colour", self._color_ms),
        )
        self.add(self._preset, row(self._save, self._delete, 1), self._name)
        self.add(self._file_problem, streams, self._fold, self._advanced, self._problem)

    def _connect(self) -> None:
        self._preset.currentIndexChanged.connect(self._choose_preset)
        for box in (self._depth, self._color, self._fps, self._laser):
            box.currentIndexChanged.connect(lambda _: self._on_edit(False))
        for field in self._fields:
            field.edited.connect(lambda: self._on_edit(True))
        self._name.returnPressed.connect(self._keep)
        leave = QShortcut(QKeySequence(Qt.Key.Key_Escape), self._name)
        leave.setContext(Qt.ShortcutContext.WidgetShortcut)
        leave.activated.connect(self._name.hide)


def _size_text(size: Size | None) -> str:
    return f"{size[0]} x {size[1]}" if size else ""


def _grid(grid: QGridLayout, *rows: tuple[str, QWidget | None]) -> QGridLayout:
    """Words on the left, their fields on the right."""
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setColumnStretch(1, 1)
    for number, (words, field) in enumerate(rows):
        grid.addWidget(muted(words), number, 0)
        if field is not None:
            grid.addWidget(field, number, 1)
    return grid
