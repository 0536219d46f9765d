"""What a recording costs, beside a folder of PNG and JPEG files and beside HDF5.

    python benchmarks/recording.py [DATA]

CPU milliseconds and KiB of a frame that is written; milliseconds of a random one that
is read, by CPU and by the clock. 640x480 frames of the simulated room, with its
sensor's noise, and of DATA/redkitchen. Colour is JPEG of quality 95 everywhere, depth
lossless; what is read is compared with what was written. "found" is a frame's messages
out of the file, checksum tested, before its images are decoded.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import h5py
import numpy as np

from core.frame import RgbdFrame
from core.interchange import open_frames
from core.recording import Recording, RecordingWriter
from core.recording.mcap_reader import read_index, read_messages
from core.simulation import SimulatedCamera

NUM_FRAMES, NUM_READS = 240, 400
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 95]
LIMIT_MS, LIMIT_KIB, LIMIT_FOUND_MS = 0.2 * 1000 / 30, 300, 3.0


class Store(Protocol):
    """A way to keep frames."""

    def write(self, frames: Sequence[RgbdFrame]) -> None:
        """Keep the frames, safe from a power cut when this returns."""

    def read(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Colour, red first, and depth of a frame."""


@dataclass
class Mcap:
    """Our recording."""

    path: Path

    def write(self, frames: Sequence[RgbdFrame]) -> None:
        """One chunk a frame."""
        with RecordingWriter(self.path) as writer:
            for frame in frames:
                writer.write(frame)
        self.recording = Recording(self.path)

    def read(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """By the index."""
        frame = self.recording[index]
        return frame.rgb, frame.depth


@dataclass
class Images:
    """color/N.jpg and depth/N.png."""

    path: Path

    def write(self, frames: Sequence[RgbdFrame]) -> None:
        """Two files a frame."""
        for part in ("color", "depth"):
            (self.path / part).mkdir(parents=True)
        for index, frame in enumerate(frames):
            bgr = cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2BGR)
            cv2.imwrite(f"{self.path}/color/{index:06d}.jpg", bgr, JPEG)
            cv2.imwrite(f"{self.path}/depth/{index:06d}.png", frame.depth)
        os.sync()

    def read(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """The two files."""
        name = f"{index:06d}"
        color = cv2.imread(f"{self.path}/color/{name}.jpg", cv2.IMREAD_COLOR_RGB)
        depth = cv2.imread(f"{self.path}/depth/{name}.png", cv2.IMREAD_UNCHANGED)
        return color, depth


@dataclass
class Hdf5:
    """One file: JPEGs as bytes, depth in a compressed chunk a frame."""

    path: Path
    compression: dict[str, object]

    def write(self, frames: Sequence[RgbdFrame]) -> None:
        """Two datasets."""
        count, shape = len(frames), frames[0].depth.shape
        with h5py.File(self.path, "w") as file:
            color = file.create_dataset("color", count, h5py.vlen_dtype(np.uint8))
            depth = file.create_dataset(
                "depth", (count, *shape), "u2", chunks=(1, *shape), **self.compression
            )
            for index, frame in enumerate(frames):
                bgr = cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2BGR)
                color[index] = cv2.imencode(".jpg", bgr, JPEG)[1]
                depth[index] = frame.depth
            file.flush()
            os.fsync(file.id.get_vfd_handle())
        self.file = h5py.File(self.path)

    def read(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """From the file that stays open."""
        color = cv2.imdecode(self.file["color"][index], cv2.IMREAD_COLOR_RGB)
        return color, self.file["depth"][index]


def timed(work: Callable[[int], object], order: Sequence[int]) -> tuple[float, float]:
    """Milliseconds of CPU, and of the clock, of the median call."""
    cpu, wall = [], []
    for index in order:
        start = time.process_time(), time.perf_counter()
        work(index)
        cpu.append(time.process_time() - start[0])
        wall.append(time.perf_counter() - start[1])
    return 1000 * float(np.median(cpu)), 1000 * float(np.median(wall))


def measure(name: str, store: Store, frames: Sequence[RgbdFrame], folder: Path) -> None:
    """Print a line about one way to keep the frames."""
    start = time.process_time()
    store.write(frames)
    write_ms = 1000 * (time.process_time() - start) / len(frames)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    kib = size / 1024 / len(frames)
    order = np.random.default_rng(1).integers(0, len(frames), NUM_READS).tolist()
    for index in order[:10]:
        assert np.array_equal(store.read(index)[1], frames[index].depth)
    cpu_ms, wall_ms = timed(store.read, order)
    print(f"{name:24} {write_ms:10.2f} {kib:10.0f} {cpu_ms:10.2f} {wall_ms:10.2f}")
    if isinstance(store, Mcap):
        _measure_parts(store, order, write_ms, kib)


def _measure_parts(store: Mcap, order: list[int], write_ms: float, kib: float) -> None:
    """Where the time of our own goes, against what was asked."""
    file = store.path / "capture.mcap"
    chunks = read_index(file).chunks.tolist()
    found_ms = timed(lambda index: read_messages(file, *chunks[index]), order)[0]
    _, open_ms = timed(lambda _: Recording(store.path), range(20))
    print(
        f"  one core at 30 fps: {write_ms * 3:.0f} % (asked 20); {kib:.0f} KiB (asked "
        f"{LIMIT_KIB}); found in {found_ms:.2f} ms (asked {LIMIT_FOUND_MS:.0f}); "
        f"opened in {open_ms:.1f} ms"
    )


def compare(title: str, frames: Sequence[RgbdFrame]) -> None:
    """A table of all ways to keep the frames."""
    print(f"\n{title}, {len(frames)} frames")
    print(f"{'':24} {'write CPU':>10} {'KiB':>10} {'read CPU':>10} {'clock':>10}")
    gzip = {"compression": "gzip", "compression_opts": 4}
    lzf = {"compression": "lzf", "shuffle": True}
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        stores: dict[str, Store] = {
            "recording (MCAP)": Mcap(folder / "0"),
            "PNG + JPEG files": Images(folder / "1"),
            "HDF5, gzip": Hdf5(folder / "2" / "a.h5", gzip),
            "HDF5, lzf + shuffle": Hdf5(folder / "3" / "a.h5", lzf),
        }
        for number, (name, store) in enumerate(stores.items()):
            if isinstance(store, Hdf5):
                store.path.parent.mkdir()
            measure(name, store, frames, folder / str(number))


def main() -> None:
    """Print the tables."""
    cv2.setNumThreads(1)
    room = SimulatedCamera(seed=3)
    compare(
        "simulated room",
        [room.frame(index) for index in range(0, len(room), len(room) // 60)]
        * (NUM_FRAMES // 60),
    )
    if len(sys.argv) > 1:
        kitchen = open_frames(Path(sys.argv[1]) / "redkitchen")
        compare("red kitchen", [kitchen[k % len(kitchen)] for k in range(NUM_FRAMES)])


if __name__ == "__main__":
    main()
