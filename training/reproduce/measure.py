"""What each run reached, frame by frame, so that frames can be drawn again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np

from core.bins import HNBins
from core.errors import HNError
from core.files import write_atomically
from training.checkpoint import load_checkpoint
from training.datasets.classes import union_of_classes
from training.datasets.dataset import Part
from training.datasets.frame_source import Recipe
from training.datasets.opening import open_data
from training.datasets.prepare import PreparedData
from training.datasets.samples import Samples, samples
from training.evaluation import predictions
from training.fabric import make_fabric
from training.metrics import Scores, confusion_matrix
from training.progress import prepare_all
from training.run_folder import CHECKPOINTS
from training.trained_run import TrainedRun, load_run


@dataclass(frozen=True, eq=False)
class Measured:
    """One run on held-out frames."""

    class_names: tuple[str, ...]
    confusions: np.ndarray
    """(F, C, C) int32, of every frame: rows the true class, columns the predicted."""

    @property
    def scores(self) -> Scores:
        """Of all frames together."""
        return Scores.of(self.confusions.sum(axis=0, dtype=np.int64))


def measured_part(data: Sequence[str], asked: Part) -> Part:
    """The part to measure: as asked, or validation where there is no test frame."""
    datasets = open_data(data)
    has_test = any(((one.parts == "test") & one.has_semantic).any() for one in datasets)
    return asked if has_test else "validation"


def measure(folder: Path, data: Sequence[str], part: Part) -> Measured:
    """The finetuned network of a run on this part of the data, from the run's folder if
    it was measured before."""
    file = folder / f"confusions-{part}.npz"
    if not file.is_file():
        _write(file, _measure(folder, tuple(data), part))
    with np.load(file) as arrays:
        names = tuple(json.loads(str(arrays["class_names"])))
        return Measured(names, arrays["confusions"])


def measured_network(folder: Path, part: Part) -> TrainedRun:
    """The finetuned network of a run as it is measured on this part.

    Its best weights were chosen on the validation frames, so that on those its last
    ones are measured.
    """
    run = load_run(folder, "semantic")
    if part == "validation":
        last = folder / CHECKPOINTS / "finetune-last.safetensors"
        load_checkpoint(last, run.network)
    return run


def held_out(
    data: Sequence[str], recipe: Recipe, part: Part
) -> tuple[Samples, tuple[str, ...]]:
    """The labelled frames of a part, and the names of their classes."""
    prepared, names = _prepared(tuple(data), recipe)
    found = samples(prepared, "semantic", part, names)
    if not len(found):
        raise HNError(
            f"no {part} frame of {' '.join(data)} has semantic labels, so that nothing "
            "can be measured; name data that has some"
        )
    return found, names


@lru_cache(maxsize=4)
def _prepared(
    data: tuple[str, ...], recipe: Recipe
) -> tuple[list[PreparedData], tuple[str, ...]]:
    datasets = open_data(data)
    names = union_of_classes([one.class_names for one in datasets])
    return prepare_all(datasets, recipe, 0, is_shown=False), names


def _measure(folder: Path, data: tuple[str, ...], part: Part) -> Measured:
    run = measured_network(folder, part)
    # The HN bins make no difference to semantic labels, and would be prepared again.
    found, names = held_out(data, replace(run.recipe, bins=HNBins()), part)
    if names != run.class_names:
        raise HNError(
            f"{folder} was trained on other classes than {' '.join(data)} has"
        )
    device = make_fabric().device
    confusions = [
        confusion_matrix(predicted, target, len(names)).astype(np.int32)
        for _, target, predicted in predictions(run.network.to(device), found, device)
    ]
    return Measured(names, np.stack(confusions))


def _write(file: Path, measured: Measured) -> None:
    buffer = BytesIO()
    np.savez_compressed(
        buffer,
        confusions=measured.confusions,
        class_names=json.dumps(measured.class_names),
    )
    write_atomically(file, buffer.getvalue())
