"""Any images with masks and a list of classes."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import DatasetError, UnreadableFrameError
from training.datasets.dataset import Dataset
from training.datasets.labelled_images import LabelledImages
from training.datasets.opening import data_notes, open_data

HEIGHT, WIDTH = 14, 22
NAMES = ("cup", "table top", "hand")


def rgb_of(number: int) -> np.ndarray:
    rng = np.random.default_rng(number)
    return rng.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)


def mask_of(number: int) -> np.ndarray:
    rng = np.random.default_rng(100 + number)
    return rng.choice([0, 1, 2, 255], (HEIGHT, WIDTH)).astype(np.uint8)


def write_masks(path: Path, numbers: range, masks: str = "masks") -> Path:
    for folder in (path / "images", path / masks):
        folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        name = f"shot {number:02d}.png"
        Image.fromarray(rgb_of(number)).save(path / "images" / name)
        Image.fromarray(mask_of(number)).save(path / masks / name)
    return path


def name_classes(path: Path, names: tuple[str, ...] = NAMES) -> None:
    (path / "classes.txt").write_text("\n".join(names) + "\n\n", "utf-8")


def only(path: Path) -> Dataset:
    (dataset,) = open_data([str(path)])
    assert isinstance(dataset, LabelledImages)
    return dataset


def refusal(path: Path) -> str:
    with pytest.raises(DatasetError) as caught:
        only(path).read(0)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("masks", ["masks", "labels", "annotations"])
def test_images_and_masks_of_one_name_belong_together(
    tmp_path: Path, masks: str
) -> None:
    name_classes(write_masks(tmp_path, range(3, 13), masks))
    data = only(tmp_path)
    assert tuple(data.class_names) == NAMES
    assert len(data) == 10
    assert data.has_semantic.all() and not data.has_depth.any()
    for k in range(10):
        read = data.read(k)
        assert np.array_equal(read.rgb, rgb_of(3 + k))
        assert np.array_equal(read.semantic, mask_of(3 + k))  # type: ignore[arg-type]


def test_of_one_folder_the_last_fifth_is_for_tests(tmp_path: Path) -> None:
    name_classes(write_masks(tmp_path, range(10)))
    data = only(tmp_path)
    assert data.parts[8:].tolist() == ["test", "test"]
    assert sorted(data.parts[:8].tolist()) == [*["train"] * 7, "validation"]
    assert any("the last fifth is for tests" in note for note in data_notes([data]))


def test_folders_are_the_parts(tmp_path: Path) -> None:
    write_masks(tmp_path / "train", range(5))
    write_masks(tmp_path / "val", range(5, 7))
    write_masks(tmp_path / "test", range(7, 10))
    name_classes(tmp_path)
    data = only(tmp_path)
    assert data.parts.tolist() == [*["train"] * 5, *["validation"] * 2, *["test"] * 3]
    assert np.array_equal(data.read(6).rgb, rgb_of(6))
    assert data_notes([data]) == []


def test_the_list_of_classes_may_lie_with_the_masks(tmp_path: Path) -> None:
    write_masks(tmp_path / "train", range(2))
    file = tmp_path / "train" / "masks" / "classes.json"
    file.write_text(json.dumps({"classes": NAMES}), "utf-8")
    assert tuple(only(tmp_path).class_names) == NAMES
    name_classes(tmp_path, NAMES[::-1])
    assert "name different classes" in refusal(tmp_path)


def test_a_palette_does_not_change_the_classes(tmp_path: Path) -> None:
    name_classes(write_masks(tmp_path, range(2)))
    image = Image.fromarray(mask_of(0))
    image.putpalette([7, 7, 7, 250, 0, 0, 0, 250, 0, *range(247), *[9] * 512])
    assert image.mode == "P"
    image.save(tmp_path / "masks" / "shot 00.png")
    assert np.array_equal(only(tmp_path).read(0).semantic, mask_of(0))  # type: ignore[arg-type]


def test_a_class_beyond_the_list_is_refused(tmp_path: Path) -> None:
    name_classes(write_masks(tmp_path, range(2)), NAMES[:2])
    num_pixels = int((mask_of(0) == 2).sum())
    assert refusal(tmp_path) == (
        f"{tmp_path}/masks/shot 00.png holds the class 2 in {num_pixels} pixels, and "
        "2 classes are named; expected 0..1, or 255 for none"
    )


def test_an_image_without_a_mask_has_no_classes(tmp_path: Path) -> None:
    name_classes(write_masks(tmp_path, range(3)))
    (tmp_path / "masks" / "shot 01.png").unlink()
    data = only(tmp_path)
    assert data.has_semantic.tolist() == [True, False, True]
    assert data.read(1).semantic is None
    for file in (tmp_path / "masks").iterdir():
        file.rename(file.with_stem(f"{file.stem} mask"))
    assert "no mask of" in refusal(tmp_path)


def test_masks_without_a_list_of_classes_are_refused(tmp_path: Path) -> None:
    write_masks(tmp_path, range(2))
    assert "no list of classes; add classes.txt" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ((), "has 0 names"),
        (("a", "", "b"), "has an empty name"),
        (tuple(f"c{k}" for k in range(256)), "has 256 names"),
        (("a", "b", "a"), "names 'a' twice"),
    ],
)
def test_a_list_that_is_none_is_refused(
    tmp_path: Path, names: tuple[str, ...], reason: str
) -> None:
    write_masks(tmp_path, range(2))
    name_classes(tmp_path, names)
    assert reason in refusal(tmp_path)


def test_masks_of_other_kinds_are_refused(tmp_path: Path) -> None:
    name_classes(write_masks(tmp_path, range(2)))
    file = tmp_path / "masks" / "shot 00.png"
    Image.fromarray(rgb_of(0)).save(file)
    assert "of mode RGB; expected 8 bits and one channel" in refusal(tmp_path)
    Image.fromarray(mask_of(0).T.copy()).save(file)
    assert "14x22, but its colour image is 22x14" in refusal(tmp_path)
    file.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(UnreadableFrameError):
        only(tmp_path).read(0)


def write_depth(path: Path, numbers: range) -> None:
    (path / "depth").mkdir()
    for number in numbers:
        depth = np.full((HEIGHT, WIDTH), 1000 + number, np.uint16)
        Image.fromarray(depth).save(path / "depth" / f"shot {number:02d}.png")
    (path / "K.txt").write_text("20 0 11\n0 21 7\n0 0 1\n")


def test_only_annotated_frames_are_held_out(tmp_path: Path) -> None:
    name_classes(write_masks(tmp_path, range(30)))
    for number in (*range(7), *range(17, 30)):
        (tmp_path / "masks" / f"shot {number:02d}.png").unlink()
    data = only(tmp_path)
    assert np.flatnonzero(data.parts == "test").tolist() == [15, 16]
    (validation,) = np.flatnonzero(data.parts == "validation").tolist()
    assert 7 <= validation < 15
    # The same where train/ has no val/ beside it.
    (tmp_path / "train").mkdir()
    for name in ("images", "masks"):
        (tmp_path / name).rename(tmp_path / "train" / name)
    data = only(tmp_path)
    assert not (data.parts == "test").any()
    (validation,) = np.flatnonzero(data.parts == "validation").tolist()
    assert 7 <= validation < 17


def test_an_image_that_is_shown_turned_is_refused_with_its_mask(
    tmp_path: Path,
) -> None:
    name_classes(write_masks(tmp_path, range(2)))
    for file in (tmp_path / "images").iterdir():
        file.unlink()
    for number, orientation in ((0, 3), (1, 1)):
        exif = Image.Exif()
        exif[0x112] = orientation
        file = tmp_path / "images" / f"shot {number:02d}.jpg"
        Image.fromarray(rgb_of(number)).save(file, exif=exif)
    assert "shot 00.jpg has an orientation tag" in refusal(tmp_path)
    assert only(tmp_path).read(1).semantic is not None
    (tmp_path / "masks" / "shot 00.png").unlink()
    assert only(tmp_path).read(0).semantic is None


def test_a_palette_that_renumbers_greys_is_refused(tmp_path: Path) -> None:
    name_classes(write_masks(tmp_path, range(2)), (*NAMES, "floor"))
    classes = np.searchsorted([0, 1, 2, 255], mask_of(0)).astype(np.uint8)
    image = Image.fromarray(classes)
    image.putpalette([level for level in (0, 1, 2, 255) for _ in "rgb"])
    image.save(tmp_path / "masks" / "shot 00.png")
    assert "a palette of greys in which 3 stands for 255" in refusal(tmp_path)
    # As where it is not used, and where each grey is its own index.
    image = Image.fromarray(mask_of(0) % 3)
    image.putpalette([level for level in (0, 1, 2, 255) for _ in "rgb"])
    image.save(tmp_path / "masks" / "shot 00.png")
    assert np.array_equal(only(tmp_path).read(0).semantic, mask_of(0) % 3)  # type: ignore[arg-type]


def test_a_grey_among_colours_is_a_colour(tmp_path: Path) -> None:
    # PASCAL VOC's palette, which others use too, has 128, 128, 128 for its class 7.
    name_classes(write_masks(tmp_path, range(1)), tuple(map(str, range(8))))
    image = Image.fromarray(np.where(mask_of(0) == 1, np.uint8(7), np.uint8(0)))
    image.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0, *[128, 128, 0] * 4, 128, 128, 128])
    image.save(tmp_path / "masks" / "shot 00.png")
    semantic = only(tmp_path).read(0).semantic
    assert semantic is not None and set(np.unique(semantic).tolist()) == {0, 7}


def test_masks_that_belong_to_no_image_are_counted(tmp_path: Path) -> None:
    name_classes(write_masks(tmp_path, range(6)))
    for number in range(2, 6):
        file = tmp_path / "masks" / f"shot {number:02d}.png"
        file.rename(file.with_stem(f"{file.stem}_mask"))
    notes = data_notes([only(tmp_path)])
    (note,) = [note for note in notes if "masks are not used" in note]
    assert "4 masks are not used" in note and "shot 02_mask.png" in note


def test_depth_without_a_calibration_is_not_used(tmp_path: Path) -> None:
    name_classes(write_masks(tmp_path, range(4)))
    write_depth(tmp_path, range(4))
    before = only(tmp_path).fingerprint()
    (tmp_path / "K.txt").write_text("30 0 11\n0 21 7\n0 0 1\n")
    assert before != only(tmp_path).fingerprint()
    (tmp_path / "K.txt").unlink()
    data = only(tmp_path)
    assert data.has_semantic.all() and not data.has_depth.any()
    assert any("its depth is not used without a calib" in n for n in data_notes([data]))


def test_images_may_have_depth_too(tmp_path: Path) -> None:
    name_classes(write_masks(tmp_path, range(4)))
    write_depth(tmp_path, range(1, 3))
    data = only(tmp_path)
    assert data.has_depth.tolist() == [False, True, True, False]
    assert data.has_semantic.all()
    read = data.read(2)
    assert read.frame is not None and data.read(0).frame is None
    assert (read.frame.depth == 1002).all() and read.frame.depth_scale == 0.001
    assert (read.frame.color_intrinsics.fy, read.frame.color_intrinsics.cx) == (21, 11)
    assert np.array_equal(read.semantic, mask_of(2))  # type: ignore[arg-type]


def test_depth_without_a_list_of_classes_gives_hn_labels_only(tmp_path: Path) -> None:
    write_masks(tmp_path, range(2))
    write_depth(tmp_path, range(2))
    (data,) = open_data([str(tmp_path)])
    assert not data.has_semantic.any() and data.has_depth.all()
