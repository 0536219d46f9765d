"""All experiments by name."""

from collections.abc import Callable
from typing import Literal

from training.reproduce.arms import Arms
from training.reproduce.experiment import Experiment
from training.reproduce.figures import (
    figure3,
    figure4,
    figure6,
    figure7,
    figure8,
    labels,
)
from training.reproduce.tables import table2, table3, table4, table5, table6

ExperimentName = Literal[
    "table2",
    "table3",
    "table4",
    "table5",
    "table6",
    "figure3",
    "figure4",
    "figure6",
    "figure7",
    "figure8",
    "labels",
]

EXPERIMENTS: dict[ExperimentName, Callable[[Arms], Experiment]] = {
    "table2": table2,
    "table3": table3,
    "table4": table4,
    "table5": table5,
    "table6": table6,
    "figure3": figure3,
    "figure4": figure4,
    "figure6": figure6,
    "figure7": figure7,
    "figure8": figure8,
    "labels": labels,
}
"""By the name that it is asked for with."""
