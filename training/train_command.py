"""`hn-train`: from recordings and labelled images to a network and a report."""

import sys
from collections.abc import Sequence

from core.command import run_command
from core.errors import HNError
from training.config import TrainConfig

WITH_RESUME = {"--resume", "--out", "--name"}


def main() -> None:
    """Entry point of hn-train."""
    run_command("hn-train", TrainConfig, lambda config: train(config, sys.argv[1:]))


def train(config: TrainConfig, arguments: Sequence[str] = ()) -> str:
    """Do the run; what it reached and where everything is.

    `arguments` are what the config was parsed from. Only they tell an option that was
    given its default from one that was not given.
    """
    given = {word.partition("=")[0] for word in arguments if word.startswith("--")}
    is_bare = config == TrainConfig(out=config.out, name=config.name, resume=True)
    if config.resume and not (is_bare and given <= WITH_RESUME):
        raise HNError(
            "--resume goes on with the options that the run began with; leave out all "
            "others but --out"
        )
    from training.run import run_training

    return run_training(config)
