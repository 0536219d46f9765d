"""labelme's files, written here by hand and painted as labelme itself paints them."""

import base64
import json
import tracemalloc

import cv2
import numpy as np
import pytest
from class_images import NAMES, SHAPE, random_classes

from core.annotation_formats import FrameToDraw, drawings_at, labelme
from core.errors import DatasetError
from core.images import EncodedImage

# What labelme.utils.shapes_to_label of labelme 6.3.1 makes of these shapes.
SHAPES = [
    (
        "wall",
        "polygon",
        [[1.2, 0.7], [15.9, 2.3], [11.1, 9.8], [7.6, 5.5], [2.4, 10.9]],
    ),
    ("floor", "rectangle", [[14.2, 8.9], [9.7, 6.1]]),
    ("lamp", "circle", [[4.5, 3.5], [6.6, 3.9]]),
    ("wall", "polygon", [[3.1, 2.2], [3.9, 2.2], [3.5, 2.8]]),
    ("chair", "oriented_rectangle", [[12, 1], [17, 4], [15.2, 7.3], [10.5, 4.9]]),
]
PAINTED = """
.w.................
.wwlllwww...c......
.wlwlllwwwwccccw...
.wlllllwwwwccccc...
.wlllllwwwcccccccc.
..wlllwwwwwwccccc..
..wwwww.wffffcccc..
..wwww...ffffffc...
..www....ffffff....
..ww.......w.......
..w................
...................
"""
VALUES = {"wall": 0, "floor": 1, "lamp": 2, "chair": 3}


def shape(label, kind, points, **others):
    return {"label": label, "shape_type": kind, "points": points, **others}


def square(label="wall", x=1, y=2, side=3):
    corners = [[x, y], [x + side, y], [x + side, y + side], [x, y + side]]
    return shape(label, "polygon", corners)


def write(file, shapes, size=(12, 19), **others):
    height, width = size
    document = {
        "version": "5.5.0",
        "flags": {},
        "shapes": shapes,
        "imagePath": f"{file.stem}.jpg",
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
    }
    file.write_text(json.dumps({**document, **others}))
    return file


def picture(classes):
    return "\n".join(
        "".join("wflc"[v] if v < 4 else "." for v in row) for row in classes.tolist()
    )


def paint(path, values=VALUES, size=(12, 19)):
    with drawings_at(path, size) as found:
        [drawing] = found.drawings
        return drawing.paint(values)


def frame_in(path):
    with drawings_at(path, (12, 19)) as found:
        [drawing] = found.drawings
        return drawing.frame


def png_text(mask):
    return base64.b64encode(cv2.imencode(".png", mask)[1].tobytes()).decode()


def test_shapes_are_painted_as_labelme_paints_them(tmp_path):
    file = write(tmp_path / "000003.json", [shape(*s) for s in SHAPES])
    for path in (file, tmp_path):
        assert picture(paint(path)) == PAINTED.strip()


def test_the_frame_is_that_of_the_image_path(tmp_path):
    file = tmp_path / "000013 (1).json"
    for image in ("000027.jpg", "../take 2/000027.jpg", r"..\take 2\000027 (3).jpg"):
        assert frame_in(write(file, [square()], imagePath=image)) == 27
    for none in (None, ""):
        assert frame_in(write(file, [square()], imagePath=none)) == 13
    write(file, [square()], imagePath=27)
    with pytest.raises(DatasetError, match="the imagePath 27 is no text"):
        frame_in(file)


def test_the_images_in_the_files_are_not_kept_in_memory(tmp_path):
    for number in range(20):
        write(tmp_path / f"{number}.json", [square()], imageData="A" * 500_000)
    tracemalloc.start()
    try:
        with drawings_at(tmp_path, (12, 19)) as found:
            assert len(found.drawings) == 20
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * 500_000  # one file as bytes, as text, and as what it holds


def test_the_later_shape_lies_over_the_earlier_one(tmp_path):
    over = [square("wall", side=5), square("floor")]
    file = write(tmp_path / "1.json", over)
    assert paint(file)[3, 2] == VALUES["floor"]
    write(file, over[::-1])
    assert paint(file)[3, 2] == VALUES["wall"]


def test_a_mask_is_the_box_between_its_points_both_included(tmp_path):
    mask = np.array([[0, 1, 1, 0, 1], [1, 0, 0, 0, 0], [0, 0, 255, 0, 0]], np.uint8)
    points = [[7.0, 4.0], [11.0, 6.0]]
    file = write(
        tmp_path / "1.json", [shape("lamp", "mask", points, mask=png_text(mask))]
    )
    expected = {(4, 8), (4, 9), (4, 11), (5, 7), (6, 9)}
    assert set(map(tuple, np.argwhere(paint(file) == 2).tolist())) == expected


def test_what_is_called_ignore_or_background_is_unlabelled(tmp_path):
    shapes = [square("wall", side=7), square("__ignore__", 2, 3, 1)]
    file = write(tmp_path / "1.json", [*shapes, square("_background_", 6, 5, 1)])
    with drawings_at(file, (12, 19)) as found:
        assert found.class_names == ("wall",)
        assert found.unlabelled == {"__ignore__", "_background_"}


def test_classes_are_in_the_order_of_labels_txt_or_of_the_alphabet(tmp_path):
    write(tmp_path / "1.json", [square("wall"), square("chair")])
    write(tmp_path / "2.json", [square("floor")])
    with drawings_at(tmp_path, (12, 19)) as found:
        assert found.class_names == ("chair", "floor", "wall")
        assert [drawing.names for drawing in found.drawings] == [
            {"wall", "chair"},
            {"floor"},
        ]
    text = "\ufeff__ignore__\r\n_background_\r\nwall\r\n lamp \r\n\r\nchair\r\n"
    (tmp_path / "labels.txt").write_bytes(text.encode())
    with drawings_at(tmp_path, (12, 19)) as found:
        assert found.class_names == ("wall", "lamp", "chair")


@pytest.mark.parametrize("kind", ["point", "line", "linestrip", "points"])
def test_a_shape_without_an_area_is_refused_by_name(tmp_path, kind):
    write(tmp_path / "77.json", [square(), shape("lamp", kind, [[1, 2], [3, 5]])])
    message = rf"77\.json.*a shape of type {kind} \(lamp\) covers no pixels"
    with pytest.raises(DatasetError, match=message), drawings_at(tmp_path, (12, 19)):
        pass


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (shape("wall", "polygon", [[1, 2], [3, 4]]), r"points of shape \(2, 2\)"),
        (shape("wall", "rectangle", [[1, 2]]), r"points of shape \(1, 2\)"),
        (shape("wall", "polygon", [[1, 2, 3]] * 3), r"points of shape \(3, 3\)"),
        (shape("wall", "polygon", [[1, 2], [3, 4], [5, float("nan")]]), "far out"),
        (shape("wall", "polygon", [[1, 2], [3, 4], [5, 1e9]]), "far out"),
        (shape("wall", "polygon", [[1, 2], [3, 4], [5, "x"]]), "could not convert"),
        (shape(3, "polygon", [[1, 2], [3, 4], [5, 6]]), "label 3 is no text"),
        (shape("wall", "mask", [[1, 2], [3, 4]]), "a shape has no 'mask'"),
        (shape("wall", "mask", [[1, 2], [3, 4]], mask="AAAA"), "no PNG"),
        ({"label": "wall"}, "a shape has no 'points'"),
        ("wall", "string indices"),
    ],
)
def test_a_shape_that_is_wrong_is_refused_with_its_file(tmp_path, wrong, message):
    write(tmp_path / "77.json", [square(), wrong])
    expected = rf"77\.json is not as labelme writes it: .*{message}"
    with pytest.raises(DatasetError, match=expected), drawings_at(tmp_path, (12, 19)):
        pass


@pytest.mark.parametrize(
    "points", [[[1, 2], [4, 4]], [[-1, 2], [1, 4]], [[17, 2], [19, 4]]]
)
def test_a_mask_that_does_not_fit_is_refused(tmp_path, points):
    mask = png_text(np.ones((3, 3), np.uint8))
    file = write(tmp_path / "77.json", [shape("wall", "mask", points, mask=mask)])
    with pytest.raises(DatasetError, match=r"77\.json.*\(3, 3\) does not fit"):
        paint(file)


def test_a_damaged_file_and_another_size_are_refused(tmp_path):
    file = write(tmp_path / "000003.json", [square()], size=(19, 12))
    with pytest.raises(DatasetError, match=r"000003\.json is 12x19; expected 19x12"):
        paint(file)
    file.write_text(file.read_text()[:-20])
    with pytest.raises(DatasetError, match=r"000003\.json is no JSON, or is damaged"):
        paint(tmp_path)


def frame_of(classes, image=b"\xff\xd8\xffjpeg"):
    return FrameToDraw(123, EncodedImage("jpeg", image), SHAPE, classes)


def test_an_export_is_what_labelme_opens(tmp_path):
    labelme.write(tmp_path, [frame_of(random_classes(2))], NAMES)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "000123.jpg",
        "000123.json",
        "labels.txt",
    ]
    assert (tmp_path / "000123.jpg").read_bytes() == b"\xff\xd8\xffjpeg"
    lines = (tmp_path / "labels.txt").read_text("utf-8").splitlines()
    assert lines == ["__ignore__", *NAMES]
    document = json.loads((tmp_path / "000123.json").read_text("utf-8"))
    assert document["imagePath"] == "000123.jpg"
    assert document["imageData"] is None
    assert (document["imageHeight"], document["imageWidth"]) == SHAPE
    for drawn in document["shapes"]:
        assert drawn["shape_type"] == "polygon"
        assert len(drawn["points"]) >= 3


def test_a_box_is_exported_as_its_corner_pixels_large_ones_first(tmp_path):
    classes = np.full(SHAPE, 255, np.uint8)
    classes[30:33, 50:54] = 3
    classes[4:20, 7:60] = 1
    classes[6:9, 10:12] = 255
    classes[40:42, 0:2] = 255
    labelme.write(tmp_path, [frame_of(classes)], NAMES)
    document = json.loads((tmp_path / "000123.json").read_text("utf-8"))
    found = [
        (drawn["label"], sorted(map(tuple, drawn["points"])))
        for drawn in document["shapes"]
    ]
    assert found == [
        ("floor", [(7.5, 4.5), (7.5, 19.5), (59.5, 4.5), (59.5, 19.5)]),
        ("chair", [(50.5, 30.5), (50.5, 32.5), (53.5, 30.5), (53.5, 32.5)]),
        ("__ignore__", [(10.5, 6.5), (10.5, 8.5), (11.5, 6.5), (11.5, 8.5)]),
    ]


def test_labelme_has_no_word_for_unlabelled_when_both_are_classes(tmp_path):
    with pytest.raises(DatasetError, match="__ignore__ and _background_ are both"):
        labelme.write(tmp_path, [], ("_background_", "wall", "__ignore__"))


@pytest.mark.parametrize("name", ["two\nlines", " wall", ""])
def test_a_name_that_breaks_its_line_is_refused(tmp_path, name):
    with pytest.raises(DatasetError, match=r"cannot stand in labels\.txt"):
        labelme.write(tmp_path, [], ("wall", name))
