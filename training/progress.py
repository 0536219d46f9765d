"""Progress bars on stderr."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.progress import TimeRemainingColumn as TimeRemaining

from training.datasets.dataset import Dataset
from training.datasets.prepare import PreparedData, Recipe, prepare
from training.datasets.splits import choose_hn_frames


def prepare_all(
    datasets: Sequence[Dataset], recipe: Recipe, hn_limit: int
) -> list[PreparedData]:
    """Every dataset resized and labelled, at most `hn_limit` of the training frames."""
    chosen = choose_hn_frames(datasets, hn_limit)
    totals = [
        int(np.count_nonzero(wanted | dataset.has_semantic))
        for dataset, wanted in zip(datasets, chosen, strict=True)
    ]
    with _bar() as progress:
        task = progress.add_task("label", total=sum(totals), note="")
        prepared = []
        for k, (dataset, wanted) in enumerate(zip(datasets, chosen, strict=True)):
            progress.update(task, note=dataset.name)
            prepared.append(
                prepare(dataset, wanted, recipe, lambda: progress.advance(task))
            )
            # Frames from the cache do not advance the bar.
            progress.update(task, completed=sum(totals[: k + 1]))
    return prepared


@contextmanager
def step_progress(stage: str, steps: int) -> Iterator[Callable[[int, float], None]]:
    """A bar over the steps of a stage; call the result with each step and its loss."""
    with _bar() as progress:
        task = progress.add_task(stage, total=steps, note="")
        yield lambda step, loss: progress.update(
            task, completed=step + 1, note=f"loss {loss:.3f}"
        )


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description:8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemaining(),
        TextColumn("{task.fields[note]}"),
        console=Console(stderr=True),
    )
