"""What was trained: every run in a folder, and model files from elsewhere."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from capture_app.engine.run_config import CONFIG_FILE
from capture_app.engine.run_curves import METRICS_FILE
from capture_app.engine.run_entry import (
    CHECKPOINTS,
    MODELS,
    RESULTS_FILE,
    Entry,
    RunState,
    read_run,
)
from core.errors import CheckpointError
from core.prediction import Task, read_model_info

_MARKS = (CONFIG_FILE, RESULTS_FILE, METRICS_FILE, *MODELS)
_WATCHED = (*_MARKS, "report.html", CHECKPOINTS)
_DEEPEST = 3  # runs/reproduce/EXPERIMENT/RUN
_CHANGING = (RunState.RUNNING, RunState.BEGINNING)

Stamp = tuple[tuple[int, int] | None, ...]


class Catalog:
    """Reads the runs below a folder again and again; only those that changed."""

    def __init__(self, runs: Path, clock: Callable[[], float] = time.time) -> None:
        self.runs = runs
        self._clock = clock
        self._known: dict[Path, tuple[Stamp, Entry]] = {}

    def look(self, added: Sequence[Path] = ()) -> tuple[Entry, ...]:
        """Every run by now, and the files that were added, in no certain order.

        OSError where the folder of runs cannot be read; without one there are no runs.
        """
        known = self._known
        self._known = {}
        for folder in _run_folders(self.runs, _DEEPEST):
            stamp = tuple(_stamp(folder / name) for name in _WATCHED)
            before = known.get(folder)
            if before is None or before[0] != stamp or before[1].state in _CHANGING:
                name = folder.relative_to(self.runs).as_posix()
                before = stamp, read_run(folder, name, self._clock())
            self._known[folder] = before
        for file in added:
            stamp = (_stamp(file),)
            before = known.get(file)
            if before is None or before[0] != stamp:
                before = stamp, read_file(file)
            self._known[file] = before
        return tuple(entry for _, entry in self._known.values())

    def forget(self) -> None:
        """Read all of it anew, next time."""
        self._known = {}


def read_file(file: Path) -> Entry:
    """A model file as an entry; BROKEN where it cannot be used."""
    try:
        found = file.stat()
        info = read_model_info(file)
    except OSError as error:
        words = f"Cannot be read: {file}: {error.strerror}; was it moved?"
        return Entry(file, file.name, RunState.BROKEN, words)
    except CheckpointError as error:
        return Entry(file, file.name, RunState.BROKEN, f"Cannot be used: {error}.")
    kind = "HN" if info.task == "hn" else "semantic"
    words = f"A file from elsewhere with one {kind} network of {info.precision}."
    return Entry(
        file,
        file.name,
        RunState.FILE,
        words,
        changed_s=found.st_mtime,
        models=(file,),
        tasks=(info.task,),
        size_bytes=found.st_size,
    )


@dataclass(frozen=True)
class Order:
    """How entries are sorted, and what of them; the first is the one on top."""

    name: str
    key: Callable[[Entry], tuple[float, str]]


def _best(task: Task) -> Callable[[Entry], tuple[float, str]]:
    """The key that puts the best network for `task` first, and runs without last."""

    def key(entry: Entry) -> tuple[float, str]:
        found = entry.mean_iou(task)
        return 1.0 if found is None else -found, entry.name

    return key


ORDERS: tuple[Order, ...] = (
    Order("Newest first", lambda entry: (-entry.changed_s, entry.name)),
    Order("By name", lambda entry: (0.0, entry.name.casefold())),
    Order("Best HN mean IoU", _best("hn")),
    Order("Best semantic mean IoU", _best("semantic")),
)


def arranged(
    entries: Sequence[Entry], words: str = "", order: Order = ORDERS[0]
) -> list[Entry]:
    """Those with all the words in their name, network, preset, data or state."""
    wanted = words.casefold().split()
    found = [e for e in entries if all(word in _searched(e) for word in wanted)]
    return sorted(found, key=order.key)


def when(entry: Entry) -> str:
    """The day at which it changed last, and the time of the day, for people."""
    if not entry.changed_s:
        return ""
    return datetime.fromtimestamp(entry.changed_s).strftime("%Y-%m-%d %H:%M")


def _searched(entry: Entry) -> str:
    config = entry.config
    told = () if config is None else (config.network, config.preset, *config.data)
    return " ".join((entry.name, entry.state.value, *told)).casefold()


def _run_folders(folder: Path, deepest: int) -> Iterator[Path]:
    """The runs in a folder and below it; none lies in another, nor hidden."""
    try:
        inside = sorted(path for path in folder.iterdir() if path.is_dir())
    except FileNotFoundError:
        return
    for path in inside:
        if path.name.startswith("."):
            continue
        if any((path / name).exists() for name in _MARKS):
            yield path
        elif deepest > 1:
            yield from _run_folders(path, deepest - 1)


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes when a file is written or, in a folder, one is put there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
