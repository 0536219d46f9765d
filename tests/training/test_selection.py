import json
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from training_data import floor_and_wall

from core.annotations import save_annotation
from core.bins import HNBins
from core.frame import RgbdFrame
from core.nyuv2 import COLOR_CAMERA
from core.quality import FrameQuality
from core.recording import RecordingWriter
from training.config import TrainConfig
from training.datasets.cache import cache_folder
from training.datasets.folders import SURVEY_FILE, FolderData
from training.datasets.frame_source import Recipe
from training.datasets.opening import open_data
from training.datasets.samples import samples
from training.datasets.selection import (
    BLURRED,
    DUPLICATE,
    choose_hn_frames,
    select_frames,
)
from training.plan import chosen_preset
from training.progress import prepare_all
from training.summary import as_table, summarise

RECIPE = Recipe((60, 80), HNBins())


def quality(
    num: int, blurred: Sequence[int] = (), duplicates: Sequence[int] = ()
) -> list[FrameQuality | None]:
    return [
        FrameQuality(k, 0, 0.2, None, None, k in blurred, k in duplicates)
        for k in range(num)
    ]


def everywhere(num: int) -> np.ndarray:
    return np.ones(num, bool)


def test_scenes_of_very_different_length_give_equally_many_frames() -> None:
    sizes = (2000, 30, 300)
    chosen = select_frames(
        [everywhere(n) for n in sizes], [quality(n) for n in sizes], 230
    )
    assert [len(one.indices) for one in chosen] == [100, 30, 100]
    assert chosen[0].indices.tolist() == list(range(0, 2000, 20))
    assert chosen[2].indices.tolist() == list(range(0, 300, 3))


def test_near_duplicates_and_blurred_frames_are_left_out_and_counted() -> None:
    # The first scene stands still but for its end; of a still scene one frame is left.
    still = quality(100, blurred=[95, 97], duplicates=range(1, 90))
    chosen = select_frames(
        [everywhere(100), everywhere(50)], [still, quality(50, [], range(1, 50))], 20
    )
    assert chosen[0].indices.tolist() == [0, *range(90, 95), 96, 98, 99]
    assert chosen[1].indices.tolist() == [0]
    assert chosen[0].left_out == {BLURRED: 2, DUPLICATE: 89}
    assert chosen[1].left_out == {DUPLICATE: 49}


def test_what_is_left_of_a_scene_is_drawn_evenly() -> None:
    walk = quality(400, duplicates=[k for k in range(400) if k % 4])
    (chosen,) = select_frames([everywhere(400)], [walk], 20)
    assert chosen.indices.tolist() == list(range(0, 400, 20))


def test_frames_without_quality_are_all_as_good() -> None:
    known = [*quality(3), None]
    chosen = select_frames([everywhere(6), everywhere(4)], [None, known], 50)
    assert [one.indices.tolist() for one in chosen] == [
        [0, 1, 2, 3, 4, 5],
        [0, 1, 2, 3],
    ]
    assert [one.left_out for one in chosen] == [{}, {}]
    assert select_frames([], [], 5) == []


def dataset(parts: Sequence[str], without_depth: Sequence[int] = ()) -> SimpleNamespace:
    return SimpleNamespace(
        has_depth=~np.isin(np.arange(len(parts)), without_depth), parts=np.array(parts)
    )


def test_frames_to_measure_on_get_hn_labels_however_poor() -> None:
    data = dataset(["train"] * 6 + ["validation"] * 3 + ["test"] * 2, [8])
    (chosen,) = choose_hn_frames([data], [None], 4)  # type: ignore[list-item]
    assert chosen.indices.tolist() == [0, 1, 3, 4, 6, 9, 10]
    poor = quality(11, blurred=[9], duplicates=[1, 2, 7, 10])
    (chosen,) = choose_hn_frames([data], [poor], 50)  # type: ignore[list-item]
    assert chosen.indices.tolist() == [0, 3, 4, 5, 6, 7, 9, 10]
    assert chosen.left_out == {DUPLICATE: 2}


def test_frames_to_validate_on_crowd_out_none_to_train_on() -> None:
    # Of 450 frames to train on every tenth is new: as many as there are to validate on.
    # The other scene's frames are all good.
    parts = ["train"] * 450 + ["validation"] * 45
    still = quality(495, duplicates=[k for k in range(495) if k % 10])
    datasets = [dataset(parts), dataset(parts)]
    chosen = choose_hn_frames(datasets, [still, quality(495)], 100)  # type: ignore[arg-type]
    for one in chosen:
        is_train = one.indices < 450
        assert np.count_nonzero(is_train) == (45 if one is chosen[0] else 50 + 5)
        assert np.count_nonzero(~is_train) == 5
    assert chosen[0].indices[:45].tolist() == list(range(0, 450, 10))
    assert chosen[0].indices[45:].tolist() == [450, 459, 468, 477, 486]


def test_unused_frames_get_no_hn_labels() -> None:
    data = dataset(["train", "unused", "validation", "unused", "test"])
    (chosen,) = choose_hn_frames([data], [None], 50)  # type: ignore[list-item]
    assert chosen.indices.tolist() == [0, 2, 4]


def write_still(folder: Path, num: int) -> Path:
    """A recording of a camera that stands still, with noise, and turns at its end."""
    intrinsics = COLOR_CAMERA.resized(320, 240)
    with RecordingWriter(folder) as writer:
        for number in range(num):
            rgb, depth, _ = floor_and_wall(seed=3)
            noise = np.random.default_rng(number).integers(0, 9, rgb.shape, np.uint8)
            if number >= num - 2:
                rgb = np.roll(rgb, 40 * (number - num + 3), axis=1)
            writer.write(
                RgbdFrame.aligned(
                    rgb + noise, depth, intrinsics, 1e-3,
                    number=number, timestamp_ns=number * 33_000_000,
                )
            )  # fmt: skip
    return folder


def test_a_recording_is_pretrained_on_without_its_duplicates_and_says_so(
    tmp_path: Path,
) -> None:
    datasets = open_data([str(write_still(tmp_path / "hall", 12))])
    prepared = prepare_all(datasets, RECIPE, 50)
    assert np.flatnonzero(prepared[0].has_hn).tolist() == [0, 11]
    text = as_table([*summarise(prepared[:1], HNBins().class_names)])
    assert "skipped   9 frames: near-duplicates, so not pretrained on" in text
    everything = prepare_all(datasets, RECIPE, 50, all_frames=True)
    assert np.flatnonzero(~everything[0].has_hn).tolist() == [10]  # between the parts
    assert everything[0].skipped == {}


def test_annotated_duplicates_are_finetuned_and_tested_on(tmp_path: Path) -> None:
    path = write_still(tmp_path / "hall", 20)
    for index in range(0, 20, 2):
        classes = np.full((240, 320), index % 3, np.uint8)
        save_annotation(path, index, classes, ("door", "plant", "cat"))
    (prepared,) = prepare_all(open_data([str(path)]), RECIPE, 50)
    parts = {
        part: samples([prepared], "semantic", part).places[:, 1].tolist()
        for part in ("train", "validation", "test")
    }
    assert parts["test"] == [16, 18]
    assert len(parts["train"]) + len(parts["validation"]) >= 5
    assert samples([prepared], "hn", "train").places[:, 1].tolist() == [0]
    # Near-duplicates as they are, all frames of the test part are measured on.
    hn_tests = samples([prepared], "hn", "test").places[:, 1].tolist()
    assert hn_tests == [16, 17, 18, 19]


def write_images(folder: Path) -> None:
    """rgb/ and depth/ of three frames; the second is as the first, the last is new."""
    for number in range(3):
        rgb, depth, _ = floor_and_wall(seed=3)
        rgb = np.roll(rgb, 60 if number == 2 else 0, axis=1)
        for kind, image in (("rgb", rgb[..., ::-1]), ("depth", depth)):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / kind / f"{number}.png"), image)


@pytest.mark.parametrize("is_linked", [False, True])
def test_the_survey_of_a_folder_is_kept_until_its_files_change(
    tmp_path: Path, is_linked: bool
) -> None:
    hall = tmp_path / "hall"
    files = tmp_path / "disk" if is_linked else hall
    write_images(files)
    if is_linked:
        hall.mkdir()
        for kind in ("rgb", "depth"):
            (hall / kind).symlink_to(files / kind)
    np.savetxt(hall / "K.txt", COLOR_CAMERA.resized(320, 240).K)
    told: list[int] = []
    found = FolderData(hall).survey(lambda: told.append(1))
    assert [frame is not None and frame.is_duplicate for frame in found.quality] == [
        False, True, False,
    ]  # fmt: skip
    assert len(told) == 3
    again = FolderData(hall).survey(lambda: told.append(1))
    assert len(told) == 3 and again.quality == found.quality
    assert [floor is None for floor in again.floors] == [False] * 3
    (files / "rgb" / "2.png").write_bytes((files / "rgb" / "0.png").read_bytes())
    changed = FolderData(hall).survey(lambda: told.append(1))
    assert len(told) == 6
    assert changed.quality[2] is not None and changed.quality[2].is_duplicate
    for kind in ("rgb", "depth"):
        (files / kind / "2.png").unlink()
    assert len(FolderData(hall).survey().quality) == 2


def test_a_survey_in_the_cache_that_is_of_other_frames_is_not_used(
    tmp_path: Path,
) -> None:
    write_images(tmp_path / "hall")
    np.savetxt(tmp_path / "hall" / "K.txt", COLOR_CAMERA.resized(320, 240).K)
    found = FolderData(tmp_path / "hall").survey()
    (kept,) = cache_folder().rglob(SURVEY_FILE)
    content = json.loads(kept.read_text("utf-8"))
    kept.write_text(json.dumps(content | {"floors": content["floors"][:2]}), "utf-8")
    again = FolderData(tmp_path / "hall").survey()
    assert again.quality == found.quality and len(again.floors) == 3


def test_how_many_frames_are_pretrained_on_can_be_said() -> None:
    assert chosen_preset(TrainConfig(preset="paper"), False).hn_frames == 41_000
    assert chosen_preset(TrainConfig(hn_frames=7), False).hn_frames == 7


def test_a_paper_sized_choice_is_quick_and_even() -> None:
    # 500 scenes of 1000 frames; of ten the 3rd, 5th, 7th and 9th are new and sharp.
    pools = [everywhere(1000)] * 500
    walk = quality(1000, blurred=range(0, 1000, 10), duplicates=range(1, 1000, 2))
    start = time.process_time()
    chosen = select_frames(pools, [walk] * 500, 41_000)
    assert time.process_time() - start < 5
    assert [len(one.indices) for one in chosen] == [82] * 500
    # Every 4th or 5th of those 400.
    assert set(np.diff(chosen[17].indices).tolist()) == {10, 12, 14}
