"""What test_distributed checks, done by two processes: python two_processes.py FOLDER.

The first process starts the second one.
"""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from loop_stand_in import STAGE, SmallNetwork, draws, small_network
from safetensors.torch import load_file, save_file
from torch import nn
from training_data import coloured_samples

from training.batch_norm import share_batch_norms
from training.fabric import make_fabric
from training.log import MetricsLog
from training.loop import Interrupted, train

PLAIN = replace(STAGE, batch_size=4, steps=6, weight_decay=0.0)
WHOLE = replace(PLAIN, accumulate=2, class_weights=(0.5, 1.0, 3.0, 2.0), ema=0.9)


def unequal_labels(k: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples with many labels, few, and none."""
    image, target = draws(coloured_samples())(k)
    target = target.copy()
    target[: (0, 20, 35, 99)[k % 4]] = 255
    return image, target


def net_without_dropout() -> SmallNetwork:
    return small_network(dropout=0.0)


def save_network(network: nn.Module, path: Path) -> None:
    tensors = network.state_dict().items()
    save_file({name: tensor.contiguous() for name, tensor in tensors}, path)


def train_plain(fabric: Fabric, folder: Path) -> None:
    losses: list[float] = []
    network, log = net_without_dropout(), MetricsLog(folder / "metrics.jsonl")
    train(
        fabric,
        network,
        unequal_labels,
        coloured_samples(3),
        PLAIN,
        folder,
        log,
        lambda step, loss: losses.append(loss),
    )
    np.save(folder / f"losses-{fabric.global_rank}.npy", losses)
    save_network(network, folder / f"network-{fabric.global_rank}.safetensors")


def stop_and_resume(fabric: Fabric, folder: Path) -> None:
    """Train in one go and in two, the second process alone being asked to stop."""

    def draw_and_stop(k: int) -> tuple[np.ndarray, np.ndarray]:
        if k == 9 and fabric.global_rank == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return unequal_labels(k)

    steps = []
    for name, draw in (
        ("whole", unequal_labels),
        ("parts", draw_and_stop),
        ("parts", unequal_labels),
    ):
        (folder / name).mkdir(exist_ok=True)
        fabric.barrier()
        log = MetricsLog(folder / name / f"metrics-{fabric.global_rank}.jsonl")
        network, validation = small_network(), coloured_samples(3)
        try:
            train(fabric, network, draw, validation, WHOLE, folder / name, log)
            steps.append(-1)
        except Interrupted:
            steps.append(len(log.curve("finetune", "loss")))
        save_network(network, folder / name / f"{fabric.global_rank}.safetensors")
    np.save(folder / f"stopped-{fabric.global_rank}.npy", steps)


def normalise(fabric: Fabric, folder: Path) -> None:
    """Each process puts its half of some features through a batch norm."""
    given = load_file(folder / "given.safetensors")
    norm = nn.Sequential(nn.BatchNorm2d(3, momentum=0.3))
    share_batch_norms(norm)
    norm.load_state_dict(
        {f"0.{name}": given[name] for name in ("weight", "bias")}, strict=False
    )
    mine = slice(fabric.global_rank, None, 2)
    features = given["features"][mine].requires_grad_()
    normalised = norm(features)
    (normalised * given["gradient"][mine]).sum().backward()
    assert features.grad is not None
    found = {f"buffer.{name}": buffer for name, buffer in norm[0].named_buffers()}
    for name, parameter in norm[0].named_parameters():
        assert parameter.grad is not None
        found[f"grad.{name}"] = parameter.grad
    found |= {"normalised": normalised.detach(), "grad": features.grad}
    save_file(found, folder / f"found-{fabric.global_rank}.safetensors")


def main() -> None:
    folder = Path(sys.argv[1])
    fabric = make_fabric(devices=2)
    torch.set_num_threads(1)
    normalise(fabric, folder)
    train_plain(fabric, folder)
    stop_and_resume(fabric, folder)


if __name__ == "__main__":
    main()
