"""Semantic classes of single frames of a recording."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from lopsided import COLOR, lopsided_frame

from core.annotations import save_annotation
from core.errors import DatasetError, RecordingError
from core.recording import Recording, RecordingWriter

NAMES = ("wall", "floor", "chair")


@pytest.fixture
def scene(tmp_path):
    with RecordingWriter(tmp_path / "scene") as writer:
        for number in range(12):
            writer.write(lopsided_frame(number))
    return tmp_path / "scene"


def classes_image() -> np.ndarray:
    classes = np.full((COLOR.height, COLOR.width), 255, np.uint8)
    classes[:10] = 0
    classes[10:, :30] = 2
    return classes


def test_a_recording_without_annotations_has_none(scene):
    recording = Recording(scene)
    assert recording.annotation_classes == ()
    assert dict(recording.annotations) == {}


def test_annotations_come_back_by_frame(scene):
    other = np.ones_like(classes_image())
    save_annotation(scene, 11, other, NAMES)
    save_annotation(scene, 2, classes_image(), NAMES)
    annotations = Recording(scene).annotations
    assert list(annotations) == [2, 11]
    assert np.array_equal(annotations[2], classes_image())
    assert np.array_equal(annotations[11], other)
    assert Recording(scene).annotation_classes == NAMES
    with pytest.raises(KeyError):
        annotations[3]


def test_looking_up_a_frame_does_not_list_the_folder(scene, monkeypatch):
    save_annotation(scene, 7, classes_image(), NAMES)
    shutil.copy(scene / "annotations" / "000007.png", scene / "annotations" / "4.png")
    annotations = Recording(scene).annotations
    assert list(annotations) == [4, 7]
    assert np.array_equal(annotations[4], classes_image())
    with pytest.raises(KeyError):
        annotations[-1]
    monkeypatch.setattr(Path, "iterdir", None)
    assert np.array_equal(annotations[7], classes_image())


def test_the_files_are_plain_png_and_json(scene):
    save_annotation(scene, 7, classes_image(), NAMES)
    file = scene / "annotations" / "000007.png"
    image = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(image, classes_image())
    text = (scene / "annotations" / "classes.json").read_text("utf-8")
    assert json.loads(text) == {"classes": list(NAMES)}
    assert len(list((scene / "annotations").iterdir())) == 2


def test_values_without_a_class_are_named_and_nothing_is_written(scene):
    classes = classes_image()
    classes[5, :4] = 3, 7, 254, 255
    with pytest.raises(DatasetError, match=r"frame 1 has the values \[3, 7, 254\]"):
        save_annotation(scene, 1, classes, NAMES)
    assert not (scene / "annotations").exists()


def test_annotations_of_another_size_or_frame_are_refused(scene):
    with pytest.raises(DatasetError, match=r"\(80, 48\) uint8; expected"):
        save_annotation(scene, 1, classes_image().T, NAMES)
    with pytest.raises(DatasetError, match="no frame 12"):
        save_annotation(scene, 12, classes_image(), NAMES)
    with pytest.raises(RecordingError):
        save_annotation(scene.parent, 1, classes_image(), NAMES)


def test_classes_can_be_added_but_not_changed(scene):
    save_annotation(scene, 1, classes_image(), NAMES)
    with pytest.raises(DatasetError, match="floor, wall, chair do not begin with"):
        save_annotation(scene, 2, classes_image(), ("floor", "wall", "chair"))
    save_annotation(scene, 2, classes_image(), (*NAMES, "lamp"))
    assert Recording(scene).annotation_classes == (*NAMES, "lamp")


def test_files_that_others_put_there_are_checked(scene):
    save_annotation(scene, 1, classes_image(), NAMES)
    folder = scene / "annotations"
    annotations = Recording(scene).annotations
    cv2.imwrite(str(folder / "000002.png"), classes_image() // 2)
    with pytest.raises(DatasetError, match=r"000002\.png has the values \[127\]"):
        annotations[2]
    cv2.imwrite(str(folder / "000002.png"), classes_image()[1:])
    with pytest.raises(DatasetError, match=r"000002\.png is \(47, 80\)"):
        annotations[2]
    (folder / "000002.png").write_bytes(b"")
    with pytest.raises(DatasetError, match="not an image"):
        annotations[2]
    (folder / "000012.png").write_bytes(b"")
    for look in (list, lambda found: found[12]):
        with pytest.raises(DatasetError, match="annotates frame 12 but"):
            look(annotations)
    (folder / "classes.json").write_text('{"classes": 3}')
    with pytest.raises(DatasetError, match=r"classes\.json cannot be read"):
        Recording(scene).annotation_classes  # noqa: B018
