"""From what the user writes after --data to datasets."""

from collections.abc import Sequence
from pathlib import Path

from core.errors import DatasetError
from core.interchange.nyu_mat import FILE_NAME
from training.datasets.camvid import open_camvid
from training.datasets.classes import class_notes, union_of_classes
from training.datasets.dataset import Dataset
from training.datasets.folders import FolderData
from training.datasets.masks import open_masks
from training.datasets.nyu_raw import (
    leave_out_test_scenes,
    open_raw_scenes,
    raw_scene_notes,
)
from training.datasets.nyuv2_folder import (
    NYUv2Folder,
    check_no_parts,
    is_nyuv2_folder,
)
from training.datasets.nyuv2_mat import NYUv2Mat
from training.datasets.recordings import RecordingData, find_recordings
from training.datasets.sun_rgbd import SunRgbd, is_sun_rgbd

SIMULATED = "simulated"


def open_data(specs: Sequence[str]) -> list[Dataset]:
    """Every dataset that the paths in `specs` hold, or `simulated:N`; at least one."""
    if not specs:
        raise DatasetError(
            "no data given; expected --data with recordings, a folder of images or "
            f"{SIMULATED}:N"
        )
    datasets = [dataset for spec in specs for dataset in _open(spec)]
    leave_out_test_scenes(datasets)
    class_names(datasets)  # says so where they are too many
    return datasets


def class_names(datasets: Sequence[Dataset]) -> tuple[str, ...]:
    """The classes of all datasets together; empty when none has semantic labels."""
    return union_of_classes([dataset.class_names for dataset in datasets])


def data_notes(datasets: Sequence[Dataset]) -> list[str]:
    """What the user should know of the data before training, a sentence each."""
    return [
        *(note for dataset in datasets for note in dataset.notes),
        *raw_scene_notes(datasets),
        *class_notes(datasets),
    ]


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
        return [NYUv2Mat(path / FILE_NAME), *open_raw_scenes(path)]
    if is_nyuv2_folder(path):
        return [NYUv2Folder(path)]
    recordings = find_recordings(path)
    if recordings:
        return [RecordingData(folder) for folder in recordings]
    return _open_images(path)


def _open_images(path: Path) -> list[Dataset]:
    """What a folder of image files holds."""
    raw_scenes = open_raw_scenes(path)
    if raw_scenes:
        return raw_scenes
    if is_sun_rgbd(path):
        return [SunRgbd(path)]
    labelled = open_camvid(path) or open_masks(path)
    if labelled is not None:
        return [labelled]
    check_no_parts(path)
    return [FolderData(path)]


def _open_simulated(spec: str, count: str) -> Dataset:
    # Open3D renders the rooms and takes a second to import.
    from training.datasets.simulated import SimulatedData

    if not count.isdecimal() or int(count) == 0:
        raise DatasetError(f"{spec}: expected {SIMULATED}:N with a number of frames")
    return SimulatedData(int(count))
