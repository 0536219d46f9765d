"""From what the user writes after --data to datasets."""

from collections.abc import Sequence
from pathlib import Path

from core.errors import DatasetError
from core.interchange.nyu_mat import FILE_NAME
from training.datasets.dataset import Dataset
from training.datasets.folders import FolderData
from training.datasets.nyuv2_folder import (
    NYUv2Folder,
    check_no_parts,
    is_nyuv2_folder,
)
from training.datasets.nyuv2_mat import NYUv2Mat
from training.datasets.recordings import RecordingData, find_recordings

SIMULATED = "simulated"


def open_data(specs: Sequence[str]) -> list[Dataset]:
    """Every dataset that the paths in `specs` hold, or `simulated:N`; at least one.

    All of their semantic labels are of one class list.
    """
    if not specs:
        raise DatasetError(
            "no data given; expected --data with recordings, an NYUv2 folder or "
            f"{SIMULATED}:N"
        )
    datasets = [dataset for spec in specs for dataset in _open(spec)]
    _check_class_names(datasets)
    return datasets


def class_names(datasets: Sequence[Dataset]) -> tuple[str, ...]:
    """The one class list of all datasets; empty when none has semantic labels."""
    return next((tuple(d.class_names) for d in datasets if d.class_names), ())


def _open(spec: str) -> list[Dataset]:
    kind, _, count = spec.partition(":")
    path = Path(spec)
    if kind == SIMULATED and not path.exists():
        return [_open_simulated(spec, count)]
    if not path.exists():
        raise DatasetError(f"{spec} does not exist; expected a folder or {FILE_NAME}")
    if path.is_file() and path.suffix != ".mat":
        raise DatasetError(f"{spec} is a file; expected a folder or {FILE_NAME}")
    if path.is_file():
        return [NYUv2Mat(path)]
    if (path / FILE_NAME).is_file():
        return [NYUv2Mat(path / FILE_NAME)]
    if is_nyuv2_folder(path):
        return [NYUv2Folder(path)]
    recordings = find_recordings(path)
    if recordings:
        return [RecordingData(folder) for folder in recordings]
    check_no_parts(path)
    return [FolderData(path)]


def _open_simulated(spec: str, count: str) -> Dataset:
    # Open3D renders the rooms and takes a second to import.
    from training.datasets.simulated import SimulatedData

    if not count.isdecimal() or int(count) == 0:
        raise DatasetError(f"{spec}: expected {SIMULATED}:N with a number of frames")
    return SimulatedData(int(count))


def _check_class_names(datasets: Sequence[Dataset]) -> None:
    labelled = [dataset for dataset in datasets if dataset.class_names]
    for dataset in labelled[1:]:
        ours, first = tuple(dataset.class_names), tuple(labelled[0].class_names)
        if ours != first:
            odd = next((a for a in (*ours, *first) if (a in ours) != (a in first)), "")
            reason = f"'{odd}' is in only one of them" if odd else "the order differs"
            raise DatasetError(
                f"{dataset.name} has {len(ours)} semantic classes and "
                f"{labelled[0].name} has {len(first)}, but {reason}; data that is "
                "trained together needs one class list: leave one of them out, or draw "
                "with all classes of the other (hn-annotate export --classes)"
            )
