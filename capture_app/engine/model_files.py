"""What model files say of themselves, read on a thread: a large one takes seconds."""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from capture_app.engine.mailbox import Mailbox
from capture_app.engine.worker import Worker
from core.errors import CheckpointError
from core.prediction import ModelInfo, read_model_info

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelFiles:
    """What is known of these files."""

    paths: tuple[Path, ...]
    infos: Mapping[Path, ModelInfo] = field(default_factory=dict)
    problems: Mapping[Path, str] = field(default_factory=dict)
    """A sentence for each that cannot be used."""

    def with_only(self, added: Path) -> tuple[Path, ...]:
        """`added`, and of the others the one that is for the other task."""
        task = self.infos[added].task
        others = [
            path
            for path, info in self.infos.items()
            if path != added and info.task != task
        ]
        return (*others, added)


class ModelReader:
    """Reads files on a thread of its own; the newest request wins."""

    def __init__(self) -> None:
        self.read: Mailbox[ModelFiles] = Mailbox()
        self._worker: Worker[tuple[Path, ...]] | None = None

    def ask(self, paths: Sequence[Path]) -> None:
        """Have `read` filled with what these files say."""
        if self._worker is None or self._worker.has_failed:
            self._worker = Worker("model files", self._read, self._report)
        self._asked = tuple(paths)
        self._worker.inbox.put(self._asked)

    def close(self) -> None:
        """Finish the file in hand and stop; safe to call twice."""
        if self._worker is not None:
            self._worker.close()

    def _read(self, paths: tuple[Path, ...]) -> None:
        infos, problems = {}, {}
        for path in paths:
            try:
                infos[path] = model_info(path)
            except CheckpointError as error:
                problems[path] = str(error)
        self.read.put(ModelFiles(paths, infos, problems))

    def _report(self, what: str, error: Exception) -> None:
        text = f"reading the {what} failed ({type(error).__name__}: {error})"
        self.read.put(
            ModelFiles(self._asked, problems=dict.fromkeys(self._asked, text))
        )


def model_info(path: Path) -> ModelInfo:
    """As `read_model_info`, at once if the file is as it was at the last time."""
    try:
        state = os.stat(path)
    except OSError:
        return read_model_info(path)  # which says what is wrong
    return _info(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)
def _info(path: Path, modified_ns: int, size: int) -> ModelInfo:
    return read_model_info(path)
