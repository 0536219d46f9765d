"""Recordings given away: to other formats, and to training."""

import shlex
from pathlib import Path

import pytest
import tyro
from library_recordings import write_take

from capture_app.engine.exporting import FORMATS, export, export_folder
from capture_app.engine.library import Entry, read_entry
from capture_app.engine.training_words import (
    PRESETS,
    suggested_run,
    training_command,
    training_data,
)
from core.errors import HNError
from core.interchange import open_frames
from core.recording import Recording
from training.config import TrainConfig
from training.datasets.recordings import find_recordings
from training.presets import PRESETS as TRAINING_PRESETS


def nothing(done: int, total: int) -> None:
    """Nobody looks."""


@pytest.mark.parametrize("to", FORMATS)
def test_every_format_can_be_read_back(tmp_path: Path, to: str) -> None:
    path = write_take(tmp_path / "hall", 3)
    shares = []
    folder = tmp_path / "given away"
    text = export([path], to, folder, lambda *part: shares.append(part[0] / part[1]))
    out = folder / ("hall" if to == "recording" else f"hall_{to}")
    assert str(out) in text and [*folder.iterdir()] == [out]
    assert shares == sorted(shares) and shares[-1] == 1.0
    frames = open_frames(out)
    assert len(frames) == 3
    original = Recording(path)[2]
    scale = frames[2].depth_scale / original.depth_scale
    assert abs(frames[2].depth[40, 30] * scale - original.depth[40, 30]) <= 1


def test_what_a_format_cannot_hold_is_said(tmp_path: Path) -> None:
    path = write_take(tmp_path / "hall", 3, device="a camera", tags=("wide",))
    text = export([path], "open3d", tmp_path / "out", nothing)
    assert "3 frames" in text and "cannot hold" in text
    assert "device, tags" in text and "times of frames" in text


def test_nothing_is_written_over(tmp_path: Path) -> None:
    path, folder = write_take(tmp_path / "hall", 2), tmp_path / "out"
    twin = write_take(tmp_path / "day" / "hall", 3)
    export([path], "tum", folder, nothing)
    export([twin, path], "tum", folder, nothing)
    found = {out.name: len(open_frames(out)) for out in folder.iterdir()}
    assert found == {"hall_tum": 2, "hall_tum-2": 3, "hall_tum-3": 2}
    assert export_folder(path, "tum", folder).name == "hall_tum-4"


def test_of_what_fails_nothing_is_left_and_the_rest_is_named(tmp_path: Path) -> None:
    good, folder = write_take(tmp_path / "hall", 3), tmp_path / "out"
    bad = write_take(tmp_path / "den", 3)
    offset, length = Recording(bad)._chunks[1].tolist()
    with (bad / "capture.mcap").open("r+b") as file:
        file.seek(offset + length // 2)
        file.write(b"\0" * 64)
    with pytest.raises(HNError, match=r"frame 1 of .*den.*written before: .*hall_tum"):
        export([good, bad], "tum", folder, nothing)
    assert [out.name for out in folder.iterdir()] == ["hall_tum"]


@pytest.mark.parametrize("to", ["tum", "recording"])
def test_giving_up_leaves_nothing(tmp_path: Path, to: str) -> None:
    path, folder = write_take(tmp_path / "hall", 5), tmp_path / "out"

    def give_up(done: int, total: int) -> None:
        if done > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export([path], to, folder, give_up)
    assert not folder.exists() or not [*folder.iterdir()]


def test_a_copy_does_not_go_into_its_original(tmp_path: Path) -> None:
    path = write_take(tmp_path / "hall", 2)
    with pytest.raises(HNError, match="lies inside"):
        export([path], "recording", path, nothing)


def parsed(command: str) -> TrainConfig:
    program, *words = shlex.split(command)
    assert program == "hn-train"
    return tyro.cli(TrainConfig, args=words)


@pytest.mark.parametrize(
    "name", ["hall", "two words", "it's; rm -rf ~", "-x", "größe$1"]
)
def test_the_command_is_what_its_own_parser_reads(tmp_path: Path, name: str) -> None:
    data = [Path(name), tmp_path / name]
    for preset in PRESETS:
        config = parsed(training_command(data, preset, "my_run"))
        assert [Path(one) for one in config.data] == data
        assert config.preset == preset
        assert config.out == Path("runs/my_run")


def test_paths_are_short_where_the_command_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = [tmp_path / "recordings", tmp_path.parent / "other"]
    expected = f"hn-train --data recordings {data[1]} --preset live --out runs/a"
    assert training_command(data, "live", "a") == expected
    config = parsed(training_command([tmp_path], "live", "a"))
    assert Path(config.data[0]).resolve() == tmp_path.resolve()


def test_the_presets_are_those_of_training() -> None:
    assert set(PRESETS) == {"auto", *TRAINING_PRESETS}


def test_all_recordings_are_the_folder_itself(tmp_path: Path) -> None:
    for name in ("hall", "day/den", "porch"):
        write_take(tmp_path / name, 2)
    (tmp_path / "notes").mkdir()  # holds no recording, and training passes it over

    def entries(*names: str) -> list[Entry]:
        return [read_entry(tmp_path / name, tmp_path) for name in names]

    everything = entries("hall", "day/den", "porch", "notes")
    assert training_data(everything, everything, tmp_path) == [tmp_path]
    found = {
        path.relative_to(tmp_path).as_posix() for path in find_recordings(tmp_path)
    }
    assert found == {"hall", "day/den", "porch"}
    two = training_data(entries("hall", "day/den"), everything, tmp_path)
    assert two == [tmp_path / "hall", tmp_path / "day/den"]
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "capture.mcap").touch()  # training could not open it
    everything = entries("hall", "day/den", "porch", "torn")
    assert len(training_data(everything, everything, tmp_path)) == 3
    assert training_data(entries("torn"), everything, tmp_path) == []


def test_a_run_is_suggested_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "hall_001").mkdir(parents=True)
    assert suggested_run([Path("recordings/hall")]) == "hall_002"
    assert suggested_run([Path("a"), Path("b")]) == "run_001"
