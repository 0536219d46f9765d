"""hn-train with two processes, one of which fails while they set up or train.

$WHO is "0" or "1" for the process that meets an error, "set-up", or "killed".
"""

import os
import signal
from typing import Any

import torch
from lightning_fabric import Fabric

from core.command import run_command
from core.errors import HNError
from training import run
from training.config import TrainConfig
from training.processes import sum_of_numbers

WHO = os.environ["WHO"]


def fail(*arguments: object) -> Any:
    raise HNError("frame 7 cannot be read")


def train_stages(fabric: Fabric) -> list[Any]:
    for step in range(100):
        if step == 3 and str(fabric.global_rank) == WHO:
            fail()
        if step == 3 and WHO == "killed" and fabric.global_rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        sum_of_numbers(1.0, torch.device("cpu"))
    return []


def main() -> None:
    run.set_up = fail
    if WHO != "set-up":
        run._set_up_first = run._set_up_other = lambda fabric, *_: fabric
    run.train_stages = train_stages  # type: ignore[assignment]
    run_command("hn-train", TrainConfig, run.run_training)


if __name__ == "__main__":
    main()
