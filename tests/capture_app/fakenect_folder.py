"""What fakenect, libfreenect's stand-in without a camera, replays: written by hand.

Its layout is that of libfreenect's record tool: INDEX.txt names the files in order, and
a file's name has the computer's time and the camera's 60 MHz clock.
"""

import struct
from pathlib import Path

import numpy as np
import pytest

TICKS_A_FRAME = 2_000_000
HEIGHT, WIDTH = 480, 640

_LIBRARIES = sorted(Path("/usr/lib").glob("*/fakenect/libfreenect.so.0.5"))


def has_fakenect() -> bool:
    """Whether fakenect is on this computer."""
    return bool(_LIBRARIES)


needs_fakenect = pytest.mark.skipif(
    not has_fakenect(), reason="fakenect is not here: apt install libfreenect0.5"
)


def raw_depth(number: int) -> np.ndarray:
    """(480, 640) uint16 disparity of 11 bits, every pixel of its own."""
    return np.random.default_rng(number).integers(0, 2048, (HEIGHT, WIDTH), np.uint16)


def color_image(number: int) -> np.ndarray:
    """(480, 640, 3) uint8, red first, every pixel of its own."""
    rng = np.random.default_rng(1000 + number)
    return rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


class Folder:
    """Images and accelerations, in the order they are added."""

    def __init__(self, path: Path, period_s: float = 0.005) -> None:
        self.path = path
        self._period_s = period_s
        self._names: list[str] = []
        path.mkdir()

    def add_depth(self, number: int, ticks: int) -> None:
        """A depth image that the camera's clock gives these ticks."""
        content = b"P5 640 480 65535\n" + raw_depth(number).astype("<u2").tobytes()
        self._add("d", ticks, "pgm", content)

    def add_color(self, number: int, ticks: int) -> None:
        """A colour image."""
        content = b"P6 640 480 255\n" + color_image(number).tobytes()
        self._add("r", ticks, "ppm", content)

    def add_acceleration(self, x: int, y: int, z: int) -> None:
        """Counts of the accelerometer, 819 to a g."""
        content = struct.pack("<hhhbxi", x, y, z, 0, 0)
        self._add("a", 0, "dump", content)

    def name_missing_file(self) -> None:
        """At which fakenect ends the whole process."""
        self._names.append("d-1300000009.000000-0.pgm")

    def environment(self) -> dict[str, str]:
        """Of a process that is to find this in place of a camera."""
        (self.path / "INDEX.txt").write_text("\n".join(self._names) + "\n")
        return {
            "LD_LIBRARY_PATH": str(_LIBRARIES[0].parent),
            "FAKENECT_PATH": str(self.path),
            "FAKENECT_LOOP": "0",
        }

    def _add(self, kind: str, ticks: int, suffix: str, content: bytes) -> None:
        seconds = 1_300_000_000 + len(self._names) * self._period_s
        name = f"{kind}-{seconds:.6f}-{ticks % 2**32}.{suffix}"
        self._names.append(name)
        (self.path / name).write_bytes(content)


def walk(path: Path, num_frames: int, first_ticks: int = 0) -> Folder:
    """Pairs of colour and depth at 30 fps by the camera's clock."""
    folder = Folder(path)
    for number in range(num_frames):
        ticks = first_ticks + number * TICKS_A_FRAME
        folder.add_depth(number, ticks)
        folder.add_color(number, ticks + 100)
    return folder
