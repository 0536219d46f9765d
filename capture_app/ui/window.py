"""The window: arranges its parts, polls the session, passes on what the user wants."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from capture_app.engine.collector import hard_plan
from capture_app.engine.disk_space import MIN_FREE_BYTES
from capture_app.engine.live import LiveView
from capture_app.engine.naming import folder_name, next_free
from capture_app.engine.picture import TASKS_OF, View, ViewSettings
from capture_app.engine.recorder import RecordingPlan
from capture_app.engine.session import CaptureSession
from capture_app.engine.states import RecorderState, SourceState
from capture_app.engine.take_examiner import TakeExaminer
from capture_app.ui.actions import VIEW_ACTIONS, make_actions
from capture_app.ui.banner import Banner
from capture_app.ui.frame_view import FrameView
from capture_app.ui.notice import notice
from capture_app.ui.record_bar import RecordBar
from capture_app.ui.side_panel import SidePanel
from capture_app.ui.status_line import StatusLine
from capture_app.ui.view_bar import ViewBar
from core.errors import HNError

_TICK_MS = 16
_SLOW_TICK_MS = 200
_OPACITY_STEP = 10  # percent
_SMALLEST, _FIRST_SIZE = (1024, 700), (1280, 820)
# What is shown first: the first of them for which there are networks.
_FIRST_VIEWS = (View.BOTH, View.HN_PREDICTION, View.SEMANTIC, View.HN_LABELS)


class CaptureWindow(QMainWindow):
    """Live view and recording of one session at a time."""

    became_live = Signal()
    """Once, with the first picture that has class colours and known rates."""

    has_problem = Signal(str)
    """What the banner shows."""

    recorded = Signal()
    """Each time a recording has ended."""

    def __init__(
        self,
        make_session: Callable[[], CaptureSession],
        recordings: Path,
        record: RecordingPlan | None = None,
        min_free_bytes: int = MIN_FREE_BYTES,
        collects: bool = False,
    ) -> None:
        super().__init__()
        self._make_session = make_session
        self._recordings = recordings
        self._min_free_bytes = min_free_bytes
        self._is_live = False
        self._awaits_recording = record is not None
        self._closes_after_it = record is not None
        self._settings = ViewSettings()
        self.session = make_session()
        self._examiner = TakeExaminer(self._live.bins)
        self.actions_by_name = make_actions(
            self,
            {
                **{
                    spec.name: partial(self.show_view, view)
                    for view, spec in VIEW_ACTIONS.items()
                },
                "record": self.toggle_recording,
                "collect": self.toggle_collecting,
                "fainter": lambda: self.view_bar.step_opacity(-_OPACITY_STEP),
                "stronger": lambda: self.view_bar.step_opacity(_OPACITY_STEP),
                "restart": self.restart,
                "quit": self.close,
            },
            self._live.networks.keys(),
        )
        self._build()
        tasks = self._live.networks.keys()
        self.show_view(next(view for view in _FIRST_VIEWS if TASKS_OF[view] <= tasks))
        self._suggest_scene("scene" if record is None else record.path.name)
        if collects:
            self._start_collecting()
        self.session.start(record)
        self._timer = self._every(_TICK_MS, self._tick)
        self._slow_timer = self._every(_SLOW_TICK_MS, self._slow_tick)
        self._slow_tick()

    def show_view(self, view: View) -> None:
        """Look at the frames this way."""
        self.view_bar.show_view(view)
        self._show(replace(self._settings, view=view))

    def toggle_recording(self) -> None:
        """Start a recording, or have the running one end."""
        match self.session.recorder_state:
            case RecorderState.OFF:
                self._start_recording()
            case RecorderState.RECORDING | RecorderState.WAITING:
                self.session.request_stop()
        self._slow_tick()

    def toggle_collecting(self) -> None:
        """Start to keep frames at which the HN network is very wrong, or stop."""
        if self._live.is_collecting:
            self._live.stop_collecting()
        else:
            self._start_collecting()
        self._slow_tick()

    def restart(self) -> None:
        """Open the camera again, with new threads; a running recording is finished."""
        was_collecting = self._live.is_collecting
        self.session.close()
        self._note_end_of_recording()
        self.banner.hide()
        self.frame_view.forget_picture()
        self.session = self._make_session()
        self._show(self._settings)
        if was_collecting:
            self._start_collecting()
        self.session.start()
        self._slow_tick()

    def show_problem(self, message: str, can_retry: bool = False) -> None:
        """Tell the user what went wrong."""
        self.banner.show_problem(message, can_retry)
        self.has_problem.emit(message)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Finish the recording and stop every thread."""
        self._timer.stop()
        self._slow_timer.stop()
        # A running compiler cannot be stopped, nor can a network that loads.
        if self._live.is_preparing or self._live.is_loading:
            self.hide()
        self._examiner.close()
        self.session.close()
        event.accept()

    @property
    def _live(self) -> LiveView:
        assert self.session.live is not None, "a window needs a live view"
        return self.session.live

    def _build(self) -> None:
        self.setWindowTitle("HN Capture")
        self.setMinimumSize(*_SMALLEST)
        self.resize(*_FIRST_SIZE)
        self.view_bar = ViewBar(self.actions_by_name, self._settings.opacity)
        self.banner = Banner()
        self.frame_view = FrameView()
        self.side_panel = SidePanel(self._live.bins, self._live.models)
        self.record_bar = RecordBar(
            self.actions_by_name["record"], self.actions_by_name["collect"]
        )
        self.status_line = StatusLine()
        self.view_bar.opacity_changed.connect(
            lambda opacity: self._show(replace(self._settings, opacity=opacity))
        )
        self.frame_view.resized.connect(
            lambda *size: self._show(replace(self._settings, size=size))
        )
        self.banner.retried.connect(self.restart)
        picture = QVBoxLayout()
        picture.setContentsMargins(12, 10, 12, 10)
        picture.setSpacing(8)
        picture.addWidget(self.banner)
        picture.addWidget(self.frame_view, 1)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addLayout(picture, 1)
        middle.addWidget(self.side_panel)
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.view_bar)
        layout.addLayout(middle, 1)
        layout.addWidget(self.record_bar)
        self.setCentralWidget(centre)
        self.setStatusBar(self.status_line)
        # Letters are shortcuts until the user clicks into the scene's name.
        self.frame_view.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.frame_view.setFocus()

    def _every(self, period_ms: int, work: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(work)
        timer.start(period_ms)
        return timer

    def _show(self, settings: ViewSettings) -> None:
        self._settings = settings
        self._live.show(settings)

    def _tick(self) -> None:
        picture = self._live.pictures.take()
        if picture is not None:
            self.frame_view.show_picture(picture)
        for problem in self.session.take_problems():
            if problem.is_warning:
                self.banner.show_problem(problem.message, False, is_warning=True)
            else:
                self.show_problem(problem.message, problem.can_retry)

    def _slow_tick(self) -> None:
        """What nobody needs to see 60 times a second."""
        session, picture = self.session, self.frame_view.picture
        stats = session.stats()
        # In this order: a recording that is there, but not on, is over.
        recording, recorder_state = session.recording, session.recorder_state
        self.status_line.show_stats(
            session.sensor.name,
            session.source_state,
            self.frame_view.frame_size,
            stats,
            bool(self._live.networks),
        )
        self.side_panel.show_picture(picture, self._live.is_preparing)
        self.side_panel.show_examination(self._examiner.examination)
        self.record_bar.show_recording(recording, recorder_state)
        self.record_bar.show_collection(self._live.collection)
        self.actions_by_name["record"].setEnabled(
            recorder_state in (RecorderState.RECORDING, RecorderState.WAITING)
            or (
                recorder_state is RecorderState.OFF
                and session.source_state is SourceState.STREAMING
            )
        )
        self.frame_view.is_recording = recorder_state is RecorderState.RECORDING
        if recording is not None and recorder_state is RecorderState.OFF:
            self._note_end_of_recording()
        self.frame_view.show_notice(*notice(session, self._live, picture))
        has_rates = stats.camera_fps > 0 and stats.label_fps > 0
        # A short replay may be over before the label engine is compiled.
        is_settled = has_rates or session.source_state is SourceState.ENDED
        if not self._is_live and is_settled and picture and picture.has_classes:
            self._is_live = True
            self.became_live.emit()

    def _note_end_of_recording(self) -> None:
        """Once a recording: look at it, suggest the next name and tell who waits."""
        if self._awaits_recording:
            self._awaits_recording = False
            self.banner.hide_warning()
            self._examine_recording()
            self._suggest_scene(self.record_bar.scene.text())
            self.recorded.emit()

    def _examine_recording(self) -> None:
        """Have it looked at, unless it is empty or the window closes now."""
        recording = self.session.recording
        if recording is None or recording.num_frames == 0 or self._closes_after_it:
            return
        self._examiner.examine(recording.path)

    def _start_recording(self) -> None:
        if self.session.recording is not None:  # it may have ended this very moment
            self._note_end_of_recording()
        field = self.record_bar.scene
        if field.isModified() and field.text().strip():
            path = self._recordings / folder_name(field.text())
        else:
            path = next_free(self._recordings, field.text() or "scene")
        try:
            self.session.start_recording(
                RecordingPlan(path, min_free_bytes=self._min_free_bytes)
            )
        except (HNError, OSError) as error:
            self.show_problem(str(error))
            return
        self._examiner.stop()
        self.side_panel.show_legend()
        self._awaits_recording = True
        self.record_bar.scene.setText(path.name)
        self.frame_view.setFocus()

    def _start_collecting(self) -> None:
        """Keep hard frames of the scene that is named now."""
        self._live.start_collecting(
            hard_plan(
                self._recordings,
                self.record_bar.scene.text(),
                self._live.networks["hn"],
                self._min_free_bytes,
            ),
            self.session.sensor.name,
        )

    def _suggest_scene(self, name: str) -> None:
        self.record_bar.scene.setText(next_free(self._recordings, name).name)
