"""What the tests of the app share: a small simulated room, a disk that stands still."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.frame import RgbdFrame
from core.recording import RecordingWriter
from core.simulation import SimulatedCamera


@pytest.fixture(scope="session")
def small_camera() -> SimulatedCamera:
    """Four frames of 96 x 72."""
    return SimulatedCamera(seed=3, num_frames=4, width=96, height=72)


@pytest.fixture(scope="session")
def loop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where its loop is kept between the tests."""
    return tmp_path_factory.mktemp("loops")


@pytest.fixture
def no_thread_is_left() -> Iterator[None]:
    """The test fails that leaves a thread running."""
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(1.0)  # one that was told to end may not have had its turn yet
    left = {thread for thread in left if thread.is_alive()}
    assert not left, f"threads still running: {left}"


@pytest.fixture
def may_write(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Until it is set, the disk stands still at the first frame."""
    event = threading.Event()
    real_write = RecordingWriter.write

    def write(self: RecordingWriter, frame: RgbdFrame) -> None:
        event.wait(5.0)
        real_write(self, frame)

    monkeypatch.setattr(RecordingWriter, "write", write)
    return event
