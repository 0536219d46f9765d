"""hn-convert of what cameras' SDKs have recorded."""

from pathlib import Path

import numpy as np
import pytest
from azure_recordings import depth_image, jpeg, walk, write_by_hand

from capture_app.convert_command import convert
from core.errors import HNError
from core.recording import Recording


@pytest.fixture
def mkv(tmp_path: Path) -> Path:
    return write_by_hand(tmp_path / "walk.mkv", walk(6))


def test_every_frame_becomes_one_of_a_recording(mkv: Path, tmp_path: Path) -> None:
    assert convert(mkv, tmp_path / "out") == f"{tmp_path / 'out'}: 6 frames"
    recording = Recording(tmp_path / "out")
    assert "walk.mkv" in recording.scene.device
    for index, frame in enumerate(recording):
        assert np.array_equal(frame.depth, depth_image(index))
        assert recording.encoded_color(index) == ("jpeg", jpeg(index))
    assert len(recording) == 6


def test_frames_that_the_camera_lost_are_counted(tmp_path: Path) -> None:
    lossy = walk(6)
    del lossy.colors[3]
    mkv = write_by_hand(tmp_path / "walk.mkv", lossy)
    assert "5 frames, 1 lost before" in convert(mkv, tmp_path / "out")
    assert Recording(tmp_path / "out").scene.dropped == (3,)


def test_every_other_frame_counts_anew(mkv: Path, tmp_path: Path) -> None:
    convert(mkv, tmp_path / "out", every=2)
    recording = Recording(tmp_path / "out")
    assert [frame.number for frame in recording] == [0, 1, 2]
    assert np.array_equal(recording[1].depth, depth_image(2))
    assert recording.scene.dropped == ()


def test_another_layout_is_one_step_more(mkv: Path, tmp_path: Path) -> None:
    with pytest.raises(HNError, match="becomes a recording"):
        convert(mkv, tmp_path / "out", "tum")
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_none_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.db3").write_bytes(b"no database")
    with pytest.raises(HNError):
        convert(tmp_path / "bad.db3", tmp_path / "out")
    assert [file.name for file in tmp_path.iterdir()] == ["bad.db3"]
