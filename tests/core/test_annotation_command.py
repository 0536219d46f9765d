"""hn-annotate import: which drawings may come back, and the command line."""

import errno
import json
import os
import re
import shutil

import cv2
import numpy as np
import pytest
from class_images import IGNORE, NAMES, SHAPE, random_classes, small_recording

from core.annotate_command import (
    AnnotateConfig,
    ExportConfig,
    ImportConfig,
    annotate,
    export_frames,
    import_drawings,
    main,
)
from core.annotation_formats import coco
from core.annotations import save_annotation
from core.errors import DatasetError, RecordingError
from core.recording import Recording

NUM_FRAMES = 8


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    return small_recording(tmp_path_factory.mktemp("bare") / "scene", NUM_FRAMES)


@pytest.fixture
def scene(bare, tmp_path):
    """A recording that nobody has annotated."""
    return shutil.copytree(bare, tmp_path / "scene")


def drawn(folder, images, names=NAMES):
    """Class images with classes.json, as a tool might have left them."""
    folder.mkdir(exist_ok=True)
    for name, classes in images.items():
        cv2.imwrite(str(folder / name), classes)
    (folder / "classes.json").write_text(json.dumps({"classes": names}))
    return folder


def box(value, top=3, bottom=20, left=5, right=60):
    classes = np.full(SHAPE, IGNORE, np.uint8)
    classes[top:bottom, left:right] = value
    return classes


def annotations(scene):
    return dict(Recording(scene).annotations)


def state(folder):
    return {file.name: file.read_bytes() for file in sorted(folder.rglob("*.*"))}


def refused(config, message):
    """The command fails with this message, and the recording stays as it was."""
    before = state(config.recording)
    with pytest.raises(DatasetError, match=message):
        import_drawings(config)
    assert state(config.recording) == before


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("7.png", 7),
        ("kitchen_frame-0004.png", 4),
        ("000003 (1).png", 3),
        ("000005_jpg.rf.8f2ad6e0c7b1a94e3.png", 5),
    ],
)
def test_the_number_in_a_name_or_six_digits_in_front_are_the_frame(
    scene, tmp_path, name, frame
):
    folder = drawn(tmp_path / "in", {name: box(1)})
    words = import_drawings(ImportConfig(folder, scene))
    assert words == (
        f"{scene}: 1 frames annotated; classes: wall, floor, käse 1, chair"
    )
    found = annotations(scene)
    assert list(found) == [frame]
    np.testing.assert_array_equal(found[frame], box(1))


@pytest.mark.parametrize(
    "name", ["hall", "kitchen2_000004", "4 (1)", "0000004_2", "1234567890"]
)
def test_a_name_that_could_mean_several_frames_or_none_is_refused(
    scene, tmp_path, name
):
    folder = drawn(tmp_path / "in", {f"{name}.png": box(0)})
    message = f"does not say which frame {re.escape(name)}.png is; expected a name"
    refused(ImportConfig(folder, scene), message)


def test_classes_go_by_their_names_not_by_their_numbers(scene, tmp_path):
    save_annotation(scene, 0, random_classes(1), NAMES)
    folder = drawn(tmp_path / "in", {"3.png": box(0)}, ["chair", "wall", "unused"])
    import_drawings(ImportConfig(folder, scene))
    np.testing.assert_array_equal(annotations(scene)[3], box(3))
    assert Recording(scene).annotation_classes == NAMES


def test_classes_can_be_given_and_continue_the_recordings(scene, tmp_path):
    folder = drawn(tmp_path / "in", {"3.png": box(1)}, ["unused", "lamp"])
    import_drawings(ImportConfig(folder, scene, classes=("floor", "lamp")))
    np.testing.assert_array_equal(annotations(scene)[3], box(1))
    folder = drawn(
        tmp_path / "in", {"3.png": box(1), "4.png": box(0)}, ["sofa", "lamp"]
    )
    refused(ImportConfig(folder, scene, classes=("sofa", "lamp")), "do not begin with")
    import_drawings(ImportConfig(folder, scene, classes=("floor", "lamp", "sofa")))
    np.testing.assert_array_equal(annotations(scene)[4], box(2))
    assert Recording(scene).annotation_classes == ("floor", "lamp", "sofa")


def test_class_names_may_be_lines_of_a_text_file(scene, tmp_path):
    folder = drawn(tmp_path / "in", {"3.png": box(1)})
    (folder / "classes.json").unlink()
    refused(ImportConfig(folder, scene), "neither classes.json nor classes.txt")
    (folder / "classes.txt").write_text("wall\nlamp\n")
    import_drawings(ImportConfig(folder, scene))
    assert Recording(scene).annotation_classes == ("wall", "lamp")


def test_every_unknown_class_is_named_with_its_files(scene, tmp_path):
    save_annotation(scene, 0, random_classes(1), NAMES)
    images = {f"{k}.png": box(k % 3) for k in (1, 2, 3, 5)}
    folder = drawn(tmp_path / "in", images, ["wall", "cupboard door", "flor"])
    message = (
        "unknown classes are drawn: cupboard door (in 1.png); flor (in 2.png, 5.png); "
        "correct these names, or make them classes: "
        "--classes wall floor 'käse 1' chair 'cupboard door' flor"
    )
    refused(ImportConfig(folder, scene), re.escape(message))


def test_annotations_are_replaced_only_when_asked(scene, tmp_path):
    save_annotation(scene, 2, box(1), NAMES)
    save_annotation(scene, 5, box(2), NAMES)
    images = {"2.png": box(3), "4.png": box(0), "5.png": box(2)}
    folder = drawn(tmp_path / "in", images)
    refused(ImportConfig(folder, scene), "has other annotations of the frames 2; give")
    words = import_drawings(ImportConfig(folder, scene, replace=True))
    assert words.startswith(f"{scene}: 3 frames annotated; ")
    for name, classes in images.items():
        np.testing.assert_array_equal(annotations(scene)[int(name[0])], classes)


def test_annotations_that_come_back_unchanged_are_no_obstacle(scene, tmp_path):
    save_annotation(scene, 5, random_classes(5), NAMES)
    folder = drawn(tmp_path / "in", {"5.png": random_classes(5), "6.png": box(1)})
    words = import_drawings(ImportConfig(folder, scene))
    assert ": 1 frames annotated, 1 more were the same before; " in words
    assert list(annotations(scene)) == [5, 6]


def test_an_import_is_whole_or_nothing(scene, tmp_path):
    folder = drawn(tmp_path / "in", {"1.png": box(0), "2.png": box(1), "6.png": box(2)})
    damaged = folder / "6.png"
    for content in (b"", damaged.read_bytes()[:50]):
        damaged.write_bytes(content)
        refused(ImportConfig(folder, scene), r"6\.png is not an image or is damaged")
    cv2.imwrite(str(damaged), box(4))
    refused(
        ImportConfig(folder, scene), r"6\.png has the values \[4\], and there are 4"
    )
    cv2.imwrite(str(damaged), box(2).T)
    refused(
        ImportConfig(folder, scene), r"6\.png is \(80, 48\) uint8; expected the size"
    )
    assert not (scene / "annotations").exists()


def test_a_disk_that_fills_during_an_import_leaves_all_as_it_was(
    scene, tmp_path, monkeypatch
):
    save_annotation(scene, 2, box(1), NAMES)
    folder = drawn(tmp_path / "in", {f"{k}.png": box(3) for k in range(1, 6)})
    num_written = 0

    def write_until_full(path, data):
        nonlocal num_written
        num_written += 1
        if num_written == 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        path.write_bytes(data)

    monkeypatch.setattr("core.annotations.write_atomically", write_until_full)
    before = state(scene)
    with pytest.raises(OSError, match="No space"):
        import_drawings(ImportConfig(folder, scene, replace=True))
    assert num_written == 4
    assert state(scene) == before


def test_an_import_that_cannot_replace_a_file_can_be_repeated(
    scene, tmp_path, monkeypatch
):
    for index in range(1, 6):
        save_annotation(scene, index, box(1), NAMES)
    folder = drawn(tmp_path / "in", {f"{k}.png": box(3) for k in range(1, 6)})
    replace = os.replace

    def replace_but_one(source, target):
        if target.name == "000003.png":
            raise PermissionError(errno.EACCES, "Access is denied", str(target))
        replace(source, target)

    config = ImportConfig(folder, scene, replace=True)
    with monkeypatch.context() as patched:
        patched.setattr("os.replace", replace_but_one)
        expected = r"000003\.png cannot be replaced \(Access is denied\); 2 of 5"
        with pytest.raises(DatasetError, match=expected):
            import_drawings(config)
    values = [image[3, 5] for image in annotations(scene).values()]
    assert values == [3, 3, 1, 1, 1]
    assert len(list((scene / "annotations").iterdir())) == 6
    assert import_drawings(config).startswith(f"{scene}: 5 frames annotated")
    for classes in annotations(scene).values():
        np.testing.assert_array_equal(classes, box(3))


def test_drawings_of_no_frame_or_of_one_frame_twice_are_refused(scene, tmp_path):
    folder = drawn(tmp_path / "a", {"8.png": box(0)})
    refused(
        ImportConfig(folder, scene),
        r"8\.png is of frame 8 by its image's name, and .* has 8",
    )
    folder = drawn(tmp_path / "b", {"3.png": box(0), "cam_3.png": box(0)})
    refused(ImportConfig(folder, scene), r"3\.png and .*cam_3\.png are both of frame 3")


def test_what_holds_no_drawings_is_refused(scene, tmp_path):
    refused(ImportConfig(tmp_path / "none", scene), "none does not exist")
    (tmp_path / "empty").mkdir()
    refused(ImportConfig(tmp_path / "empty", scene), "holds nothing that was drawn")
    (tmp_path / "list.json").write_text("[1]")
    refused(ImportConfig(tmp_path / "list.json", scene), "holds nothing that was drawn")
    export_frames(ExportConfig(scene, tmp_path / "out", "coco", every=2, classes=NAMES))
    refused(ImportConfig(tmp_path / "out", scene), "no class is drawn on any image")
    shutil.copy(tmp_path / "out" / coco.FILE, tmp_path / "empty")
    (tmp_path / "empty" / "3.json").write_text('{"shapes": []}')
    refused(
        ImportConfig(tmp_path / "empty", scene),
        "several drawings, instances_default.json,",
    )
    with pytest.raises(RecordingError):
        import_drawings(ImportConfig(tmp_path / "out", tmp_path / "empty"))


def test_a_png_that_is_no_class_image_is_refused(scene, tmp_path):
    folder = drawn(tmp_path / "in", {"3.png": np.zeros((*SHAPE, 3), np.uint8)})
    refused(
        ImportConfig(folder, scene), r"3\.png has 3 channel\(s\) of uint8; expected"
    )


def test_the_command_line_has_two_words(scene, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"
    words = ["export", str(scene), str(out), "--frames", "3", "5", "--format", "png"]
    monkeypatch.setattr("sys.argv", ["hn-annotate", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(f"{out}: 2 frames for png, 0 of them")
    drawn(out, {"5.png": box(1)})
    monkeypatch.setattr("sys.argv", ["hn-annotate", "import", str(out), str(scene)])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    assert list(annotations(scene)) == [5]
    assert "1 frames" in annotate(
        AnnotateConfig(ExportConfig(scene, tmp_path / "again", "coco"))
    )
