"""Training runs as hn-train leaves them, written by hand, with tiny networks."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from predicting_inputs import BINS, floor_depth, model, photo
from safetensors.numpy import save_file

from core.frame import Intrinsics, RgbdFrame
from core.recording import RecordingWriter

CAMERA = Intrinsics(160, 120, 145.0, 147.0, 83.0, 57.0)
LONG_AGO_S = 1_700_000_000.0


def made_config(**changes: Any) -> dict[str, Any]:
    """config.json; `changes` are of the options."""
    options = {
        "data": ["recordings", "simulated:7"],
        "init": "hn",
        "pretext": "hn",
        "seed": 4,
        "bins": {"height_edges": [0.4, 1.0], "angle_edges": [], "signed_angles": False},
    }
    preset = {
        "name": "smoke",
        "network": "segnet-tiny",
        "image_size": [72, 96],
        "pretrain_steps": 200,
        "finetune_steps": 90,
    }
    return {"options": {**options, **changes}, "preset": preset}


def made_scores(task: str, mean_iou: float, names: tuple[str, ...]) -> dict[str, Any]:
    """A network's part of results.json; the last class has no pixel."""
    rows = [
        {
            "name": n,
            "pixels": 700 - 300 * k,
            "accuracy": 0.9 - k / 4,
            "iou": 0.6 - k / 4,
        }
        for k, n in enumerate(names[:-1])
    ]
    rows.append({"name": names[-1], "pixels": 0, "accuracy": None, "iou": None})
    return {
        "task": task,
        "evaluated_on": "validation",
        "evaluated_frames": 5,
        "trained_frames": 31,
        "global_accuracy": 0.71,
        "class_accuracy": 0.52,
        "mean_iou": mean_iou,
        "per_class": rows,
    }


def begun(folder: Path, steps: int = 130, **options: Any) -> Path:
    """A run that was stopped long ago, or still goes on, in its pretraining."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(made_config(**options)))
    command = ["/usr/bin/hn-train", "--data", "my room", "--out", str(folder)]
    (folder / "environment.json").write_text(json.dumps({"command": command}))
    rows = [
        {"stage": "pretrain", "step": step, "loss": 3.0 - step / 100}
        for step in range(10, steps + 1, 10)
    ]
    rows.append({"stage": "pretrain", "step": 100, "validation_mean_iou": 0.125})
    write_rows(folder, rows)
    (folder / "checkpoints").mkdir(exist_ok=True)
    tensors = {
        "network.first.weight": np.zeros((4, 3), np.float32),
        "network.first.bias": np.zeros(4, np.float32),
        "network.norm.running_mean": np.zeros(50, np.float32),
        "optimizer.first.weight/exp_avg": np.zeros((4, 3), np.float32),
    }
    save_file(tensors, folder / "checkpoints" / "pretrain-last.safetensors")
    age(folder, LONG_AGO_S)
    return folder


def write_rows(folder: Path, rows: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "metrics.jsonl").write_text(text)


def finished(
    folder: Path, hn: float | None = 0.4, semantic: float | None = 0.3
) -> Path:
    """A finished run with an HN network, a semantic one, or both."""
    begun(folder, steps=200)
    rows = [
        {"stage": "pretrain", "step": 200, "loss": 1.0},
        {"stage": "finetune", "step": 90, "loss": 0.5, "validation_mean_iou": 0.25},
    ]
    write_rows(folder, rows)
    results: dict[str, Any] = {}
    if semantic is not None:
        results = made_scores("semantic", semantic, ("red", "green", "blue"))
        model(folder)
        if hn is not None:
            model(folder / "checkpoints", BINS)
            made = folder / "checkpoints" / "model.onnx"
            made.rename(folder / "model_hn.onnx")
            results["hn"] = made_scores("hn", hn, BINS.class_names)
    elif hn is not None:
        results = made_scores("hn", hn, BINS.class_names)
        model(folder, BINS)
    (folder / "results.json").write_text(json.dumps(results))
    (folder / "report.html").write_text("<h2>HN classes</h2>")
    age(folder, LONG_AGO_S)
    return folder


def age(folder: Path, when_s: float) -> None:
    """Have all files of a folder be of this time."""
    for file in folder.rglob("*"):
        if file.is_file():
            os.utime(file, (when_s, when_s))


def floor_takes(path: Path, num_frames: int = 3) -> Path:
    """Frames of a floor; a network of BINS sees 5/8 of each rightly, 1/4 one bin off
    and 1/8 two bins off, but in the last frame all of it rightly."""
    with RecordingWriter(path, device="made") as writer:
        for number in range(num_frames):
            classes = np.zeros((120, 160), np.uint8)
            if number < num_frames - 1:
                classes[:, 100:140], classes[:, 140:] = 1, 2
            writer.write(
                RgbdFrame.aligned(
                    photo(classes),
                    floor_depth(),
                    CAMERA,
                    0.001,
                    number=number,
                    timestamp_ns=10**9 + number * 10**8,
                )
            )
    return path
