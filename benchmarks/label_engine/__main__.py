"""One table of everything in the package's docstring, printed row by row."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import cv2
import tyro

from benchmarks.label_engine import (
    accuracy,
    consistency,
    floors,
    kitchen,
    registration,
)
from benchmarks.label_engine import speed as timing
from benchmarks.label_engine import start as starting
from benchmarks.label_engine.report import Row, print_header, print_row
from core.errors import HNError

Part = Literal[
    "speed",
    "start",
    "registration",
    "normals",
    "labels",
    "up",
    "hidden",
    "odometry",
    "kitchen-up",
    "consistency",
]
PARTS: dict[Part, Callable[[Path, bool], Iterator[Row]]] = {
    "speed": timing.speed,
    "start": starting.start,
    "registration": registration.registration,
    "normals": accuracy.normals,
    "labels": accuracy.labels,
    "up": floors.up,
    "hidden": floors.hidden,
    "odometry": kitchen.odometry,
    "kitchen-up": kitchen.up,
    "consistency": consistency.consistency,
}


@dataclass(frozen=True)
class Config:
    """The label engine against what it is to reach, one core."""

    data: Annotated[Path, tyro.conf.Positional] = Path("../shared/data")
    """The folder that holds redkitchen/."""
    quick: bool = False
    """Fewer frames: about a minute instead of ten."""
    only: tuple[Part, ...] = ()
    """Some parts of the table."""


def main() -> None:
    config = tyro.cli(Config, prog="python -m benchmarks.label_engine")
    cv2.setNumThreads(1)
    print_header()
    began = time.perf_counter()
    for part in config.only or PARTS:
        try:
            for row in PARTS[part](config.data, config.quick):
                print_row(row)
        except (ImportError, HNError) as error:
            print_row(Row(f"{part}: not measured", "", str(error)))
    print(f"\n{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
