"""SUN RGB-D with its labels, in files as MATLAB writes them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from scipy.io import savemat
from training_data import write_nyuv2_folder

from core.bins import HNBins
from core.errors import DatasetError, UnreadableFrameError
from core.nyuv2 import NYU40_NAMES
from training.datasets.frame_source import Recipe
from training.datasets.nyuv2 import is_official_test
from training.datasets.opening import data_notes, open_data
from training.datasets.prepare import prepare
from training.datasets.sun_labels import CLASS_NAMES, class_of, frame_key
from training.datasets.sun_rgbd import SunRgbd

HEIGHT, WIDTH = 12, 20
REMOTE = "/n/fs/sun3d/data/SUNRGBD"
FRAMES = (
    "kv1/NYUdata/NYU0002",  # official test
    "kv1/NYUdata/NYU0003",  # official train
    "kv2/kinect2data/000065_2014",
    "realsense/lg/2014_10",
    "realsense/sa/2014_11",
    "xtion/sun3ddata/brown/0001",
    "xtion/sun3ddata/brown/0002",
)


def rgb_of(number: int) -> np.ndarray:
    rng = np.random.default_rng(number)
    return rng.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)


def labels_of(number: int, largest: int) -> np.ndarray:
    rng = np.random.default_rng(50 + number)
    return rng.integers(0, largest + 1, (HEIGHT, WIDTH)).astype(np.uint16)


def cell(names: list[str]) -> np.ndarray:
    """What savemat writes as a cell array of texts."""
    array = np.empty((1, len(names)), object)
    array[0] = names
    return array


def write_frame(folder: Path, number: int) -> Path:
    for kind in ("image", "depth", "depth_bfx"):
        (folder / kind).mkdir(parents=True)
    cv2.imwrite(str(folder / "image" / "0001.png"), rgb_of(number)[..., ::-1])
    depth = np.full((HEIGHT, WIDTH), 8 * (1000 + number), np.uint16)
    cv2.imwrite(str(folder / "depth" / "0001.png"), depth)
    (folder / "intrinsics.txt").write_text("19 0 10 0 18 6 0 0 1")
    return folder


def write_seg(folder: Path, labels: np.ndarray, names: list[str]) -> None:
    savemat(folder / "seg.mat", {"names": cell(names), "seglabel": labels})


def write_tree(root: Path, frames: tuple[str, ...] = FRAMES) -> Path:
    for number, frame in enumerate(frames):
        write_frame(root / "SUNRGBD" / frame, number)
    return root


def write_split(root: Path, train: list[str], test: list[str]) -> None:
    folder = root / "SUNRGBDtoolbox" / "traintestSUNRGBD"
    folder.mkdir(parents=True)
    # Some of its paths end in a slash.
    content = {
        "alltrain": cell([f"{REMOTE}/{frame}/" for frame in train]),
        "alltest": cell([f"{REMOTE}/{frame}" for frame in test]),
    }
    savemat(folder / "allsplit.mat", content)


def write_toolbox_labels(root: Path, frames: list[str], largest: int = 37) -> None:
    """MATLAB's structs: old format with the paths, HDF5 with transposed labels."""
    folder = root / "SUNRGBDtoolbox" / "Metadata"
    folder.mkdir(parents=True)
    meta = np.zeros((1, len(frames)), [("sensorType", object), ("rgbpath", object)])
    with h5py.File(folder / "SUNRGBD2Dseg.mat", "w", userblock_size=512) as file:
        references = file.create_dataset(
            "SUNRGBD2Dseg/seglabel", (len(frames), 1), h5py.ref_dtype
        )
        for row, frame in enumerate(frames):
            labels = labels_of(row, largest).astype(np.uint8)
            references[row, 0] = file.create_dataset(f"#refs#/{row}", data=labels.T).ref
            meta[0, row] = ("kv1", f"{REMOTE}/{frame}//image/0001.jpg")
    savemat(folder / "SUNRGBDMeta.mat", {"SUNRGBDMeta": meta})


def only(path: Path) -> SunRgbd:
    (data,) = open_data([str(path)])
    assert isinstance(data, SunRgbd)
    return data


def read_classes(data: SunRgbd, index: int) -> np.ndarray:
    classes = data.read(index).semantic
    assert classes is not None and classes.dtype == np.uint8
    return classes


def test_the_frames_of_a_tree_are_one_data_set(tmp_path: Path) -> None:
    data = only(write_tree(tmp_path))
    assert len(data) == 7
    assert data.has_depth.all() and not data.has_semantic.any()
    assert tuple(data.class_names) == ()
    for k in range(7):
        read = data.read(k)
        assert np.array_equal(read.rgb, rgb_of(k))
        assert read.frame is not None and read.semantic is None
        assert (read.frame.depth == 1000 + k).all()


def test_its_classes_are_the_first_of_nyuv2(tmp_path: Path) -> None:
    write_tree(tmp_path, FRAMES[:1])
    write_seg(tmp_path / "SUNRGBD" / FRAMES[0], labels_of(0, 1), ["wall"])
    assert tuple(only(tmp_path).class_names) == NYU40_NAMES[:37]
    assert CLASS_NAMES[-1] == "bag"


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("wall", "wall"),
        ("night_stand", "night stand"),
        ("Floor_Mat", "floor mat"),
        ("fridge", "refrigerator"),
        ("tv", "television"),
        ("shower_curtain", "shower curtain"),
    ],
)
def test_its_words_for_the_classes_are_known(word: str, name: str) -> None:
    assert NYU40_NAMES[class_of(word)] == name


def test_what_is_named_otherwise_is_ignored() -> None:
    assert class_of("coffee machine") == class_of("other prop") == class_of("") == 255


def test_the_names_in_seg_mat_decide(tmp_path: Path) -> None:
    write_tree(tmp_path, FRAMES[:2])
    names = ["bag", "my thing", "night_stand", "floor"]
    labels = labels_of(0, 4)
    write_seg(tmp_path / "SUNRGBD" / FRAMES[0], labels, names)
    data = only(tmp_path)
    assert data.has_semantic.tolist() == [True, False]
    expected = np.array([255, 36, 255, 31, 1])[labels]
    assert np.array_equal(read_classes(data, 0), expected)


def test_a_label_without_a_name_is_refused(tmp_path: Path) -> None:
    write_tree(tmp_path, FRAMES[:1])
    labels = np.ones((HEIGHT, WIDTH), np.uint8)
    labels[2, 3:6] = 3
    write_seg(tmp_path / "SUNRGBD" / FRAMES[0], labels, ["wall", "floor"])
    with pytest.raises(DatasetError, match=r"seg\.mat holds the label 3 in 3 pixels;"):
        only(tmp_path).read(0)


def test_a_damaged_seg_mat_spoils_its_frame_only(tmp_path: Path) -> None:
    write_tree(tmp_path, FRAMES[:2])
    for k in range(2):
        write_seg(tmp_path / "SUNRGBD" / FRAMES[k], labels_of(k, 1), ["wall"])
    file = tmp_path / "SUNRGBD" / FRAMES[0] / "seg.mat"
    content = file.read_bytes()
    for damaged in (b"", b"what is this", content[:150], content[:-90]):
        file.write_bytes(damaged)
        with pytest.raises(UnreadableFrameError, match=r"seg\.mat cannot be read"):
            only(tmp_path).read(0)
    assert only(tmp_path).read(1).semantic is not None


def test_labels_of_another_size_are_refused(tmp_path: Path) -> None:
    write_tree(tmp_path, FRAMES[:1])
    write_seg(tmp_path / "SUNRGBD" / FRAMES[0], labels_of(0, 1).T, ["wall"])
    with pytest.raises(DatasetError, match="12x20, but its colour image is 20x12"):
        only(tmp_path).read(0)


def test_the_toolboxs_labels_are_upright_and_of_their_frames(tmp_path: Path) -> None:
    write_tree(tmp_path)
    write_toolbox_labels(tmp_path, [*FRAMES[::-1]][:6])  # not of the first frame
    write_seg(tmp_path / "SUNRGBD" / FRAMES[0], labels_of(9, 1), ["floor"])
    write_seg(tmp_path / "SUNRGBD" / FRAMES[1], labels_of(9, 1), ["floor"])
    data = only(tmp_path / "SUNRGBD")  # the toolbox is beside it
    assert data.has_semantic.all()
    for k in range(1, 7):
        labels = labels_of(6 - k, 37)
        expected = np.where(labels == 0, 255, labels - 1)
        assert np.array_equal(read_classes(data, k), expected)
    assert np.array_equal(read_classes(data, 0), np.where(labels_of(9, 1), 1, 255))


def test_threads_read_their_own_frames(tmp_path: Path) -> None:
    write_toolbox_labels(write_tree(tmp_path), [*FRAMES])
    data = only(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda k: read_classes(data, k % 7), range(70)))
    for k, classes in enumerate(found):
        labels = labels_of(k % 7, 37)
        assert np.array_equal(classes, np.where(labels == 0, 255, labels - 1))


def test_a_class_that_the_toolbox_does_not_name_is_refused(tmp_path: Path) -> None:
    write_toolbox_labels(write_tree(tmp_path, FRAMES[:2]), [*FRAMES[:2]], largest=38)
    with pytest.raises(DatasetError, match=r"2Dseg\.mat, frame 2 holds the label 38"):
        only(tmp_path).read(1)


def test_the_toolboxs_labels_need_the_list_of_frames(tmp_path: Path) -> None:
    write_toolbox_labels(write_tree(tmp_path, FRAMES[:2]), [*FRAMES[:2]])
    (tmp_path / "SUNRGBDtoolbox/Metadata/SUNRGBDMeta.mat").unlink()
    data = only(tmp_path)
    assert not data.has_semantic.any()
    assert any("is not used without SUNRGBDMeta.mat" in n for n in data_notes([data]))


def test_files_of_two_toolboxes_are_refused(tmp_path: Path) -> None:
    write_toolbox_labels(write_tree(tmp_path, FRAMES[:2]), [*FRAMES[:2]])
    write_toolbox_labels(tmp_path / "other", [*FRAMES])
    name = "SUNRGBDtoolbox/Metadata/SUNRGBDMeta.mat"
    (tmp_path / "other" / name).replace(tmp_path / name)
    with pytest.raises(DatasetError, match=r"has 7 frames and SUNRGBD2Dseg\.mat 2"):
        open_data([str(tmp_path / "SUNRGBD")])


def test_the_official_split_is_kept(tmp_path: Path) -> None:
    write_tree(tmp_path)
    write_split(tmp_path, [*FRAMES[1:5]], [FRAMES[0], FRAMES[6]])
    data = only(tmp_path)
    assert data.parts[[0, 6]].tolist() == ["test", "test"]
    assert sorted(data.parts[1:5].tolist()) == [*["train"] * 3, "validation"]
    assert data.parts[5] == "unused"  # in neither list
    (note,) = data_notes([data])
    assert "1 of its 7 frames are in no part" in note


def test_without_the_split_nyuv2s_test_frames_are_for_tests(tmp_path: Path) -> None:
    data = only(write_tree(tmp_path))
    # Of the five others the last; NYUv2's first train frame is 3.
    assert is_official_test()[:3].tolist() == [True, True, False]
    assert (data.parts == "test").tolist() == [True, *[False] * 5, True]
    (note,) = data_notes([data])
    assert "no allsplit.mat, so the last fifth is for tests" in note


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/n/fs/sun3d/data/SUNRGBD/kv1/NYUdata/NYU0001/", "kv1/NYUdata/NYU0001"),
        ("/home/xtion/SUNRGBD/kv2/align/2014", "kv2/align/2014"),
        ("/home/me/my frames/2014", None),
    ],
)
def test_a_frame_is_known_by_its_path_below_the_sensor(
    path: str, key: str | None
) -> None:
    assert frame_key(path) == key


def test_other_labels_and_other_splits_are_seen(tmp_path: Path) -> None:
    write_tree(tmp_path, FRAMES[:2])
    seen = [only(tmp_path).fingerprint()]
    write_seg(tmp_path / "SUNRGBD" / FRAMES[1], labels_of(0, 1), ["wall"])
    seen.append(only(tmp_path).fingerprint())
    write_split(tmp_path, [FRAMES[0]], [FRAMES[1]])
    seen.append(only(tmp_path).fingerprint())
    assert seen[0] != seen[1] != seen[2]
    assert only(tmp_path).fingerprint() == seen[2]


def test_the_real_frames_have_depth_and_a_tilt(real_data: Path) -> None:
    data = only(real_data / "sunrgbd_toy")
    assert len(data) == 2 and not data.has_semantic.any()
    for k in range(2):
        frame = data.read(k).frame
        assert frame is not None and frame.up_hint is not None
        assert frame.up_hint[1] < -0.7  # y points down


def test_nyuv2s_frames_are_not_used_beside_nyuv2(tmp_path: Path) -> None:
    write_tree(tmp_path)
    write_nyuv2_folder(tmp_path / "nyu", train=2, test=0)
    before = only(tmp_path / "SUNRGBD").parts
    for specs in (("SUNRGBD", "nyu"), ("nyu", "SUNRGBD")):
        datasets = open_data([str(tmp_path / spec) for spec in specs])
        (sun,) = [one for one in datasets if isinstance(one, SunRgbd)]
        assert sun.parts[:2].tolist() == ["unused"] * 2
        assert sun.parts[2:].tolist() == before[2:].tolist()
        assert any(
            "its 2 frames of NYUv2 are left out" in n for n in data_notes(datasets)
        )
    # Another camera's frames with NYUv2's classes are none of NYUv2.
    (tmp_path / "nyu" / "K.txt").write_text("271 0 161 0 272 122 0 0 1")
    _, sun = open_data([str(tmp_path / "nyu"), str(tmp_path / "SUNRGBD")])
    assert sun.parts.tolist() == before.tolist()


def test_a_frame_without_a_calibration_spoils_itself_only(tmp_path: Path) -> None:
    write_tree(tmp_path, FRAMES[:3])
    (tmp_path / "SUNRGBD" / FRAMES[1] / "intrinsics.txt").unlink()
    data = only(tmp_path)
    prepared = prepare(data, data.has_depth, Recipe((12, 20), HNBins()))
    assert prepared.skipped["cannot be read"] == 1


def test_a_frame_is_opened_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(tmp_path, FRAMES[:2])
    write_seg(tmp_path / "SUNRGBD" / FRAMES[0], labels_of(0, 1), ["wall"])
    cv2.imwrite(
        str(tmp_path / "SUNRGBD" / FRAMES[0] / "image" / "thumb.png"), rgb_of(3)
    )
    data = only(tmp_path)
    for _ in range(3):
        assert data.read(0).frame is not None
    assert caplog.text.count("have no partner") == 1
    depth = tmp_path / "SUNRGBD" / FRAMES[0] / "depth" / "0001.png"
    depth.write_bytes(b"")
    read = data.read(0, "semantic")
    assert np.array_equal(read.rgb, rgb_of(0)) and read.frame is None
    assert read.semantic is not None


@pytest.mark.parametrize("name", ["intrinsics.txt", "K.txt", "depth_K.txt"])
def test_another_calibration_of_a_frame_is_seen(tmp_path: Path, name: str) -> None:
    write_tree(tmp_path, FRAMES[:2])
    before = only(tmp_path).fingerprint()
    (tmp_path / "SUNRGBD" / FRAMES[0] / name).write_text("20 0 10 0 19 6 0 0 1 ")
    assert only(tmp_path).fingerprint() != before
