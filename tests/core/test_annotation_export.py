"""hn-annotate export: which frames go out, and where to."""

import shutil
from io import BytesIO

import numpy as np
import pytest
from class_images import NAMES, random_classes, small_recording
from lopsided import lopsided_frame
from PIL import Image

from core.annotate_command import ExportConfig, export_frames
from core.annotation_formats import WRITERS
from core.annotations import save_annotation
from core.errors import DatasetError, HNError
from core.images import EncodedImage
from core.recording import Recording, RecordingWriter

NUM_FRAMES = 8


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    return small_recording(tmp_path_factory.mktemp("bare") / "scene", NUM_FRAMES)


@pytest.fixture
def scene(bare, tmp_path):
    """A recording that nobody has annotated."""
    return shutil.copytree(bare, tmp_path / "scene")


@pytest.mark.parametrize("tool", WRITERS)
def test_exported_images_are_the_recordings_own_bytes(scene, tmp_path, tool):
    out = tmp_path / "out"
    words = export_frames(ExportConfig(scene, out, tool, every=3, classes=NAMES))
    assert words == f"{out}: 3 frames for {tool}, 0 of them annotated already"
    files = sorted(out.rglob("*.jpg"))
    assert [file.name for file in files] == ["000000.jpg", "000003.jpg", "000006.jpg"]
    recording = Recording(scene)
    for file, index in zip(files, (0, 3, 6), strict=True):
        assert file.read_bytes() == recording.encoded_color(index).data


def test_frames_can_be_named_and_are_the_annotated_ones_by_default(scene, tmp_path):
    for index in (2, 5):
        save_annotation(scene, index, random_classes(index), NAMES)
    export_frames(ExportConfig(scene, tmp_path / "a"))
    assert sorted(f.name for f in (tmp_path / "a").glob("0*")) == [
        "000002.jpg",
        "000002.json",
        "000005.jpg",
        "000005.json",
    ]
    words = export_frames(ExportConfig(scene, tmp_path / "b", frames=(7, 2, 7)))
    assert "2 frames for labelme, 1 of them annotated already" in words
    assert sorted(f.name for f in (tmp_path / "b").glob("0*")) == [
        "000002.jpg",
        "000002.json",
        "000007.jpg",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "no annotations; give --every 30"),
        ({"every": 0}, "--every must be at least 1, got 0"),
        ({"every": 2, "frames": (1,)}, "--every and --frames exclude each other"),
        ({"frames": (1, 8)}, "there is no frame 8 in .*; it has 8, counted from 0"),
        ({"frames": (-1,)}, "there is no frame -1"),
        ({"every": 2, "classes": ("wall", "wall")}, "the class wall is named twice"),
        (
            {"every": 2, "classes": tuple(map(str, range(256)))},
            "256 classes do not fit",
        ),
    ],
)
def test_an_export_of_nothing_that_is_there_is_refused(
    scene, tmp_path, options, message
):
    with pytest.raises(DatasetError, match=message):
        export_frames(ExportConfig(scene, tmp_path / "out", **options))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scene"]


def test_an_export_that_fails_leaves_nothing_behind(scene, tmp_path):
    save_annotation(scene, 2, random_classes(2), NAMES)
    (scene / "annotations" / "000002.png").write_bytes(b"damaged")
    for tool in WRITERS:
        with pytest.raises(DatasetError, match="damaged"):
            export_frames(ExportConfig(scene, tmp_path / "out", tool, every=1))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scene"]


def test_a_folder_that_holds_files_is_not_written_to(scene, tmp_path):
    (tmp_path / "out").mkdir()
    export_frames(ExportConfig(scene, tmp_path / "out", every=4))
    with pytest.raises(HNError, match="out already holds files"):
        export_frames(ExportConfig(scene, tmp_path / "out", every=4))


@pytest.mark.parametrize("inside", ["scene/annotations", "scene/a/b", "b/../scene/a"])
def test_an_export_into_the_recording_is_refused(scene, inside):
    before = sorted(scene.rglob("*"))
    with pytest.raises(DatasetError, match="lies in the recording; name a folder"):
        export_frames(ExportConfig(scene, scene.parent / inside, every=4))
    assert sorted(scene.rglob("*")) == before


def test_an_image_that_tools_would_turn_is_exported_as_recordings_show_it(tmp_path):
    frame = lopsided_frame(1)
    file, tag = BytesIO(), Image.Exif()
    tag[0x0112] = 3  # upside down, says TIFF's tag of the orientation
    Image.fromarray(frame.rgb).save(file, "JPEG", exif=tag)
    with RecordingWriter(tmp_path / "scene") as writer:
        writer.write(frame, color=EncodedImage("jpeg", file.getvalue()))
    export_frames(ExportConfig(tmp_path / "scene", tmp_path / "out", every=1))
    image = Image.open(tmp_path / "out" / "000000.png")
    expected = Recording(tmp_path / "scene")[0].rgb
    np.testing.assert_array_equal(np.array(image), expected)
