"""Small data whose truth is known: a floor and a wall, and a camera that looks down."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import h5py
import numpy as np

from training.datasets.samples import Samples

NYU_FY, NYU_CY = 519.469611, 253.736166
CAMERA_HEIGHT = 1.3
PITCH = np.radians(25.0)
WALL_DISTANCE = 2.6
WALL, FLOOR, BOX = 1, 2, 29  # 40-class labels


def floor_and_wall(
    height: int = 240, width: int = 320, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """rgb, depth in mm and 40-class labels of NYUv2's camera before a wall.

    Floor blue, wall red, a green box on the lower right only: nothing is symmetric.
    """
    row = np.arange(height)[:, None] * np.ones(width)
    y = ((row + 0.5) * 480 / height - 0.5 - NYU_CY) / NYU_FY
    # Metres below the camera and ahead of it, of a point at depth 1.
    down = np.cos(PITCH) * y + np.sin(PITCH)
    ahead = np.cos(PITCH) - np.sin(PITCH) * y
    to_floor = np.where(down > 1e-6, CAMERA_HEIGHT / np.maximum(down, 1e-6), np.inf)
    to_wall = WALL_DISTANCE / ahead
    depth_m = np.minimum(to_floor, to_wall)
    label40 = np.where(to_floor < to_wall, FLOOR, WALL).astype(np.uint8)
    rng = np.random.default_rng(seed)
    left = int(width * rng.uniform(0.55, 0.7))
    label40[int(0.55 * height) : int(0.8 * height), left : left + width // 5] = BOX
    label40[:3] = 0
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[label40 == WALL] = (200, 40, 30)
    rgb[label40 == FLOOR] = (30, 50, 190)
    rgb[label40 == BOX] = (20, 180, 40)
    noise = rng.integers(0, 30, rgb.shape)
    return (
        rgb + noise.astype(np.uint8),
        np.rint(1000 * depth_m).astype(np.uint16),
        label40,
    )


def write_nyuv2_folder(
    folder: Path, train: int, test: int, kinds: Sequence[str] = ("depth", "label40")
) -> Path:
    """NYUv2's folder layout with `train` and `test` frames."""
    for part, numbers in (
        ("train", range(3, 3 + train)),
        ("test", range(1001, 1001 + test)),
    ):
        for kind in ("rgb", *kinds):
            (folder / part / kind).mkdir(parents=True, exist_ok=True)
        for number in numbers:
            rgb, depth, label40 = floor_and_wall(seed=number)
            name = f"{number:04d}.png"
            cv2.imwrite(str(folder / part / "rgb" / name), rgb[..., ::-1])
            for kind, image in (("depth", depth), ("label40", label40)):
                if kind in kinds:
                    cv2.imwrite(str(folder / part / kind / name), image)
    return folder


def write_mat(
    path: Path,
    images: np.ndarray,
    raw_depths: np.ndarray,
    labels: np.ndarray,
    names: Callable[[int], str] = lambda label: {11: "floor", 21: "wall"}.get(
        label, "x"
    ),
) -> Path:
    """The structure of nyu_depth_v2_labeled.mat, whose axes MATLAB stores reversed.

    `images` (N, H, W, 3) uint8, `raw_depths` (N, H, W) metres, `labels` (N, H, W).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", userblock_size=512) as file:
        file["images"] = images.transpose(0, 3, 2, 1)
        file["rawDepths"] = raw_depths.transpose(0, 2, 1).astype(np.float32)
        file["depths"] = np.full_like(file["rawDepths"], 5.0)
        file["labels"] = labels.transpose(0, 2, 1).astype(np.uint16)
        file["instances"] = np.zeros(file["labels"].shape, np.uint8)
        for key, texts in (
            ("names", [names(label) for label in range(1, 895)]),
            ("scenes", [f"kitchen_{k:04d}" for k in range(len(images))]),
            ("sceneTypes", ["kitchen"] * len(images)),
        ):
            references = file.create_dataset(key, (1, len(texts)), h5py.ref_dtype)
            for k, text in enumerate(texts):
                codes = np.array([[ord(letter)] for letter in text], np.uint16)
                references[0, k] = file.create_dataset(
                    f"#refs#/{key}{k}", data=codes
                ).ref
    return path


def coloured_samples(num: int = 4, height: int = 40, width: int = 56) -> Samples:
    """Images of coloured rectangles whose target is the colour's number, 0..3."""
    colors = np.array(
        [(210, 60, 50), (40, 190, 80), (50, 70, 220), (230, 220, 60)], np.uint8
    )
    target = np.zeros((num, height, width), np.uint8)
    for k in range(num):
        target[k, height // 3 :] = 1
        target[k, height // 2 :, 4 + 6 * k : 20 + 6 * k] = 2
        target[k, :12, width - 10 - 3 * k :] = 3
    # Without noise the maxima of poolings would be ties, which rounding decides.
    noise = np.random.default_rng(0).integers(-12, 13, (*target.shape, 3))
    rgb = (colors[target] + noise).astype(np.uint8)
    target[:, :2] = 255
    return array_samples(rgb, target)


def array_samples(rgb: np.ndarray, target: np.ndarray) -> Samples:
    """Samples of (N, H, W, 3) images and their (N, H, W) targets."""
    places = np.stack((np.zeros(len(rgb), np.int64), np.arange(len(rgb))), axis=1)
    return Samples((lambda k: (rgb[k], target[k]),), places)


NO_SAMPLES = Samples((), np.zeros((0, 2), np.int64))
