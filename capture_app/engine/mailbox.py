"""A slot of one between two threads: the newest item wins, older ones are skipped."""

import threading
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Mailbox(Generic[Item]):
    """Holds the newest item that nobody took yet."""

    def __init__(self) -> None:
        self._item: Item | None = None
        self._filled = threading.Condition()
        self._closed = False

    def put(self, item: Item) -> None:
        """Leave `item` here, in place of an older one."""
        with self._filled:
            self._item = item
            self._filled.notify()

    def take(self) -> Item | None:
        """The newest item if there is one, at once."""
        with self._filled:
            item, self._item = self._item, None
            return item

    def wait(self, timeout_s: float | None = None) -> Item | None:
        """The newest item once there is one; None after the time or when closed."""
        with self._filled:
            self._filled.wait_for(
                lambda: self._item is not None or self._closed, timeout_s
            )
            item, self._item = self._item, None
            return None if self._closed else item

    def close(self) -> None:
        """Wake whoever waits; from now on `wait` returns None at once."""
        with self._filled:
            self._closed = True
            self._filled.notify_all()
