"""What a stage changes as it goes, in memory and in its checkpoints."""

from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from training.checkpoint import load_checkpoint, save_checkpoint
from training.moving_average import MovingAverage
from training.stage import Stage

KEPT = ("step", "losses", "best", "waited")


@dataclass(eq=False)
class State:
    """A network on its way through a stage."""

    stage: Stage
    network: nn.Module
    optimizer: torch.optim.Optimizer
    average: MovingAverage | None
    step: int = 0
    """Steps that are done."""
    losses: list[float] = field(default_factory=list)
    """Of the steps since the last one that was logged."""
    best: float = -1.0
    """The best mean IoU on the validation frames."""
    waited: int = 0
    """Validations since then."""

    @property
    def judged(self) -> nn.Module:
        """The network that validates: with the averaged weights, if they are wanted."""
        return self.network if self.average is None else self.average.network

    @property
    def is_done(self) -> bool:
        """No step is left."""
        return self.step == self.stage.steps

    @property
    def is_out_of_patience(self) -> bool:
        """Too many validations went by without a better one."""
        return 0 < self.stage.patience <= self.waited

    @property
    def is_over(self) -> bool:
        """Nothing more is trained in this stage."""
        return self.is_done or self.is_out_of_patience

    def take(self, mean_iou: float) -> bool:
        """Whether a validation is the best so far; remembered."""
        is_best = mean_iou > self.best
        if is_best:
            self.best = mean_iou
        self.waited = 0 if is_best else self.waited + 1
        return is_best

    def resume(self, folder: Path) -> None:
        """Continue from the stage's last checkpoint, if there is one."""
        path = self.stage.last(folder)
        if path.is_file():
            average = None if self.average is None else self.average.network
            saved = load_checkpoint(path, self.network, self.optimizer, average)
            for name in KEPT:
                setattr(self, name, saved[name])

    def save_last(self, folder: Path) -> None:
        """Everything that continuing needs."""
        state = self._header() | {name: getattr(self, name) for name in KEPT}
        average = None if self.average is None else self.average.network
        path = self.stage.last(folder)
        save_checkpoint(path, self.network, state, self.optimizer, average)

    def save_best(self, folder: Path) -> None:
        """The weights as they are judged now."""
        state = self._header() | {"step": self.step}
        save_checkpoint(self.stage.best(folder), self.judged, state)

    def _header(self) -> dict[str, object]:
        """What a checkpoint alone tells about its network."""
        return {
            "network": self.stage.network_name,
            "classes": list(self.stage.class_names),
        }
