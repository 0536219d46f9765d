"""What the recording controls decide: names, folders, the beginning and the end."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from capture_app.engine.naming import folder_name, next_free
from capture_app.engine.recorder import RecordingPlan
from capture_app.engine.session import CaptureSession
from capture_app.engine.take_examiner import TakeExaminer
from capture_app.ui.record_bar import RecordBar
from core.errors import HNError


class TakeControl(QObject):
    """Begins and ends the recordings of one capture page, one after the other."""

    began = Signal()
    recorded = Signal()
    """Each time a recording has ended."""
    refused = Signal(str)
    """Why there is no recording."""

    def __init__(
        self,
        bar: RecordBar,
        recordings: Path,
        min_free_bytes: int,
        settings: Callable[[], dict[str, object]],
        examiner: TakeExaminer,
    ) -> None:
        super().__init__()
        self._bar = bar
        self._recordings = recordings
        self._min_free_bytes = min_free_bytes
        self._settings = settings
        self._examiner = examiner
        self._awaits_end = False
        self.examines = True
        """Whether a finished recording is looked through."""

    def suggest_scene(self, name: str) -> None:
        """Offer the first free name like this one."""
        self._bar.scene.setText(next_free(self._recordings, name).name)

    def await_end(self) -> None:
        """A recording is on that somebody else began."""
        self._awaits_end = True

    def begin(self, session: CaptureSession) -> None:
        """Start to record under the name that the bar has."""
        if session.recording is not None:  # it may have ended this very moment
            self.note_end(session)
        field = self._bar.scene
        if field.isModified() and field.text().strip():
            path = self._recordings / folder_name(field.text())
        else:
            path = next_free(self._recordings, field.text() or "scene")
        plan = RecordingPlan(
            path, settings=self._settings(), min_free_bytes=self._min_free_bytes
        )
        try:
            session.start_recording(plan)
        except (HNError, OSError) as error:
            self.refused.emit(str(error))
            return
        self._examiner.stop()
        self._awaits_end = True
        field.setText(path.name)
        self.began.emit()

    def note_end(self, session: CaptureSession) -> None:
        """Once a recording: look at it, suggest the next name and tell who waits."""
        if not self._awaits_end:
            return
        self._awaits_end = False
        recording = session.recording
        if self.examines and recording is not None and recording.num_frames > 0:
            self._examiner.examine(recording.path)
        self.suggest_scene(self._bar.scene.text())
        self.recorded.emit()
