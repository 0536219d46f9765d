"""What one training of one network is asked to do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from core.bins import IGNORE_LABEL
from core.errors import HNError

StageName = Literal["cifar100", "pretrain", "finetune"]
Precision = Literal["float32", "bfloat16"]
Schedule = Literal["cosine", "poly"]


@dataclass(frozen=True)
class Stage:
    """One training of one network, on CIFAR-100, HN-labels or semantic labels."""

    name: StageName
    network_name: str
    """As training.models.build names it; checkpoints say it."""
    class_names: tuple[str, ...]
    """Of the network's classes; checkpoints say them too."""
    steps: int
    batch_size: int
    """Samples of one step, over all processes and parts."""
    learning_rate: float
    """AdamW's largest."""
    weight_decay: float
    seed: int
    """Of the dropout; `draw` has the samples' own."""
    accumulate: int = 1
    """Each step is computed in this many parts, one after the other."""
    schedule: Schedule = "cosine"
    """How the learning rate falls to zero."""
    warm_up: float = 0.1
    """Share of the steps in which the learning rate rises."""
    ema: float = 0.0
    """Decay of the moving average of the weights, which is then what validates and what
    the network ends with; 0: no average."""
    patience: int = 0
    """The stage ends after this many validations without a better one; 0: never."""
    class_weights: tuple[float, ...] | None = None
    """What a pixel of each class counts in the loss; None: all the same."""
    regresses_depth: bool = False
    """The targets are those of `training.datasets.depth_target`, not classes, and the
    loss is L1; the network has one output, and its last weights are kept."""
    precision: Precision = "float32"
    workers: int | None = None
    """Threads that prepare samples; None: as training.feed chooses."""

    @property
    def num_classes(self) -> int:
        """How many classes the network tells apart."""
        return len(self.class_names)

    @property
    def target_weights(self) -> np.ndarray:
        """(n,) float64, what a pixel of each target value counts in the loss."""
        num_values = IGNORE_LABEL if self.regresses_depth else self.num_classes
        return np.array(self.class_weights or np.ones(num_values))

    def last(self, folder: Path) -> Path:
        """The checkpoint to continue from."""
        return folder / f"{self.name}-last.safetensors"

    def best(self, folder: Path) -> Path:
        """The weights that did best on the validation frames; there at the end."""
        return folder / f"{self.name}-best.safetensors"


def check_batch(
    batch_size: int, accumulate: int, num_processes: int, smallest: int
) -> None:
    """HNError unless every process gets as many samples of every part of a step, and
    batch norm, which works over all processes, at least `smallest`."""
    pieces = num_processes * accumulate
    if batch_size < 1 or batch_size % pieces:
        raise HNError(
            f"--batch-size {batch_size} cannot be shared evenly by {num_processes} "
            f"process(es) with --accumulate {accumulate}; expected a multiple of "
            f"{pieces}"
        )
    together = batch_size // accumulate
    if together < smallest:
        raise HNError(
            f"the network trains on {smallest} or more samples at once, and "
            f"--batch-size {batch_size} with --accumulate {accumulate} gives it "
            f"{together}; use a larger --batch-size or a smaller --accumulate"
        )
