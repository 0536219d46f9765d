"""The command that trains on recordings, in the words of hn-train."""

import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from capture_app.engine.library import Entry
from capture_app.engine.naming import next_free
from core.recording.writer import CAPTURE_FILE

PRESETS: Mapping[str, str] = {
    "auto": "as the machine allows: paper on a GPU, else laptop",
    "smoke": "about a minute on two cores; shows that everything works",
    "laptop": "one to two hours on two cores",
    "live": "a night; for a view at 30 images a second on one core",
    "paper": "the paper's network and numbers of steps, for a GPU",
}
"""As hn-train --preset has them."""
RUNS = Path("runs")


def training_data(
    chosen: Sequence[Entry], entries: Sequence[Entry], recordings: Path
) -> list[Path]:
    """What to give --data: the folder itself where that is what was chosen, else each
    recording that can be read now."""
    usable = [entry.path for entry in chosen if entry.can_play]
    there = {
        entry.path
        for entry in entries
        if entry.can_play or (entry.path / CAPTURE_FILE).exists()
    }
    return [recordings] if usable and set(usable) == there else usable


def suggested_run(data: Sequence[Path]) -> str:
    """A name for a run on these, that no run has."""
    return next_free(RUNS, data[0].name if len(data) == 1 else "run").name


def training_command(data: Sequence[Path], preset: str, run: str) -> str:
    """hn-train with its options, quoted for the system's shell; to be run in the folder
    of this program."""
    words = ["hn-train", "--data", *(_path_word(path) for path in data)]
    words += ["--preset", preset, "--out", _path_word(RUNS / run)]
    return (
        subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
    )


def _path_word(path: Path) -> str:
    """A path as short as it can be, that no program takes for an option."""
    if path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return f"./{path}" if str(path).startswith("-") else str(path)
