"""NYUv2's labelled images: the official file, folders, and folders of other cameras."""

import logging
from dataclasses import replace
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from lopsided import COLOR, lopsided_frame
from scipy.io import loadmat
from written_images import K, depth_of, refusal, rgb_of, write_color, write_depth

from core.annotations import save_annotations
from core.errors import DatasetError
from core.interchange import open_frames
from core.interchange.calibration import CameraFile
from core.interchange.image_folder import FrameSource
from core.interchange.nyu_labelled import NYU, annotations_of
from core.interchange.selection import EveryNth
from core.nyuv2 import COLOR_CAMERA, NYU40_NAMES
from core.nyuv2_labels import classes_from_894
from core.recording import Recording, RecordingWriter


def labels_of(number: int) -> np.ndarray:
    """(24, 40) uint8 of 0..40."""
    random = np.random.default_rng(100 + number)
    return random.integers(0, 41, (24, 40), dtype=np.uint8)


def write_labels(folder: Path, number: int, labels: np.ndarray) -> None:
    (folder / "label40").mkdir(exist_ok=True)
    assert cv2.imwrite(str(folder / "label40" / f"{number:04d}.png"), labels)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Frames 3, 5 and 8 of another camera than NYUv2's; 5 has no labels."""
    for number in (3, 5, 8):
        write_color(tmp_path / "rgb" / f"{number:04d}.png", rgb_of(number))
        write_depth(tmp_path / "depth" / f"{number:04d}.png", depth_of(number))
    for number in (3, 8):
        write_labels(tmp_path, number, labels_of(number))
    (tmp_path / "K.txt").write_text(K)
    return tmp_path


def written(source: FrameSource, path: Path) -> Path:
    path.mkdir()
    assert NYU.write is not None
    NYU.write(source, path, lambda done, total: None)
    return path


def stored_labels(path: Path) -> dict[str, np.ndarray]:
    files = sorted((path / "label40").glob("*"))
    return {file.name: cv2.imread(str(file), cv2.IMREAD_UNCHANGED) for file in files}


def test_nyuv2s_own_images_lose_their_white_border(tmp_path):
    depth = np.full((480, 640), 2500, np.uint16)
    write_color(tmp_path / "rgb" / "0003.jpg", np.full((480, 640, 3), 9, np.uint8))
    write_depth(tmp_path / "depth" / "0003.png", depth)
    write_labels(tmp_path, 3, np.zeros((480, 640), np.uint8))
    frame = open_frames(tmp_path)[0]
    assert frame.color_intrinsics == COLOR_CAMERA
    # The toolbox's mask is 45:471 and 41:601, counted from 1, ends included.
    rows, columns = np.nonzero(frame.depth)
    assert (rows.min() + 1, rows.max() + 1) == (45, 471)
    assert (columns.min() + 1, columns.max() + 1) == (41, 601)
    # Another camera of the same size has no such border.
    camera = CameraFile(
        Path("given"), np.array([[600, 0, 320], [0, 600, 240], [0, 0, 1]])
    )
    frame = open_frames(tmp_path, camera)[0]
    assert frame.color_intrinsics.fx == 600
    assert np.array_equal(frame.depth, depth)
    (tmp_path / "K.txt").write_text("601 0 320 0 601 240 0 0 1")
    frame = open_frames(tmp_path)[0]
    assert frame.color_intrinsics.fx == 601
    assert np.array_equal(frame.depth, depth)


def test_the_camera_of_nyuv2_is_named_where_it_is_taken_for_granted(tmp_path, caplog):
    depth = np.full((480, 640), 2500, np.uint16)
    write_color(tmp_path / "rgb" / "0003.png", np.full((480, 640, 3), 9, np.uint8))
    write_depth(tmp_path / "depth" / "0003.png", depth)
    write_labels(tmp_path, 3, np.zeros((480, 640), np.uint8))
    with caplog.at_level(logging.WARNING):
        expected = open_frames(tmp_path)[0].depth
    (message,) = caplog.messages
    assert f"{tmp_path} has no calibration; NYUv2's own is taken" in message
    # Who writes NYUv2's camera beside its images does not make their border measured.
    (tmp_path / "K.txt").write_text("518.86 0 325.58 0 519.47 253.74 0 0 1")
    caplog.clear()
    frame = open_frames(tmp_path)[0]
    assert frame.color_intrinsics.fx == 518.86
    assert np.array_equal(frame.depth, expected)
    assert not expected.all()
    assert caplog.messages == []


def test_labels_come_as_classes_that_count_from_0(folder):
    source = open_frames(folder)
    found = annotations_of(source)
    assert found is not None
    classes, names = found
    assert names == NYU40_NAMES
    assert sorted(classes) == [0, 2]  # frame 5 is in between
    for index, number in ((0, 3), (2, 8)):
        label = labels_of(number).astype(int)
        assert classes[index].dtype == np.uint8
        assert np.array_equal(classes[index], np.where(label == 0, 255, label - 1))
    assert 1 not in classes
    # "floor mat" is 20 in the label images (Gupta et al.).
    assert (np.array(names)[classes[0][labels_of(3) == 20]] == "floor mat").all()


def test_every_second_frame_keeps_its_labels(folder):
    source = EveryNth(open_frames(folder), 2)
    found = annotations_of(source)
    assert found is not None
    assert sorted(found[0]) == [0, 1]
    assert np.array_equal(found[0][1] == 255, labels_of(8) == 0)


def test_labels_that_cannot_be_used_are_named(folder):
    write_labels(folder, 8, np.full((24, 40), 41, np.uint8))
    found = annotations_of(open_frames(folder))
    assert found is not None
    with pytest.raises(DatasetError, match=r"0008\.png holds the class 41"):
        found[0][2]
    for file in sorted((folder / "label40").iterdir()):
        file.rename(file.with_name(f"label_{file.name}"))
    with pytest.raises(DatasetError, match="has the name of a colour image"):
        annotations_of(open_frames(folder))
    (folder / "K.txt").unlink()
    assert "no calibration" in refusal(folder)


def test_plain_folders_have_no_annotations(folder):
    for file in (folder / "label40").iterdir():
        file.unlink()
    assert annotations_of(open_frames(folder)) is None
    (folder / "label40").rmdir()
    assert annotations_of(open_frames(folder)) is None


def record(path: Path, num_frames: int) -> Recording:
    """Aligned lopsided frames, whose camera is distorted."""
    with RecordingWriter(path) as writer:
        for number in range(num_frames):
            frame = replace(
                lopsided_frame(number),
                depth=depth_of(number, COLOR.width, COLOR.height),
                depth_intrinsics=COLOR,
                T_color_depth=np.eye(4),
                depth_scale=0.001,
            )
            writer.write(frame)
    return Recording(path)


def test_a_recording_with_nyuv2s_classes_becomes_such_a_folder(tmp_path):
    source = record(tmp_path / "take", 3)
    classes = np.full((COLOR.height, COLOR.width), 255, np.uint8)
    classes[5:9, 60:], classes[20:, :30], classes[30:, 40:] = 0, 1, 2
    names = ("floor", "wall", "other prop")  # in an order of its own
    save_annotations(tmp_path / "take", [(1, classes)], names)
    path = written(source, tmp_path / "nyu")
    again = open_frames(path)
    assert len(again) == 3
    for index in range(3):
        assert again.encoded_color(index) == source.encoded_color(index)
        assert np.array_equal(again[index].depth, source[index].depth)
        assert again[index].color_intrinsics == COLOR
        assert again[index].is_aligned
    (name, labels), *others = stored_labels(path).items()
    assert (name, others) == ("0002.png", [])
    expected = np.zeros_like(classes)
    expected[5:9, 60:], expected[20:, :30], expected[30:, 40:] = 2, 1, 40
    assert np.array_equal(labels, expected)
    found = annotations_of(again)
    assert found is not None
    assert list(found[0]) == [1]
    assert (found[0][1][5:9, 60:] == NYU40_NAMES.index("floor")).all()


def test_a_recording_with_other_classes_becomes_a_folder_without_labels(
    tmp_path, caplog
):
    source = record(tmp_path / "take", 1)
    classes = np.zeros((COLOR.height, COLOR.width), np.uint8)
    save_annotations(tmp_path / "take", [(0, classes)], ("floor", "forklift"))
    with caplog.at_level(logging.WARNING):
        path = written(source, tmp_path / "nyu")
    assert "'forklift' is none of NYUv2's 40 classes" in caplog.text
    assert not (path / "label40").exists()
    assert np.array_equal(open_frames(path)[0].depth, source[0].depth)


def test_nyuv2_written_again_is_the_same(real_data, tmp_path):
    numbers = sorted(
        file.stem for file in (real_data / "nyuv2" / "test" / "rgb").iterdir()
    )[:2]
    few = tmp_path / "few"
    for kind in ("rgb", "depth", "label40"):
        (few / kind).mkdir(parents=True)
        for number in numbers:
            (file,) = (real_data / "nyuv2" / "test" / kind).glob(f"{number}.*")
            (few / kind / file.name).write_bytes(file.read_bytes())
    source = open_frames(few)
    path = written(source, tmp_path / "nyu")
    again = open_frames(path)
    for index, number in enumerate(numbers):
        assert again.encoded_color(index) == source.encoded_color(index)
        assert np.array_equal(again[index].depth, source[index].depth)
        assert again[index].color_intrinsics == COLOR_CAMERA
        stored = cv2.imread(f"{few}/label40/{number}.png", cv2.IMREAD_UNCHANGED)
        assert np.array_equal(stored_labels(path)[f"{index + 1:04d}.png"], stored)
        assert np.unique(stored).size > 5


def write_mat(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    """(N, H, W[, 3]) arrays as MATLAB stores them, the first axis fastest."""
    path.parent.mkdir(exist_ok=True)
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, array in arrays.items():
            file[name] = np.moveaxis(array, 0, -1).T
    return path


def mat_arrays() -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    return {
        "images": random.integers(0, 256, (2, 24, 32, 3)).astype(np.uint8),
        "depths": random.uniform(1, 9, (2, 24, 32)).astype(np.float32),
        "rawDepths": random.uniform(1, 9, (2, 24, 32)).astype(np.float32),
        "labels": random.integers(0, 895, (2, 24, 32)).astype(np.uint16),
    }


@pytest.mark.parametrize("in_folder", [False, True])
def test_the_official_file_opens_with_its_labels(tmp_path, in_folder):
    arrays = mat_arrays()
    file = write_mat(tmp_path / "nyu" / "nyu_depth_v2_labeled.mat", arrays)
    source = open_frames(file.parent if in_folder else file)
    assert source.name == "nyu_depth_v2_labeled"
    assert len(list(source)) == 2
    frame = source[-1]
    assert frame.number == 1
    assert np.array_equal(frame.rgb, arrays["images"][1])
    metres = frame.depth * frame.depth_scale
    assert np.abs(metres - arrays["rawDepths"][1]).max() < 1.01e-4
    # 20 times smaller than 640 x 480; a pixel's centre is its integer coordinate.
    assert frame.color_intrinsics.cx == pytest.approx((325.58244941 + 0.5) / 20 - 0.5)
    assert source.pose(1) is None and source.encoded_color(1) is None
    found = annotations_of(source)
    assert found is not None
    labels = arrays["labels"][1]
    for label, name in ((11, "floor"), (21, "wall"), (5, "chair"), (1, "other prop")):
        assert (found[0][1][labels == label] == NYU40_NAMES.index(name)).all()
    assert (found[0][1][labels == 0] == 255).all()


def test_depth_that_was_filled_in_is_used_without_the_border(tmp_path):
    arrays = mat_arrays()
    del arrays["rawDepths"]
    file = write_mat(tmp_path / "nyu_depth_v2_labeled.mat", arrays)
    depth = open_frames(file)[0].depth
    rows, columns = np.nonzero(depth)
    # 44 / 20 = 2.2 rounds up, 471 / 20 = 23.55 down, and so on: only whole pixels.
    assert (rows.min(), rows.max()) == (3, 22)
    assert (columns.min(), columns.max()) == (2, 29)


def test_the_894_labels_have_the_classes_of_the_data_sets_own_map(real_data):
    file = loadmat(real_data / "nyuv2" / "classMapping40.mat")
    expected = file["mapClass"].ravel().astype(int) - 1
    names = [str(name[0]) for name in file["className"].ravel()]
    assert len(expected) == 894
    classes = classes_from_894(np.arange(895)[None], "all")[0]
    assert classes[0] == 255
    assert np.array_equal(classes[1:], expected)
    pairs = zip(NYU40_NAMES, names, strict=True)
    different = [(a, b) for a, b in pairs if a.replace(" ", "") != b.replace(" ", "")]
    assert different == [("refrigerator", "refridgerator")]
