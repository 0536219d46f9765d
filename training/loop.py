"""The training loop, written out: fetch, forward, loss, backward, step, log."""

import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from core.errors import HNError
from training.batch_norm import share_batch_norms
from training.checkpoint import load_checkpoint
from training.evaluation import Pairs, evaluate, target_to_tensor, to_tensor
from training.feed import Draw, batches
from training.interrupt import StopRequest
from training.log import MetricsLog
from training.loss import labelled_weight, loss_sum
from training.memory import plain_memory_errors
from training.models.network import Network
from training.moving_average import MovingAverage
from training.processes import sum_of_numbers
from training.schedule import learning_rate
from training.stage import Stage, check_batch
from training.state import State

if TYPE_CHECKING:
    from lightning_fabric import Fabric

logger = logging.getLogger(__name__)

GRADIENT_NORM = 5.0
CHECKPOINT_PERIOD_S = 60.0
NUM_LOGS = 200
NUM_VALIDATIONS = 10
MAX_VALIDATION_FRAMES = 200


class Interrupted(KeyboardInterrupt):
    """The user stopped the run; it was saved and can be resumed."""


def train(
    fabric: "Fabric",
    network: Network,
    draw: Draw,
    validation: Pairs,
    stage: Stage,
    folder: Path,
    log: MetricsLog,
    on_step: Callable[[int, float], None] = lambda step, loss: None,
) -> int:
    """Train `network` for the steps of the stage; how many it took.

    It ends with its best weights, by mean IoU on the validation samples, or the last
    when there are none. Continues from the stage's checkpoint in `folder` when there is
    one, exactly as if the run had never stopped. Raises Interrupted after Ctrl-C, once
    the step is saved. All processes of `fabric` call this alike; the first one writes,
    logs and calls `on_step`.
    """
    check_batch(
        stage.batch_size,
        stage.accumulate,
        fabric.world_size,
        network.smallest_training_batch,
    )
    device = fabric.device
    share = fabric.global_rank, fabric.world_size
    weights = stage.target_weights
    class_weights = torch.tensor(weights, dtype=torch.float32, device=device)
    validation = validation.evenly(MAX_VALIDATION_FRAMES)
    log_every = max(1, stage.steps // NUM_LOGS)
    validate_every = max(1, stage.steps // NUM_VALIDATIONS)

    model, optimizer, state = _set_up(fabric, network, stage)
    state.resume(folder)
    steps = (state.step, state.step if state.is_over else stage.steps)
    last_save = time.monotonic()

    with (
        plain_memory_errors(),
        torch.random.fork_rng(devices=[device] if device.type == "cuda" else []),
        log.stage(stage.name, state.step, is_written=fabric.is_global_zero),
        batches(draw, stage.batch_size, *steps, share, stage.workers) as feed,
        StopRequest() as stop,
    ):
        for images, target in feed:
            # Rate and dropout of a step depend on its number alone.
            rate = learning_rate(stage, state.step)
            for group in optimizer.param_groups:
                group["lr"] = rate
            torch.manual_seed(_seed_of(stage, state.step, share[0]))

            network.train()
            optimizer.zero_grad()
            loss = torch.zeros((), device=device)
            labelled = sum_of_numbers(labelled_weight(target, weights), device)
            size = len(target) // stage.accumulate
            for first in range(0, len(target), size):
                part = slice(first, first + size)
                is_last = part.stop == len(target)
                with fabric.no_backward_sync(model, enabled=not is_last):
                    part_loss = loss_sum(
                        model,
                        to_tensor(images[part], device),
                        target_to_tensor(target[part], device),
                        stage.precision,
                        None if stage.regresses_depth else class_weights,
                        stage.regresses_depth,
                    ) / (labelled or 1)  # 0 for a step without any label
                    # Of several processes' gradients comes the mean; the sum is meant.
                    fabric.backward(part_loss * fabric.world_size)
                loss += part_loss.detach()
            norm = nn.utils.clip_grad_norm_(_trained(network), GRADIENT_NORM)
            state.losses.append(sum_of_numbers(loss.item(), device))
            _check_finite(state, norm)
            optimizer.step()
            if state.average is not None:
                state.average.update(state.step)
            if fabric.is_global_zero:
                on_step(state.step, state.losses[-1])
            state.step += 1

            if state.step % log_every == 0 or state.is_done:
                mean = math.fsum(state.losses) / len(state.losses)
                log.write(stage.name, state.step, loss=mean, learning_rate=rate)
                state.losses = []
            is_due = state.step % validate_every == 0
            if len(validation) and (is_due or state.is_done):
                is_best = _validate(state, validation, device, share, log)
                if is_best and fabric.is_global_zero:
                    state.save_best(folder)
            is_stopping = sum_of_numbers(float(bool(stop)), device) > 0
            is_due |= time.monotonic() - last_save > CHECKPOINT_PERIOD_S
            if fabric.is_global_zero and (is_stopping or is_due or state.is_over):
                state.save_last(folder)
                last_save = time.monotonic()
            if is_stopping:
                # Fabric kills the first process when another one fails before it.
                fabric.barrier()
                raise Interrupted
            if state.is_over:
                break

    _finish(fabric, network, state, folder)
    return state.step


def _set_up(
    fabric: "Fabric", network: Network, stage: Stage
) -> tuple[Any, torch.optim.Optimizer, State]:
    """The network and its optimiser as the processes train them together."""
    if fabric.world_size > 1:
        share_batch_norms(network)
    network.to(memory_format=torch.channels_last)
    trained = _trained(network)
    # Norms, biases and the weights of cross-stitch units mean something at 0 already.
    filters = [parameter for parameter in trained if parameter.ndim > 1]
    others = [parameter for parameter in trained if parameter.ndim <= 1]
    groups: list[dict[str, Any]] = [
        {"params": filters},
        {"params": others, "weight_decay": 0.0},
    ]
    adamw = torch.optim.AdamW(
        groups,
        lr=stage.learning_rate,
        weight_decay=stage.weight_decay,
    )
    model, optimizer = fabric.setup(network, adamw)
    average = MovingAverage(network, stage.ema) if stage.ema else None
    return model, optimizer, State(stage, network, adamw, average)


def _trained(network: Network) -> list[nn.Parameter]:
    return [p for p in network.parameters() if p.requires_grad]


def _validate(
    state: State,
    validation: Pairs,
    device: torch.device,
    share: tuple[int, int],
    log: MetricsLog,
) -> bool:
    """Whether the network is the best so far; its measures are logged."""
    stage = state.stage
    scores = evaluate(state.judged, validation, stage.num_classes, device, share=share)
    log.write(
        stage.name,
        state.step,
        validation_mean_iou=scores.mean_iou,
        validation_global_accuracy=scores.global_accuracy,
        validation_class_accuracy=scores.class_accuracy,
    )
    return state.take(scores.mean_iou)


def _seed_of(stage: Stage, step: int, rank: int) -> int:
    return int(np.random.SeedSequence((stage.seed, step, rank)).generate_state(1)[0])


def _check_finite(state: State, norm: Tensor) -> None:
    loss, stage = state.losses[-1], state.stage
    if math.isfinite(loss) and torch.isfinite(norm):
        return
    raise HNError(
        f"the loss became {loss} (gradient {norm.item()}) at step {state.step + 1} of "
        f"{stage.name}; start a new run with a smaller --learning-rate or with "
        "--precision float32"
    )


def _finish(fabric: "Fabric", network: Network, state: State, folder: Path) -> None:
    """Leave the best weights in the network, and in the folder."""
    stage = state.stage
    if state.is_out_of_patience and not state.is_done:
        logger.info(
            "%s ended early after %d of %d steps: %d validations without a better one",
            stage.name,
            state.step,
            stage.steps,
            state.waited,
        )
    best = stage.best(folder)
    if fabric.is_global_zero and not best.is_file():  # nothing was there to judge by
        state.save_best(folder)
    fabric.barrier()
    load_checkpoint(best, network)
    network.zero_grad()  # the network may go on as a part of the next one
