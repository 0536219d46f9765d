"""HN-labels of real frames against what is known about them.

    python benchmarks/real_frames.py ../shared/data

Of sequences with poses: the share of frames that get labels, and how far each up is
from the poses' up. Of NYUv2: the share of frames, and of the pixels labelled "floor" by
hand, the share that falls into the lowest height bin. Both label methods, side by side.
"""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import get_args

import cv2
import numpy as np

from core.bins import IGNORE_LABEL
from core.geometry import angle_deg
from core.hn_labels import HNLabels, Labeler, Method
from core.interchange import FrameSource, open_frames

WORLD_UPS = {"redkitchen": (0.008, -0.892, -0.452), "hololens": (0.003, 1.0, 0.001)}
"""The up of the poses' world, from a plane through the reconstructed floor."""
NYU_FLOOR = 2  # in label40 images


@dataclass
class Result:
    """What one method made of one source."""

    frames: int = 0
    labelled: int = 0
    seconds: float = 0.0
    up_errors_deg: list[float] = field(default_factory=list)
    floor_levels_m: list[float] = field(default_factory=list)
    floor_pixels: int = 0
    floor_pixels_in_lowest_bin: int = 0


Score = Callable[[Result, int, HNLabels], None]


def measure(
    source: FrameSource, method: Method, score: Score, remembers: bool
) -> Result:
    """Label every frame; `remembers` for a sequence, whose frames help the next."""
    result, labeler = Result(frames=len(source)), Labeler(method=method)
    for index, frame in zip(count(), source, strict=False):
        if not remembers:
            labeler = Labeler(method=method)
        start = time.process_time()
        labels = labeler(frame)
        result.seconds += time.process_time() - start
        if labels is not None:
            result.labelled += 1
            score(result, index, labels)
    return result


def against_poses(source: FrameSource, world_up: np.ndarray) -> Score:
    """How far up is from the poses' up, and how high the floor lies in their world."""

    def score(result: Result, index: int, labels: HNLabels) -> None:
        T_world_camera = source.pose(index)
        found = T_world_camera[:3, :3] @ labels.floor.up
        result.up_errors_deg.append(angle_deg(found, world_up))
        level = world_up @ T_world_camera[:3, 3] - labels.floor.camera_height
        result.floor_levels_m.append(float(level))

    return score


def against_annotations(files: list[Path]) -> Score:
    """How much of the floor that people drew lies in the lowest height bin."""

    def score(result: Result, index: int, labels: HNLabels) -> None:
        semantic = cv2.imread(str(files[index]), cv2.IMREAD_UNCHANGED)
        floor = (semantic == NYU_FLOOR) & (labels.classes != IGNORE_LABEL)
        lowest = labels.classes % labels.bins.num_heights == 0
        result.floor_pixels += int(floor.sum())
        result.floor_pixels_in_lowest_bin += int((floor & lowest).sum())

    return score


def sequences(data: Path) -> Iterator[tuple[str, str]]:
    """A line for every sequence with poses and method."""
    for name, world_up in WORLD_UPS.items():
        source = open_frames(data / name)
        score = against_poses(source, np.array(world_up) / np.linalg.norm(world_up))
        for method in get_args(Method):
            result = measure(source, method, score, remembers=True)
            errors = result.up_errors_deg
            yield (
                f"{name}, {method}",
                f"{_labelled(result)}, up {np.median(errors):.2f} deg median, "
                f"{np.quantile(errors, 0.9):.2f} p90, {max(errors):.2f} max, floor "
                f"level sd {100 * np.std(result.floor_levels_m):.1f} cm",
            )


def nyu(data: Path) -> Iterator[tuple[str, str]]:
    """A line for both splits and methods."""
    for split in ("train", "test"):
        folder = data / "nyuv2" / split
        source = open_frames(folder)
        score = against_annotations(sorted((folder / "label40").iterdir()))
        for method in get_args(Method):
            result = measure(source, method, score, remembers=False)
            share = result.floor_pixels_in_lowest_bin / max(result.floor_pixels, 1)
            yield (
                f"NYUv2 {split}, {method}",
                f"{_labelled(result)}, {share:.1%} of their floor pixels in the lowest "
                "bin",
            )


def _labelled(result: Result) -> str:
    return (
        f"{result.labelled} of {result.frames} frames labelled at "
        f"{1000 * result.seconds / result.frames:.0f} ms CPU"
    )


def main() -> None:
    data = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data")
    for lines in (sequences(data), nyu(data)):
        for name, line in lines:
            print(f"{name:22} {line}", flush=True)


if __name__ == "__main__":
    main()
