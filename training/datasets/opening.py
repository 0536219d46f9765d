"""From what the user writes after --data to datasets."""

import os
from collections.abc import Sequence
from pathlib import Path

from core.errors import DatasetError
from core.interchange.nyu_mat import FILE_NAME
from core.recording.scene import SNAPSHOTS
from core.recording.writer import CAPTURE_FILE
from training.datasets.camvid import open_camvid
from training.datasets.classes import class_notes, union_of_classes
from training.datasets.dataset import Dataset
from training.datasets.folders import FolderData
from training.datasets.labelled_images import IMAGE_SUFFIXES
from training.datasets.masks import open_masks
from training.datasets.nyu_raw import (
    NyuRawScene,
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
    datasets = [dataset for spec in specs for dataset in _open_noting(spec)]
    leave_out_test_scenes(datasets)
    _leave_out_twins(datasets)
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


def _leave_out_twins(datasets: Sequence[Dataset]) -> None:
    """Use NYUv2's frames in SUN RGB-D only where NYUv2 is not there itself: its split
    is another one."""
    if any(
        isinstance(one, NYUv2Mat)
        or (isinstance(one, NYUv2Folder) and one.is_nyuv2.any())
        for one in datasets
    ):
        for one in datasets:
            if isinstance(one, SunRgbd):
                one.leave_out_nyuv2()


def _open_noting(spec: str) -> list[Dataset]:
    """As `_open`; where one kind of data was found below a folder, the first dataset
    has a note of the other folders there that have images."""
    datasets, path = _open(spec), Path(spec)
    kinds = (RecordingData, NyuRawScene, SunRgbd, NYUv2Mat)
    if not path.is_dir() or not isinstance(datasets[0], kinds):
        return datasets
    used = [folder.resolve() for one in datasets for folder in _folders(one)]
    unread = [
        folder
        for folder in sorted(path.iterdir())
        if folder.is_dir()
        and not folder.name.startswith(".")
        and folder.name != SNAPSHOTS
        and path.resolve() not in used
        and not any(one.is_relative_to(folder.resolve()) for one in used)
        and _has_images(folder)
    ]
    if unread:
        names = ", ".join(f"{folder.name}/" for folder in unread)
        datasets[0].notes = [
            *datasets[0].notes,
            f"{path}: not read are {names}, which have images of other kinds; name "
            "each after --data to train on it",
        ]
    return datasets


def _folders(dataset: Dataset) -> Sequence[Path]:
    """Where the frames of a dataset were found below the folder that was named."""
    if isinstance(dataset, NYUv2Mat):
        return ()  # in the folder itself, beside whatever is there
    return dataset.folders if isinstance(dataset, SunRgbd) else [Path(dataset.name)]


def _has_images(path: Path) -> bool:
    return any(
        file.endswith((*IMAGE_SUFFIXES, ".ppm", CAPTURE_FILE, FILE_NAME))
        for _, _, files in os.walk(path)
        for file in files
    )


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
