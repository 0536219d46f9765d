"""What the recording controls decide: when a take begins, where it goes, and whether
it is kept."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from capture_app.engine.countdown import Countdown
from capture_app.engine.disk_space import DiskWatch, expected_rate
from capture_app.engine.naming import folder_name, next_free
from capture_app.engine.picture import Picture
from capture_app.engine.problems import Problem
from capture_app.engine.recorder import RecordingPlan, RecordingSummary
from capture_app.engine.session import CaptureSession
from capture_app.engine.snapshot import Snapshots
from capture_app.engine.states import RecorderState
from capture_app.engine.take_examiner import TakeExaminer
from capture_app.engine.trash import Trashed, discard, restore
from capture_app.ui.record_bar import RecordBar
from core.errors import HNError
from core.recording.scene import SNAPSHOTS

_SETTLED_S = 2.0  # of a take, after which its rate is no chance any more


class TakeControl(QObject):
    """Begins and ends the recordings of one capture page, one after the other."""

    began = Signal()
    recorded = Signal()
    """Each time a recording has ended."""
    refused = Signal(str)
    """Why there is no recording."""

    def __init__(
        self,
        parent: QObject,
        bar: RecordBar,
        recordings: Path,
        min_free_bytes: int,
        settings: Callable[[], dict[str, object]],
        examiner: TakeExaminer,
    ) -> None:
        super().__init__(parent)  # with which its connections end
        self._bar = bar
        self._recordings = recordings
        self._min_free_bytes = min_free_bytes
        self._settings = settings
        self._examiner = examiner
        self._awaits_end = False
        self._countdown = Countdown()
        self._snapshots = Snapshots()
        self._disk = DiskWatch(min_free_bytes)
        self._last: tuple[Path, ...] = ()
        self._bytes_per_s: float | None = None
        self._discarded: list[tuple[Trashed, ...]] = []
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
            path,
            tags=self._bar.tag_field.tags(),
            settings=self._settings(),
            min_free_bytes=self._min_free_bytes,
        )
        try:
            session.start_recording(plan)
        except (HNError, OSError) as error:
            self.refused.emit(str(error))
            return
        self._examiner.stop()
        self._awaits_end = True
        self._countdown.cancel()
        self._bar.show_discarded(None)
        field.setText(path.name)
        self.began.emit()

    def note_end(self, session: CaptureSession) -> None:
        """Once a recording: look at it, suggest the next name and tell who waits."""
        if not self._awaits_end:
            return
        self._awaits_end = False
        if session.recording is not None:
            self._note_take(session.recording)
        self.suggest_scene(self._bar.scene.text())
        self.recorded.emit()

    def _note_take(self, recording: RecordingSummary) -> None:
        """What can be discarded now, what to look through, and how fast disks fill."""
        folders = (*recording.earlier, recording)
        self._last = tuple(one.path for one in folders if one.num_frames > 0)
        if recording.seconds >= _SETTLED_S:
            self._bytes_per_s = recording.size_bytes / recording.seconds
        if self.examines and recording.num_frames > 0:
            self._examiner.examine(recording.path)

    def toggle_countdown(self) -> None:
        """Begin to count down to a recording, or stop counting."""
        if self._countdown.seconds_left is None:
            self._countdown.start()
        else:
            self._countdown.cancel()

    @property
    def seconds_left(self) -> int | None:
        """Until the recording begins; None while nothing counts."""
        return self._countdown.seconds_left

    def look(self, session: CaptureSession, size: tuple[int, int] | None) -> None:
        """See to what time brings: a countdown that is over, room on the disk for
        frames of `size` (width, height)."""
        is_off = session.recorder_state is RecorderState.OFF
        if self._countdown.is_due() and is_off:
            self.begin(session)
        self._bar.show_countdown(self.seconds_left)
        rate = self._bytes_per_s
        if rate is None and size is not None:
            rate = expected_rate(session.sensor.fps, *size)
        if rate is not None:
            self._bar.show_disk(self._disk.look(self._recordings, rate))

    def take_problems(self) -> list[Problem]:
        """What went wrong, and what was saved, since the last call."""
        saved = [
            Problem(f"The snapshot is saved in {path}.", is_warning=True)
            for path in self._snapshots.take_saved()
        ]
        return saved + self._snapshots.problems.take() + self._disk.problems.take()

    def snapshot(self, picture: Picture | None, session: CaptureSession) -> None:
        """Save the frame that is shown, with its labels or the newest ones."""
        if picture is None:
            return
        layers, live = picture.layers, session.live
        if layers.labels is None and live is not None and live.scene.newest is not None:
            layers = live.scene.newest
        folder, name = self._recordings / SNAPSHOTS, self._bar.scene.text()
        self._snapshots.save(layers, folder, name, session.sensor.name)

    @property
    def can_discard(self) -> bool:
        """Whether there is a take that could be thrown away."""
        return bool(self._last) and not self._awaits_end

    @property
    def can_bring_back(self) -> bool:
        """Whether a take was thrown away."""
        return bool(self._discarded)

    def discard(self) -> None:
        """Move the last take to the trash, with all folders that it has."""
        self._examiner.close()
        thrown = []
        try:
            for path in self._last:
                thrown.append(discard(path))
        except (HNError, OSError) as error:
            self.refused.emit(str(error))
        self._last = self._last[len(thrown) :]
        if thrown:
            self._discarded.append(tuple(thrown))
        self._show_discarded()

    def bring_back(self) -> None:
        """Take what was thrown away last out of the trash."""
        if not self._discarded:
            return
        back = []
        try:
            for trashed in self._discarded[-1]:
                back.append(restore(trashed))
        except (HNError, OSError) as error:
            self.refused.emit(str(error))
        left = self._discarded.pop()[len(back) :]
        if left:
            self._discarded.append(left)
        self._last = tuple(back) or self._last
        self._show_discarded()

    def _show_discarded(self) -> None:
        self._bar.show_discarded(
            self._discarded[-1][0].name if self._discarded else None
        )

    def end(self) -> None:
        """Stop all threads; what waits to be saved is saved."""
        self._countdown.cancel()
        self._snapshots.close()
        self._disk.close()
