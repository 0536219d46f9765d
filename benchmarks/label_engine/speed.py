"""What a label costs, and what others' normals alone cost."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.box_views import SENSORS
from benchmarks.label_engine.floors import walk_frames
from benchmarks.label_engine.peers import PEERS, ours
from benchmarks.label_engine.report import Row, cpu_ms, milliseconds
from benchmarks.label_engine.scenes import steady_frames
from core import Intrinsics, Labeler, RgbdFrame
from core.simulation.sensor_noise import NoiseModel

SIZES: tuple[tuple[Intrinsics, NoiseModel, str], ...] = (
    (SENSORS["tof"], "tof", ""),
    (SENSORS["kinect"], "kinect", "<= 0.8 ms, goal 0.5"),
    (SENSORS["d435"], "d435", "<= 1.5 ms"),
    (Intrinsics(1280, 720, 640.0, 640.0, 640.0, 360.0), "d435", "<= 2.5 ms"),
)


def speed(data: Path, quick: bool) -> Iterator[Row]:
    """Full labels and planes of a steady camera; peers on one of the same frames."""
    passes = 2 if quick else 10
    for lens, noise, asked in SIZES:
        name = f"{lens.width}x{lens.height} {noise}"
        frames = steady_frames(lens, noise, 6 if quick else 20)
        labelled = milliseconds(cpu_ms(Labeler(), frames, passes))
        yield Row(f"HN-label {name}, floor tracked", asked, labelled)
        yield Row(f"- planes alone {name}", "", milliseconds(_planes(frames, passes)))
        if noise == "kinect":
            # As it is often timed: with the frame in the cache, its edges foreseen.
            again = milliseconds(cpu_ms(Labeler(), frames[:1], 20 * passes))
            yield Row(f"- HN-label {name}, one frame again and again", "", again)
            yield Row(f"- HN-label {name}, floor hidden", "", _hidden(passes))
            yield from _normals(frames[0], passes)


def _hidden(passes: int) -> str:
    """The frames of a walk to which motion carries the floor; the first pass warms."""
    frames = walk_frames(2, slice(76, 108)).frames  # visible at first, then not
    labeler, taken = Labeler(), []
    for number in range(passes + 1):
        for frame in frames:
            began = time.process_time()
            labels = labeler(frame)
            passed = 1000 * (time.process_time() - began)
            if number > 0 and labels is not None and labels.floor.source == "tracked":
                taken.append(passed)
    return milliseconds(np.array(taken)) if taken else "no floor is carried"


def _planes(frames: list[RgbdFrame], passes: int) -> np.ndarray:
    from core.planes import PlaneFitter

    fit = PlaneFitter(*frames[0].depth.shape)
    return cpu_ms(lambda f: fit(f.depth, f.depth_scale), frames, passes)


def _normals(frame: RgbdFrame, passes: int) -> Iterator[Row]:
    """Normals of every pixel of one frame, from uint16 depth to (H, W, 3)."""
    for name, method in {"ours": ours, **PEERS}.items():
        try:
            normals = method(frame.color_intrinsics)
            few = 2 if "estimate_normals" in name else passes
            taken = milliseconds(cpu_ms(normals, [frame.depth], few))
        except ImportError as error:
            taken = f"not measured: {error}"
        yield Row(f"- normals alone 640x480, {name}", "", taken)
