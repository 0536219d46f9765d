"""The Capture page: arranges its parts, polls the session, passes on what is wanted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from capture_app.engine.collector import hard_plan
from capture_app.engine.disk_space import MIN_FREE_BYTES
from capture_app.engine.live import LiveView
from capture_app.engine.picture import TASKS_OF, View, ViewSettings
from capture_app.engine.probe import probe
from capture_app.engine.recorder import RecordingPlan
from capture_app.engine.session import CaptureSession
from capture_app.engine.setup import SessionSetup
from capture_app.engine.setup_json import setup_to_json
from capture_app.engine.states import RecorderState, SourceState
from capture_app.engine.take_examiner import TakeExaminer
from capture_app.ui.actions import VIEW_ACTIONS
from capture_app.ui.frame_view import FrameView
from capture_app.ui.memory import Memory
from capture_app.ui.notice import notice
from capture_app.ui.page import Page
from capture_app.ui.record_bar import RecordBar
from capture_app.ui.session_control import LOCKED, MakeSession, SessionControl
from capture_app.ui.setup_panel import SetupPanel
from capture_app.ui.side_panel import SidePanel
from capture_app.ui.status_line import StatusLine
from capture_app.ui.take_control import TakeControl
from capture_app.ui.view_bar import ViewBar
from core.bins import HNBins
from core.prediction import Task

_TICK_MS = 16
_SLOW_TICK_MS = 200
_OPACITY_STEP = 10  # percent
# What is shown first: the first of them for which there are networks.
_FIRST_VIEWS = (View.BOTH, View.HN_PREDICTION, View.SEMANTIC, View.HN_LABELS)


class CapturePage(Page):
    """Live view and recording of one session at a time.

    `set_actions` builds it, `start` opens the camera, `end` stops every thread.
    """

    became_live = Signal()
    """Once, with the first picture that has class colours and known rates."""
    recorded = Signal()
    """Each time a recording has ended."""
    warnings_over = Signal()
    """A take has ended, and what was only a warning no longer matters."""
    restarted = Signal()
    """The camera is opened again; what was said of it no longer matters."""
    setup_changed = Signal()
    """There are other bins or other networks now."""

    def __init__(
        self,
        make_session: MakeSession,
        setup: SessionSetup,
        recordings: Path,
        presets: Path,
        min_free_bytes: int = MIN_FREE_BYTES,
        recent: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._sessions = SessionControl(self, make_session, setup)
        self._recordings = recordings
        self._presets, self._recent = presets, recent
        self._min_free_bytes = min_free_bytes
        self._is_live = False
        self._was_collecting = False
        self._settings = ViewSettings()
        self.examiner = TakeExaminer(self.bins)
        self.status_line = StatusLine()

    @property
    def session(self) -> CaptureSession:
        """The one that is on."""
        return self._sessions.session

    @property
    def setup(self) -> SessionSetup:
        """Of that session."""
        return self._sessions.setup

    @property
    def bins(self) -> HNBins:
        """Of the labels."""
        return self._live.bins

    @property
    def tasks(self) -> frozenset[Task]:
        """Of the networks that there are."""
        return frozenset(self._live.networks)

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """What the page's keys and buttons do."""
        return {
            **{
                spec.name: partial(self.show_view, view)
                for view, spec in VIEW_ACTIONS.items()
            },
            "record": self.toggle_recording,
            "collect": self.toggle_collecting,
            "fainter": lambda: self.view_bar.step_opacity(-_OPACITY_STEP),
            "stronger": lambda: self.view_bar.step_opacity(_OPACITY_STEP),
            "restart": self.restart,
            "countdown": lambda: self.takes.toggle_countdown(),
            "snapshot": lambda: self.takes.snapshot(
                self.frame_view.picture, self.session
            ),
            "discard": lambda: self.takes.discard(),
            "undo": lambda: self.takes.bring_back(),
            "pause": lambda: None,  # the tick asks whether it is checked
            "new_scene": self._begin_scene,
            "setup": self._show_setup_panel,
            "marks": self._show_marks,
        }

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Build the page from parts that show these actions."""
        self._actions = actions
        self.view_bar = ViewBar(actions, self._settings.opacity)
        self.frame_view = FrameView()
        self.side_panel = self._make_side_panel()
        self.setup_panel = SetupPanel(self.setup, self._presets, self._recent)
        self.record_bar = RecordBar(actions)
        self.takes = TakeControl(
            self,
            self.record_bar,
            self._recordings,
            self._min_free_bytes,
            lambda: {"setup": setup_to_json(replace(self.setup, bins=self.bins))},
            self.examiner,
        )
        self._arrange()
        self._connect()
        self.view_bar.show_tasks(self.tasks)
        for name in ("setup", "marks"):
            actions[name].setChecked(True)
        tasks = self.tasks
        self.show_view(next(view for view in _FIRST_VIEWS if TASKS_OF[view] <= tasks))

    def start(
        self, record: RecordingPlan | None = None, collects: bool = False
    ) -> None:
        """Open the camera; with `record`, record from the first frame on."""
        self.takes.suggest_scene("scene" if record is None else record.path.name)
        if record is not None:
            self.takes.await_end()
            self.takes.examines = False  # the window closes after it
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
                self.takes.begin(self.session)
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
        self._was_collecting = self._live.is_collecting
        if self._sessions.restart():
            self.restarted.emit()

    def open_sensor(self, spec: str) -> None:
        """Watch another camera, or replay a file as one."""
        self.apply_setup(replace(self.setup, sensor=spec))

    def use_models(self, models: tuple[Path, ...]) -> None:
        """Show what these networks see, or none."""
        self.apply_setup(replace(self.setup, models=models))

    def apply_setup(self, setup: SessionSetup) -> None:
        """Go on with another camera, other labels or networks; what cannot be leaves
        all as it is, and is told."""
        self._was_collecting = self._live.is_collecting
        is_applied = self._sessions.apply(setup)
        self.setup_panel.show_setup(self.setup)
        if is_applied:
            self._explain_anew()

    def remember(self, memory: Memory) -> None:
        """Keep how the user has set the page."""
        memory.put("view", self._settings.view.value)
        memory.put("opacity", round(100 * self._settings.opacity))
        memory.put("setup", setup_to_json(self.setup))
        memory.put("recent", list(self.setup_panel.recent))
        memory.put("tags", list(self.record_bar.tag_field.remembered))
        for name in ("setup", "marks"):
            memory.put(f"shows_{name}", self._actions[name].isChecked())

    def recall(self, memory: Memory) -> None:
        """Set the page as it was kept, as far as that is possible today."""
        self.view_bar.show_opacity(memory.get("opacity", 55))
        self.record_bar.tag_field.recall(memory.get("tags", []))
        kept = memory.get("view", "")
        if not self.tasks:  # networks come with a view of their own
            for view in (v for v in View if v.value == kept and not TASKS_OF[v]):
                self.show_view(view)
        for name in ("setup", "marks"):
            self._actions[name].setChecked(memory.get(f"shows_{name}", True))
        self._show_setup_panel()
        self._show_marks()

    def end(self) -> None:
        """Finish the recording and stop every thread."""
        self._timer.stop()
        self._slow_timer.stop()
        self.setup_panel.end()
        self.takes.end()
        self.examiner.close()
        self.session.close()

    @property
    def ends_slowly(self) -> bool:
        """Whether `end` has to wait: a running compiler cannot be stopped, nor can a
        network that loads."""
        return self._live.is_preparing or self._live.is_loading

    @property
    def _live(self) -> LiveView:
        return self._sessions.live

    def _note_exchange(self) -> None:
        """There is a new live view, which knows nothing yet."""
        self._show(self._settings)
        if self._was_collecting and "hn" in self.tasks:
            self._start_collecting()
        self._slow_tick()

    def _note_session_end(self, session: CaptureSession) -> None:
        self.takes.note_end(session)
        self.frame_view.forget_picture()
        self.side_panel.thumbnails.show_thumbnails(None)

    def _make_side_panel(self) -> SidePanel:
        panel = SidePanel(self.bins, self._live.models)
        panel.view_chosen.connect(self.show_view)
        return panel

    def _explain_anew(self) -> None:
        """Have every part be about the bins and networks that there are now."""
        new = self._make_side_panel()
        self._middle.replaceWidget(self.side_panel, new)
        self.side_panel.deleteLater()
        self.side_panel = new
        self.examiner.bins = self.bins
        self.view_bar.show_tasks(self.tasks)
        if not TASKS_OF[self._settings.view] <= self.tasks:
            self.show_view(View.HN_LABELS)
        self.setup_changed.emit()

    def _arrange(self) -> None:
        picture = QVBoxLayout()
        picture.setContentsMargins(12, 10, 12, 10)
        picture.addWidget(self.frame_view, 1)
        self._middle = QHBoxLayout()
        self._middle.setSpacing(0)
        self._middle.addWidget(self.setup_panel)
        self._middle.addLayout(picture, 1)
        self._middle.addWidget(self.side_panel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.view_bar)
        layout.addLayout(self._middle, 1)
        layout.addWidget(self.record_bar)
        # Letters are shortcuts until the user clicks into the scene's name.
        self.frame_view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.frame_view.setFocus()

    def _connect(self) -> None:
        self.view_bar.opacity_changed.connect(
            lambda opacity: self._show(replace(self._settings, opacity=opacity))
        )
        self.view_bar.networks_wanted.connect(self._ask_for_models)
        self.setup_panel.models_wanted.connect(self._ask_for_models)
        self.setup_panel.changed.connect(self.apply_setup)
        self.frame_view.resized.connect(
            lambda *size: self._show(replace(self._settings, size=size))
        )
        self.frame_view.orbited.connect(
            lambda orbit: self._show(replace(self._settings, orbit=orbit))
        )
        self.frame_view.pointed.connect(lambda _: self._show_probe())
        self._sessions.ended.connect(self._note_session_end)
        self._sessions.changed.connect(self._note_exchange)
        self._sessions.refused.connect(lambda why: self.has_problem.emit(why, False))
        self.takes.began.connect(self._note_beginning)
        self.takes.recorded.connect(self.warnings_over)
        self.takes.recorded.connect(self.recorded)
        self.takes.refused.connect(lambda why: self.has_problem.emit(why, False))

    def _ask_for_models(self) -> None:
        self.wants.emit("go_models", None)

    def _note_beginning(self) -> None:
        self._live.scene.reset()
        self.side_panel.show_coverage()
        self.frame_view.setFocus()

    def _begin_scene(self) -> None:
        self._live.scene.reset()
        self.takes.suggest_scene("scene")

    def _show_setup_panel(self) -> None:
        self.setup_panel.setVisible(self._actions["setup"].isChecked())

    def _show_marks(self) -> None:
        self.frame_view.show_marks(self._actions["marks"].isChecked())

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
        if not self._actions["pause"].isChecked():
            picture = self._live.pictures.take()
            if picture is not None:
                self.frame_view.show_picture(picture)
            self.side_panel.show_thumbnails(self._live.thumbnails.take())
        for problem in self.session.take_problems() + self.takes.take_problems():
            if problem.is_warning:
                self.has_warning.emit(problem.message)
            else:
                self.has_problem.emit(problem.message, problem.can_retry)

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
        self.side_panel.show_picture(picture)
        self.side_panel.show_scene(self._live.scene)
        self.side_panel.show_examination(self.examiner.examination)
        self._show_probe()
        self.takes.look(session, self.frame_view.frame_size)
        self.record_bar.show_recording(recording, recorder_state)
        self.record_bar.show_collection(self._live.collection)
        self._allow(recorder_state, session.source_state)
        self.frame_view.is_recording = recorder_state is RecorderState.RECORDING
        if recording is not None and recorder_state is RecorderState.OFF:
            self.takes.note_end(session)
        seconds_left = self.takes.seconds_left
        words = notice(session, self._live, picture)
        if seconds_left is not None:
            words = f"Recording in {seconds_left}…", None
        self.frame_view.show_notice(*words)
        has_rates = stats.camera_fps > 0 and stats.label_fps > 0
        # A short replay may be over before the label engine is compiled.
        is_settled = has_rates or session.source_state is SourceState.ENDED
        if not self._is_live and is_settled and picture and picture.has_classes:
            self._is_live = True
            self.became_live.emit()

    def _allow(self, recorder: RecorderState, source: SourceState) -> None:
        """Have on what can be done now."""
        is_on = recorder in (RecorderState.RECORDING, RecorderState.WAITING)
        is_off = recorder is RecorderState.OFF
        can_begin = is_off and source is SourceState.STREAMING
        self.setup_panel.set_locked(LOCKED if is_on else "")
        for name, is_allowed in (
            ("record", is_on or can_begin),
            ("countdown", can_begin),
            ("snapshot", self.frame_view.picture is not None),
            ("discard", is_off and self.takes.can_discard),
            ("undo", self.takes.can_bring_back),
        ):
            self._actions[name].setEnabled(is_allowed)

    def _show_probe(self) -> None:
        """What is under the cursor, of the picture that is shown."""
        picture, point = self.frame_view.picture, self.frame_view.point
        if picture is None or point is None:
            self.side_panel.show_probe(None)
            return
        view = picture.settings.view
        models = self._live.models
        self.side_panel.show_probe(
            probe(picture.layers, *point, view, self.bins, models)
        )

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
