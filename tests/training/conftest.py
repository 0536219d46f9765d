"""What the tests of training share."""

from pathlib import Path

import pytest
import torch
from training_data import write_nyuv2_folder

# It settles where machine code is kept, before each test has a cache of its own.
import core.kernels.jit  # noqa: F401


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    # Threads that wait for each other are slow where other programs use the cores too.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)


@pytest.fixture
def nyuv2_folder(tmp_path: Path) -> Path:
    """Ten training and three test frames in NYUv2's folder layout."""
    return write_nyuv2_folder(tmp_path / "nyu", train=10, test=3)
