"""Reads runs on threads of its own, so that the window never waits for a disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from capture_app.engine.compare_source import recordings_in
from capture_app.engine.mailbox import Mailbox
from capture_app.engine.model_catalog import Catalog
from capture_app.engine.problems import Problem, ProblemLog
from capture_app.engine.run_details import Details, read_details
from capture_app.engine.run_entry import Entry
from capture_app.engine.worker import Worker


@dataclass(frozen=True)
class Listed:
    """What there is now."""

    entries: tuple[Entry, ...]
    recordings: tuple[Path, ...]
    """The newest first."""


@dataclass(frozen=True)
class _Asked:
    files: tuple[Path, ...]
    is_anew: bool


class RunReader:
    """Lists the runs, and reads the details of one, when it is asked to."""

    def __init__(self, runs: Path, recordings: Path) -> None:
        self.runs = runs
        self.recordings = recordings
        self.listed: Mailbox[Listed] = Mailbox()
        self.details: Mailbox[Details] = Mailbox()
        self._problems = ProblemLog()
        self._last_problem = ""
        self._catalog = Catalog(runs)
        self._lister = Worker("runs", self._list, self._fail)
        self._detailer = Worker("run details", self._read, self._fail)

    def look(self, files: Sequence[Path], is_anew: bool = False) -> None:
        """Have the runs listed, and these model files from elsewhere."""
        if self._lister.has_failed and is_anew:
            self._lister.close()
            self._lister = Worker("runs", self._list, self._fail)
        self._lister.inbox.put(_Asked(tuple(files), is_anew))

    def read(self, entry: Entry) -> None:
        """Have the details of this entry read."""
        if self._detailer.has_failed:
            self._detailer.close()
            self._detailer = Worker("run details", self._read, self._fail)
        self._detailer.inbox.put(entry)

    def take_problems(self) -> list[Problem]:
        """What went wrong since the last call; the same thing is told once."""
        return self._problems.take()

    def close(self) -> None:
        """Stop both threads; safe to call twice."""
        self._lister.close()
        self._detailer.close()

    def _list(self, asked: _Asked) -> None:
        if asked.is_anew:
            self._catalog.forget()
            self._last_problem = ""
        try:
            entries = self._catalog.look(asked.files)
            found = Listed(entries, recordings_in(self.recordings))
        except OSError as error:
            place = error.filename or self.runs
            problem = (
                f"{place} cannot be read ({error.strerror}), so its runs are not "
                "listed; nothing is lost. F5 reads it again."
            )
            if problem != self._last_problem:
                self._problems.add(problem)
            self._last_problem = problem
            return
        self._last_problem = ""
        self.listed.put(found)

    def _read(self, entry: Entry) -> None:
        self.details.put(read_details(entry))

    def _fail(self, name: str, error: Exception) -> None:
        self._problems.add(
            f"Reading the {name} failed ({type(error).__name__}: {error}); the log has "
            "the details. The camera goes on; F5 tries it again."
        )
