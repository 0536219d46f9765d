"""The list of sensors, asked for on a thread: some libraries take seconds to answer."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from capture_app.engine.mailbox import Mailbox
from capture_app.engine.problems import ProblemLog
from capture_app.sensors.registry import list_sensors
from capture_app.sensors.sensor import SensorStatus

logger = logging.getLogger(__name__)

Statuses = tuple[SensorStatus, ...]

_GIVE_UP_S = 10.0  # on a look that hangs; the next one may begin
_CLOSING_S = 0.2


class SensorList:
    """Keeps the newest answer in `statuses`, and in `newest` until somebody takes it.

    A look that hangs holds up nobody: its thread is left to itself, and its answer,
    should it come, is thrown away.
    """

    def __init__(
        self, ask: Callable[[], Sequence[SensorStatus]] = list_sensors
    ) -> None:
        self.newest: Mailbox[Statuses] = Mailbox()
        self.problems = ProblemLog()
        self.statuses: Statuses = ()
        self._ask = ask
        self._changing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._began_s = 0.0
        self._is_closed = False

    @property
    def is_looking(self) -> bool:
        """Whether an answer may still come."""
        return (
            self._thread is not None and time.monotonic() - self._began_s < _GIVE_UP_S
        )

    def refresh(self) -> None:
        """Look anew, unless somebody looks already."""
        with self._changing:
            if self.is_looking or self._is_closed:
                return
            self._began_s = time.monotonic()
            self._thread = threading.Thread(
                target=self._look, name="sensor list", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        """Look no more; safe to call twice. Does not wait for a look that hangs."""
        with self._changing:
            self._is_closed = True
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(_CLOSING_S)

    def _look(self) -> None:
        statuses = None
        try:
            statuses = tuple(self._ask())
        except Exception as error:
            logger.exception("looking for cameras failed")
            self.problems.add(
                f"Looking for cameras failed ({type(error).__name__}: {error}). What "
                "is open goes on; look again, or start with --sensor NAME.",
                is_warning=True,
            )
        with self._changing:
            if self._thread is not threading.current_thread():
                return  # it was given up
            self._thread = None
            if statuses is not None:
                self.statuses = statuses
                self.newest.put(statuses)
