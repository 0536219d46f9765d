"""How a RealSense measures: by task, or value by value."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QToolButton, QWidget

from capture_app.engine.camera_presets import (
    BUILT_IN,
    CameraPreset,
    delete_preset,
    load_presets,
    save_preset,
)
from capture_app.sensors.realsense_options import RealSenseSettings
from capture_app.ui.range_field import RangeField
from capture_app.ui.setup_parts import Card, ChoiceBox, Warned, link, muted, row
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
        self._rest = RealSenseSettings()
        self._preset = ChoiceBox("What the measurement is for")
        self._depth = ChoiceBox(_SIZE_TIP)
        self._color = ChoiceBox(_SIZE_TIP)
        self._fps = ChoiceBox("Frames a second. Automatic: the nearest to 30")
        self._laser = ChoiceBox(
            "The camera's dots: on plain walls they give depth. Two cameras in one "
            "room may need it off"
        )
        self._power = RangeField(
            0, 360, 30, 0, "mW", _AUTOMATIC, "How bright the dots are"
        )
        self._depth_ms = RangeField(
            0.5, 165, 0.5, 1, "ms", _AUTOMATIC, "Exposure of the depth camera"
        )
        self._color_ms = RangeField(
            0.5, 165, 0.5, 1, "ms", _AUTOMATIC, "Exposure of the colour camera"
        )
        self._name = QLineEdit()
        self._name.setPlaceholderText("name, then Enter")
        self._name.setToolTip("The preset's name; Esc saves nothing")
        self._problem = Warned()
        self._save = link("Save as…", "Keep these settings as a preset of your own",
                          self._ask_name)  # fmt: skip
        self._delete = link("Delete", "Forget this preset of yours", self._forget)
        self._fold = link("Advanced", "Laser and exposure", lambda: None)
        self._advanced = QWidget()
        self._arrange()
        self._offer()
        self._connect()
        self._load()
        self.show_settings(RealSenseSettings())

    def settings(self) -> RealSenseSettings:
        """What is set."""
        return replace(
            self._rest,
            depth_size=self._depth.currentData(),
            color_size=self._color.currentData(),
            fps=self._fps.currentData(),
            laser=self._laser.currentData(),
            laser_power_mw=self._power.number,
            depth_exposure_ms=self._depth_ms.number,
            color_exposure_ms=self._color_ms.number,
        )

    def show_settings(self, settings: RealSenseSettings) -> None:
        """Show these, without a signal."""
        self._rest = settings
        for box, size in (
            (self._depth, settings.depth_size),
            (self._color, settings.color_size),
        ):
            box.show_value(size, _size_text(size) if size else "")
        self._fps.show_value(settings.fps, f"{settings.fps} fps")
        self._laser.show_value(settings.laser)
        self._power.show_number(settings.laser_power_mw)
        self._depth_ms.show_number(settings.depth_exposure_ms)
        self._color_ms.show_number(settings.color_exposure_ms)
        self._show_preset()
