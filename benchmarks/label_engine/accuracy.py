"""Normals and labels of noisy depth against the truth of rendered rooms."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.box_rooms import View, rays_of
from benchmarks.box_views import turned
from benchmarks.label_engine.peers import PEERS, Normals, facing, ours
from benchmarks.label_engine.report import Row, share
from benchmarks.label_engine.scenes import still_frames
from core import HNBins, Intrinsics, RgbdFrame, label_frame
from core.floor import FloorPlane
from core.simulation.sensor_noise import NoiseModel

NORMALS_ASKED: dict[NoiseModel, str] = {
    "kinect": "mean <= 1.4 deg, median <= 0.2",
    "d435": "",
    "tof": "",
    "none": "",
}
LABELS_ASKED: dict[NoiseModel, str] = {
    "kinect": ">= 99.5 %",
    "d435": ">= 99 %",
    "tof": "",
    "none": "",
}
HINT_ERROR_DEG = 2.0

Sensed = Sequence[tuple[View, RgbdFrame]]


def normals(data: Path, quick: bool) -> Iterator[Row]:
    """Ours and every peer's on the same frames, of each sensor."""
    for noise, asked in NORMALS_ASKED.items():
        if quick and noise not in ("kinect", "d435"):
            continue
        frames = still_frames(noise, 2 if quick else 10)
        for name, method in {"ours": ours, **PEERS}.items():
            is_ours = name == "ours"
            try:
                reached = _normal_errors(frames, method)
            except ImportError as error:
                reached = f"not measured: {error}"
            what = f"{'' if is_ours else '- '}normals, {noise} noise, {name}"
            yield Row(what, asked if is_ours else "", reached)


def _normal_errors(frames: Sensed, method: Callable[[Intrinsics], Normals]) -> str:
    """Errors where there is a normal; a pixel without one is in the wrong bin."""
    estimate = method(frames[0][1].color_intrinsics)
    errors, right_bin, covered = [], [], []
    for view, frame in frames:
        seen = frame.depth > 0
        found = facing(estimate(frame.depth), view.intrinsics)[seen]
        true = view.normals[seen].astype(np.float64)
        has_normal = np.any(found != 0.0, axis=1)
        across = np.linalg.norm(np.cross(found, true), axis=1)
        along = np.sum(found * true, axis=1)
        errors.append(np.degrees(np.arctan2(across, along))[has_normal])
        is_flat, truly_flat = (
            np.abs(n @ view.up) > np.sqrt(0.5) for n in (found, true)
        )
        right_bin.append((is_flat == truly_flat) & has_normal)
        covered.append(has_normal)
    error = np.concatenate(errors)
    return (
        f"mean {error.mean():.2f} deg, median {np.median(error):.2f}, "
        f"<11.25 deg {share(error < 11.25)}, "
        f"right 45-deg bin {share(np.concatenate(right_bin))}, "
        f"of {share(np.concatenate(covered))} of pixels"
    )


def labels(data: Path, quick: bool) -> Iterator[Row]:
    """Labels of noisy depth against the classes that noise-free depth would have."""
    for noise, asked in LABELS_ASKED.items():
        frames = still_frames(noise, 6 if quick else 30)
        rng = np.random.default_rng(5)
        hints = [turned(view.up, HINT_ERROR_DEG, rng) for view, _ in frames]
        found = []
        for (_, frame), hint in zip(frames, hints, strict=True):
            labelled = label_frame(replace(frame, up_hint=hint))
            found.append(None if labelled is None else labelled.classes)
        yield _agreement(f"labels, {noise} noise", asked, frames, found)
        yield _agreement(
            f"- if the floor were known, {noise} noise",
            "",
            frames,
            [_with_true_floor(view, frame) for view, frame in frames],
        )
        yield _agreement(
            f"- if floor and normals were known, {noise} noise",
            "",
            frames,
            [_depth_alone(view, frame) for view, frame in frames],
        )


def _agreement(
    what: str, asked: str, frames: Sensed, found: Sequence[np.ndarray | None]
) -> Row:
    """Over all pixels with depth of the frames that have labels."""
    bins, right, height_off, angle_off = HNBins(), [], [], []
    for (view, frame), classes in zip(frames, found, strict=True):
        if classes is None:
            continue
        seen = frame.depth > 0
        angle, height = np.divmod(classes[seen].astype(int), bins.num_heights)
        true_angle, true_height = np.divmod(
            view.hn_classes(bins)[seen], bins.num_heights
        )
        height_off.append(height != true_height)
        angle_off.append(angle != true_angle)
        right.append(~(height_off[-1] | angle_off[-1]))
    missing = sum(classes is None for classes in found)
    if missing == len(found):
        return Row(what, asked, "no labels")
    reached = (
        f"{100 * np.concatenate(right).mean():.2f} % "
        f"(wrong height bin {share(np.concatenate(height_off))}, "
        f"wrong angle bin {share(np.concatenate(angle_off))}), "
        f"{len(found) - missing} of {len(found)} frames labelled"
    )
    return Row(what, asked, reached)


def _with_true_floor(view: View, frame: RgbdFrame) -> np.ndarray | None:
    floor = FloorPlane(view.up / np.linalg.norm(view.up), view.camera_height)
    labelled = label_frame(frame, floor=floor)
    return None if labelled is None else labelled.classes


def _depth_alone(view: View, frame: RgbdFrame) -> np.ndarray:
    """Classes of sensed depth with the true floor and normals: noise in height only."""
    bins = HNBins()
    depth_m = frame.depth * frame.depth_scale
    heights = view.camera_height + depth_m * (rays_of(view.intrinsics) @ view.up)
    true_angles = view.hn_classes(bins) // bins.num_heights
    return true_angles * bins.num_heights + np.digitize(heights, bins.height_edges)
