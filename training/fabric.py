"""The processes of a run: one on the CPU or a GPU, or several that train together."""

import atexit
import logging
import os
from datetime import timedelta

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import SLURMEnvironment
from lightning_fabric.strategies import DDPStrategy
from torch import distributed

from core.errors import HNError

TIMEOUT = timedelta(minutes=30)
"""How long processes wait for each other while all do the same."""


def make_fabric(devices: int = 1, num_nodes: int = 1) -> Fabric:
    """The started processes: `devices` on each of `num_nodes` machines, one a GPU where
    there are GPUs.

    Under torchrun or SLURM's srun it is the processes that these started. Otherwise the
    others run this program from its beginning, so call this first. All must see the
    same files. HNError where such processes cannot be had.
    """
    started = started_processes()
    if started is None and num_nodes > 1:
        raise HNError(
            f"--nodes {num_nodes} needs somebody who starts the processes on the other "
            "machines; start hn-train with torchrun --nnodes, or in SLURM with srun"
        )
    devices, num_nodes = started or (devices, num_nodes)
    # Its notices are for programmers.
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    accelerator = "cpu"
    if torch.cuda.is_available():
        accelerator = "cuda"
        torch.set_float32_matmul_precision("high")  # TF32
    try:
        fabric = Fabric(
            accelerator=accelerator,
            devices=devices,
            num_nodes=num_nodes,
            strategy=DDPStrategy(timeout=TIMEOUT)
            if devices * num_nodes > 1
            else "auto",
        )
        fabric.launch()
    except (RuntimeError, TypeError, ValueError) as error:
        raise HNError(
            f"cannot train on --devices {devices} of --nodes {num_nodes}: "
            f"{str(error).splitlines()[0]}"
        ) from error
    atexit.register(_leave)
    return fabric


def _leave() -> None:
    """Leave the group of processes, if there is one: its threads abort a Python that
    ends before them (torch issue 190489)."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def started_processes() -> tuple[int, int] | None:
    """Processes a machine and machines, if torchrun or SLURM's srun started them."""
    environ = os.environ
    if distributed.is_torchelastic_launched():
        devices = int(environ["LOCAL_WORLD_SIZE"])
        return devices, int(environ["WORLD_SIZE"]) // devices
    if int(environ.get("SLURM_NTASKS", 1)) > 1 and SLURMEnvironment.detect():
        num_nodes = int(environ.get("SLURM_NNODES", 1))
        return int(environ["SLURM_NTASKS"]) // num_nodes, num_nodes
    return None
