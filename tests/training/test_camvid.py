"""CamVid as SegNet's folders and as the original frames."""

import json
from collections import Counter
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import DatasetError, UnreadableFrameError
from training.datasets.camvid import CLASS_NAMES, UNKNOWN, read_colors
from training.datasets.dataset import Dataset
from training.datasets.labelled_images import LabelledImages
from training.datasets.opening import data_notes, open_data

HEIGHT, WIDTH = 18, 30
# CamVid's colours (R, G, B), some of one class: Tunnel and Wall are buildings.
COLORS = {
    "Void": (0, 0, 0),
    "Sky": (128, 128, 128),
    "Road": (128, 64, 128),
    "Tunnel": (64, 0, 64),
    "Wall": (64, 192, 0),
    "VegetationMisc": (192, 192, 0),
    "MotorcycleScooter": (192, 0, 192),
}
CLASS_OF = {
    "Sky": "sky",
    "Road": "road",
    "Tunnel": "building",
    "Wall": "building",
    "VegetationMisc": "tree",
    "MotorcycleScooter": "bicyclist",
}


def named(classes: np.ndarray | None) -> np.ndarray:
    """The name of each pixel's class, "-" for none."""
    assert classes is not None
    names = np.array([*CLASS_NAMES, *["?"] * (255 - len(CLASS_NAMES)), "-"])
    return names[classes]


def write(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image[..., ::-1] if image.ndim == 3 else image)


def only(path: Path) -> Dataset:
    (dataset,) = open_data([str(path)])
    assert isinstance(dataset, LabelledImages)
    return dataset


def write_segnet(path: Path, **num_images: int) -> Path:
    rng = np.random.default_rng(0)
    for part, num in num_images.items():
        for k in range(num):
            rgb = rng.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
            label = rng.integers(0, 12, (HEIGHT, WIDTH)).astype(np.uint8)
            write(path / part / f"{part}{k:03d}.png", rgb)
            write(path / f"{part}annot" / f"{part}{k:03d}.png", label)
    return path


def test_segnets_folders_are_the_parts(tmp_path: Path) -> None:
    data = only(write_segnet(tmp_path, train=5, val=2, test=3))
    assert data.parts.tolist() == [*["train"] * 5, *["validation"] * 2, *["test"] * 3]
    assert data.has_semantic.all() and not data.has_depth.any()
    assert tuple(data.class_names) == CLASS_NAMES
    for k, name in ((0, "train000"), (6, "val001"), (9, "test002")):
        part = name[:-3]
        label = cv2.imread(str(tmp_path / f"{part}annot" / f"{name}.png"), -1)
        rgb = cv2.imread(str(tmp_path / part / f"{name}.png"))[..., ::-1]
        read = data.read(k)
        assert np.array_equal(read.rgb, rgb)
        assert read.frame is None
        expected = np.array([*CLASS_NAMES, "-"])[label]
        assert np.array_equal(named(read.semantic), expected)


def test_without_a_folder_val_some_of_train_is_validated_on(tmp_path: Path) -> None:
    data = only(write_segnet(tmp_path, train=10, test=1))
    assert Counter(data.parts.tolist()) == {"train": 9, "validation": 1, "test": 1}


def test_a_number_that_segnet_does_not_use_is_refused(tmp_path: Path) -> None:
    write_segnet(tmp_path, train=2)
    label = np.full((HEIGHT, WIDTH), 12, np.uint8)
    write(tmp_path / "trainannot" / "train001.png", label)
    data = only(tmp_path)
    data.read(0)
    with pytest.raises(DatasetError, match=r"train001\.png holds the class 12; "):
        data.read(1)


def test_an_image_without_a_label_image_has_no_classes(tmp_path: Path) -> None:
    write_segnet(tmp_path, train=3)
    (tmp_path / "trainannot" / "train001.png").unlink()
    assert only(tmp_path).has_semantic.tolist() == [True, False, True]
    for file in (tmp_path / "trainannot").iterdir():
        file.unlink()
    with pytest.raises(DatasetError, match="of its 3 images none has a label image"):
        open_data([str(tmp_path)])


def test_a_label_image_of_another_size_is_refused(tmp_path: Path) -> None:
    write_segnet(tmp_path, train=1)
    write(tmp_path / "trainannot/train000.png", np.zeros((WIDTH, HEIGHT), np.uint8))
    with pytest.raises(DatasetError, match=r"18x30, but its colour image is 30x18"):
        only(tmp_path).read(0)


def test_another_label_is_seen(tmp_path: Path) -> None:
    before = only(write_segnet(tmp_path, train=2)).fingerprint()
    assert before == only(tmp_path).fingerprint()
    write(tmp_path / "trainannot/train000.png", np.zeros((HEIGHT, WIDTH), np.uint8))
    assert before != only(tmp_path).fingerprint()


def write_original(path: Path, stems: list[str]) -> list[np.ndarray]:
    """The original layout; returns the name of every pixel's colour, of each frame."""
    rng = np.random.default_rng(1)
    lines = [f"{r} {g} {b}\t\t{name}" for name, (r, g, b) in COLORS.items()]
    path.mkdir(exist_ok=True)
    (path / "label_colors.txt").write_text("\n".join(lines) + "\n")
    truth = []
    for stem in stems:
        names = rng.choice([*COLORS], (HEIGHT, WIDTH))
        colors = np.array([COLORS[name] for name in names.ravel()], np.uint8)
        write(path / "Labels" / f"{stem}_L.png", colors.reshape(HEIGHT, WIDTH, 3))
        rgb = rng.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
        write(path / "Raw" / f"{stem}.png", rgb)
        truth.append(names)
    return truth


def test_colours_of_the_original_become_segnets_classes(tmp_path: Path) -> None:
    # In train, in val and in none of the two, in the order of their names.
    stems = ["0001TP_006690", "0016E5_07959", "Seq05VD_f00000"]
    truth = write_original(tmp_path, stems)
    data = only(tmp_path)
    assert data.parts.tolist() == ["train", "validation", "test"]
    for k, names in enumerate(truth):
        expected = np.vectorize(lambda name: CLASS_OF.get(name, "-"))(names)
        assert np.array_equal(named(data.read(k).semantic), expected)


@pytest.mark.parametrize("color", [(1, 2, 3), (255, 254, 253)])
def test_a_colour_without_a_name_is_refused(
    tmp_path: Path, color: tuple[int, int, int]
) -> None:
    write_original(tmp_path, ["a", "b"])
    file = tmp_path / "Labels" / "b_L.png"
    labels = cv2.imread(str(file))
    labels[3, 4:7] = color[::-1]  # OpenCV has blue first
    cv2.imwrite(str(file), labels)
    data = only(tmp_path)
    data.read(0)
    with pytest.raises(DatasetError) as caught:
        data.read(1)
    assert f"b_L.png has the colour {color} in 3 pixels" in str(caught.value)


def test_a_damaged_label_image_spoils_its_frame_only(tmp_path: Path) -> None:
    write_original(tmp_path, ["a", "b"])
    (tmp_path / "Labels" / "a_L.png").write_bytes(b"")
    data = only(tmp_path)
    with pytest.raises(UnreadableFrameError):
        data.read(0)
    assert data.read(1).semantic is not None


@pytest.mark.parametrize(
    "line", ["1 2 3 Cloud", "1 2 Sky", "1 2 300 Sky", "a b c Sky", "1 2 3"]
)
def test_a_list_of_colours_that_is_none_is_refused(tmp_path: Path, line: str) -> None:
    write_original(tmp_path, ["a"])
    (tmp_path / "label_colors.txt").write_text(f"128 128 128 Sky\n{line}\n")
    with pytest.raises(DatasetError, match="expected red, green, blue and the name"):
        open_data([str(tmp_path)])


def test_the_split_is_segnets(real_data: Path) -> None:
    file = resources.files("training").joinpath("data/camvid.json")
    frames = json.loads(file.read_text(encoding="utf-8"))
    train, validation = frames["train_frames"], frames["validation_frames"]
    assert (len(train), len(validation)) == (367, 101)  # and 233 of 701 for tests
    for part, stems in (("train", train), ("val", validation)):
        found = {file.stem for file in (real_data / "camvid" / part).iterdir()}
        assert set(stems) == found and len(stems) == len(found)


@pytest.fixture(scope="module")
def real_camvid(real_data: Path) -> Dataset:
    return only(real_data / "camvid")


def test_the_real_frames_are_in_their_parts(real_camvid: Dataset) -> None:
    assert Counter(real_camvid.parts.tolist()) == {"train": 367, "validation": 101}


def test_known_pixels_of_a_real_frame_have_their_classes(
    real_camvid: Dataset, real_data: Path
) -> None:
    names = sorted(file.name for file in (real_data / "camvid" / "train").iterdir())
    seen = named(real_camvid.read(names.index("0006R0_f02070.jpg")).semantic)
    # What is seen there in the photograph, none of it where its mirror image is.
    for row, column, name in (
        (140, 20, "building"),
        (110, 176, "sign"),
        (210, 310, "sign"),
        (20, 60, "sky"),
        (20, 440, "sky"),
        (190, 380, "car"),
        (300, 240, "road"),
    ):
        assert seen[row, column] == name, (row, column)
    assert seen[140, -20] != "building" and seen[110, -176] != "sign"


def test_sky_is_up_and_road_is_down(real_camvid: Dataset) -> None:
    counts = np.zeros((3, 256), np.int64)
    for k in range(0, len(real_camvid), 16):
        classes = real_camvid.read(k).semantic
        assert classes is not None
        for third, rows in zip(counts, np.array_split(classes, 3), strict=True):
            third += np.bincount(rows.ravel(), minlength=256)
    shares = counts[:, : len(CLASS_NAMES)] / counts[:, : len(CLASS_NAMES)].sum(axis=0)
    top, _, bottom = (dict(zip(CLASS_NAMES, row, strict=True)) for row in shares)
    assert top["sky"] > 0.8 and bottom["sky"] < 0.01
    assert bottom["road"] > 0.8 and top["road"] < 0.01
    assert bottom["pavement"] > 0.5 and top["pavement"] < 0.01
    assert top["building"] > 0.4 and top["tree"] > 0.4
    assert top["car"] < 0.03 and bottom["car"] > 0.15


def test_a_real_frame_reads_the_same_in_both_layouts(
    real_camvid: Dataset, real_data: Path, tmp_path: Path
) -> None:
    camvid = real_data / "camvid"
    stem = "0001TP_007500"
    k = sorted(file.stem for file in (camvid / "train").iterdir()).index(stem)
    read = real_camvid.read(k)
    colors = {
        line.split()[3]: [int(word) for word in line.split()[:3]]
        for line in (camvid / "label_colors.txt").read_text().splitlines()
    }
    # One original class for each of SegNet's, by hand and in their order.
    chosen = ["Sky", "Archway", "TrafficCone", "LaneMkgsDriv", "ParkingBlock"]
    chosen += ["VegetationMisc", "Misc_Text", "Fence", "SUVPickupTruck", "Child"]
    chosen += ["MotorcycleScooter", "Void"]
    assert read.semantic is not None
    index = np.where(read.semantic == 255, 11, read.semantic)
    palette = np.array([colors[name] for name in chosen], np.uint8)
    write(tmp_path / "labels" / f"{stem}_L.png", palette[index])
    write(tmp_path / "frames" / f"{stem}.png", read.rgb)
    (tmp_path / "label_colors.txt").write_bytes(
        (camvid / "label_colors.txt").read_bytes()
    )
    again = only(tmp_path).read(0)
    assert np.array_equal(again.rgb, read.rgb)
    assert np.array_equal(again.semantic, read.semantic)  # type: ignore[arg-type]


def test_every_colour_of_the_data_set_is_known(real_data: Path) -> None:
    class_of = read_colors(real_data / "camvid" / "label_colors.txt")
    known = class_of[class_of != UNKNOWN].tolist()
    assert len(known) == 32
    # How many of the original classes are each of SegNet's, in their order.
    assert Counter(known) == dict(enumerate((1, 5, 2, 3, 3, 2, 3, 1, 5, 4, 2))) | {
        255: 1
    }


def test_other_meanings_of_the_colours_are_seen(tmp_path: Path) -> None:
    write_original(tmp_path, ["a", "b"])
    before = only(tmp_path).fingerprint()
    file = tmp_path / "label_colors.txt"
    text = file.read_text()
    file.write_text(text.replace("Road", "Tree"))
    assert only(tmp_path).fingerprint() != before


def test_folders_like_segnets_with_classes_of_their_own_are_not_camvid(
    tmp_path: Path,
) -> None:
    write_segnet(tmp_path, train=3, test=1)
    (note,) = data_notes([only(tmp_path)])
    assert "is taken for CamVid" in note and "classes.txt" in note
    names = tuple(f"thing {k}" for k in range(12))
    (tmp_path / "classes.txt").write_text("\n".join(names))
    data = only(tmp_path)
    assert tuple(data.class_names) == names and data_notes([data]) == []
    label = cv2.imread(str(tmp_path / "trainannot/train000.png"), -1)
    assert np.array_equal(data.read(0).semantic, label)  # type: ignore[arg-type]
    assert data.parts.tolist() == [*["train"] * 3, "test"]
