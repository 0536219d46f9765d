"""One small simulated room for all tests of the app."""

from pathlib import Path

import pytest

from core.simulation import SimulatedCamera


@pytest.fixture(scope="session")
def small_camera() -> SimulatedCamera:
    """Four frames of 96 x 72."""
    return SimulatedCamera(seed=3, num_frames=4, width=96, height=72)


@pytest.fixture(scope="session")
def loop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where its loop is kept between the tests."""
    return tmp_path_factory.mktemp("loops")
