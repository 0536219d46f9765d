"""Which session is on: another camera, other labels or networks, all from anew."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from capture_app.engine.live import LiveView
from capture_app.engine.session import CaptureSession
from capture_app.engine.setup import SessionSetup, make_live, needs_reopening
from capture_app.engine.states import RecorderState
from core.errors import HNError

MakeSession = Callable[[SessionSetup], CaptureSession]

LOCKED = "A recording is on: its camera and labels stay as they are."


class SessionControl(QObject):
    """Holds the session of a capture page and exchanges it when that is wanted.

    Whatever cannot be made leaves everything as it is, and is told by `refused`.
    """

    ended = Signal(object)
    """A `CaptureSession` that is closed; another one takes its place."""
    changed = Signal()
    """There is another live view now, perhaps of another session."""
    refused = Signal(str)
    """Why nothing was changed."""

    def __init__(
        self, parent: QObject, make_session: MakeSession, setup: SessionSetup
    ) -> None:
        super().__init__(parent)  # with which its connections end
        self._make_session = make_session
        self.setup = setup
        self.session = make_session(setup)

    @property
    def live(self) -> LiveView:
        """What shows the session's frames."""
        assert self.session.live is not None, "a window needs a live view"
        return self.session.live

    def restart(self) -> bool:
        """Open the camera again, with new threads; a running recording is finished."""
        return self._try(lambda: self._reopen(self.setup))

    def apply(self, setup: SessionSetup) -> bool:
        """Go on with this setup, with the camera open if it can stay so; whether it is
        on now."""
        return self._try(lambda: self._change(setup))

    def _change(self, setup: SessionSetup) -> None:
        if self.session.recorder_state is not RecorderState.OFF:
            raise HNError(LOCKED)
        if needs_reopening(self.setup, setup):
            self._reopen(setup)
            return
        self.session.replace_live(make_live(setup))
        self.setup = setup
        self.changed.emit()

    def _reopen(self, setup: SessionSetup) -> None:
        session = self._make_session(setup)  # opens nothing yet
        before, self.session = self.session, session
        before.close()
        self.setup = setup
        self.ended.emit(before)
        self.changed.emit()
        session.start()

    def _try(self, work: Callable[[], None]) -> bool:
        try:
            work()
        except (HNError, OSError) as error:
            self.refused.emit(str(error))
            return False
        return True
