"""A thread that does one thing with the newest item it is given."""

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from capture_app.engine.mailbox import Mailbox
from capture_app.engine.stats import Rate

logger = logging.getLogger(__name__)

Item = TypeVar("Item")


class Worker(Generic[Item]):
    """Calls `work` on its own thread with the newest item of `inbox`.

    An exception ends the worker: it is logged and `on_error` hears of it.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[Item], None],
        on_error: Callable[[str, Exception], None],
    ) -> None:
        self.name = name
        self.inbox: Mailbox[Item] = Mailbox()
        self.rate = Rate()
        self.has_failed = False
        self._work = work
        self._on_error = on_error
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            item = self.inbox.wait()
            if item is None:
                return
            try:
                self._work(item)
            except Exception as error:
                logger.exception("the %s thread stopped", self.name)
                self.has_failed = True
                self._on_error(self.name, error)
                return
            self.rate.tick()

    def close(self) -> None:
        """Finish the item in hand and stop; safe to call twice."""
        self.inbox.close()
        if self._thread is not threading.current_thread():
            self._thread.join()
