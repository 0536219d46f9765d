"""The command that goes on with a run, repeats it, or makes the first one."""

import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from capture_app.engine.run_entry import Entry, RunState

ENVIRONMENT_FILE = "environment.json"
_PLACES = ("--out", "--name")


def command_for(entry: Entry) -> str | None:
    """What a user types to go on with a run that was stopped, or else to repeat it in
    a folder of its own; None for a model file, or where that is not known."""
    if entry.state is RunState.STOPPED:
        return as_typed(("hn-train", "--out", str(entry.path), "--resume"))
    try:
        text = (entry.path / ENVIRONMENT_FILE).read_text("utf-8")
        program, *options = map(str, json.loads(text)["command"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    name = Path(program).stem
    if name != "hn-train":  # hn-reproduce names the folders of its runs itself
        return as_typed((name, *options))
    again = str(_unused(entry.path))
    return as_typed((name, *_without_place(options), "--out", again))


def first_command(recordings: Path, runs: Path, has_recordings: bool) -> str:
    """What to train first, on the recordings if there are any."""
    data = str(recordings) if has_recordings else "simulated:200"
    out = str(runs / "first")
    return as_typed(("hn-train", "--data", data, "--preset", "smoke", "--out", out))


def as_typed(words: Sequence[str]) -> str:
    """The words as a shell takes them."""
    if sys.platform == "win32":
        return subprocess.list2cmdline(words)
    return shlex.join(words)


def _without_place(options: Sequence[str]) -> list[str]:
    """Options without those that say where the run is."""
    kept: list[str] = []
    is_place = False
    for word in options:
        if is_place:
            is_place = False
        elif word in _PLACES:
            is_place = True
        elif not word.startswith(tuple(f"{name}=" for name in _PLACES)):
            kept.append(word)
    return kept


def _unused(folder: Path) -> Path:
    number = 2
    while (again := folder.with_name(f"{folder.name}-{number}")).exists():
        number += 1
    return again
