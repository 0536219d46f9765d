from pathlib import Path

import numpy as np
import pytest
import torch
from loop_stand_in import run
from torch import Tensor, nn
from training_data import array_samples, coloured_samples

from core.errors import HNError
from training import evaluation
from training.evaluation import class_scores, evaluate, predictions, to_tensor


class Bright(nn.Module):
    """Class 1 where the red channel is above its mean of ImageNet, else class 0."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[tuple[int, int]] = []

    def forward(self, images: Tensor) -> Tensor:
        self.sizes.append((images.shape[2], images.shape[3]))
        red = images[:, 0]
        return torch.stack((-red, red), dim=1)


class TopLeft(nn.Module):
    """Class 1 on the left third of whatever it sees, more surely on the top row."""

    def forward(self, images: Tensor) -> Tensor:
        num, _, height, width = images.shape
        logits = torch.zeros(num, 2, height, width)
        logits[:, 1, :, : width // 3] = 2.0
        logits[:, 1, 0, : width // 3] = 4.0
        logits[:, 0, :, width // 3 :] = 1.0
        return logits


def test_images_become_normalised_tensors_red_first() -> None:
    image = np.zeros((1, 2, 3, 3), np.uint8)
    image[0, 1, 2] = (255, 128, 0)
    tensor = to_tensor(image)
    assert tensor.shape == (1, 3, 2, 3)
    expected = [(1 - 0.485) / 0.229, (128 / 255 - 0.456) / 0.224, -0.406 / 0.225]
    assert tensor[0, :, 1, 2].tolist() == pytest.approx(expected, rel=1e-5)


def test_predictions_do_not_depend_on_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = coloured_samples(9)
    net, _ = run(tmp_path)
    together = evaluate(net, samples, 4).confusion
    monkeypatch.setattr(evaluation, "BATCH_SIZE", 1)
    alone = evaluate(net, samples, 4).confusion
    assert np.abs(together - alone).sum() <= 4  # float sums differ by their order


def test_shares_are_all_samples_together(tmp_path: Path) -> None:
    samples = coloured_samples(5)
    net, _ = run(tmp_path)
    whole = list(predictions(net, samples))
    shares = [list(predictions(net, samples, share=(rank, 2))) for rank in range(2)]
    assert [len(share) for share in shares] == [3, 2]
    for k, (rgb, target, predicted) in enumerate(whole):
        other_rgb, other_target, other_predicted = shares[k % 2][k // 2]
        assert np.array_equal(rgb, other_rgb)
        assert np.array_equal(target, other_target)
        assert (predicted != other_predicted).sum() <= 4


def test_the_mean_over_mirrored_images_is_mirrored_back() -> None:
    images = torch.zeros(1, 3, 2, 9)
    shares = class_scores(TopLeft(), images, flip=True)[0, 1]
    logits = torch.tensor([4.0, 2.0, -1.0])
    sure, left, right = torch.sigmoid(logits).tolist()
    # As seen, the left third is class 1; mirrored, the right third is.
    assert shares[0].tolist() == pytest.approx(
        [(sure + right) / 2] * 3 + [right] * 3 + [(right + sure) / 2] * 3
    )
    assert shares[1].tolist() == pytest.approx(
        [(left + right) / 2] * 3 + [right] * 3 + [(right + left) / 2] * 3
    )


def test_every_scale_is_seen_and_averaged_at_the_size_of_the_image() -> None:
    net = Bright()
    images = torch.linspace(-3, 3, 24).expand(2, 3, 16, 24)
    shares = class_scores(net, images, scales=(0.5, 1.0, 1.5), flip=True)
    assert net.sizes == [(8, 12)] * 2 + [(16, 24)] * 2 + [(24, 36)] * 2
    assert shares.shape == (2, 2, 16, 24)
    assert torch.allclose(shares.sum(dim=1), torch.ones(2, 16, 24), atol=1e-5)
    # Bilinear scaling keeps a straight slope, but at its ends.
    expected = torch.sigmoid(2 * images[:, 0])
    assert torch.allclose(shares[:, 1, :, 2:-2], expected[..., 2:-2], atol=0.01)


def test_a_constant_image_is_the_same_in_every_scale() -> None:
    images = torch.full((1, 3, 10, 14), 0.7)
    one = class_scores(Bright(), images).softmax(dim=1)
    several = class_scores(Bright(), images, scales=(0.5, 0.75, 1.25), flip=True)
    assert torch.allclose(one, several, atol=1e-6)


def test_one_scale_gives_the_logits_themselves() -> None:
    images = torch.randn(1, 3, 5, 7, generator=torch.Generator().manual_seed(0))
    assert torch.equal(class_scores(Bright(), images), Bright()(images))


def test_evaluation_passes_scales_and_mirroring_on() -> None:
    net = Bright()
    rgb = np.zeros((3, 8, 12, 3), np.uint8)
    rgb[:, :, 5:, 0] = 255
    target = (rgb[..., 0] > 0).astype(np.uint8)
    scores = evaluate(net, array_samples(rgb, target), 2, scales=(1.0, 2.0), flip=True)
    assert net.sizes == [(8, 12)] * 2 + [(16, 24)] * 2
    assert scores.global_accuracy == 1


def test_too_little_memory_is_said_plainly() -> None:
    class Large(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return torch.empty(2**50)

    with pytest.raises(HNError, match="not suffice to predict 2 images at once; close"):
        evaluate(Large(), coloured_samples(2), 4)
