import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import DatasetError
from training.datasets.samples import Samples
from training.evaluation import evaluate, to_tensor
from training.feed import batches
from training.models.build import build_network, seeded
from training.models.network import num_parameters
from training.models.segnet import SegNet
from training.pretrained.cifar100 import (
    Cifar100,
    Classifier,
    cifar100_sample,
    open_cifar100,
)
from training.transfer import copy_encoder

CLASS_NAMES = ("apple", "aquarium_fish", "baby", "bear")


def record(coarse: int, fine: int, pixel: tuple[int, int, int] = (0, 0, 0)) -> bytes:
    """An image whose pixel at row 2, column 31 is `pixel` and the rest grey."""
    planes = bytearray()
    for value in pixel:
        plane = bytearray([90] * 1024)
        plane[2 * 32 + 31] = value
        planes += plane
    return bytes([coarse, fine]) + bytes(planes)


def noise_record(seed: int, fine: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, 3072, dtype=np.uint8)
    return bytes([19, fine]) + pixels.tobytes()


def write(folder: Path, train: bytes, test: bytes) -> Path:
    folder.mkdir(parents=True)
    (folder / "train.bin").write_bytes(train)
    (folder / "test.bin").write_bytes(test)
    (folder / "fine_label_names.txt").write_text("\n".join(CLASS_NAMES) + "\n\n")
    (folder / "coarse_label_names.txt").write_text("people\n")
    return folder


def noise(folder: Path, num: int = 7) -> Cifar100:
    content = b"".join(noise_record(k, k % 4) for k in range(num))
    return open_cifar100(write(folder, content, content))[0]


def archive_of(folder: Path, file: Path) -> Path:
    with tarfile.open(file, "w:gz") as archive:
        archive.add(folder, arcname=folder.name)
    return file


@pytest.mark.parametrize("form", ["folder", "folder above", "archive"])
def test_records_are_read_byte_by_byte(tmp_path: Path, form: str) -> None:
    train = record(7, 3, (201, 5, 60)) + record(1, 0) + record(2, 1)
    folder = write(tmp_path / "cifar-100-binary", train, record(0, 2, (1, 2, 3)))
    path = {
        "folder": folder,
        "folder above": tmp_path,
        "archive": archive_of(folder, tmp_path / "x.tar.gz"),
    }[form]
    training, test = open_cifar100(path)
    assert (len(training), len(test)) == (3, 1)
    assert training.class_names == test.class_names == CLASS_NAMES
    rgb, target = training[0]
    assert rgb.shape == (32, 32, 3) and rgb.dtype == np.uint8
    assert rgb[2, 31].tolist() == [201, 5, 60]
    assert rgb[31, 2].tolist() == rgb[2, 30].tolist() == [90, 90, 90]
    assert target.tolist() == [[3]] and target.dtype == np.uint8
    assert [training[k][1].item() for k in range(3)] == [3, 0, 1]
    assert test[0][0][2, 31].tolist() == [1, 2, 3]


def test_fewer_images_are_the_same_distance_apart(tmp_path: Path) -> None:
    data = noise(tmp_path / "c", num=6)
    few = data.evenly(3)
    assert isinstance(few, Samples)
    assert [few[k][1].item() for k in range(3)] == [0, 2, 0]


def test_what_is_no_binary_version_is_told_in_a_sentence(tmp_path: Path) -> None:
    good = record(0, 1)
    with pytest.raises(
        DatasetError, match="nowhere does not exist; name cifar-100-bin"
    ):
        open_cifar100(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match=r"empty has no fine_label_names\.txt"):
        open_cifar100(tmp_path / "empty")
    python = tmp_path / "cifar-100-python"
    python.mkdir()
    for name in ("train", "test", "meta"):
        (python / name).write_bytes(b"\x80\x02cos\nsystem\n")
    for path in (python, archive_of(python, tmp_path / "cifar-100-python.tar.gz")):
        with pytest.raises(DatasetError, match="get the binary version, cifar-100-bin"):
            open_cifar100(path)
    cut_off = write(tmp_path / "cut", good + good[:-1], good)
    with pytest.raises(DatasetError, match=r"train\.bin .* has 6147 bytes, .* of 3074"):
        open_cifar100(cut_off)
    with pytest.raises(DatasetError, match=r"test\.bin .* has 0 bytes"):
        open_cifar100(write(tmp_path / "none", good, b""))
    odd = write(tmp_path / "odd", good, record(0, 4))
    with pytest.raises(DatasetError, match=r"test\.bin .* of class 4, .* names 4 cl"):
        open_cifar100(odd)
    damaged = archive_of(cut_off, tmp_path / "x.tar.gz")
    damaged.write_bytes(damaged.read_bytes()[:60])
    with pytest.raises(DatasetError, match=r"x\.tar\.gz is not cifar-100-binary"):
        open_cifar100(damaged)


def test_a_sample_is_a_crop_of_the_reflected_image_mirrored_or_not(
    tmp_path: Path,
) -> None:
    data = noise(tmp_path / "c", num=1)
    rgb, _ = data[0]
    index = np.abs(np.arange(-4, 36))
    index = np.where(index > 31, 62 - index, index)  # -1 is 1, and 32 is 30
    reflected = rgb[index][:, index]
    found = set()
    for k in range(300):
        image, target = cifar100_sample(data, 5, k)
        assert image.dtype == np.float32 and image.shape == (32, 32, 3)
        assert target.tolist() == [[0]]
        places = [
            (top, left, is_mirrored)
            for top in range(9)
            for left in range(9)
            for is_mirrored in (False, True)
            if image[0, 0].tolist() == reflected[top, left + 31 * is_mirrored].tolist()
            and np.array_equal(
                image[:, ::-1] if is_mirrored else image,
                reflected[top : top + 32, left : left + 32],
            )
        ]
        assert len(places) == 1
        found.update(places)
    assert (
        {top for top, _, _ in found} == {left for _, left, _ in found} == set(range(9))
    )
    assert (
        110 < sum(is_mirrored for _, _, is_mirrored in found) * 300 / len(found) < 190
    )


def test_a_sample_follows_from_seed_and_number_alone(tmp_path: Path) -> None:
    data = noise(tmp_path / "c")
    samples = [cifar100_sample(data, 3, k) for k in range(21)]
    for k in (20, 4, 11):
        image, target = cifar100_sample(data, 3, k)
        assert np.array_equal(image, samples[k][0])
        assert np.array_equal(target, samples[k][1])
    # Every image once an epoch: of 7 images, the classes 0 to 2 twice and 3 once.
    for epoch in range(3):
        classes = [target.item() for _, target in samples[7 * epoch : 7 * epoch + 7]]
        assert sorted(classes) == [0, 0, 1, 1, 2, 2, 3]


def test_another_seed_draws_other_crops_in_another_order(tmp_path: Path) -> None:
    one, many = noise(tmp_path / "one", num=1), noise(tmp_path / "many")
    crops = [[cifar100_sample(one, seed, k)[0] for k in range(20)] for seed in (3, 4)]
    assert sum(map(np.array_equal, *crops)) < 3
    orders = [
        [cifar100_sample(many, seed, k)[1].item() for k in range(20)] for seed in (3, 4)
    ]
    assert orders[0] != orders[1]


def tiny() -> SegNet:
    return seeded(1, lambda: SegNet(5, (8, 12, 16), (1, 1, 1)))


def test_a_classifier_averages_the_encoders_features() -> None:
    network = tiny().eval()
    classifier = Classifier(network, 3).eval()
    assert classifier(torch.rand(2, 3, 33, 64)).abs().sum() == 0  # all classes alike
    with torch.no_grad():
        nn.init.eye_(classifier.classifier.weight[:, :, 0, 0])
        classifier.classifier.bias[1] = 0.5
        images = torch.randn(2, 3, 33, 64)
        features = images
        for block in network.encoder:
            features = nn.functional.max_pool2d(block(features), 2)
        expected = features.numpy().mean(axis=(2, 3))[:, :3] + (0, 0.5, 0)
        logits = classifier(images)
    assert logits.shape == (2, 3, 1, 1)
    assert np.allclose(logits[:, :, 0, 0], expected, atol=1e-6)


def test_only_the_encoder_and_the_last_layer_are_trained() -> None:
    network = tiny()
    classifier = Classifier(network, 3)
    nn.init.ones_(classifier.classifier.weight)
    classifier(torch.randn(4, 3, 32, 32))[:, 0].sum().backward()
    trained = {name for name, p in classifier.named_parameters() if p.requires_grad}
    assert trained == {
        name
        for name, p in classifier.named_parameters()
        if p.grad is not None and not name.startswith("network.classifier")
    }
    weights = sum(p.numel() for p in network.encoder.parameters())
    assert num_parameters(classifier) == weights + 3 * 16 + 3


@pytest.mark.parametrize(
    "name", ["segnet-vgg16", "deeplabv3-resnetv2-18", "fpn+mobilenet_v2"]
)
def test_encoders_made_for_large_images_classify_small_ones(name: str) -> None:
    generator = torch.random.get_rng_state()
    classifier = Classifier(build_network(name, 4, seed=0), 100)
    assert torch.equal(torch.random.get_rng_state(), generator)
    assert classifier.training
    logits = classifier(torch.randn(2, 3, 32, 32))
    assert logits.shape == (2, 100, 1, 1)


def test_eight_images_are_learnt_by_heart_and_the_encoder_handed_on(
    tmp_path: Path,
) -> None:
    data = noise(tmp_path / "c", num=8)
    classifier = Classifier(tiny(), 4)
    optimizer = torch.optim.AdamW(
        [p for p in classifier.parameters() if p.requires_grad], lr=0.01
    )
    with batches(lambda k: data[k % 8], 8, 0, 60, num_workers=1) as steps:
        for images, target in steps:
            logits = classifier(to_tensor(images))
            target_tensor = torch.from_numpy(target).long()
            loss = nn.functional.cross_entropy(logits, target_tensor)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert evaluate(classifier, data, 4).global_accuracy == 1.0
    target = seeded(9, lambda: SegNet(7, (8, 12, 16), (1, 1, 1))).eval()
    copy_encoder(classifier, target)
    images = torch.randn(1, 3, 40, 52)
    assert torch.equal(target.encode(images), classifier.network.encode(images))
