"""What is exported to a tool and imported again is the same, bit for bit."""

import json
import shutil

import numpy as np
import pytest
from class_images import IGNORE, NAMES, SHAPE, random_classes, small_recording

from core.annotate_command import (
    ExportConfig,
    ImportConfig,
    export_frames,
    import_drawings,
)
from core.annotation_formats import WRITERS, coco
from core.annotations import save_annotation
from core.recording import Recording

NUM_FRAMES = 12

# pycocotools 2.0.11 with NumPy 2
pytestmark = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A recording that nobody has annotated."""
    return small_recording(tmp_path_factory.mktemp("bare") / "scene", NUM_FRAMES)


def annotated_copy(bare, path, images, names=NAMES):
    shutil.copytree(bare, path)
    for index, classes in images.items():
        save_annotation(path, index, classes, names)
    return path


def assert_comes_back(bare, tmp_path, images, tool, names=NAMES):
    source = annotated_copy(bare, tmp_path / "source", images, names)
    target = annotated_copy(bare, tmp_path / "target", {})
    export_frames(ExportConfig(source, tmp_path / "out", tool))
    import_drawings(ImportConfig(tmp_path / "out", target))
    found = Recording(target)
    assert found.annotation_classes == names
    assert list(found.annotations) == sorted(images)
    for index, classes in images.items():
        np.testing.assert_array_equal(found.annotations[index], classes)


@pytest.mark.parametrize("tool", WRITERS)
@pytest.mark.parametrize("seed", range(4))
def test_random_classes_come_back(bare, tmp_path, tool, seed):
    images = {k: random_classes(NUM_FRAMES * seed + k) for k in range(NUM_FRAMES)}
    assert_comes_back(bare, tmp_path, images, tool)


@pytest.mark.parametrize("tool", WRITERS)
def test_noise_comes_back(bare, tmp_path, tool):
    values = np.array([0, 1, 2, 3, IGNORE], np.uint8)
    noise = np.random.default_rng(3).choice(values, SHAPE)
    assert_comes_back(bare, tmp_path, {5: noise}, tool)


@pytest.mark.parametrize("tool", WRITERS)
def test_a_hole_without_a_class_in_a_ring_in_a_hole_comes_back(bare, tmp_path, tool):
    classes = np.zeros(SHAPE, np.uint8)
    classes[5:40, 9:70] = IGNORE
    classes[8:38, 12:66] = 2
    classes[11:30, 20:60] = IGNORE
    classes[12, 21] = 1
    classes[15:20, 30:50] = 0
    classes[17, 33] = IGNORE
    assert_comes_back(bare, tmp_path, {0: classes}, tool)


@pytest.mark.parametrize("tool", WRITERS)
def test_regions_that_touch_at_corners_come_back(bare, tmp_path, tool):
    classes = (np.add(*np.indices(SHAPE)) % 2).astype(np.uint8)  # a chessboard
    classes[20:, 31:] = 3
    assert_comes_back(bare, tmp_path, {2: classes}, tool)


@pytest.mark.parametrize("tool", WRITERS)
def test_as_many_classes_as_there_can_be_come_back(bare, tmp_path, tool):
    names = tuple(f"class {k}" for k in reversed(range(255)))
    classes = (np.arange(SHAPE[0] * SHAPE[1]) % 256).astype(np.uint8).reshape(SHAPE)
    assert_comes_back(bare, tmp_path, {3: classes}, tool, names)


@pytest.mark.parametrize("tool", ["labelme", "cvat", "png"])
def test_a_frame_without_any_class_comes_back(bare, tmp_path, tool):
    nothing = np.full(SHAPE, IGNORE, np.uint8)
    assert_comes_back(bare, tmp_path, {1: nothing, 2: random_classes(1)}, tool)


def test_to_coco_a_frame_without_any_class_is_one_that_nobody_drew_on(bare, tmp_path):
    images = {1: np.full(SHAPE, IGNORE, np.uint8), 2: random_classes(1)}
    source = annotated_copy(bare, tmp_path / "source", images)
    export_frames(ExportConfig(source, tmp_path / "out", "coco"))
    target = annotated_copy(bare, tmp_path / "target", {})
    import_drawings(ImportConfig(tmp_path / "out", target))
    assert list(Recording(target).annotations) == [2]
    document = json.loads((tmp_path / "out" / coco.FILE).read_text())
    assert [image["id"] for image in document["images"]] == [1, 2]


@pytest.mark.parametrize("tool", WRITERS)
def test_names_that_mean_no_class_elsewhere_are_classes_here(bare, tmp_path, tool):
    names = ("__ignore__", "background", "chair")
    images = {0: random_classes(4, len(names)), 7: random_classes(6, len(names))}
    source = annotated_copy(bare, tmp_path / "source", images, names)
    target = annotated_copy(bare, tmp_path / "target", {})
    export_frames(ExportConfig(source, tmp_path / "out", tool))
    import_drawings(ImportConfig(tmp_path / "out", target, classes=names))
    for index, classes in images.items():
        found = Recording(target).annotations[index]
        np.testing.assert_array_equal(found, classes)
