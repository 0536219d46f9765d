"""COCO's files, written here by hand and by pycocotools."""

import json

import cv2
import numpy as np
import pytest
from class_images import NAMES, SHAPE, random_classes
from pycocotools import mask as rle
from pycocotools.coco import COCO

from core.annotation_formats import FrameToDraw, coco, drawings_at
from core.errors import DatasetError
from core.images import EncodedImage

# pycocotools 2.0.11 with NumPy 2
pytestmark = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")

SIZE = (9, 14)
VALUES = {"wall": 0, "floor": 1, "lamp": 2}
TOO_LONG = rle.encode(np.eye(20, 30, dtype=np.uint8, order="F"))["counts"].decode()
BOX = [[3, 2, 7, 2, 7, 6, 3, 6]]  # pixels 3 to 6 across, 2 to 5 down


def annotation(category_id, segmentation, image_id=40, **others):
    return {
        "id": 1,
        "image_id": image_id,
        "category_id": category_id,
        "segmentation": segmentation,
        "iscrowd": 0,
        **others,
    }


def write(file, annotations, images=((40, "frame_000007.jpg"),), size=SIZE):
    document = {
        "info": {},
        "images": [
            {"id": key, "file_name": name, "height": size[0], "width": size[1]}
            for key, name in images
        ],
        "annotations": annotations,
        "categories": [
            {"id": 11, "name": "lamp"},
            {"id": 2, "name": "wall"},
            {"id": 7, "name": "floor"},
        ],
    }
    file.write_text(json.dumps(document))
    return file


def paint(path):
    with drawings_at(path, SIZE) as found:
        [drawing] = found.drawings
        return drawing.paint(VALUES)


def test_polygons_are_painted_the_later_annotation_over_the_earlier(tmp_path):
    over = [[6, 4, 13, 4, 13, 9, 6, 9]]
    file = write(
        tmp_path / "any name.json", [annotation(7, BOX), annotation(2, over, iscrowd=1)]
    )
    expected = np.full(SIZE, 255, np.uint8)
    expected[2:6, 3:7] = 1
    expected[4:9, 6:13] = 0
    np.testing.assert_array_equal(paint(file), expected)
    np.testing.assert_array_equal(paint(tmp_path), expected)


def test_several_polygons_are_one_object(tmp_path):
    file = write(
        tmp_path / "1.json", [annotation(11, [*BOX, [10, 0, 12, 0, 12, 3, 10, 3]])]
    )
    expected = np.full(SIZE, 255, np.uint8)
    expected[2:6, 3:7] = 2
    expected[0:3, 10:12] = 2
    np.testing.assert_array_equal(paint(file), expected)


def test_run_lengths_go_down_the_columns(tmp_path):
    counts = [2, 3, 9 - 5 + 1, 1, 9 * 14 - 11]
    runs = {"size": list(SIZE), "counts": counts}
    file = write(tmp_path / "1.json", [annotation(7, runs)])
    found = set(map(tuple, np.argwhere(paint(file) == 1).tolist()))
    assert found == {(2, 0), (3, 0), (4, 0), (1, 1)}


def test_run_lengths_as_a_string_are_read(tmp_path):
    mask = (np.arange(9 * 14).reshape(SIZE) % 5 == 2).astype(np.uint8)
    mask[3:, 2:4] = 1
    encoded = rle.encode(np.asfortranarray(mask))
    runs = {"size": list(SIZE), "counts": encoded["counts"].decode()}
    file = write(tmp_path / "1.json", [annotation(7, runs)])
    np.testing.assert_array_equal(paint(file) == 1, mask == 1)


def test_a_string_of_run_lengths_is_what_was_worked_out_by_hand(tmp_path):
    # COCO's maskApi.c: characters from "0" on have 5 bits each, the lowest first, and
    # 32 more when others follow. From the fourth on, numbers are differences to the
    # last but one. So 2, 3, 104, 1, 16 is 2, 3, 8 + 3 * 32, -2, 8 - 3 * 32.
    runs = {"size": list(SIZE), "counts": "23X3NXM"}
    file = write(tmp_path / "1.json", [annotation(7, runs)])
    found = set(map(tuple, np.argwhere(paint(file) == 1).tolist()))
    assert found == {(2, 0), (3, 0), (4, 0), (1, 12)}


def test_a_string_of_run_lengths_that_was_cut_is_refused(tmp_path):
    mask = np.random.default_rng(5).random(SIZE) < 0.4
    whole = rle.encode(np.asfortranarray(mask, np.uint8))["counts"].decode()
    for length in range(len(whole)):
        runs = {"size": list(SIZE), "counts": whole[:length]}
        file = write(tmp_path / "1.json", [annotation(7, runs)])
        with pytest.raises(DatasetError, match=r"its run lengths (add up|end within)"):
            paint(file)


def test_long_run_lengths_in_a_string_are_read(tmp_path):
    mask = np.zeros((900, 1201), np.uint8)  # runs of up to four characters
    mask[2:, 1000:] = 1
    mask[7, 5] = mask[880, 30] = 1
    encoded = rle.encode(np.asfortranarray(mask))
    runs = {"size": list(mask.shape), "counts": encoded["counts"].decode()}
    file = write(tmp_path / "1.json", [annotation(7, runs)], size=mask.shape)
    with drawings_at(file, mask.shape) as found:
        classes = found.drawings[0].paint(VALUES)
    np.testing.assert_array_equal(classes == 1, mask == 1)


def test_classes_are_in_the_order_of_their_ids_and_frames_named_by_images(tmp_path):
    images = ((40, "a2\\cam_000007.jpg"), (3, "000123.png"), (5, "000124.png"))
    drawn = [annotation(7, BOX), annotation(2, BOX, 3), annotation(2, BOX, 3)]
    with drawings_at(write(tmp_path / "1.json", drawn, images), SIZE) as found:
        assert found.class_names == ("wall", "floor", "lamp")
        assert {d.frame: d.names for d in found.drawings} == {
            7: {"floor"},
            123: {"wall"},
        }


@pytest.mark.parametrize(
    ("segmentation", "message"),
    [
        ([], "it is empty"),
        ([[1, 2, 3, 4]], "a polygon of 4 numbers"),
        ([[1, 2, 3, 4, 5, 6, 7]], "a polygon of 7 numbers"),
        ([[1, 2, 3, 4, 5, 1e9]], "far out of the image"),
        ([[1, 2, 3, 4, 5, float("nan")]], "far out of the image"),
        ({"size": [14, 9], "counts": [126]}, r"its size is \[14, 9\]"),
        ({"size": [9, 14], "counts": [1, 2]}, "its run lengths add up to 3"),
        ({"size": [9, 14], "counts": [127, -1]}, "its run lengths add up to 126"),
        ({"size": [9, 14], "counts": [0.5, 125.5]}, "cannot reshape"),
        ({"size": [9, 14], "counts": TOO_LONG}, "its run lengths add up to 600"),
        ({"size": [9, 14], "counts": ""}, "its run lengths add up to 0"),
        ({"size": [9, 14], "counts": "n3n"}, "its run lengths end within a number"),
        ({"size": [9, 14], "counts": "n3 "}, "its run lengths are no such string"),
        ({"size": [9, 14], "counts": "n3p"}, "its run lengths are no such string"),
        ({"size": [9, 14], "counts": "o" * 99}, "its run lengths are no such string"),
        ({"size": [9, 14], "counts": "n3€"}, "ascii"),
        ({"counts": [126]}, "'size'"),
        (None, "subscriptable"),
    ],
)
def test_a_segmentation_that_is_wrong_is_refused(tmp_path, segmentation, message):
    file = write(tmp_path / "1.json", [annotation(7, segmentation)])
    expected = (
        rf"\(floor\) of frame_000007\.jpg in .*1\.json cannot be read \(.*{message}"
    )
    with pytest.raises(DatasetError, match=expected):
        paint(file)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (annotation(8, BOX), "8 is missing$"),
        (annotation(7, BOX, image_id=41), "41 is missing"),
        ({"image_id": 40, "category_id": 7, "bbox": [1, 2, 3, 4]}, "'segmentation' is"),
        ("wall", "string indices"),
        (annotation(7, BOX, image_id=[40]), "unhashable type: 'list'$"),
    ],
)
def test_an_annotation_of_nothing_known_is_refused(tmp_path, wrong, message):
    file = write(tmp_path / "1.json", [annotation(7, BOX), wrong])
    with pytest.raises(
        DatasetError, match=rf"1\.json is not as COCO has it: {message}"
    ):
        paint(file)


def test_another_size_and_a_name_without_a_number_are_refused(tmp_path):
    file = write(tmp_path / "1.json", [annotation(7, BOX)], size=(14, 9))
    with pytest.raises(DatasetError, match=r"000007\.jpg in .* is 9x14; expected 14x9"):
        paint(file)
    write(file, [annotation(7, BOX)], images=((40, "hall.jpg"),))
    with pytest.raises(DatasetError, match=r"does not say which frame hall\.jpg is"):
        paint(file)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (5, r"1\.json is not as COCO has it: the file_name 5 is no text$"),
        ("9" * 5000 + ".jpg", "does not say which frame 9999"),
        ("cam2_000007.jpg", r"does not say which frame cam2_000007\.jpg is"),
    ],
)
def test_an_image_name_that_is_none_of_a_frame_is_refused(tmp_path, name, message):
    file = write(tmp_path / "1.json", [annotation(7, BOX)], images=((40, name),))
    with pytest.raises(DatasetError, match=message):
        paint(file)


def test_an_export_is_what_pycocotools_reads(tmp_path, capsys):
    images = {3: random_classes(3), 11: random_classes(8)}
    color = EncodedImage("png", b"\x89PNG")
    frames = [FrameToDraw(k, color, SHAPE, image) for k, image in images.items()]
    coco.write(tmp_path, [*frames, FrameToDraw(12, color, SHAPE, None)], NAMES)
    dataset = COCO(tmp_path / "annotations" / "instances_default.json")
    capsys.readouterr()  # it prints how long it took
    assert [c["name"] for c in dataset.loadCats(dataset.getCatIds())] == list(NAMES)
    assert [i["file_name"] for i in dataset.loadImgs([3, 11, 12])] == [
        "000003.png",
        "000011.png",
        "000012.png",
    ]
    assert dataset.getAnnIds(imgIds=[12]) == []
    for index, classes in images.items():
        painted = np.full(SHAPE, 255, np.uint8)
        for found in dataset.loadAnns(dataset.getAnnIds(imgIds=[index])):
            mask = dataset.annToMask(found)
            painted[mask == 1] = found["category_id"] - 1
            assert found["area"] == mask.sum()
            x, y, width, height = cv2.boundingRect(mask)
            assert found["bbox"] == [x, y, width, height]
        np.testing.assert_array_equal(painted, classes)
