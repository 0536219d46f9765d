"""CIFAR-100 in its binary version, and networks that classify its images.

A file is records of 3074 bytes: the superclass, the class, and the 32 x 32 image as a
red, a green and a blue plane (www.cs.toronto.edu/~kriz/cifar.html).
"""

import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from torch import Tensor, nn

from core.errors import DatasetError
from training.augment import random_crop_and_flip
from training.datasets.samples import Samples
from training.models.features import num_features
from training.models.network import AfterStage, Network, unchanged

NUM_CLASSES = 100
SIZE = 32
RECORD = 2 + 3 * SIZE * SIZE
PADDING = 4
"""Pixels around the image that crops may reach (He et al., CVPR 2016, section 4.2)."""
VALIDATION_SHARE = 10  # one image in this many; they are in no order
ARCHIVE = "cifar-100-binary.tar.gz"
FOLDER = "cifar-100-binary"
"""What the archive unpacks to."""
TRAIN, TEST, NAMES = "train.bin", "test.bin", "fine_label_names.txt"
PICKLES = ("train", "test", "meta")
"""The files of the Python version."""


@dataclass(frozen=True, eq=False)
class Cifar100(Samples):
    """(32, 32, 3) uint8 images of one thing each, and (1, 1) uint8 targets."""

    class_names: tuple[str, ...]

    def split(self) -> tuple["Cifar100", "Cifar100"]:
        """The images to train on, and those to validate on."""
        first = len(self) - max(1, len(self) // VALIDATION_SHARE)
        train, validation = np.split(self.places, [first])
        return replace(self, places=train), replace(self, places=validation)


def open_cifar100(path: Path) -> tuple[Cifar100, Cifar100]:
    """The training and the test images, from the archive or the folder it unpacks to.

    Raises DatasetError where it is another version of the data, or cut off.
    """
    if not path.exists():
        raise DatasetError(
            f"{path} does not exist; name {ARCHIVE} or the folder it unpacks to"
        )
    files = _read_folder(path) if path.is_dir() else _read_archive(path)
    names = tuple(_part(path, files, NAMES).decode("utf-8").split())
    train, test = (_decode(path, files, name, names) for name in (TRAIN, TEST))
    return train, test


def cifar100_sample(data: Cifar100, seed: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Sample k of a run: (32, 32, 3) float32 image in 0..255 and (1, 1) uint8 target.

    A random crop of the image and its reflection around it, mirrored or not.
    """
    epoch, place = divmod(k, len(data))
    rgb, target = data[_order(seed, epoch, len(data))[place]]
    padded = cv2.copyMakeBorder(
        rgb, PADDING, PADDING, PADDING, PADDING, cv2.BORDER_REFLECT_101
    )
    rng = np.random.default_rng((seed, k))
    crop, _ = random_crop_and_flip(rng, padded, padded[..., 0], (SIZE, SIZE))
    return crop.astype(np.float32), target


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, num_samples: int) -> np.ndarray:
    """Every sample once, in an order of its own for each epoch."""
    # The third number keeps this stream apart from those of the samples.
    return np.random.default_rng((seed, epoch, 1)).permutation(num_samples)


def _read_folder(path: Path) -> dict[str, bytes]:
    """The files of the data set by name; those of the Python version are not read."""
    inner = path / FOLDER if (path / FOLDER).is_dir() else path
    return {
        file.name: b"" if file.name in PICKLES else file.read_bytes()
        for file in inner.iterdir()
        if file.name in (TRAIN, TEST, NAMES, *PICKLES) and file.is_file()
    }


def _read_archive(path: Path) -> dict[str, bytes]:
    """The same of an archive, which is not unpacked."""
    files = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = Path(member.name).name
                if member.isfile() and name in (TRAIN, TEST, NAMES, *PICKLES):
                    content = archive.extractfile(member)
                    assert content is not None  # of a file it never is
                    files[name] = b"" if name in PICKLES else content.read()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise DatasetError(
            f"{path} is not {ARCHIVE}, or it is damaged ({error}); name that archive "
            "or the folder it unpacks to"
        ) from error
    return files


def _part(path: Path, files: Mapping[str, bytes], name: str) -> bytes:
    if name in files:
        return files[name]
    if any(pickled in files for pickled in PICKLES):
        raise DatasetError(
            f"{path} is the Python version of CIFAR-100, which is pickled and could "
            f"run anything; get the binary version, {ARCHIVE}"
        )
    raise DatasetError(
        f"{path} has no {name}; name {ARCHIVE} or the folder it unpacks to"
    )


def _decode(
    path: Path, files: Mapping[str, bytes], name: str, class_names: tuple[str, ...]
) -> Cifar100:
    content = _part(path, files, name)
    if not content or len(content) % RECORD:
        raise DatasetError(
            f"{name} in {path} has {len(content)} bytes, which is not a number of "
            f"records of {RECORD} bytes; it is cut off or not the binary version of "
            "CIFAR-100, so get it again"
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    classes = records[:, 1].copy()
    if classes.max() >= len(class_names):
        raise DatasetError(
            f"{name} in {path} has an image of class {classes.max()}, and {NAMES} "
            f"names {len(class_names)} classes; is it the binary version of CIFAR-100?"
        )
    planes = records[:, 2:].reshape(-1, 3, SIZE, SIZE)
    rgb = np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
    places = np.stack((np.zeros(len(rgb), np.int64), np.arange(len(rgb))), axis=1)
    return Cifar100(
        reads=(lambda k: (rgb[k], classes[k].reshape(1, 1)),),
        places=places,
        class_names=class_names,
    )


class Classifier(Network):
    """One class a whole image: the encoder of `network` and a linear layer.

    (N, 3, H, W) normalised images to (N, num_classes, 1, 1) logits. The encoder is
    shared with `network`; the rest of it is neither used nor trained.
    """

    smallest_training_batch = 2  # the last features of a small image may be one pixel

    def __init__(self, network: Network, num_classes: int) -> None:
        super().__init__()
        self.network = network
        encoder = {id(p) for stage in self.stages.values() for p in stage.parameters()}
        for parameter in network.parameters():
            if id(parameter) not in encoder:
                parameter.requires_grad_(False)
        # Starts at zero, all classes alike: no random number is needed.
        self.classifier = nn.utils.skip_init(
            nn.Conv2d, num_features(network), num_classes, kernel_size=1
        )
        for parameter in self.classifier.parameters():
            nn.init.zeros_(parameter)

    @property
    def stages(self) -> Mapping[str, nn.Module]:
        """Those of the network."""
        return self.network.stages

    def forward(self, images: Tensor, after_stage: AfterStage = unchanged) -> Tensor:
        """Logits of whole images."""
        features = self.network.encode(images, after_stage)
        return self.classifier(features.mean(dim=(2, 3), keepdim=True))
