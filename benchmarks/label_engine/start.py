"""How long a fresh process takes to its first label."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from benchmarks.box_views import SENSORS
from benchmarks.label_engine.report import Row
from benchmarks.label_engine.scenes import still_frames


def start(data: Path, quick: bool) -> Iterator[Row]:
    """Wall clock from the start of the process; the second run finds the kernels."""
    _, frame = still_frames("kinect", 2 if quick else 10)[0]
    with TemporaryDirectory() as folder:
        depth_file = Path(folder) / "depth.npy"
        np.save(depth_file, frame.depth)
        cache = Path(folder) / "kernels"
        first = _run(depth_file, cache)
        cached = min((_run(depth_file, cache) for _ in range(3)), key=lambda t: t.label)
    yield _row("first label, kernels cached", "<= 1.5 s", cached)
    yield _row("first label, first run ever", "<= 15 s", first)


@dataclass(frozen=True)
class Times:
    """Seconds since the process was started."""

    imported: float
    """`import core` is done."""
    label: float
    next_label: float
    label_cpu: float
    """CPU seconds at the first label: less than its wall clock on a busy machine."""


def _run(depth_file: Path, cache: Path) -> Times:
    command = [sys.executable, "-m", "benchmarks.label_engine.first_label"]
    lens = SENSORS["kinect"]
    numbers = (lens.fx, lens.fy, lens.cx, lens.cy)
    done = subprocess.run(
        [*command, str(depth_file), *map(str, numbers), repr(perf_counter())],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    return Times(*map(float, done.stdout.split()))


def _row(what: str, asked: str, times: Times) -> Row:
    return Row(
        what,
        asked,
        f"{times.label:.2f} s (CPU {times.label_cpu:.2f}): python and import core "
        f"{times.imported:.2f}, label {times.label - times.imported:.2f}, "
        f"the next one {1000 * (times.next_label - times.label):.1f} ms",
    )
