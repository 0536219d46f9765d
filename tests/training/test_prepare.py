import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from training_data import (
    CAMERA_HEIGHT,
    PITCH,
    floor_and_wall,
    write_nyuv2_folder,
)

from core.bins import HNBins
from core.errors import DatasetError
from core.floor import FloorPlane
from core.survey import Survey
from training.datasets import cache
from training.datasets import look as look_module
from training.datasets.cache import cache_folder
from training.datasets.frame_source import Recipe, resize_classes, resize_rgb
from training.datasets.nyuv2_folder import NYUv2Folder
from training.datasets.prepare import prepare
from training.datasets.samples import samples

SIZE = (60, 80)
RECIPE = Recipe(SIZE, HNBins())


def test_labels_shrink_to_the_pixels_at_their_centres() -> None:
    classes = np.arange(9 * 15, dtype=np.uint8).reshape(9, 15)
    # A third of the size: the middle of every 3 x 3 block.
    assert np.array_equal(resize_classes(classes, (3, 5)), classes[1::3, 1::3])


def test_colours_shrink_to_the_mean_of_their_area() -> None:
    rgb = np.zeros((4, 6, 3), np.uint8)
    # Red ends within a block of 2 x 3 pixels, blue within another.
    rgb[:, :2, 0], rgb[:3, :, 2] = 90, 200
    small = resize_rgb(rgb, (2, 2))
    assert small[..., 0].tolist() == [[60, 0], [60, 0]]
    assert small[..., 2].tolist() == [[200, 200], [100, 100]]


def test_the_floor_and_the_wall_get_their_hn_classes(tmp_path: Path) -> None:
    data = NYUv2Folder(write_nyuv2_folder(tmp_path, train=2, test=1))
    prepared = prepare(data, data.has_depth, RECIPE)
    assert prepared.has_hn.tolist() == [True] * 3
    _, depth, _ = floor_and_wall(seed=3)
    y = ((np.arange(240)[:, None] + 0.5) * 2 - 0.5 - 253.736166) / 519.469611
    below_camera = (np.cos(PITCH) * y + np.sin(PITCH)) * depth / 1000
    height = CAMERA_HEIGHT - below_camera
    small_height = height[2::4, 2::4]
    is_wall = height > 0.02
    away_from_edge = is_wall[2::4, 2::4] == is_wall[0::4, 0::4]
    _, hn = prepared.frames.read(0, "hn")
    bins = hn % 10
    known = (hn != 255) & away_from_edge
    assert known.mean() > 0.75  # the border has no depth
    near_bin_edge = np.abs(small_height / 0.25 - np.rint(small_height / 0.25)) < 0.15
    sure = known & (~near_bin_edge | (small_height < 0.1))
    expected = np.clip(np.floor(small_height / 0.25), 0, 9)
    assert (bins[sure] == expected[sure]).mean() > 0.98
    is_vertical = hn[known] >= 10
    assert (is_vertical == is_wall[2::4, 2::4][known]).mean() > 0.95


@pytest.mark.parametrize("is_kept", [True, False])
def test_frames_are_prepared_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_kept: bool
) -> None:
    data = NYUv2Folder(write_nyuv2_folder(tmp_path / "nyu", train=3, test=0))
    ticks: list[int] = []
    first = prepare(data, data.has_depth, RECIPE, is_kept, lambda: ticks.append(1))
    assert len(ticks) == 3
    monkeypatch.setattr(look_module, "label_frame", None)
    again = prepare(data, data.has_depth, RECIPE, is_kept, lambda: ticks.append(1))
    assert len(ticks) == 3
    for index in range(3):
        for one, other in zip(
            first.frames.read(index, "hn"), again.frames.read(index, "hn"), strict=True
        ):
            assert np.array_equal(one, other)
    assert first.content == again.content


@pytest.mark.parametrize("change", ["bins", "size", "wanted", "file", "camera"])
def test_what_changes_labels_makes_them_anew(tmp_path: Path, change: str) -> None:
    data = NYUv2Folder(write_nyuv2_folder(tmp_path / "nyu", train=2, test=0))
    prepare(data, data.has_depth, RECIPE)
    recipe, wanted = RECIPE, data.has_depth.copy()
    if change == "bins":
        recipe = Recipe(SIZE, HNBins(height_edges=(0.5, 1.0)))
    elif change == "size":
        recipe = Recipe((48, 64), HNBins())
    elif change == "wanted":
        wanted[0] = False
    elif change == "camera":
        (tmp_path / "nyu" / "train" / "K.txt").write_text("271 0 161 0 272 122 0 0 1")
        data = NYUv2Folder(tmp_path / "nyu")
    else:
        file = tmp_path / "nyu/train/rgb/0003.png"
        file.write_bytes(file.read_bytes() + b" ")
        data = NYUv2Folder(tmp_path / "nyu")
    ticks: list[int] = []
    prepare(data, wanted, recipe, advance=lambda: ticks.append(1))
    assert len(ticks) == 2


def entries() -> set[str]:
    return {folder.name for folder in cache_folder().iterdir()}


def test_what_became_stale_leaves_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = NYUv2Folder(write_nyuv2_folder(tmp_path / "nyu", train=2, test=0))
    other = NYUv2Folder(write_nyuv2_folder(tmp_path / "other", train=1, test=0))
    prepare(other, other.has_depth, RECIPE)
    kept = entries()
    prepare(data, data.has_depth, RECIPE)
    prepare(data, ~data.has_depth, RECIPE)
    assert len(entries()) == 3
    # Other code, then other data.
    monkeypatch.setattr(cache, "_code_version", lambda: "newer")
    prepare(data, data.has_depth, RECIPE)
    before = entries()
    assert kept < before and len(before) == 2
    (tmp_path / "nyu/train/label40/0003.png").unlink()
    data = NYUv2Folder(tmp_path / "nyu")
    prepared = prepare(data, data.has_depth, RECIPE)
    assert kept < entries() != before and len(entries()) == 2
    assert prepared.has_semantic.tolist() == [False, True]


def test_what_a_killed_run_left_in_the_cache_is_deleted_after_an_hour(
    tmp_path: Path,
) -> None:
    two_hours_ago = time.time() - 7200
    for name, is_written in (("dead", False), ("alive", True)):
        folder = cache_folder() / f"unfinished-{name}"
        folder.mkdir(parents=True)
        (folder / "rgb.npy").write_bytes(b"half")
        if not is_written:
            os.utime(folder / "rgb.npy", (two_hours_ago, two_hours_ago))
        os.utime(folder, (two_hours_ago, two_hours_ago))
    data = NYUv2Folder(write_nyuv2_folder(tmp_path / "nyu", train=1, test=0))
    prepare(data, data.has_depth, RECIPE)
    left = {name for name in entries() if name.startswith("unfinished-")}
    assert left == {"unfinished-alive"}


def test_the_content_tells_whether_a_label_changed(tmp_path: Path) -> None:
    contents = []
    for folder in ("a", "b", "c"):
        data = NYUv2Folder(write_nyuv2_folder(tmp_path / folder, train=2, test=0))
        if folder == "c":
            file = tmp_path / "c/train/label40/0003.png"
            labels = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
            labels[100:120, 100:120] = 7
            cv2.imwrite(str(file), labels)
        contents.append(prepare(data, data.has_depth, RECIPE).content)
    assert contents[0] == contents[1] != contents[2]


def test_a_damaged_image_is_skipped_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_nyuv2_folder(tmp_path, train=3, test=0)
    (tmp_path / "train/rgb/0004.png").write_bytes(b"half of an image")
    data = NYUv2Folder(tmp_path)
    with caplog.at_level(logging.WARNING):
        prepared = prepare(data, data.has_depth, RECIPE)
    assert "0004.png is not an image" in caplog.text
    assert prepared.skipped == {"cannot be read": 1}
    assert prepared.has_hn.tolist() == [True, False, True]
    assert prepared.has_semantic.tolist() == [True, False, True]


def test_a_dataset_of_damaged_images_is_refused_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    write_nyuv2_folder(tmp_path, train=2, test=0)
    for file in (tmp_path / "train/rgb").iterdir():
        file.write_bytes(b"")
    data = NYUv2Folder(tmp_path)
    with pytest.raises(DatasetError, match="none of its frames can be read"):
        prepare(data, data.has_depth, RECIPE)
    assert list(cache_folder().iterdir()) == []


def test_a_frame_without_floor_keeps_its_semantic_labels(tmp_path: Path) -> None:
    write_nyuv2_folder(tmp_path, train=3, test=0)
    # Nothing but a wall, one metre away and seen straight on.
    flat = np.full((240, 320), 1000, np.uint16)
    cv2.imwrite(str(tmp_path / "train/depth/0003.png"), flat)
    data = NYUv2Folder(tmp_path)
    prepared = prepare(data, data.has_depth, RECIPE)
    assert prepared.has_hn.tolist() == [False, True, True]
    assert prepared.has_semantic.all()
    assert prepared.skipped == {"no floor known, so no HN-labels": 1}
    assert len(samples([prepared], "semantic", "train")) == 3
    assert len(samples([prepared], "hn", "train")) == 2


@pytest.mark.parametrize("is_kept", [True, False])
def test_floors_of_a_sequence_label_its_frames_that_see_none(
    tmp_path: Path, is_kept: bool
) -> None:
    write_nyuv2_folder(tmp_path, train=3, test=0)
    flat = np.full((240, 320), 1000, np.uint16)
    cv2.imwrite(str(tmp_path / "train/depth/0003.png"), flat)
    known = FloorPlane(np.array((0.0, -1.0, 0.0)), 1.3, "tracked")

    class Sequence(NYUv2Folder):
        def survey(self, advance: object = None) -> Survey:
            return Survey([known, None, known], [None] * 3)

    data = Sequence(tmp_path)
    prepared = prepare(data, data.has_depth, RECIPE, is_kept)
    assert prepared.has_hn.sum() == 2
    assert prepared.skipped == {"no floor known, so no HN-labels": 1}
    _, hn = prepared.frames.read(0, "hn")  # the flat image
    assert (hn >= RECIPE.bins.num_heights).all()  # it is all vertical


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_long_look_is_not_taken_for_a_dead_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_kept: bool
) -> None:
    data = NYUv2Folder(write_nyuv2_folder(tmp_path / "nyu", train=3, test=0))
    ages: list[float] = []

    def advance() -> None:
        (folder,) = cache_folder().glob("unfinished-*")
        ages.append(time.time() - cache._last_write(folder))
        for path in (folder, *folder.iterdir()):
            os.utime(path, (1e9, 1e9))

    prepare(data, data.has_depth, RECIPE, is_kept, advance)
    assert len(ages) == 3 and max(ages) < 60


def test_a_survey_within_a_look_shows_life_too(tmp_path: Path) -> None:
    asked: list[float] = []

    class Sequence(NYUv2Folder):
        def survey(self, advance: Callable[[], None] = lambda: None) -> None:
            (folder,) = cache_folder().glob("unfinished-*")
            for path in (folder, *folder.iterdir()):
                os.utime(path, (1e9, 1e9))
            advance()
            asked.append(time.time() - cache._last_write(folder))

    data = Sequence(write_nyuv2_folder(tmp_path / "nyu", train=1, test=0))
    prepare(data, data.has_depth, RECIPE, is_kept=False)
    assert len(asked) == 1 and asked[0] < 60
