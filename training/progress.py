"""Progress bars on stderr."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.progress import TimeRemainingColumn as TimeRemaining

from training.datasets.dataset import Dataset
from training.datasets.frame_source import Recipe
from training.datasets.kept import Keep, is_worth_keeping, size_in_bytes
from training.datasets.prepare import PreparedData, prepare, targets_of
from training.datasets.selection import Quality, Selection, choose_hn_frames


def prepare_all(
    datasets: Sequence[Dataset],
    recipe: Recipe,
    hn_limit: int,
    all_frames: bool = False,
    keep: Keep = "auto",
    is_shown: bool = True,
) -> list[PreparedData]:
    """Every dataset looked at, with HN-labels of at most `hn_limit` training frames.

    With `all_frames` near-duplicates and blurred frames are among these. `keep` says
    whether the resized frames are kept on disk, which changes none of them.
    """
    with _bar(is_shown) as progress:
        qualities: list[Quality | None] = [None] * len(datasets)
        if hn_limit and not all_frames:
            qualities = _look_through(datasets, progress)
        chosen = choose_hn_frames(datasets, qualities, hn_limit)
        return _prepare(datasets, chosen, recipe, keep, progress)


def _look_through(
    datasets: Sequence[Dataset], progress: Progress
) -> list[Quality | None]:
    """The quality of each dataset's frames."""
    task = progress.add_task("look", total=sum(map(len, datasets)), note="")
    qualities: list[Quality | None] = []
    num_done = 0
    for dataset in datasets:
        progress.update(task, note=dataset.name)
        found = dataset.survey(lambda: progress.advance(task))
        qualities.append(None if found is None else found.quality)
        # What is kept from before does not advance the bar.
        num_done += len(dataset)
        progress.update(task, completed=num_done)
    return qualities


def _prepare(
    datasets: Sequence[Dataset],
    chosen: Sequence[Selection],
    recipe: Recipe,
    keep: Keep,
    progress: Progress,
) -> list[PreparedData]:
    """Each dataset with HN-labels of the chosen frames; it says what was left out."""
    wanted = [
        np.isin(np.arange(len(dataset)), selection.indices)
        for dataset, selection in zip(datasets, chosen, strict=True)
    ]
    targets = [
        targets_of(dataset, wants_hn, recipe)
        for dataset, wants_hn in zip(datasets, wanted, strict=True)
    ]
    totals = [int(np.count_nonzero(t["hn"] | t["semantic"])) for t in targets]
    is_kept = keep == "yes" or (
        keep == "auto"
        and is_worth_keeping(sum(size_in_bytes(t, recipe) for t in targets))
    )
    task = progress.add_task("label", total=sum(totals), note="")
    prepared = []
    for k, (dataset, wants_hn) in enumerate(zip(datasets, wanted, strict=True)):
        progress.update(task, note=dataset.name)
        data = prepare(
            dataset, wants_hn, recipe, is_kept, lambda: progress.advance(task)
        )
        prepared.append(replace(data, skipped={**chosen[k].left_out, **data.skipped}))
        # Frames from the cache do not advance the bar.
        progress.update(task, completed=sum(totals[: k + 1]))
    return prepared


@contextmanager
def step_progress(
    stage: str, steps: int, is_shown: bool = True
) -> Iterator[Callable[[int, float], None]]:
    """A bar over the steps of a stage; call the result with each step and its loss."""
    with _bar(is_shown) as progress:
        task = progress.add_task(stage, total=steps, note="")
        yield lambda step, loss: progress.update(
            task, completed=step + 1, note=f"loss {loss:.3f}"
        )


def _bar(is_shown: bool) -> Progress:
    return Progress(
        TextColumn("{task.description:8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemaining(),
        TextColumn("{task.fields[note]}"),
        console=Console(stderr=True),
        disable=not is_shown,
    )
