"""The data of an experiment: what is there, what is missing, and whether it changed."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from core.errors import DatasetError
from core.nyuv2 import NYU40_NAMES

NUM_TRAIN, NUM_TEST = 795, 654
"""NYUv2's labelled frames by its official split."""
SEEN = 1 << 16
"""Bytes that are looked at of each end of a file: data sets may be hundreds of GB."""


@dataclass(frozen=True)
class Data:
    """Where everything lies that an experiment may need."""

    labelled: tuple[str, ...]
    """NYUv2's labelled frames, as for hn-train."""
    free: tuple[str, ...] = ()
    """More to pretrain on: recordings, rendered rooms; their semantic labels, if they
    have some, are not used."""
    camvid: Path | None = None
    cifar100: Path | None = None
    weights: Path | None = None
    """Of an encoder trained on ImageNet."""


@dataclass(frozen=True)
class Counts:
    """What the labelled data turned out to hold."""

    train: int
    validation: int
    test: int

    def __str__(self) -> str:
        return (
            f"{self.train} frames to train on, {self.validation} to validate on, "
            f"{self.test} to test on"
        )


def state_of_data(spec: str) -> str:
    """16 letters that change with the data of one --data.

    Of files these are names, sizes and both ends; of rendered rooms the first view.
    """
    path, content = Path(spec), hashlib.sha256()
    if not path.exists():
        content.update(spec.encode())
        content.update(_first_view(spec))
        return content.hexdigest()[:16]
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*"))
    for file in files:
        if file.is_file():
            content.update(str(file.relative_to(path)).encode())
            content.update(_ends(file))
    return content.hexdigest()[:16]


def in_words(data: Data) -> tuple[str, ...]:
    """What there is, without where it lies; and what NYUv2 has beyond it."""
    counts = count_labelled(data.labelled)
    found = [
        f"Finetuned and measured on {_names(data.labelled)}: {counts}; pretrained on "
        f"the depth of its training frames and of {_names(data.free)}, "
        f"{_count_depth((*data.labelled, *data.free))} frames before any are left out."
    ]
    if (counts.train + counts.validation, counts.test) != (NUM_TRAIN, NUM_TEST):
        found.append(
            f"NYUv2 has {NUM_TRAIN} labelled frames to train and validate on and "
            f"{NUM_TEST} to test on, so these are not all of it."
        )
    if data.camvid is not None:
        camvid = count_labelled((str(data.camvid),), needs_nyu40=False)
        found.append(f"CamVid: {camvid}.")
    return tuple(found)


def _names(specs: tuple[str, ...]) -> str:
    return ", ".join(Path(spec).name for spec in specs) or "nothing else"


def _count_depth(specs: tuple[str, ...]) -> int:
    """Training frames that have depth."""
    from training.datasets.opening import open_data

    return sum(
        int((one.has_depth & (one.parts == "train")).sum()) for one in open_data(specs)
    )


def _ends(file: Path) -> bytes:
    size = file.stat().st_size
    with file.open("rb") as opened:
        first = opened.read(SEEN)
        opened.seek(max(0, size - SEEN))
        return str(size).encode() + first + opened.read()


def _first_view(spec: str) -> bytes:
    from training.datasets.opening import open_data

    frame = open_data([spec])[0].read(0)
    return frame.rgb.tobytes()


def count_labelled(specs: tuple[str, ...], needs_nyu40: bool = True) -> Counts:
    """How many frames with semantic labels each part has.

    DatasetError where the classes are not NYUv2's 40, if they are to be.
    """
    from training.datasets.opening import class_names, open_data

    datasets = open_data(specs)
    if needs_nyu40 and class_names(datasets) != NYU40_NAMES:
        raise DatasetError(
            f"--data {' '.join(specs)} does not have NYUv2's 40 classes, and these "
            "experiments are about them; name NYUv2's labelled frames, and recordings "
            "with --free"
        )
    numbers = [
        sum(int(((one.parts == part) & one.has_semantic).sum()) for one in datasets)
        for part in ("train", "validation", "test")
    ]
    return Counts(*numbers)
