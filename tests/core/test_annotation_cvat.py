"""CVAT's "Segmentation mask 1.1", written here by hand, with cv2."""

import json
import shutil
from zipfile import ZipFile

import cv2
import numpy as np
import pytest
from class_images import NAMES, SHAPE, random_classes

from core.annotation_formats import FrameToDraw, cvat, drawings_at
from core.errors import DatasetError
from core.images import EncodedImage

SIZE = (7, 11)
VALUES = {"wall": 0, "floor": 1, "lamp": 2}
LABELMAP = """# label:color_rgb:parts:actions
background:0,0,0::
lamp:250,50,83::
wall:51, 221, 255:hand,foot:sitting
floor:0,0,255::
"""
COLORS = {"lamp": (250, 50, 83), "wall": (51, 221, 255), "floor": (0, 0, 255)}


def mask_of(**boxes):
    """(7, 11, 3) uint8, red first: a colour in each (top, bottom, left, right)."""
    rgb = np.zeros((*SIZE, 3), np.uint8)
    for name, (top, bottom, left, right) in boxes.items():
        rgb[top:bottom, left:right] = COLORS[name]
    return rgb


def write(folder, masks, labelmap=LABELMAP):
    for name, rgb in masks.items():
        file = folder / "SegmentationClass" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), rgb[..., ::-1])
    (folder / "labelmap.txt").write_text(labelmap)
    return folder


def paint(path, values=VALUES):
    with drawings_at(path, SIZE) as found:
        return {d.frame: d.paint({"background": 255, **values}) for d in found.drawings}


MASK = mask_of(wall=(1, 6, 2, 9), lamp=(2, 3, 4, 5), floor=(4, 7, 7, 11))
PAINTED = np.full(SIZE, 255, np.uint8)
PAINTED[1:6, 2:9] = 0
PAINTED[2, 4] = 2
PAINTED[4:7, 7:11] = 1


@pytest.mark.parametrize("name", ["000012.png", "default/cam-000012.png"])
def test_colours_are_the_classes_of_the_labelmap(tmp_path, name):
    folder = write(tmp_path / "task", {name: MASK})
    np.testing.assert_array_equal(paint(folder)[12], PAINTED)
    shutil.make_archive(str(tmp_path / "task"), "zip", folder)
    np.testing.assert_array_equal(paint(tmp_path / "task.zip")[12], PAINTED)
    shutil.rmtree(folder)
    np.testing.assert_array_equal(paint(tmp_path)[12], PAINTED)  # the only zip file


def test_classes_are_in_the_order_of_the_labelmap_without_background(tmp_path):
    write(tmp_path, {"3.png": MASK, "4.png": mask_of(floor=(0, 7, 0, 11))})
    with drawings_at(tmp_path, SIZE) as found:
        assert found.class_names == ("lamp", "wall", "floor")
        assert found.unlabelled == {"background"}
        assert [d.names - {"background"} for d in found.drawings] == [
            {"lamp", "wall", "floor"},
            {"floor"},
        ]


def test_black_is_background_even_when_the_labelmap_does_not_say_so(tmp_path):
    write(tmp_path, {"3.png": MASK}, LABELMAP.replace("background:0,0,0::\n", ""))
    np.testing.assert_array_equal(paint(tmp_path)[3], PAINTED)


def test_black_is_a_class_when_the_labelmap_gives_it_one(tmp_path):
    write(tmp_path, {"3.png": MASK}, LABELMAP.replace("background:", "hole:"))
    found = paint(tmp_path, {**VALUES, "hole": 3})[3]
    np.testing.assert_array_equal(found, np.where(PAINTED == 255, 3, PAINTED))


def test_a_colour_that_has_no_name_is_told(tmp_path):
    mask = MASK.copy()
    mask[6, 0] = 1, 2, 3
    write(tmp_path, {"3.png": mask})
    with pytest.raises(DatasetError, match=r"3\.png has the colour 1,2,3, which lab"):
        paint(tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("floor", "has the line 'floor'; expected one such as wall:128,0,0::"),
        ("floor:::", "has the line"),
        ("floor:1,2,300::", "has the line"),
        ("floor:250,50,83::", "gives lamp and floor the same colour"),
    ],
)
def test_a_labelmap_that_says_too_little_is_refused(tmp_path, line, message):
    write(tmp_path, {"3.png": MASK}, LABELMAP.replace("floor:0,0,255::", line))
    with pytest.raises(DatasetError, match=rf"labelmap\.txt {message}"):
        paint(tmp_path)


def test_a_missing_labelmap_a_damaged_mask_and_another_size_are_refused(tmp_path):
    file = write(tmp_path, {"3.png": MASK[1:]}) / "SegmentationClass" / "3.png"
    with pytest.raises(DatasetError, match=r"3\.png is 11x6; expected 11x7"):
        paint(tmp_path)
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(DatasetError, match=r"3\.png is not an image or is damaged"):
        paint(tmp_path)
    (tmp_path / "labelmap.txt").unlink()
    with pytest.raises(DatasetError, match=r"labelmap\.txt is missing"):
        paint(tmp_path)


def test_a_damaged_zip_file_is_refused(tmp_path):
    shutil.make_archive(
        str(tmp_path / "a"), "zip", write(tmp_path / "b", {"3.png": MASK})
    )
    file = tmp_path / "a.zip"
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(DatasetError, match=r"a\.zip cannot be unpacked"):
        paint(file)


def test_an_export_is_what_cvat_takes(tmp_path):
    classes = random_classes(8)
    color = EncodedImage("jpeg", b"\xff\xd8\xffjpeg")
    frames = [FrameToDraw(7, color, SHAPE, classes), FrameToDraw(9, color, SHAPE, None)]
    cvat.write(tmp_path, frames, NAMES)
    assert sorted(file.name for file in (tmp_path / "images").iterdir()) == [
        "000007.jpg",
        "000009.jpg",
    ]
    assert json.loads((tmp_path / "labels.json").read_text()) == [
        {"name": "wall", "color": "#800000", "attributes": []},
        {"name": "floor", "color": "#008000", "attributes": []},
        {"name": "käse 1", "color": "#808000", "attributes": []},
        {"name": "chair", "color": "#000080", "attributes": []},
    ]
    with ZipFile(tmp_path / "annotations.zip") as archive:
        assert sorted(archive.namelist()) == [
            "ImageSets/Segmentation/default.txt",
            "SegmentationClass/000007.png",
            "SegmentationObject/000007.png",
            "labelmap.txt",
        ]
        assert archive.read("labelmap.txt").decode().splitlines() == [
            "background:0,0,0::",
            "wall:128,0,0::",
            "floor:0,128,0::",
            "käse 1:128,128,0::",
            "chair:0,0,128::",
        ]
        assert archive.read("ImageSets/Segmentation/default.txt") == b"000007\n"
        data = np.frombuffer(archive.read("SegmentationClass/000007.png"), np.uint8)
    rgb = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]
    colors = [(128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128), (0, 0, 0)]
    for value, color in zip((0, 1, 2, 3, 255), colors, strict=True):
        np.testing.assert_array_equal((rgb == color).all(2), classes == value)


def test_the_colours_are_those_of_pascal_voc():
    palette = cvat.voc_palette()
    # The devkit's first and last objects, and "void", the outlines.
    assert palette[[0, 1, 2, 15, 20, 255]].tolist() == [
        [0, 0, 0],
        [128, 0, 0],
        [0, 128, 0],
        [192, 128, 128],
        [0, 64, 128],
        [224, 224, 192],
    ]


@pytest.mark.parametrize("name", ["a:b", "#1", "two\nlines"])
def test_a_name_that_breaks_the_labelmap_is_refused(tmp_path, name):
    with pytest.raises(DatasetError, match=r"cannot stand in labelmap\.txt"):
        cvat.write(tmp_path, [], ("wall", name))
