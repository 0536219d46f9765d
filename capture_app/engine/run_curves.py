"""The curves of a training run, read from its metrics.jsonl while it grows or after."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

METRICS_FILE = "metrics.jsonl"
LOSS, MEAN_IOU = "loss", "validation_mean_iou"


@dataclass(frozen=True)
class Curve:
    """One measure over the steps of a stage."""

    steps: tuple[float, ...] = ()
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class StageCurves:
    """What one stage of a run has logged so far."""

    stage: str
    """As training names it: cifar100, pretrain, finetune."""
    last_step: int
    loss: Curve
    """The mean loss of the steps since the point before."""
    mean_iou: Curve
    """0..1, on the validation frames; empty where there are none."""


def read_curves(folder: Path) -> tuple[StageCurves, ...]:
    """The curves of a run, stage by stage in order; none before its first step.

    Half a line, which training is writing or a crash has left, is passed over.
    """
    try:
        text = (folder / METRICS_FILE).read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return ()
    rows = [row for line in text.splitlines() if (row := _row(line)) is not None]
    stages = dict.fromkeys(row["stage"] for row in rows)
    return tuple(_stage(name, rows) for name in stages)


def _row(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_row = (
        isinstance(row, dict)
        and isinstance(row.get("stage"), str)
        and isinstance(row.get("step"), int)
    )
    return row if is_row else None


def _stage(name: str, rows: Sequence[dict[str, Any]]) -> StageCurves:
    own = [row for row in rows if row["stage"] == name]
    last_step = max(row["step"] for row in own)
    return StageCurves(name, last_step, _curve(own, LOSS), _curve(own, MEAN_IOU))


def _curve(rows: Sequence[dict[str, Any]], measure: str) -> Curve:
    points = [
        (float(row["step"]), float(value))
        for row in rows
        if isinstance(value := row.get(measure), int | float) and math.isfinite(value)
    ]
    return Curve(tuple(s for s, _ in points), tuple(v for _, v in points))
