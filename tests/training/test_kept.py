import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from training_data import floor_and_wall, write_nyuv2_folder

from core.annotations import save_annotation
from core.bins import HNBins
from core.errors import DatasetError, UnreadableFrameError
from core.frame import RgbdFrame
from core.nyuv2 import COLOR_CAMERA
from core.recording import RecordingWriter
from training.datasets import cache as cache_module
from training.datasets import kept as kept_module
from training.datasets.cache import cache_folder
from training.datasets.dataset import Dataset
from training.datasets.frame_source import FramesOnTheFly, Recipe
from training.datasets.kept import Keep, KeptFrames
from training.datasets.nyuv2_folder import NYUv2Folder
from training.datasets.opening import open_data
from training.datasets.prepare import PreparedData, prepare
from training.progress import prepare_all

RECIPE = Recipe((44, 60), HNBins())


def assert_same_pixels(one: PreparedData, other: PreparedData) -> None:
    """The same images and targets of every frame that has any."""
    assert np.array_equal(one.has_hn, other.has_hn)
    assert np.array_equal(one.has_semantic, other.has_semantic)
    for target, has in (("hn", one.has_hn), ("semantic", one.has_semantic)):
        for index in np.flatnonzero(has).tolist():
            pairs = [data.frames.read(index, target) for data in (one, other)]
            for mine, theirs in zip(*pairs, strict=True):
                assert mine.dtype == theirs.dtype == np.uint8
                assert np.array_equal(mine, theirs)


def images(folder: Path) -> Dataset:
    """Single frames, of which one has no floor, one no labels and one no pixels."""
    write_nyuv2_folder(folder, train=5, test=2)
    (folder / "train/rgb/0004.png").write_bytes(b"half of an image")
    (folder / "train/label40/0005.png").unlink()
    (folder / "train/depth/0006.png").unlink()
    return NYUv2Folder(folder)


def recording(folder: Path) -> Dataset:
    """Frames in order, each of another place, every third annotated."""
    with RecordingWriter(folder) as writer:
        for number in range(7):
            rgb, depth, _ = floor_and_wall(seed=number)
            camera = COLOR_CAMERA.resized(320, 240)
            writer.write(
                RgbdFrame.aligned(
                    np.roll(rgb, 40 * number, axis=1), depth, camera, 1e-3,
                    number=number, timestamp_ns=number * 33_000_000,
                )
            )  # fmt: skip
    for index in (0, 3, 6):
        classes = np.tile(np.arange(320) // 80, (240, 1)).astype(np.uint8)
        save_annotation(folder, index, classes, ("door", "plant", "cat", "dog"))
    (data,) = open_data([str(folder)])
    return data


@pytest.mark.parametrize("size", [(44, 60), (240, 320), (250, 331)])
@pytest.mark.parametrize("make", [images, recording])
def test_frames_made_on_the_fly_are_those_that_are_kept(
    tmp_path: Path, make: type, size: tuple[int, int]
) -> None:
    bins = HNBins(tuple(0.31 * k for k in range(1, 10)), (30.0,))
    data, recipe = make(tmp_path / "data"), Recipe(size, bins)
    wanted = data.has_depth.copy()
    wanted[2] = False
    kept, made = (prepare(data, wanted, recipe, is_kept) for is_kept in (True, False))
    assert isinstance(kept.frames, KeptFrames)
    assert isinstance(made.frames, FramesOnTheFly)
    assert kept.has_hn.sum() >= 3 and kept.has_semantic.sum() >= 3
    assert_same_pixels(kept, made)
    assert kept.content == made.content
    assert kept.skipped == made.skipped
    for counts in ("hn_counts", "semantic_counts"):
        mine, theirs = getattr(kept, counts), getattr(made, counts)
        assert np.array_equal(mine.pixels, theirs.pixels)
        assert np.array_equal(mine.rows, theirs.rows, equal_nan=True)
    # And they are not all the same frame.
    assert kept.frames.rgb.shape == (kept.frames.rgb_rows[-1] + 1, *size, 3)
    firsts = [kept.frames.read(k, "hn")[0] for k in np.flatnonzero(kept.has_hn)]
    assert not np.array_equal(firsts[0], firsts[1])


def test_only_frames_that_may_be_used_take_room(tmp_path: Path) -> None:
    data = recording(tmp_path / "take")
    wanted = np.zeros(7, bool)
    wanted[[1, 3]] = True
    prepared = prepare(data, wanted, RECIPE)
    assert isinstance(prepared.frames, KeptFrames)
    assert len(prepared.frames.rgb) == 4  # 0, 1, 3, 6
    assert {t: len(a) for t, a in prepared.frames.targets.items()} == {
        "hn": 2,
        "semantic": 3,
    }
    (folder,) = cache_folder().glob("*/rgb.npy")
    assert folder.stat().st_size < 4 * 44 * 60 * 3 + 1000
    assert not prepared.frames.rgb.flags.writeable


def test_a_frame_that_was_damaged_since_is_an_error_where_it_is_read(
    tmp_path: Path,
) -> None:
    data = NYUv2Folder(write_nyuv2_folder(tmp_path, train=2, test=0))
    made = prepare(data, data.has_depth, RECIPE, is_kept=False)
    (tmp_path / "train/rgb/0003.png").write_bytes(b"")
    with pytest.raises(UnreadableFrameError, match=r"0003\.png is not an image"):
        made.frames.read(0, "hn")


def is_kept(folder: Path, keep: Keep) -> list[bool]:
    data = [NYUv2Folder(folder), NYUv2Folder(folder / "train")]
    prepared = prepare_all(data, RECIPE, 50, keep=keep)
    return [isinstance(one.frames, KeptFrames) for one in prepared]


# Of 4 + 3 frames with both targets.
NEEDED = 44 * 60 * (3 + 1 + 1) * (4 + 3)


@pytest.fixture
def nyu(tmp_path: Path) -> Path:
    return write_nyuv2_folder(tmp_path / "nyu", train=3, test=1)


def test_frames_are_kept_as_long_as_all_of_them_are_small(
    nyu: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_kept(nyu, "no") == [False, False]
    assert is_kept(nyu, "auto") == [True, True]
    monkeypatch.setattr(kept_module, "MAX_KEPT_BYTES", NEEDED)
    assert is_kept(nyu, "auto") == [True, True]
    monkeypatch.setattr(kept_module, "MAX_KEPT_BYTES", NEEDED - 1)
    assert is_kept(nyu, "auto") == [False, False]
    assert is_kept(nyu, "yes") == [True, True]


def test_a_full_disk_is_left_alone(nyu: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk_with(free: int) -> None:
        usage = SimpleNamespace(free=free)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)

    disk_with(5 * NEEDED - 10)
    assert is_kept(nyu, "auto") == [False, False]
    with pytest.raises(DatasetError, match=r"takes 0 MB.*--keep no"):
        disk_with(100)
        is_kept(nyu, "yes")
    disk_with(5 * NEEDED)
    assert is_kept(nyu, "auto") == [True, True]
    # What they take now is theirs, and makes them no worse to keep.
    disk_with(4 * NEEDED)
    assert is_kept(nyu, "auto") == [True, True]


def test_all_bytes_of_kept_frames_are_on_the_disk_before_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has = {"hn": np.ones(9, bool), "semantic": np.ones(9, bool)}
    for name, is_there in (("fast", True), ("slow", False)):
        if not is_there:  # as on macOS and Windows
            monkeypatch.delattr(os, "posix_fallocate", raising=False)
        (tmp_path / name).mkdir()
        kept_module.new_arrays(tmp_path / name, has, Recipe((90, 120), HNBins()))  # type: ignore[arg-type]
        for file in (tmp_path / name).iterdir():
            assert file.stat().st_blocks * 512 >= file.stat().st_size > 9 * 90 * 120
            assert np.load(file).shape[:3] == (9, 90, 120)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_is_told_in_one_sentence(
    nyu: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*_: int) -> None:
        raise OSError(code, "no space")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with pytest.raises(DatasetError, match=r"is full; free some of it.*--keep no"):
        is_kept(nyu, "yes")
    assert list(cache_folder().glob("unfinished-*")) == []


def test_kept_frames_of_many_runs_take_no_more_than_their_share(
    nyu: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = 20 * NEEDED

    def kept_bytes() -> int:
        return sum(file.stat().st_size for file in cache_folder().glob("*/*.npy"))

    def usage(path: Path) -> SimpleNamespace:
        return SimpleNamespace(free=total - kept_bytes())

    monkeypatch.setattr(shutil, "disk_usage", usage)
    data = [NYUv2Folder(nyu), NYUv2Folder(nyu / "train")]
    for k in range(7):
        monkeypatch.setattr(cache_module, "_in_use", set())  # a process of its own
        recipe = Recipe(RECIPE.size, HNBins(height_edges=(0.3, 0.5 + 0.1 * k)))
        for one in prepare_all(data, recipe, 50):
            assert isinstance(one.frames, KeptFrames)
        assert kept_bytes() <= kept_module.DISK_SHARE * total + 5000


def test_what_was_used_longest_ago_makes_room_first() -> None:
    def fill(new: Path) -> None:
        (new / "rgb.npy").write_bytes(bytes(100))

    folders = [cache_module.cached(name, 1, 1, fill) for name in "abc"]
    survey = cache_module.cached("d", 1, 1, lambda new: (new / "survey.json").touch())
    for age, folder in enumerate((*folders, survey)):
        os.utime(folder, (1e9 + age, 1e9 + age))
    cache_module.cached("a", 1, 1, fill)  # is used again
    cache_module._in_use.clear()
    cache_module.drop_oldest("rgb.npy", 200)
    assert [folder.exists() for folder in folders] == [True, False, True]
    cache_module.drop_oldest("rgb.npy", 199)
    assert [folder.exists() for folder in folders] == [True, False, False]
    assert survey.exists()


def test_frames_that_this_run_uses_stay(tmp_path: Path) -> None:
    folders = [
        cache_module.cached(name, 1, 1, lambda new: (new / "rgb.npy").touch())
        for name in "ab"
    ]
    cache_module._in_use.discard(folders[1])
    for folder in folders:
        (folder / "rgb.npy").write_bytes(b"pixels")
    cache_module.drop_oldest("rgb.npy", 0)
    assert [folder.exists() for folder in folders] == [True, False]


def test_a_cache_is_found_wherever_its_data_were_named_from(
    nyu: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_nyuv2_folder(tmp_path / "elsewhere" / "nyu", train=2, test=1)
    names = []
    for place in (tmp_path, tmp_path / "elsewhere", tmp_path):
        monkeypatch.chdir(place)
        data = NYUv2Folder(Path("nyu"))
        assert prepare(data, data.has_depth, RECIPE).name == "nyu"
        names.append({file.name for file in cache_folder().iterdir()})
    assert names[0] < names[1] == names[2]
    data = NYUv2Folder(tmp_path / "nyu")
    prepare(data, data.has_depth, RECIPE)
    assert {file.name for file in cache_folder().iterdir()} == names[2]
