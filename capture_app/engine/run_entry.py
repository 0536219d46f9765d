"""One training run as its folder tells it: what it is, how far it is, how good."""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from capture_app.engine.run_config import (
    CONFIG_FILE,
    DAMAGE,
    STAGES,
    RunConfig,
    read_config,
    what_is_wrong,
)
from capture_app.engine.run_curves import METRICS_FILE, StageCurves, read_curves
from capture_app.engine.run_scores import Scores, scores_from_json
from core.errors import CheckpointError, HNError
from core.prediction import Task

RESULTS_FILE, REPORT_FILE, CHECKPOINTS = "results.json", "report.html", "checkpoints"
MODELS = ("model_hn.onnx", "model.onnx")
_SAVED = ("cifar100-last", "pretrain-last", "finetune-last", "finetune-best")
# Training logs at least every half percent of its steps and saves once a minute; while
# it validates, or measures and exports between its stages, it may be quiet for long.
_QUIET_S, _LONG_QUIET_S = 90.0, 600.0
_NUM_VALIDATIONS = 10
_TOLD_QUIET_S = 20.0
_LONGEST_HEADER = 2**26


class RunState(Enum):
    """How far a run is, in a word."""

    FINISHED = "finished"
    RUNNING = "training now"
    STOPPED = "stopped"
    BEGINNING = "not begun"
    BROKEN = "not usable"
    FILE = "model file"


_UNFINISHED = (RunState.RUNNING, RunState.STOPPED)


@dataclass(frozen=True)
class Entry:
    """A run, or a model file from elsewhere."""

    path: Path
    """The run's folder, or the file."""
    name: str
    state: RunState
    words: str = ""
    """The state in a sentence."""
    place: str = ""
    """Where in its work it is, if it is not finished."""
    changed_s: float = 0.0
    """When training wrote to it last, seconds since 1970."""
    config: RunConfig | None = None
    """None where it is not known."""
    scores: Mapping[Task, Scores] = field(default_factory=dict)
    models: tuple[Path, ...] = ()
    """The files of its networks, the HN one first."""
    tasks: tuple[Task, ...] = ()
    """Of these files, in their order."""
    size_bytes: int = 0
    """Of them all."""
    num_parameters: int | None = None
    """Of one network; None where that cannot be told."""
    curves: tuple[StageCurves, ...] = ()
    report: Path | None = None

    @property
    def progress(self) -> float | None:
        """0..1, how far the stage is that it trains or was stopped in."""
        if self.config is None or not self.curves or self.state not in _UNFINISHED:
            return None
        newest = self.curves[-1]
        return newest.last_step / max(1, self.config.steps_of(newest.stage))

    def mean_iou(self, task: Task) -> float | None:
        """0..1, of the network for `task`; None without it."""
        return self.scores[task].mean_iou if task in self.scores else None


def read_run(folder: Path, name: str, now_s: float) -> Entry:
    """The run in a folder; one that is damaged is BROKEN and says why.

    It is RUNNING when its files changed so shortly before `now_s`, in seconds since
    1970, that training may have done that.
    """
    entry = _with_files(Entry(folder, name, RunState.BROKEN))
    try:
        config = read_config(folder)
        if config is None:
            return replace(
                entry,
                state=RunState.BEGINNING,
                words="Prepares its data. If hn-train does not run any more, delete "
                "the folder and start again.",
                models=(),
            )
        entry = replace(
            entry,
            config=config,
            curves=read_curves(folder),
            num_parameters=_num_parameters(folder),
        )
        scores = _read_scores(folder)
    except (HNError, OSError) as error:
        # Without its measures it is not known which network is in model.onnx.
        return replace(entry, words=f"Cannot be read: {error}.", models=())
    if scores is not None and (entry.models or not scores):
        words = "Finished." if scores else _LEARNT_DEPTH.format(folder)
        entry = replace(entry, state=RunState.FINISHED, words=words)
        return _with_scores(entry, scores)
    entry = _with_scores(entry, scores or {})
    return _under_way(entry, config, now_s)


_LEARNT_DEPTH = (
    "Finished. It has learnt depth alone and predicts no classes; finetune it with "
    "--init {}"
)


def _with_files(entry: Entry) -> Entry:
    """With its networks and report, how large they are, and when it changed last."""
    sizes: dict[str, int] = {}
    times = [0.0]
    saved = (f"{CHECKPOINTS}/{name}.safetensors" for name in _SAVED)
    for name in (*MODELS, REPORT_FILE, CONFIG_FILE, RESULTS_FILE, METRICS_FILE, *saved):
        try:
            found = (entry.path / name).stat()
        except OSError:  # absent, or gone by now
            continue
        sizes[name] = found.st_size
        times.append(found.st_mtime)
    models = [name for name in MODELS if name in sizes]
    return replace(
        entry,
        models=tuple(entry.path / name for name in models),
        size_bytes=sum(sizes[name] for name in models),
        changed_s=max(times),
        report=entry.path / REPORT_FILE if REPORT_FILE in sizes else None,
    )


def _read_scores(folder: Path) -> dict[Task, Scores] | None:
    """The measures; none of a run that has learnt depth alone, None before the end."""
    file = folder / RESULTS_FILE
    try:
        return scores_from_json(json.loads(file.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except DAMAGE as error:
        raise CheckpointError(
            f"{file} is damaged ({what_is_wrong(error)}); hn-train --out {folder} "
            "--resume writes it anew"
        ) from error


def _with_scores(entry: Entry, scores: Mapping[Task, Scores]) -> Entry:
    """With its measures, which tell which network is in model.onnx."""
    last: Task = "hn" if set(scores) == {"hn"} else "semantic"
    tasks: list[Task] = [
        "hn" if model.name == MODELS[0] else last for model in entry.models
    ]
    return replace(entry, scores=scores, tasks=tuple(tasks))


def _under_way(entry: Entry, config: RunConfig, now_s: float) -> Entry:
    """A run that is not finished: one that goes on, or one that was stopped."""
    place = _place(entry, config)
    quiet_s = now_s - entry.changed_s
    if quiet_s < (_LONG_QUIET_S if _is_pause(entry, config) else _QUIET_S):
        words = f"Training now: {place}."
        if quiet_s > _TOLD_QUIET_S:
            words += f" Last heard of {10 * round(quiet_s / 10)} s ago."
        return replace(entry, state=RunState.RUNNING, words=words, place=place)
    words = f"Stopped: {place}. To go on: hn-train --out {entry.path} --resume"
    return replace(entry, state=RunState.STOPPED, words=words, place=place)


def _place(entry: Entry, config: RunConfig) -> str:
    """Where in its work a run is."""
    if entry.scores:
        return "measured, its model files not written"
    if not entry.curves:
        return "before its first step"
    newest = entry.curves[-1]
    total = config.steps_of(newest.stage)
    stage = STAGES.get(newest.stage, newest.stage)
    return f"{stage}, step {newest.last_step} of {total}"


def _is_pause(entry: Entry, config: RunConfig) -> bool:
    """Whether no step is taken now: it prepares, validates, measures or exports."""
    if entry.scores or not entry.curves:
        return True
    newest = entry.curves[-1]
    total = config.steps_of(newest.stage)
    is_due = newest.last_step % max(1, total // _NUM_VALIDATIONS) == 0
    validated = newest.mean_iou.steps
    is_validating = (
        is_due and bool(validated) and newest.last_step not in validated[-1:]
    )
    return is_validating or newest.last_step == total


def _num_parameters(folder: Path) -> int | None:
    """Weights in the last stage's checkpoint, told by its header alone."""
    for stage in tuple(STAGES)[::-1]:
        for kind in ("best", "last"):
            file = folder / CHECKPOINTS / f"{stage}-{kind}.safetensors"
            try:
                with file.open("rb") as checkpoint:
                    (length,) = struct.unpack("<Q", checkpoint.read(8))
                    header = json.loads(checkpoint.read(min(length, _LONGEST_HEADER)))
                return sum(
                    math.prod(tensor["shape"])
                    for name, tensor in header.items()
                    if name.startswith("network.") and not _is_statistic(name)
                )
            except (OSError, struct.error, *DAMAGE):
                continue
    return None


def _is_statistic(name: str) -> bool:
    """Whether a tensor is one of batch norm's, which no gradient changes."""
    return name.endswith(("running_mean", "running_var", "num_batches_tracked"))
