"""One long piece of work on a thread, with progress, that can be given up."""

import logging
import threading
from collections.abc import Callable
from typing import TypeAlias

from core.errors import HNError

logger = logging.getLogger(__name__)

Advance: TypeAlias = Callable[[int, int], None]
"""Called with what is done and with all there is; it ends a job that is given up."""


class _GivenUp(Exception):  # noqa: N818 - not an error; it unwinds the work
    """Somebody does not want it any more."""


class Job:
    """Does `work` once; its sentence is what came of it."""

    def __init__(self, title: str, work: Callable[[Advance], str]) -> None:
        self.title = title
        self.progress = 0.0
        """0..1."""
        self.sentence = ""
        """What was done; once it is over."""
        self.problem = ""
        """Why it was not, if that is so."""
        self.is_over = False
        self._work = work
        self._giving_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="job", daemon=True)
        self._thread.start()

    def give_up(self) -> None:
        """Have it end soon."""
        self._giving_up.set()

    def close(self) -> None:
        """Give it up and wait for its end; safe to call twice."""
        self.give_up()
        self._thread.join()

    def _run(self) -> None:
        try:
            self.sentence = self._work(self._advance)
        except _GivenUp:
            self.sentence = f"{self.title}: given up, and nothing half done is left."
        except (HNError, OSError) as error:
            self.problem = _words_of(error)
        except Exception as error:
            logger.exception("%s failed", self.title)
            self.problem = f"{self.title} failed ({type(error).__name__}: {error})."
        self.is_over = True

    def _advance(self, done: int, total: int) -> None:
        if self._giving_up.is_set():
            raise _GivenUp
        self.progress = done / max(total, 1)


def _words_of(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = "" if error.filename is None else f"{error.filename}: "
        return (
            f"{where}{error.strerror.lower()}; check the path, its permissions and the "
            "free space, or choose another folder"
        )
    return str(error)
