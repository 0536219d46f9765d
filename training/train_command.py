"""`hn-train`: from recordings and labelled images to a network and a report."""

from core.command import run_command
from training.config import TrainConfig


def main() -> None:
    """Entry point of hn-train."""
    run_command("hn-train", TrainConfig, train)


def train(config: TrainConfig) -> str:
    """Do the run; what it reached and where everything is."""
    from training.run import run_training

    return run_training(config)
