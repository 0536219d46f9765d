"""The column on the left: which camera, how it measures, how labels are made."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QScrollArea, QVBoxLayout, QWidget

from capture_app.engine.sensor_list import SensorList
from capture_app.engine.setup import SessionSetup
from capture_app.sensors.registry import list_sensors
from capture_app.sensors.sensor import SensorStatus
from capture_app.ui.bins_editor import BinsEditor
from capture_app.ui.camera_card import CameraCard
from capture_app.ui.measure_card import MeasureCard
from capture_app.ui.network_card import NetworkCard
from capture_app.ui.setup_parts import Card, Warned, note

WIDTH = 232
TYPING_MS = 400
"""So long after the last key a number counts."""


class SetupPanel(QFrame):
    """Shows a setup and edits it.

    The user's presets are kept in the file `presets`; `recent` are the recordings that
    were played last. `ask` lists the sensors; it is called on a thread.
    """

    changed = Signal(object)
    """Another `SessionSetup`, which is right as far as that can be told here."""
    recent_changed = Signal(tuple)
    """The paths that were played last, the newest first."""
    models_wanted = Signal()
    """The page with all networks."""

    def __init__(
        self,
        setup: SessionSetup,
        presets: Path,
        recent: Sequence[str] = (),
        ask: Callable[[], Sequence[SensorStatus]] = list_sensors,
    ) -> None:
        super().__init__()
        self.setFixedWidth(WIDTH)
        self._setup = setup
        self._has_own_bins = False
        self._camera = CameraCard(SensorList(ask), recent)
        self._measure = MeasureCard(presets)
        self._bins = BinsEditor()
        self._uses_imu = QCheckBox("Camera's IMU for up")
        self._uses_imu.setToolTip(
            "Cameras with an accelerometer say where up is; without it, walls and "
            "floor tell"
        )
        self._bins_note = note()
        self._networks = NetworkCard()
        self._locked = Warned("poor")
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._arrange()
        self._connect()
        self._fill(setup)

    @property
    def recent(self) -> tuple[str, ...]:
        """The paths that were played last, the newest first."""
        return self._camera.recent

    def show_setup(self, setup: SessionSetup) -> None:
        """Show this one, without a signal; what is half typed is forgotten.

        Fields that say it already stay as they are: somebody may be typing.
        """
        if self._typing.isActive() or setup != self._shown_setup():
            self._fill(setup)
        self._setup = setup

    def set_locked(self, reason: str) -> None:
        """Have nothing changed for this reason, a sentence; "" ends that."""
        if reason and not self._locked.text():
            self.show_setup(self._setup)
            self._camera.close_list()
        self._locked.say(reason)
        self._body.setEnabled(not reason)

    def end(self) -> None:
        """Stop every thread; safe to call twice."""
        self._typing.stop()
        self._camera.end()
        self._networks.end()

    def _fill(self, setup: SessionSetup) -> None:
        self._typing.stop()
        self._setup = setup
        self._camera.show_sensor(setup.sensor)
        self._measure.show_settings(setup.realsense)
        self._measure.setVisible(setup.is_realsense)
        self._uses_imu.setChecked(setup.uses_imu)
        self._bins.show_bins(setup.bins)
        self._has_own_bins = False
        self._bins.setEnabled(True)
        self._bins_note.hide()
        self._networks.show_models(setup.models)

    def _connect(self) -> None:
        for part in (self._camera, self._measure, self._bins):
            part.edited.connect(self._on_edit)
        self._uses_imu.clicked.connect(lambda: self._on_edit(False))
        self._networks.edited.connect(lambda: self._on_edit(False))
        self._networks.known.connect(self._lock_bins)
        self._networks.models_wanted.connect(self.models_wanted)
        self._typing.timeout.connect(self._commit)

    def _arrange(self) -> None:
        labels = Card("Labels")
        labels.add(self._bins, self._bins_note, self._uses_imu)
        self._body = QWidget()
        column = QVBoxLayout(self._body)
        column.setContentsMargins(12, 10, 0, 10)
        column.setSpacing(10)
        for card in (self._camera, self._measure, labels, self._networks):
            column.addWidget(card)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(self._body)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._locked.setContentsMargins(14, 10, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._locked)
        layout.addWidget(area, 1)

    def _on_edit(self, is_typing: bool) -> None:
        """A choice counts at once, what is typed after a pause."""
        if is_typing:
            self._typing.start()
        else:
            self._commit()

    def _commit(self) -> None:
        """Tell of what is there, if it is right and something else than before."""
        self._typing.stop()
        if not self._body.isEnabled():  # a file that was chosen too late
            self.show_setup(self._setup)
            return
        setup = self._shown_setup()
        if setup is None or setup == self._setup:
            return
        is_other_camera = setup.sensor != self._setup.sensor
        self._setup = setup
        self._measure.setVisible(setup.is_realsense)
        if is_other_camera:
            self._camera.show_sensor(setup.sensor)
            self.recent_changed.emit(self.recent)
        self.changed.emit(setup)

    def _shown_setup(self) -> SessionSetup | None:
        """What the fields say; None while that is no setup."""
        bins = self._setup.bins if self._has_own_bins else self._bins.bins()
        settings = self._measure.settings()
        if bins is None or settings is None:
            return None
        return replace(
            self._setup,
            sensor=self._camera.sensor,
            realsense=settings,
            bins=bins,
            uses_imu=self._uses_imu.isChecked(),
            models=self._networks.models,
        )

    def _lock_bins(self) -> None:
        """An HN network's bins are its own; without one they are the setup's again."""
        network = self._networks.hn_network
        if network is not None:
            self._bins.show_bins(network[1])
            self._bins_note.setText(
                f"The bins are those of {network[0].name}; remove it to choose others."
            )
        elif self._has_own_bins:
            self._bins.show_bins(self._setup.bins)
        self._has_own_bins = network is not None
        self._bins.setEnabled(network is None)
        self._bins_note.setVisible(network is not None)
