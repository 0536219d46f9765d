"""Runs as processes of hn-train, some at once; what is finished is used again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree

from training.config import TrainConfig
from training.interrupt import StopRequest
from training.reproduce.spec import Spec, arguments, with_starts
from training.run_folder import CONFIG_FILE

HN_TRAIN = (sys.executable, "-c", "import training.train_command as t; t.main()")
RESULTS_FILE = "results.json"
LOGS = "logs"
POLL_S = 0.2
FOLLOWS = "its pretraining has no result"


@dataclass(frozen=True)
class Outcome:
    """What became of a run."""

    folder: Path
    problem: str | None = None
    """Why there is no result."""


@dataclass(frozen=True, eq=False)
class _Process:
    spec: Spec
    started: float
    process: "subprocess.Popen[bytes]"
    log: Path


def execute(
    specs: Sequence[Spec], root: Path, states: Mapping[str, str], num_jobs: int
) -> dict[Spec, Outcome]:
    """Train all that is not finished yet; what became of each, of starts too.

    A run that fails takes only those with it that start from it. KeyboardInterrupt
    after Ctrl-C, once every running one is saved.
    """
    (root / LOGS).mkdir(parents=True, exist_ok=True)
    waiting = with_starts(specs)
    outcomes: dict[Spec, Outcome] = {}
    running: list[_Process] = []
    total = len(waiting)
    with StopRequest() as stop:
        try:
            while (waiting or running) and not stop:
                for process in [
                    one for one in running if one.process.poll() is not None
                ]:
                    running.remove(process)
                    outcomes[process.spec] = _ended(process, root, states)
                    _tell(process, outcomes[process.spec], len(outcomes), total)
                waiting = _start(waiting, outcomes, running, root, states, num_jobs)
                time.sleep(POLL_S if running else 0)
        finally:
            _end_all(running)
    if stop:
        raise KeyboardInterrupt
    return outcomes


def is_finished(folder: Path) -> bool:
    """Whether a run has its results."""
    return (folder / RESULTS_FILE).is_file()


def _start(
    waiting: Sequence[Spec],
    outcomes: dict[Spec, Outcome],
    running: list[_Process],
    root: Path,
    states: Mapping[str, str],
    num_jobs: int,
) -> list[Spec]:
    """Begin what can begin; what still waits."""
    still = []
    for spec in waiting:
        folder = spec.folder(root, states)
        start = None if spec.start is None else outcomes.get(spec.start)
        if is_finished(folder):
            outcomes[spec] = Outcome(folder)
        elif start is not None and start.problem is not None:
            outcomes[spec] = Outcome(folder, f"{FOLLOWS}: {start.problem}")
        elif len(running) < num_jobs and (spec.start is None or start is not None):
            running.append(_begin(spec, folder, root, start))
        else:
            still.append(spec)
    return still


def _begin(spec: Spec, folder: Path, root: Path, start: Outcome | None) -> _Process:
    log = root / LOGS / f"{folder.name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*HN_TRAIN, *_options(spec, folder, start)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            # Ctrl-C is for this process alone, which passes it on once.
            start_new_session=True,
        )
    return _Process(spec, time.monotonic(), process, log)


def _options(spec: Spec, folder: Path, start: Outcome | None) -> list[str]:
    """To go on with the run if it has begun, else to begin it."""
    config_file = folder / CONFIG_FILE
    if config_file.is_file() and config_file.stat().st_size:
        return arguments(TrainConfig(out=folder, resume=True))
    if config_file.is_file():  # it ended before it had anything to go on with
        rmtree(folder)
    init = spec.config.init if start is None else str(start.folder)
    return arguments(replace(spec.config, init=init, out=folder))


def _ended(process: _Process, root: Path, states: Mapping[str, str]) -> Outcome:
    folder = process.spec.folder(root, states)
    if process.process.returncode == 0 and is_finished(folder):
        return Outcome(folder)
    lines = process.log.read_text("utf-8", "replace").strip().splitlines()
    status = process.process.returncode
    return Outcome(folder, lines[-1] if lines else f"it ended with status {status}")


def _tell(process: _Process, outcome: Outcome, number: int, total: int) -> None:
    taken = time.monotonic() - process.started
    what = "failed: " + outcome.problem if outcome.problem else f"{taken:.0f} s"
    print(f"[{number}/{total}] {process.spec.name}: {what}", flush=True)


def _end_all(running: Sequence[_Process]) -> None:
    """Have every run save itself, and wait for it."""
    # SIGINT would be ignored by those that a shell has put into the background.
    for one in running:
        if one.process.poll() is None:
            one.process.send_signal(signal.SIGTERM)
    for one in running:
        one.process.wait()
