"""What a second process on the same machine is worth, and whether losses stay.

    python benchmarks/distributed.py

segnet-tiny with the batch and crop of the laptop preset, one thread a process. The
efficiency is images/s of two processes over twice those of one.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from training_memory import NUM_CLASSES, random_samples

from training.augment import training_sample
from training.fabric import make_fabric
from training.log import MetricsLog
from training.loop import train
from training.models.build import build_network
from training.presets import PRESETS
from training.stage import Stage

STEPS = 40
WARM = 5
"""Steps that are not timed."""
PRESET = PRESETS["laptop"]


def measure(num_processes: int, folder: Path) -> None:
    """Train, and have the first process write its times and losses."""
    stage = Stage(
        name="pretrain",
        network_name="segnet-tiny",
        class_names=tuple(f"class {k}" for k in range(NUM_CLASSES)),
        steps=STEPS,
        batch_size=PRESET.batch_size,
        learning_rate=1e-3,
        weight_decay=0.01,
        seed=0,
        workers=1,
    )
    samples = random_samples(PRESET.image_size)
    fabric = make_fabric(num_processes)
    times, losses = [], []

    def on_step(step: int, loss: float) -> None:
        times.append(time.perf_counter())
        losses.append(loss)

    train(
        fabric,
        build_network(stage.network_name, NUM_CLASSES, seed=0),
        partial(training_sample, samples, 0, crop_size=PRESET.crop_size),
        samples.evenly(0),
        stage,
        folder,
        MetricsLog(folder / "metrics.jsonl"),
        on_step,
    )
    if fabric.is_global_zero:
        # The median step: other programs may use the cores now and then.
        seconds = float(np.median(np.diff(times[WARM:])))
        found = {"rate": stage.batch_size / seconds, "losses": losses}
        (folder / "found.json").write_text(json.dumps(found))


def main() -> None:
    found = []
    for num_processes in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                [sys.executable, __file__, str(num_processes), folder],
                env=os.environ | {"OMP_NUM_THREADS": "1"},
                check=True,
            )
            found.append(json.loads((Path(folder) / "found.json").read_text()))
    one, two = found
    print(f"one process    {one['rate']:6.1f} images/s")
    efficiency = two["rate"] / (2 * one["rate"])
    print(f"two processes  {two['rate']:6.1f} images/s, efficiency {efficiency:.0%}")
    a, b = np.array(one["losses"]), np.array(two["losses"])
    difference = np.abs(a / b - 1)
    print(
        f"losses differ by {difference[0]:.1e} in the first step, by "
        f"{difference[:5].max():.1e} in 5, by {difference.max():.1e} in all {STEPS}"
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(int(sys.argv[1]), Path(sys.argv[2]))
    else:
        main()
