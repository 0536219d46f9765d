"""Whether training leaks: the memory of this process over 2,000 steps.

    python benchmarks/training_memory.py

segnet-tiny on crops of 64 x 80, with validation, logs, checkpoints, moving average.
"""

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import torch

from training.augment import training_sample
from training.datasets.samples import Samples
from training.fabric import make_fabric
from training.log import MetricsLog
from training.loop import train
from training.models.build import build_network
from training.stage import Stage

STEPS = 2000
FRAME, CROP = (72, 96), (64, 80)
NUM_FRAMES = 40
NUM_CLASSES = 12
WARM = 200
"""Steps after which all that is allocated once is there."""


def random_samples(size: tuple[int, int]) -> Samples:
    """Frames of noise."""
    rng = np.random.default_rng(0)
    shape = (NUM_FRAMES, *size)
    rgb = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    target = rng.integers(0, NUM_CLASSES, shape, dtype=np.uint8)
    places = np.stack((np.zeros(NUM_FRAMES, np.int64), np.arange(NUM_FRAMES)), axis=1)
    return Samples((lambda k: (rgb[k], target[k]),), places)


def memory_mib() -> float:
    """What this process has in memory."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main() -> None:
    torch.set_num_threads(1)
    samples = random_samples(FRAME)
    stage = Stage(
        name="pretrain",
        network_name="segnet-tiny",
        class_names=tuple(f"class {k}" for k in range(NUM_CLASSES)),
        steps=STEPS,
        batch_size=2,
        learning_rate=1e-3,
        weight_decay=0.01,
        seed=0,
        ema=0.99,
    )
    found: dict[int, float] = {}

    def on_step(step: int, loss: float) -> None:
        if step % WARM == WARM - 1:
            found[step + 1] = memory_mib()
            print(f"step {step + 1:5}: {found[step + 1]:7.1f} MiB", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        train(
            make_fabric(),
            build_network(stage.network_name, NUM_CLASSES, seed=0),
            partial(training_sample, samples, 0, crop_size=CROP),
            samples,
            stage,
            Path(folder),
            MetricsLog(Path(folder) / "metrics.jsonl"),
            on_step,
        )
    print(f"growth from step {WARM} on: {found[STEPS] - found[WARM]:.1f} MiB")


if __name__ == "__main__":
    main()
