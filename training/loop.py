"""The training loop, written out: fetch, forward, loss, backward, step, log."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.bins import IGNORE_LABEL
from core.errors import HNError
from training.augment import training_batch
from training.checkpoint import load_checkpoint, save_checkpoint
from training.datasets.samples import Samples
from training.evaluation import evaluate, to_tensor
from training.interrupt import StopRequest
from training.log import MetricsLog

Precision = Literal["float32", "bfloat16"]

WARM_UP = 0.1  # share of the steps
GRADIENT_NORM = 5.0
CHECKPOINT_PERIOD_S = 60.0
NUM_LOGS = 200
NUM_VALIDATIONS = 10
MAX_VALIDATION_FRAMES = 200


@dataclass(frozen=True)
class Stage:
    """One training of one network: HN pretraining, or semantic finetuning."""

    name: Literal["pretrain", "finetune"]
    num_classes: int
    steps: int
    batch_size: int
    crop_size: tuple[int, int]
    learning_rate: float
    weight_decay: float
    seed: int
    precision: Precision = "float32"

    def last(self, folder: Path) -> Path:
        """The checkpoint to continue from."""
        return folder / f"{self.name}-last.safetensors"

    def best(self, folder: Path) -> Path:
        """The weights that did best on the validation frames."""
        return folder / f"{self.name}-best.safetensors"


class Interrupted(KeyboardInterrupt):
    """The user stopped the run; it was saved and can be resumed."""


def train(
    network: nn.Module,
    train_samples: Samples,
    validation_samples: Samples,
    stage: Stage,
    folder: Path,
    log: MetricsLog,
    on_step: Callable[[int, float], None] = lambda step, loss: None,
    device: torch.device | str = "cpu",
) -> None:
    """Train `network` for all steps of the stage; it ends with its best weights.

    Continues from the stage's checkpoint in `folder` when there is one, exactly as if
    the run had never stopped. Best is by mean IoU on the validation samples, or the
    last when there are none. Raises Interrupted after Ctrl-C, once the step is saved.
    """
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=stage.learning_rate, weight_decay=stage.weight_decay
    )
    validation_samples = validation_samples.evenly(MAX_VALIDATION_FRAMES)
    log_every = max(1, stage.steps // NUM_LOGS)
    validate_every = max(1, stage.steps // NUM_VALIDATIONS)

    step, losses, best = 0, [], -1.0
    if stage.last(folder).is_file():
        state = load_checkpoint(stage.last(folder), network, optimizer)
        step, losses, best = state["step"], state["losses"], state["best"]
    log.rewind(stage.name, step)
    last_save = time.monotonic()

    with StopRequest() as stop:
        while step < stage.steps:
            # The rate of a step depends on its number alone.
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(stage, step)
            images, target = _fetch(train_samples, stage, step, device)
            network.train()
            loss = loss_of(network, images, target, stage.precision)
            optimizer.zero_grad()
            loss.backward()
            norm = nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_NORM)
            _check_finite(stage, step, loss, norm)
            optimizer.step()

            losses.append(float(loss.detach()))
            on_step(step, losses[-1])
            step += 1
            is_last = step == stage.steps
            if step % log_every == 0 or is_last:
                log.write(
                    stage.name,
                    step,
                    loss=math.fsum(losses) / len(losses),
                    learning_rate=learning_rate(stage, step - 1),
                )
                losses = []
            if len(validation_samples) and (step % validate_every == 0 or is_last):
                scores = evaluate(
                    network, validation_samples, stage.num_classes, device
                )
                log.write(
                    stage.name,
                    step,
                    validation_mean_iou=scores.mean_iou,
                    validation_global_accuracy=scores.global_accuracy,
                    validation_class_accuracy=scores.class_accuracy,
                )
                if scores.mean_iou > best:
                    best = scores.mean_iou
                    save_checkpoint(stage.best(folder), network, {"step": step})
            is_due = time.monotonic() - last_save > CHECKPOINT_PERIOD_S
            if is_last or stop or is_due or step % validate_every == 0:
                state = {"step": step, "losses": losses, "best": best}
                save_checkpoint(stage.last(folder), network, state, optimizer)
                last_save = time.monotonic()
            if stop:
                raise Interrupted

    if stage.best(folder).is_file():
        load_checkpoint(stage.best(folder), network)


def learning_rate(stage: Stage, step: int) -> float:
    """Linear warm-up over the first tenth of the steps, then a cosine down to zero."""
    warm_up = max(1, round(WARM_UP * stage.steps))
    if step < warm_up:
        return stage.learning_rate * (step + 1) / warm_up
    progress = (step - warm_up) / max(1, stage.steps - warm_up)
    return stage.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


def loss_of(
    network: nn.Module, images: Tensor, target: Tensor, precision: Precision
) -> Tensor:
    """Mean cross-entropy over the labelled pixels; 0 for a batch without any."""
    with torch.autocast(
        images.device.type, torch.bfloat16, enabled=precision == "bfloat16"
    ):
        logits = network(images)
    total = functional.cross_entropy(
        logits.float(), target, ignore_index=IGNORE_LABEL, reduction="sum"
    )
    return total / (target != IGNORE_LABEL).sum().clamp(min=1)


def _fetch(
    samples: Samples, stage: Stage, step: int, device: torch.device | str
) -> tuple[Tensor, Tensor]:
    images, target = training_batch(
        samples, stage.seed, step, stage.batch_size, stage.crop_size
    )
    return (
        to_tensor(images, device),
        torch.from_numpy(target.astype(np.int64)).to(device),
    )


def _check_finite(stage: Stage, step: int, loss: Tensor, norm: Tensor) -> None:
    if not (torch.isfinite(loss) and torch.isfinite(norm)):
        raise HNError(
            f"the loss became {loss.item()} (gradient {norm.item()}) at step "
            f"{step + 1} of {stage.name}; start a new run with a smaller "
            "--learning-rate or with --precision float32"
        )
