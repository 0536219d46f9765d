"""Blur that was put on photos, and blur that is in them."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from scipy.stats import spearmanr

from benchmarks.label_engine.kitchen import (
    CONSECUTIVE,
    kitchen_frames,
    kitchen_poses,
)
from benchmarks.label_engine.report import Row
from core.frame import RgbdFrame
from core.interchange import open_frames
from core.nyuv2 import VALID_COLUMNS, VALID_ROWS
from core.sharpness import NEIGHBOURS, REFERENCE, are_blurred, sharpness

LENGTHS = (2, 4, 6, 9, 12, 15)
NOISES = (2.0, 5.0)  # grey levels


def crete(gray: np.ndarray, size: int = 9) -> float:
    """Crete et al., The Blur Effect (2007), equations 1 to 8: 1 is sharp."""
    image = gray.astype(np.float32)
    kept = []
    for axis, window in ((0, (1, size)), (1, (size, 1))):
        blurred = cv2.blur(image, window)
        own = np.abs(np.diff(image, axis=axis))
        lost = np.maximum(own - np.abs(np.diff(blurred, axis=axis)), 0.0)
        kept.append(float(lost.sum() / max(own.sum(), 1e-9)))
    return min(kept)


def laplacian_variance(gray: np.ndarray) -> float:
    """OpenCV's common recipe."""
    return float(cv2.Laplacian(gray, cv2.CV_32F).var())


def tenengrad(gray: np.ndarray) -> float:
    across, down = (cv2.Sobel(gray, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    return float((across**2 + down**2).mean())


Measure = Callable[[np.ndarray], float]
MEASURES: dict[str, Measure] = {
    "core.sharpness": lambda gray: sharpness(gray) or 0.0,
    "Crete et al. 2007": crete,
    "variance of Laplacian": laplacian_variance,
    "Tenengrad": tenengrad,
}


def moved(rgb: np.ndarray, length: float, angle: float) -> np.ndarray:
    """(H, W, 3) float32, averaged along a line of `length` pixels."""
    if length == 0:
        return rgb.astype(np.float32)
    size = 2 * int(np.ceil(length / 2)) + 3
    along = np.linspace(-length / 2, length / 2, 8 * int(length) + 1)
    kernel = np.zeros((size, size), np.float32)
    points = np.stack((np.sin(angle) * along, np.cos(angle) * along)) + size // 2
    corner = np.floor(points).astype(int)
    down, across = points - corner
    for v, u, weight in (
        (0, 0, (1 - down) * (1 - across)),
        (0, 1, (1 - down) * across),
        (1, 0, down * (1 - across)),
        (1, 1, down * across),
    ):
        np.add.at(kernel, (corner[0] + v, corner[1] + u), weight)
    return cv2.filter2D(rgb.astype(np.float32), -1, kernel / kernel.sum())


def taken(
    rgb: np.ndarray, length: float, noise: float, random: np.random.Generator
) -> np.ndarray:
    """(H, W) uint8: grey levels of a photo of the scene with a moving camera."""
    light = moved(rgb, length, random.uniform(0, np.pi))
    light += random.normal(0, noise, rgb.shape)
    pixels = np.clip(np.rint(light), 0, 255).astype(np.uint8)
    _, file = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return cv2.cvtColor(cv2.imdecode(file, cv2.IMREAD_COLOR), cv2.COLOR_BGR2GRAY)


@lru_cache
def pictures(data: Path, name: str, every: int) -> list[np.ndarray]:
    frames = open_frames(data / name)
    found = [frames[index].rgb for index in range(0, len(frames), every)]
    if name.startswith("nyuv2"):
        found = [rgb[VALID_ROWS, VALID_COLUMNS] for rgb in found]
    return found


def auc(sharp: np.ndarray, blurred: np.ndarray) -> float:
    """How often a sharp frame has more than a blurred one."""
    more = sharp[:, None] > blurred[None]
    return float((more + 0.5 * (sharp[:, None] == blurred[None])).mean())


def single_frames(data: Path) -> Iterator[Row]:
    """Which of two frames is sharp, by one number each; the mean of both noises."""
    for name, every in (("redkitchen", 6), ("hololens", 1), ("nyuv2/test", 3)):
        photos = pictures(data, name, every)
        random = np.random.default_rng(0)
        shots = {
            (length, noise): [taken(rgb, length, noise, random) for rgb in photos]
            for length in (0, *LENGTHS)
            for noise in NOISES
        }
        for title, measure in MEASURES.items():
            values = {
                kind: np.array([measure(gray) for gray in grays])
                for kind, grays in shots.items()
            }
            found = [
                np.mean([auc(values[0, n], values[length, n]) for n in NOISES])
                for length in LENGTHS
            ]
            yield Row(
                f"blur of {'; '.join(map(str, LENGTHS))} px, {name}, {title}",
                "",
                f"AUC {'; '.join(f'{value:.3f}' for value in found)}",
            )


def runs_of_blur(num: int, random: np.random.Generator) -> np.ndarray:
    """(num,) lengths: runs of 1 to 8 blurred frames among sharp ones."""
    lengths = np.zeros(num)
    index = int(random.integers(2, 6))
    while index < num:
        run = random.choice((1, 1, 2, 3, 5, 8))
        lengths[index : index + run] = random.choice((3, 6, 12))
        index += run + int(random.integers(6, 16))
    return lengths


def relative(values: Sequence[float]) -> np.ndarray:
    """What frames have of their neighbours' measure, by the rule of `are_blurred`."""
    found = []
    for index, value in enumerate(values):
        around = values[max(0, index - NEIGHBOURS) : index + NEIGHBOURS + 1]
        found.append(value / max(np.quantile(around, REFERENCE), 1e-9))
    return np.array(found)


def takes(data: Path) -> Iterator[Row]:
    """Blurred frames among their neighbours, and the decision itself."""
    for name, num in (
        ("redkitchen", CONSECUTIVE),
        ("hololens", 30),
        ("nyuv2/test", 131),
    ):
        photos = pictures(data, name, 1)[:num]
        scores: dict[str, list[np.ndarray]] = {title: [] for title in MEASURES}
        truth, decisions = [], []
        for seed in range(2 if num > 100 else 6):
            random = np.random.default_rng(seed)
            lengths = runs_of_blur(num, random)
            shots = [
                taken(rgb, length, NOISES[seed % 2], random)
                for rgb, length in zip(photos, lengths, strict=True)
            ]
            truth.append(lengths)
            decisions.append(are_blurred([sharpness(gray) for gray in shots]))
            for title, measure in MEASURES.items():
                scores[title].append(relative([measure(gray) for gray in shots]))
        length, is_blurred = np.concatenate(truth), np.concatenate(decisions)
        called = [f"{100 * is_blurred[length == k].mean():.0f}" for k in (0, 3, 6, 12)]
        yield Row(
            f"called blurred at 0; 3; 6; 12 px, {name}", "", f"{'; '.join(called)} %"
        )
        for title, parts in scores.items():
            all_of = np.concatenate(parts)
            found = [
                f"{auc(all_of[length == 0], all_of[length == k]):.3f}"
                for k in (3, 6, 12)
            ]
            yield Row(
                f"- beside neighbours, 3; 6; 12 px, {title}",
                "",
                f"AUC {'; '.join(found)}",
            )


def real_blur(data: Path) -> Iterator[Row]:
    """Redkitchen as it is: the faster the picture moves, the less sharp it is."""
    frames, poses = kitchen_frames(data, CONSECUTIVE), kitchen_poses(data, CONSECUTIVE)
    speeds = [
        _pixels(frames[k], poses[k], poses[k - 1])
        + _pixels(frames[k], poses[k], poses[k + 1])
        for k in range(1, CONSECUTIVE - 1)
    ]
    for title, measure in MEASURES.items():
        values = [measure(gray_of(frame)) for frame in frames[1:-1]]
        correlation = -spearmanr(values, speeds)[0]
        yield Row(
            f"real blur and speed by the poses, redkitchen, {title}",
            "",
            f"rank correlation {correlation:.2f}",
        )


def _pixels(frame: RgbdFrame, pose: np.ndarray, other: np.ndarray) -> float:
    """How far a frame's points are in another view, pixels, the median."""
    camera, step = frame.color_intrinsics, 16
    v, u = np.mgrid[0 : camera.height : step, 0 : camera.width : step]
    z = frame.depth[::step, ::step] * frame.depth_scale
    rays = np.stack(
        ((u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, 0 * u + 1)
    )
    points = (rays * z)[:, z > 0]
    T = np.linalg.inv(other) @ pose
    x, y, depth = T[:3, :3] @ points + T[:3, 3:]
    du = x / depth * camera.fx + camera.cx - u[z > 0]
    dv = y / depth * camera.fy + camera.cy - v[z > 0]
    return float(np.median(np.hypot(du, dv)))


def gray_of(frame: RgbdFrame) -> np.ndarray:
    return cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2GRAY)
