from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from training_data import array_samples

from core.prediction import ModelInfo, Predictor
from training.compare_models import as_table, compare
from training.evaluation import RGB_MEAN, RGB_STD
from training.export import export_model
from training.models.build import seeded
from training.models.network import Network

NAMES = ("wall", "floor", "box")
HEIGHT, WIDTH = 20, 28


class Pixelwise(Network):
    """A class by colour alone."""

    def __init__(self) -> None:
        super().__init__()
        self.classifier = nn.Conv2d(3, len(NAMES), 1)

    def forward(self, images: Tensor, after_stage: object = None) -> Tensor:
        return self.classifier(images)


def write_model(path: Path, seed: int) -> Path:
    info = ModelInfo("semantic", NAMES, HEIGHT, WIDTH, RGB_MEAN, RGB_STD)
    network = seeded(seed, Pixelwise)
    export_model(network, info, path, torch.zeros(1, 3, HEIGHT, WIDTH))
    return path


def test_two_files_are_measured_on_the_same_pixels(tmp_path: Path) -> None:
    files = [write_model(tmp_path / f"{seed}.onnx", seed) for seed in (1, 2)]
    rgb = np.random.default_rng(0).integers(0, 256, (3, HEIGHT, WIDTH, 3))
    rgb = rgb.astype(np.uint8)
    first, second = (
        np.stack([Predictor(file)(image) for image in rgb]) for file in files
    )
    # The first network is right everywhere but in the last image, whose classes it
    # does not know (3) or nobody knows (255).
    target = first.copy()
    target[2] = 3
    target[2, 5:] = 255
    one, other, same = compare(files[0], files[1], array_samples(rgb, target))
    assert one.scores.global_accuracy == one.scores.mean_iou == 1
    agreeing = (first == second)[:2].mean()
    assert 0.05 < agreeing < 0.95
    assert other.scores.global_accuracy == agreeing
    assert same == np.mean(
        [(a == b).mean() for a, b in zip(first, second, strict=True)]
    )
    assert (one.size, other.size) == tuple(file.stat().st_size for file in files)
    assert one.scores.confusion.sum() == target[:2].size

    lines = as_table(one, other, same, "3 frames")
    assert lines[1].split() == ["global", "accuracy", "100.0", "%", *cells(agreeing)]
    assert f"{100 * same:.1f} %" in next(line for line in lines if "same" in line)


def cells(share: float) -> list[str]:
    return [f"{100 * share:.1f}", "%"]


def test_without_labels_the_table_has_no_accuracies(tmp_path: Path) -> None:
    files = [write_model(tmp_path / f"{seed}.onnx", seed) for seed in (1, 2)]
    rgb = np.zeros((2, HEIGHT, WIDTH, 3), np.uint8)
    target = np.full((2, HEIGHT, WIDTH), 255, np.uint8)
    lines = as_table(*compare(*files, array_samples(rgb, target)), "2 frames")
    text = "\n".join(lines)
    assert "accuracy" not in text and "IoU" not in text
    assert "same class" in text and "2 frames" in text
