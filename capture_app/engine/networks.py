"""The networks of a session: at most one of a kind, each loaded when it is needed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from core.errors import CheckpointError
from core.prediction import ModelInfo, Predictor, Task, read_model_info

PredictFunction = Callable[[np.ndarray], np.ndarray]
"""(H, W, 3) uint8 to (H, W) uint8 classes: a `Predictor`, or a stand-in."""

KINDS: Mapping[Task, str] = {"hn": "HN", "semantic": "semantic"}


@dataclass(frozen=True, eq=False)
class Network:
    """A network that is known but takes no time and memory yet."""

    info: ModelInfo
    load: Callable[[], PredictFunction]
    name: str = ""
    """Its file, for people."""


Networks = Mapping[Task, Network]


def find_networks(paths: Sequence[Path]) -> Networks:
    """The networks of model files by their task; CheckpointError if two have the same,
    or if one cannot be used."""
    networks: dict[Task, Network] = {}
    for path in paths:
        info = read_model_info(path)
        other = networks.get(info.task)
        if other is not None:
            raise CheckpointError(
                f"{other.name} and {path} are both {KINDS[info.task]} networks; "
                "--model takes one HN and one semantic network, such as model_hn.onnx "
                "and model.onnx of a run"
            )
        networks[info.task] = Network(info, partial(Predictor, path), str(path))
    return networks


class NetworkRunner:
    """Predicts with networks that it loads at their first frame. For one thread."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._loaded: dict[Task, PredictFunction] = {}

    def __call__(self, task: Task, rgb: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 to (H, W) uint8 classes of the network for `task`."""
        if task not in self._loaded:
            self._loaded[task] = self._networks[task].load()
        return self._loaded[task](rgb)
