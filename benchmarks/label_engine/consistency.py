"""The same world point seen from two frames of a real sequence: has it one label?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.box_rooms import rays_of
from benchmarks.label_engine.kitchen import CONSECUTIVE, kitchen_frames, kitchen_poses
from benchmarks.label_engine.report import Row, share
from core import HNBins, HNLabels, Labeler, RgbdFrame

GAPS = (1, 5, 20)
EVERY = 4
"""Frames between the pairs' first ones."""
FROM_EDGE_M = 0.02
FROM_45_DEG = 10.0
JUMP = 0.05
"""Of the depth, within 3 pixels: a depth edge."""


def consistency(data: Path, quick: bool) -> Iterator[Row]:
    """Labels of a live Labeler on frames 0-149, pairs at several gaps."""
    count = 40 if quick else CONSECUTIVE
    frames, poses = kitchen_frames(data, count), kitchen_poses(data, count)
    labeler = Labeler()
    labels = [labeler(frame) for frame in frames]
    unlabelled = sum(label is None for label in labels)
    yield Row(f"- redkitchen 0-{count - 1}", "", f"{unlabelled} frames without labels")
    for gap in GAPS:
        seen = _Seen.joined(
            [
                _seen_twice(
                    (frames[a], frames[a + gap]), (poses[a], poses[a + gap]), (one, two)
                )
                for a in range(0, count - gap, EVERY)
                if (one := labels[a]) is not None
                and (two := labels[a + gap]) is not None
            ]
        )
        yield from _rows(gap, seen)


@dataclass(frozen=True, eq=False)
class _Seen:
    """Pixels of a first frame that a second one sees too, all (N,)."""

    one: np.ndarray
    """Classes in the first frame."""
    two: np.ndarray
    from_edge_m: np.ndarray
    """Height from the nearest edge of the height bins, with the first frame's floor."""
    from_45_deg: np.ndarray
    """Angle between normal and up from 45 deg, in the first frame."""
    is_near_jump: np.ndarray
    """Bool, in either frame."""

    @classmethod
    def joined(cls, parts: Sequence["_Seen"]) -> "_Seen":
        """The pixels of all pairs."""
        names = cls.__dataclass_fields__
        return cls(*(np.concatenate([getattr(p, n) for p in parts]) for n in names))


def _rows(gap: int, seen: _Seen) -> Iterator[Row]:
    bins = HNBins()
    same = seen.one == seen.two
    height_off = seen.one % bins.num_heights != seen.two % bins.num_heights
    far = seen.from_edge_m > FROM_EDGE_M
    inner = far & ~seen.is_near_jump
    plain = inner & (seen.from_45_deg > FROM_45_DEG)
    yield Row(
        f"same point, same label, {gap} frames apart, > 2 cm from a height edge",
        ">= 97 %",
        f"{share(same[far])} of {share(far)} of pixels (height differs "
        f"{share(height_off[far])}); farther than 3 px from a depth edge too "
        f"{share(same[inner])} of {share(inner)}, than 10 deg from 45 deg too "
        f"{share(same[plain])} of {share(plain)}; of all pixels {share(same)}",
    )


def _seen_twice(
    frames: tuple[RgbdFrame, RgbdFrame],
    poses: tuple[np.ndarray, np.ndarray],
    labels: tuple[HNLabels, HNLabels],
) -> _Seen:
    """Pixels of the first frame whose point the second one measures where it is."""
    lens, floor = frames[0].color_intrinsics, labels[0].floor
    depth_m = [frame.depth * frame.depth_scale for frame in frames]
    rows, cols = np.nonzero(depth_m[0])
    points = rays_of(lens)[rows, cols] * depth_m[0][rows, cols, None]
    heights = points @ floor.up + floor.camera_height
    T = np.linalg.inv(poses[1]) @ poses[0]
    x, y, z = T[:3, :3] @ points.T + T[:3, 3:]
    z = np.maximum(z, 1e-3)
    u = np.rint(lens.fx * x / z + lens.cx)
    v = np.rint(lens.fy * y / z + lens.cy)
    inside = (u >= 0) & (u < lens.width) & (v >= 0) & (v < lens.height)
    u, v = (np.where(inside, p, 0).astype(int) for p in (u, v))
    there = depth_m[1][v, u]
    meets = inside & (there > 0) & (np.abs(there - z) < 0.02 + 0.005 * z * z)
    edges = np.array(HNBins().height_edges)
    jumps = [_near_jump(depth) for depth in depth_m]
    return _Seen(
        labels[0].classes[rows, cols][meets],
        labels[1].classes[v, u][meets],
        np.abs(heights[:, None] - edges).min(axis=1)[meets],
        np.abs(_angles_deg(frames[0], labels[0])[rows, cols] - 45.0)[meets],
        (jumps[0][rows, cols] | jumps[1][v, u])[meets],
    )


def _angles_deg(frame: RgbdFrame, labels: HNLabels) -> np.ndarray:
    """(H, W) degrees between the engine's own normals and up, 0..90."""
    from core.normals import pixel_normals
    from core.planes import fit_planes

    field = fit_planes(frame.depth, frame.depth_scale)
    normals = pixel_normals(
        field, frame.depth, frame.depth_scale, frame.color_intrinsics
    )
    return np.degrees(np.arccos(np.clip(np.abs(normals @ labels.floor.up), 0.0, 1.0)))


def _near_jump(depth_m: np.ndarray) -> np.ndarray:
    """(H, W) bool within 3 pixels of a step in depth; holes are not steps."""
    size = np.ones((7, 7), np.uint8)
    nearest = cv2.erode(np.where(depth_m > 0, depth_m, np.inf), size)
    return cv2.dilate(depth_m, size) - nearest > JUMP * depth_m
