"""Two recordings and a training run that are the same wherever they are made."""

import json
import os
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from made_models import save_strongest_channel_model
from still_window import still_frame

from core.bins import HNBins
from core.prediction import ModelInfo
from core.recording import RecordingWriter
from core.recording.scene import load_scene, save_scene

_DAY = datetime(2026, 3, 9, 14, 5, tzinfo=UTC)
_CLASSES = ("wall", "floor", "lamp")
_BINS = HNBins((0.5,))


def make_still_content(recordings: Path, runs: Path) -> None:
    """Fill both folders."""
    for number, (name, tags) in enumerate(
        (("kitchen_001", ("evening", "table")), ("corridor_002", ()))
    ):
        _make_recording(recordings / name, tags, num_frames=4 + number)
    _make_run(runs / "first")
    for folder in (recordings, runs):
        for path in sorted(folder.rglob("*")):
            os.utime(path, (_DAY.timestamp(),) * 2)


def _make_recording(path: Path, tags: tuple[str, ...], num_frames: int) -> None:
    with RecordingWriter(path, device="still", tags=tags) as writer:
        for number in range(num_frames):
            ns = number * 10**9 // 30
            writer.write(replace(still_frame(), number=number, timestamp_ns=ns))
    scene = load_scene(path, path.name)
    save_scene(path, replace(scene, created=_DAY.isoformat(), notes="Made up."))


def _make_run(folder: Path) -> None:
    """A finished run with an HN and a semantic network of three classes."""
    folder.mkdir(parents=True)
    config = {
        "options": {
            "data": ["recordings"],
            "init": "hn",
            "pretext": "hn",
            "seed": 0,
            "bins": asdict(_BINS),
        },
        "preset": {
            "name": "smoke",
            "network": "segnet-tiny",
            "image_size": [72, 96],
            "pretrain_steps": 40,
            "finetune_steps": 20,
        },
    }
    (folder / "config.json").write_text(json.dumps(config))
    rows = [
        {"stage": stage, "step": step, "loss": 3.0 / (1 + step / 9)}
        | ({"validation_mean_iou": step / 60} if step % 10 == 0 else {})
        for stage, last in (("pretrain", 40), ("finetune", 20))
        for step in range(2, last + 1, 2)
    ]
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    (folder / "metrics.jsonl").write_text(lines)
    results = _results("semantic", _CLASSES) | {"hn": _results("hn", _BINS.class_names)}
    (folder / "results.json").write_text(json.dumps(results))
    size = (72, 96, (0.5,) * 3, (0.2,) * 3)
    save_strongest_channel_model(
        folder / "model.onnx", ModelInfo("semantic", _CLASSES, *size)
    )


def _results(task: str, names: tuple[str, ...]) -> dict[str, object]:
    return {
        "task": task,
        "evaluated_on": "test",
        "evaluated_frames": 31,
        "trained_frames": 124,
        "global_accuracy": 0.74,
        "class_accuracy": 0.61,
        "mean_iou": 0.48,
        "per_class": [
            {
                "name": name,
                "pixels": 900 - 100 * k,
                "accuracy": 0.8,
                "iou": 0.6 / (1 + k),
            }
            for k, name in enumerate(names)
        ],
    }
