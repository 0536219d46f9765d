"""What HN pretraining is worth: the same network finetuned from it and from scratch.

    python benchmarks/pretraining.py --data nyu/ recordings/a recordings/b

Each arm and seed is one hn-train run in --out, reused when it is there already.
"scratch, all steps" trains from scratch for as many steps as both trainings together.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tyro

from training.config import TrainConfig
from training.presets import PRESETS, PresetName
from training.train_command import train

MEASURES = ("global_accuracy", "class_accuracy", "mean_iou")


@dataclass(frozen=True)
class Config:
    """Compare HN pretraining with training from scratch."""

    data: tuple[str, ...]
    """As for hn-train."""
    preset: PresetName = "smoke"
    """As for hn-train."""
    seeds: int = 3
    """How many times to repeat each arm."""
    out: Path = Path("runs/pretraining")
    """Where the runs go."""


def arms(preset: PresetName) -> dict[str, TrainConfig]:
    """What differs between the arms."""
    both = PRESETS[preset].pretrain_steps + PRESETS[preset].finetune_steps
    return {
        "scratch": TrainConfig(init="none"),
        "HN-pretrained": TrainConfig(init="hn"),
        "scratch, all steps": TrainConfig(init="none", finetune_steps=both),
    }


def measure(config: Config, name: str, arm: TrainConfig) -> np.ndarray:
    """(seeds, measures) on the test frames."""
    rows = []
    for seed in range(config.seeds):
        folder = config.out / f"{name.replace(', ', '-').replace(' ', '-')}-{seed}"
        results = folder / "results.json"
        if not results.is_file():
            run = replace(
                arm, data=config.data, preset=config.preset, seed=seed, out=folder
            )
            train(run)
        values = json.loads(results.read_text())
        rows.append([100 * values[measure] for measure in MEASURES])
    return np.array(rows)


def main() -> None:
    config = tyro.cli(Config)
    table = {
        name: measure(config, name, arm) for name, arm in arms(config.preset).items()
    }
    print(f"\n{'percent, mean +- sd':22}" + "".join(f"{m:>20}" for m in MEASURES))
    for name, rows in table.items():
        cells = zip(rows.mean(axis=0), rows.std(axis=0, ddof=1), strict=True)
        print(f"{name:22}" + "".join(f"{m:13.2f} +- {s:.2f}" for m, s in cells))


if __name__ == "__main__":
    main()
