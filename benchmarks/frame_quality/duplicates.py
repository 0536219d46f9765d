"""Which frames count as one view, against how far apart their cameras were."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from benchmarks.frame_quality.blur import gray_of
from benchmarks.label_engine.kitchen import (
    CONSECUTIVE,
    kitchen_frames,
    kitchen_poses,
)
from benchmarks.label_engine.report import Row, middle_and_tail
from core.near_duplicates import are_duplicates, difference, thumbnail


def pairs(data: Path) -> Iterator[Row]:
    """Pairs of redkitchen by how far apart their poses are, and what is kept of it."""
    frames, poses = kitchen_frames(data, CONSECUTIVE), kitchen_poses(data, CONSECUTIVE)
    small = [thumbnail(gray_of(frame), frame.depth) for frame in frames]
    near_in_time = [
        (i, j)
        for i in range(CONSECUTIVE)
        for j in range(i + 1, min(CONSECUTIVE, i + 31))
    ]
    cm, deg = np.array([apart(poses[i], poses[j]) for i, j in near_in_time]).T
    is_same = np.array([difference(small[i], small[j]) < 1 for i, j in near_in_time])
    near, far = (cm < 2) & (deg < 1), (cm > 4) | (deg > 2)
    for title, where in (
        ("< 1 cm and 0.5 deg", (cm < 1) & (deg < 0.5)),
        ("< 2 cm and 1 deg", near),
        ("between", ~near & ~far),
        ("> 4 cm or 2 deg", far),
    ):
        yield Row(
            f"near-duplicates of pairs {title}",
            "",
            f"{100 * is_same[where].mean():.1f} % of {where.sum()}",
        )
    kept = np.flatnonzero(~np.array(are_duplicates(small)))
    steps = np.array([apart(poses[i], poses[j]) for i, j in pairwise(kept)])
    yield Row(
        f"kept of redkitchen 0-{CONSECUTIVE - 1}",
        "",
        f"{len(kept)}; steps {middle_and_tail(steps[:, 0], 'cm', 1)}, "
        f"{middle_and_tail(steps[:, 1], 'deg', 1)}",
    )


def objects(data: Path) -> Iterator[Row]:
    """Something that stands elsewhere in the second of two equal frames."""
    frames = kitchen_frames(data, CONSECUTIVE)
    random = np.random.default_rng(0)
    for size in (40, 80, 160):
        seen = []
        for frame in frames[::3]:
            other = frames[int(random.integers(CONSECUTIVE))]
            v, u = random.integers(0, 480 - size), random.integers(0, 600 - size)
            patch = gray_of(other)[v : v + size, u : u + size]
            shots = []
            for shift in (0, 40):
                gray = gray_of(frame).copy()
                gray[v : v + size, u + shift : u + shift + size] = patch
                shots.append(thumbnail(gray, frame.depth))
            seen.append(difference(*shots) >= 1)
        yield Row(
            f"something of {size} x {size} px that moves by 40 is new",
            "",
            f"{100 * np.mean(seen):.0f} %",
        )


def apart(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Centimetres and degrees between two poses."""
    T = np.linalg.inv(a) @ b
    turn = cv2.Rodrigues(np.ascontiguousarray(T[:3, :3]))[0]
    return 100 * float(np.linalg.norm(T[:3, 3])), float(
        np.degrees(np.linalg.norm(turn))
    )
