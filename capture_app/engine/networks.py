"""The networks of a session: at most one of a kind, each loaded when it is needed."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from capture_app.engine.model_files import model_info
from capture_app.engine.problems import ProblemLog
from core.errors import CheckpointError, HNError
from core.prediction import ModelInfo, Predictor, Task

logger = logging.getLogger(__name__)

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
        info = model_info(path)
        other = networks.get(info.task)
        if other is not None:
            raise CheckpointError(
                f"{other.name} and {path} are both {KINDS[info.task]} networks; "
                "--model takes one HN and one semantic network, such as model_hn.onnx "
                "and model.onnx of a run"
            )
        networks[info.task] = Network(info, partial(_load, path, info), str(path))
    return networks


def _load(path: Path, known: ModelInfo) -> PredictFunction:
    """The network of a file that still predicts what it did when it was `known`."""
    predictor = Predictor(path)
    now = predictor.info
    if (now.task, now.class_names, now.bins) != (
        known.task,
        known.class_names,
        known.bins,
    ):
        raise CheckpointError(
            f"{path} was replaced by a network of other classes; close the window and "
            "open it again"
        )
    return predictor


class NetworkRunner:
    """Predicts with networks that it loads at their first frame. For one thread.

    One that fails is not used again: `problems` hears of it, the other one goes on.
    """

    def __init__(self, networks: Networks, problems: ProblemLog) -> None:
        self._networks = networks
        self._problems = problems
        self._loaded: dict[Task, PredictFunction] = {}
        self.working: frozenset[Task] = frozenset(networks)
        """Those that have not failed."""

    def __call__(self, task: Task, rgb: np.ndarray) -> np.ndarray | None:
        """(H, W, 3) uint8 to (H, W) uint8 classes of the network for `task`; None if
        it fails."""
        try:
            if task not in self._loaded:
                self._loaded[task] = self._networks[task].load()
            return self._loaded[task](rgb)
        except HNError as error:
            self._give_up(task, f"cannot be used: {error}")
        except Exception as error:
            logger.exception("the %s network stopped", KINDS[task])
            self._give_up(task, f"stopped ({type(error).__name__}: {error})")
        return None

    def close(self) -> None:
        """Free the networks; safe to call twice."""
        self._loaded.clear()

    def _give_up(self, task: Task, what: str) -> None:
        self.working -= {task}
        self._loaded.pop(task, None)
        self._problems.add(
            f"The {KINDS[task]} network {what}. Everything else goes on; open the "
            "camera again to try it once more.",
            can_retry=True,
        )
