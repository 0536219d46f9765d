"""The learning rate of every step."""

import math

from training.stage import Stage

POWER = 0.9  # of the polynomial, as the DeepLab papers have it


def learning_rate(stage: Stage, step: int) -> float:
    """Linear warm-up, then along a cosine or a polynomial to zero after the last."""
    warm_up = round(stage.warm_up * stage.steps)
    if step < warm_up:
        return stage.learning_rate * (step + 1) / warm_up
    progress = (step - warm_up) / (stage.steps - warm_up)
    if stage.schedule == "poly":
        return stage.learning_rate * (1 - progress) ** POWER
    return stage.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))
