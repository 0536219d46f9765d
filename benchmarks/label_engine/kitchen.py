"""Real Kinect frames against their poses: odometry and up."""

import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.label_engine.report import Row, middle_and_tail, milliseconds
from benchmarks.real_frames import WORLD_UPS, against_poses, measure
from core import RgbdFrame
from core.hn_labels import Method
from core.interchange import FrameSource, open_frames

CONSECUTIVE = 150
"""The first so many frames of redkitchen follow each other."""


def _kitchen(data: Path) -> FrameSource:
    return open_frames(data / "redkitchen")


@lru_cache
def kitchen_frames(data: Path, count: int) -> tuple[RgbdFrame, ...]:
    source = _kitchen(data)
    return tuple(source[index] for index in range(count))


def kitchen_poses(data: Path, count: int) -> list[np.ndarray]:
    source = _kitchen(data)
    poses = [source.pose(index) for index in range(count)]
    return [pose for pose in poses if pose is not None]


def up(data: Path, quick: bool) -> Iterator[Row]:
    """All frames in order, as `benchmarks/real_frames.py` measures them."""
    source = _kitchen(data)
    world_up = np.array(WORLD_UPS["redkitchen"])
    score = against_poses(source, world_up / np.linalg.norm(world_up))
    methods: dict[Method, str] = {"live": "median <= 1.0 deg", "paper": ""}
    for method, asked in list(methods.items())[: 1 if quick else 2]:
        found = measure(source, method, score, remembers=True)
        errors = middle_and_tail(np.array(found.up_errors_deg), "deg")
        yield Row(
            f"up, redkitchen, {method}",
            asked,
            f"{errors}; {found.labelled} of {found.frames} frames labelled, "
            f"floor level sd {100 * np.std(found.floor_levels_m):.1f} cm",
        )


def odometry(data: Path, quick: bool) -> Iterator[Row]:
    """Motion from each frame to the next against the poses."""
    count = 40 if quick else CONSECUTIVE
    frames, poses = kitchen_frames(data, count), kitchen_poses(data, count)
    true = [np.linalg.inv(a) @ b for a, b in pairwise(poses)]
    try:
        found, taken = _motions(frames)
        reached = f"{_motion_errors(found, true)}; {milliseconds(taken)}"
    except ImportError as error:
        reached = f"not measured: {error}"
    asked = "<= 0.1 deg, 0.2 cm, 0.5 ms"
    yield Row(f"odometry, redkitchen 0-{count - 1}", asked, reached)
    few = slice(6 if quick else 30)
    found, taken = _open3d_motions(frames[few])
    yield Row(
        "- Open3D rgbd_odometry_multi_scale, PointToPlane",
        "",
        f"{_motion_errors(found, true[few])}; {milliseconds(taken)}",
    )


Motions = list[np.ndarray | None]
"""T_previous_current of each frame but the first; None where it was lost."""


def _motions(frames: Sequence[RgbdFrame]) -> tuple[Motions, np.ndarray]:
    """Without a guess; the planes are those of the labels and not timed."""
    from core.normals import sample_surfaces
    from core.planes import cell_camera, fit_planes
    from core.tracking import relative_motion

    lens = frames[0].color_intrinsics
    camera = cell_camera(lens)
    fields = [fit_planes(frame.depth, frame.depth_scale) for frame in frames]
    samples = [sample_surfaces(field, lens) for field in fields]
    motions: Motions = []
    taken = []
    relative_motion(fields[0], samples[1], camera)  # compiles
    for previous, current in zip(fields, samples[1:], strict=False):
        began = time.process_time()
        motion = relative_motion(previous, current, camera)
        taken.append(1000 * (time.process_time() - began))
        motions.append(None if motion is None else motion.T_previous_current)
    return motions, np.array(taken)


def _open3d_motions(frames: Sequence[RgbdFrame]) -> tuple[Motions, np.ndarray]:
    import open3d as o3d

    pipeline = o3d.t.pipelines.odometry
    tensor = o3d.core.Tensor.from_numpy

    def image(pixels: np.ndarray) -> Any:
        return o3d.t.geometry.Image(tensor(pixels.copy()))

    images = [o3d.t.geometry.RGBDImage(image(f.rgb), image(f.depth)) for f in frames]
    steps = [pipeline.OdometryConvergenceCriteria(n) for n in (10, 5, 3)]
    K = tensor(frames[0].color_intrinsics.K)
    motions: Motions = []
    taken = []
    for previous, current in pairwise(images):
        began = time.process_time()
        result = pipeline.rgbd_odometry_multi_scale(
            current,
            previous,
            K,
            tensor(np.eye(4)),
            1.0 / frames[0].depth_scale,
            6.0,
            steps,
            pipeline.Method.PointToPlane,
        )
        taken.append(1000 * (time.process_time() - began))
        motions.append(result.transformation.numpy())
    return motions, np.array(taken)


def _motion_errors(found: Motions, true: Sequence[np.ndarray]) -> str:
    turns, shifts = [], []
    for T, T_true in zip(found, true, strict=False):
        if T is not None:
            R = T_true[:3, :3].T @ T[:3, :3]
            turns.append(np.degrees(np.linalg.norm(cv2.Rodrigues(R)[0])))
            shifts.append(100 * np.linalg.norm(T[:3, 3] - T_true[:3, 3]))
    return (
        f"{middle_and_tail(np.array(turns), 'deg', 3)}; "
        f"{middle_and_tail(np.array(shifts), 'cm')}; "
        f"{sum(T is None for T in found)} of {len(found)} lost"
    )
