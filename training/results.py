"""What a run leaves: results, models, a report, and the words on the screen."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from core.files import write_atomically
from training.evaluation import to_tensor
from training.export import export_model
from training.report import percent, write_report
from training.set_up import Run
from training.trained import TrainedNetwork

MODELS = ("model.onnx", "model_hn.onnx")


def write_results(run: Run, trained: Sequence[TrainedNetwork]) -> str:
    """Write results, models and report, the final network first; the closing words."""
    folder = run.folder
    results = trained[0].to_json()
    if len(trained) > 1:
        results["hn"] = trained[1].to_json()
    write_atomically(folder / "results.json", json.dumps(results, indent=2).encode())
    models = [folder / name for name in MODELS][: len(trained)]
    for one, model in zip(trained, models, strict=True):
        rgb, _ = one.evaluated[0]
        export_model(one.network, one.info, model, to_tensor(rgb[None]))
    facts: dict[str, Any] = asdict(run.config) | asdict(run.preset)
    facts["preset"] = facts.pop("name")
    facts |= {"precision": run.precision, "data": " ".join(run.config.data)}
    write_report(
        folder / "report.html",
        run.config.name or folder.name,
        trained,
        run.summaries,
        run.notes,
        {name: str(value) for name, value in facts.items()},
        run.log,
    )
    lines = [
        "",
        f"{'':18}{'global':>10}{'class':>10}{'mean':>10}",
        f"{'':18}{'accuracy':>10}{'accuracy':>10}{'IoU':>10}",
        *(_table_row(one) for one in trained),
        "",
        f"report  {folder / 'report.html'}",
        *(f"model   {model}" for model in models),
    ]
    return "\n".join(lines)


def _table_row(one: TrainedNetwork) -> str:
    scores = one.scores
    numbers = (scores.global_accuracy, scores.class_accuracy, scores.mean_iou)
    cells = "".join(f"{percent(number):>10}" for number in numbers)
    return f"{one.title:18}{cells}   {len(one.evaluated)} {one.part} frames"
