"""Disks of a test's own, for those who may mount them; others skip the test."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted_tmpfs(folder: Path, num_bytes: int) -> Iterator[Path]:
    """A disk in memory that holds `num_bytes`."""
    with _mounted(folder, "-t", "tmpfs", "-o", f"size={num_bytes}", "tmpfs"):
        yield folder


@contextmanager
def mounted_ext4(folder: Path, num_bytes: int) -> Iterator[Path]:
    """A disk in a file, which can be frozen."""
    for program in ("mkfs.ext4", "fsfreeze"):
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program}")
    image = folder.with_suffix(".img")
    with image.open("wb") as file:
        file.truncate(num_bytes)
    # Without a journal no thread of the kernel's own waits for the frozen disk.
    subprocess.run(["mkfs.ext4", "-q", "-F", "-O", "^has_journal", image], check=True)
    with _mounted(folder, "-o", "loop", str(image)):
        yield folder


@contextmanager
def frozen(folder: Path, seconds: float) -> Iterator["subprocess.Popen[str]"]:
    """From here on, whatever writes to this disk waits; for so many seconds, in a
    process of its own, which thaws it if the test is killed too."""
    program = 'fsfreeze -f "$0" && echo frozen; sleep "$1"; fsfreeze -u "$0"'
    command = ["sh", "-c", program, folder, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if process.stdout.readline() != "frozen\n":
            pytest.skip("no disk can be frozen here")
        yield process


@contextmanager
def _mounted(folder: Path, *arguments: str) -> Iterator[None]:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    folder.mkdir()
    command = ["mount", *arguments, folder]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)
