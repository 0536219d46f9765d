"""How fast training gets its images: frames a second of one core, and what is lost.

    python -m benchmarks.input_pipeline DATA [RECORDING]

DATA/nyuv2/train and a recording (RECORDING, or one that is made of the simulated room)
are fed at 240x320, in batches of 8 crops of 212x280 in changed colours, from kept
frames and with labels made on the fly; what one core gives is counted in CPU time.
Beside them the plain recipe: a torch Dataset of images and labels in files, with
transforms of torchvision. Then what the feed costs a training step of segnet-tiny, b8
of 128x160, and whether memory stays flat. Two minutes.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

# It settles where machine code is kept, before this has a cache of its own.
import core.kernels.jit  # noqa: F401
from core.bins import HNBins
from core.parallel import num_cores
from core.recording import RecordingWriter
from core.simulation import SimulatedCamera
from training.augment import training_sample
from training.datasets.dataset import Dataset, Target
from training.datasets.frame_source import Recipe
from training.datasets.nyuv2_folder import NYUv2Folder
from training.datasets.prepare import prepare
from training.datasets.recordings import RecordingData
from training.datasets.samples import Samples, samples
from training.evaluation import to_tensor
from training.feed import Draw, batches
from training.models.build import build_network

BATCH_SIZE = 8
NUM_BATCHES, NUM_ROUNDS = 4, 12
IMAGE_SIZE, CROP_SIZE = (240, 320), (212, 280)
LAPTOP_IMAGE_SIZE, LAPTOP_CROP_SIZE = (144, 192), (128, 160)
NUM_CLASSES = 40
NUM_FIRST_STEPS, NUM_STEPS, NUM_STEP_ROUNDS = 5, 10, 2
NUM_FLAT_DRAWS = 2000
MAX_FRAMES = 200


def make_recording(folder: Path) -> Path:
    """Sixty frames of the simulated room, 0.13 s apart."""
    room = SimulatedCamera(seed=3)
    with RecordingWriter(folder) as writer:
        for index in range(0, len(room), 4):
            writer.write(room.frame(index))
    return folder


def training_samples(
    data: Dataset, target: Target, size: tuple[int, int], is_kept: bool
) -> Samples:
    """Up to MAX_FRAMES training frames of a dataset at a size."""
    wanted = data.has_depth & (np.arange(len(data)) < MAX_FRAMES)
    prepared = prepare(data, wanted, Recipe(size, HNBins()), is_kept)
    return samples([prepared], target, "train").evenly(MAX_FRAMES)


def draws(source: Samples, crop_size: tuple[int, int]) -> Draw:
    """As a run has them."""
    return lambda k: training_sample(source, 0, k, crop_size)


def rate_of_a_core(draw: Draw) -> float:
    """Samples a second of CPU time of one core; the best of a few rounds."""
    best = np.inf
    with batches(draw, BATCH_SIZE, 0, NUM_BATCHES * NUM_ROUNDS + 3, (0, 1), 1) as feed:
        next(feed)  # compiles, and lets malloc learn the sizes
        for _ in range(NUM_ROUNDS):
            start = time.process_time()
            assert len(list(islice(feed, NUM_BATCHES))) == NUM_BATCHES
            best = min(best, time.process_time() - start)
    return NUM_BATCHES * BATCH_SIZE / best


def plain_recipe(folder: Path, has_depth: bool) -> Draw:
    """What a torch Dataset commonly does: images and their finished labels from files,
    decoded by OpenCV, through torchvision's paired transforms."""
    from torchvision import tv_tensors
    from torchvision.transforms import v2

    files = sorted((folder / "rgb").iterdir())[:MAX_FRAMES]
    transform = v2.Compose(
        [
            v2.Resize(IMAGE_SIZE, antialias=True),
            v2.RandomCrop(CROP_SIZE),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(brightness=0.3, contrast=0.3, saturation=0.4),
        ]
    )

    def read(kind: str, file: Path) -> np.ndarray:
        path = folder / kind / f"{file.stem}.png"
        return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)

    def draw(k: int) -> tuple[np.ndarray, np.ndarray]:
        file = files[k % len(files)]
        rgb = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
        if has_depth:
            read("depth", file)
        label = torch.from_numpy(read("label40", file))
        image = tv_tensors.Image(torch.from_numpy(rgb).permute(2, 0, 1))
        image, target = transform(image, tv_tensors.Mask(label))
        return image.permute(1, 2, 0).float().numpy(), target.numpy()

    return draw


def report_rates(data: Dataset, nyu: Dataset, nyu_folder: Path) -> None:
    """Print samples a second of one core."""
    torch.set_num_threads(1)
    print("\nsamples a second of one core, 240x320, augmented")
    sources: list[tuple[str, Dataset, Target, bool]] = [
        ("recording, HN-labels on the fly", data, "hn", False),
        ("NYUv2 images, HN-labels on the fly", nyu, "hn", False),
        ("NYUv2 images, semantic, on the fly", nyu, "semantic", False),
        ("kept", nyu, "hn", True),
    ]
    for name, dataset, target, is_kept in sources:
        found = training_samples(dataset, target, IMAGE_SIZE, is_kept)
        print(f"  {name:48} {rate_of_a_core(draws(found, CROP_SIZE)):6.0f}")
    for name, has_depth in (("colour, label", False), ("colour, depth, label", True)):
        rate = rate_of_a_core(plain_recipe(nyu_folder, has_depth))
        print(f"  {f'torch Dataset, torchvision: {name} files':48} {rate:6.0f}")


class Step:
    """A training step of segnet-tiny."""

    def __init__(self) -> None:
        self.network = build_network("segnet-tiny", NUM_CLASSES, 0).train()
        self.network.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(self.network.parameters())
        self.loss = nn.CrossEntropyLoss(ignore_index=255)

    def __call__(self, images: torch.Tensor, target: torch.Tensor) -> None:
        """Learn from one batch."""
        self.optimizer.zero_grad()
        self.loss(self.network(images), target).backward()
        self.optimizer.step()


Tensors = tuple[torch.Tensor, torch.Tensor]
BARE = "tensors in memory"


def tensors(images: np.ndarray, target: np.ndarray) -> Tensors:
    """A batch as the network takes it."""
    return to_tensor(images), torch.from_numpy(target.astype(np.int64))


def step_ms(step: Step, run: Iterator[Tensors]) -> tuple[float, float]:
    """Milliseconds of a step, its batch and what is prepared meanwhile: by the clock,
    and of all cores."""
    for images, target in islice(run, NUM_FIRST_STEPS):  # were prepared ahead
        step(images, target)
    start = time.perf_counter(), time.process_time()
    for images, target in islice(run, NUM_STEPS):
        step(images, target)
    clock, cores = time.perf_counter() - start[0], time.process_time() - start[1]
    return 1000 * clock / NUM_STEPS, 1000 * cores / NUM_STEPS


def report_steps(sources: dict[str, Samples]) -> None:
    """Print what a step takes with cached tensors and with the feed."""
    print(f"\nsegnet-tiny, b{BATCH_SIZE} of 128x160: best ms of a step")
    print(f"{'torch threads':>15} {'feed':>26} {'clock':>16} {'all cores':>16}")
    step = Step()
    for num_threads in sorted({1, num_cores()}):
        torch.set_num_threads(num_threads)
        found: dict[str, list[tuple[float, float]]] = {}
        for _ in range(NUM_STEP_ROUNDS):  # in turn: others may use the cores too
            for name, num_workers, source in feeds(sources):
                ms = fed_step_ms(step, source, num_workers)
                found.setdefault(name, []).append(ms)
        best = {name: np.min(times, axis=0) for name, times in found.items()}
        for name, ms in best.items():
            more = 100 * (ms / best[BARE] - 1)
            cells = (f"{m:9.1f} {p:+5.0f} %" for m, p in zip(ms, more, strict=True))
            print(f"{num_threads:15} {name:>26} {' '.join(cells)}")


def feeds(sources: dict[str, Samples]) -> Iterator[tuple[str, int, Samples]]:
    """What is compared: name, threads and samples; no threads for cached tensors."""
    yield BARE, 0, next(iter(sources.values()))
    for name, source in sources.items():
        for num_workers in sorted({1, num_cores()}):
            yield f"{name}, {num_workers} threads", num_workers, source


def fed_step_ms(step: Step, source: Samples, num_workers: int) -> tuple[float, float]:
    """As `step_ms`, with batches from the feed, which goes on after the last step."""
    draw = draws(source, LAPTOP_CROP_SIZE)
    with batches(draw, BATCH_SIZE, 0, 1000, num_workers=num_workers or 1) as feed:
        run = (tensors(*batch) for batch in feed)
        if not num_workers:
            run = cycle(list(islice(run, 4)))
        return step_ms(step, run)


def report_memory(source: Samples) -> None:
    """Print the memory of the process, without files, over many draws."""
    num_steps = NUM_FLAT_DRAWS // BATCH_SIZE
    draw = draws(source, CROP_SIZE)
    with batches(draw, BATCH_SIZE, 0, 2 * num_steps) as feed:
        for _ in islice(feed, num_steps):
            pass
        before = own_megabytes()
        for _ in feed:
            pass
        after = own_megabytes()
    print(
        f"\nmemory: {before:.0f} MB, after {NUM_FLAT_DRAWS} more draws {after:.0f} MB"
    )


def own_megabytes() -> float:
    """What the process holds in memory that is no file, Linux."""
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Print all of it."""
    nyu_folder = Path(sys.argv[1]) / "nyuv2" / "train"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        given = [Path(argument) for argument in sys.argv[2:3]]
        recording = given[0] if given else make_recording(Path(folder) / "room")
        data, nyu = RecordingData(recording), NYUv2Folder(nyu_folder)
        report_rates(data, nyu, nyu_folder)
        report_steps(
            {
                name: training_samples(data, "hn", LAPTOP_IMAGE_SIZE, is_kept)
                for name, is_kept in (("kept", True), ("on the fly", False))
            }
        )
        report_memory(training_samples(data, "hn", IMAGE_SIZE, is_kept=False))


if __name__ == "__main__":
    main()
