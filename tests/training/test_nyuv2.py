from pathlib import Path

import cv2
import numpy as np
import pytest
from training_data import floor_and_wall, write_mat, write_nyuv2_folder

from core.errors import DatasetError
from core.nyuv2 import NYU40_NAMES
from training.datasets.nyuv2 import is_official_test
from training.datasets.nyuv2_folder import NYUv2Folder
from training.datasets.nyuv2_mat import NYUv2Mat
from training.datasets.opening import data_notes, open_data

HEIGHT, WIDTH = 24, 32


def mat_content(num: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images, metres and labels in which every pixel is different from its mirror."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (num, HEIGHT, WIDTH, 3)).astype(np.uint8)
    depths = rng.uniform(0.5, 9.9, (num, HEIGHT, WIDTH)).astype(np.float32)
    labels = rng.choice([0, 5, 11, 21, 894], (num, HEIGHT, WIDTH)).astype(np.uint16)
    return images, depths, labels


def test_the_mat_gives_upright_images_depths_and_labels(tmp_path: Path) -> None:
    images, depths, labels = mat_content()
    data = NYUv2Mat(write_mat(tmp_path / "nyu.mat", images, depths, labels))
    assert len(data) == 4
    for k in range(4):
        labelled = data.read(k)
        assert np.array_equal(labelled.rgb, images[k])
        assert labelled.frame is not None
        metres = labelled.frame.depth * labelled.frame.depth_scale
        assert np.abs(metres - depths[k]).max() < 1.1e-4
        assert labelled.semantic is not None
        for label, name in ((5, "chair"), (11, "floor"), (21, "wall")):
            expected = NYU40_NAMES.index(name)
            assert (labelled.semantic[labels[k] == label] == expected).all()
        assert (labelled.semantic[labels[k] == 0] == 255).all()
        assert (labelled.semantic != 255).sum() == (labels[k] != 0).sum()


def test_what_the_kinect_did_not_measure_is_missing(tmp_path: Path) -> None:
    images, depths, labels = mat_content(1)
    depths[0, 3, 7], depths[0, 4, 7], depths[0, 5, 7] = 0.0, 10.0, np.nan
    data = NYUv2Mat(write_mat(tmp_path / "nyu.mat", images, depths, labels))
    frame = data.read(0).frame
    assert frame is not None
    assert frame.depth[3:6, 7].tolist() == [0, 0, 0]
    assert np.count_nonzero(frame.depth == 0) == 3


def test_the_official_split_is_the_one_of_the_data_set() -> None:
    is_test = is_official_test()
    assert (is_test.sum(), (~is_test).sum()) == (654, 795)
    # splits.mat: testNdxs starts 1, 2, 9 and trainNdxs 3, 4, 5, 6, 7, 8.
    assert is_test[:9].tolist() == [True] * 2 + [False] * 6 + [True]


def test_the_frames_of_the_real_folders_are_in_the_official_parts(
    real_data: Path,
) -> None:
    data = NYUv2Folder(real_data / "nyuv2")
    numbers = [int(Path(str(part[0])).stem) for part in data.fingerprint()[: len(data)]]
    assert np.array_equal(
        data.parts == "test", is_official_test()[np.array(numbers) - 1]
    )


def names_of(classes: np.ndarray | None) -> np.ndarray:
    """The name of each pixel's class, "-" for none."""
    assert classes is not None
    return np.array([*NYU40_NAMES, *["?"] * 215, "-"])[classes]


def test_known_pixels_of_a_real_frame_have_their_classes(real_data: Path) -> None:
    data = NYUv2Folder(real_data / "nyuv2" / "train")
    names = sorted(file.name for file in (real_data / "nyuv2/train/rgb").iterdir())
    seen = names_of(data.read(names.index("0340.jpg")).semantic)
    # What is seen there in the photograph of a meeting room; the person stands at the
    # left, and the floor is free at the lower right only.
    for row, column, name in (
        (100, 150, "person"),
        (60, 430, "wall"),
        (330, 200, "table"),
        (80, 272, "door"),
        (280, 590, "chair"),
        (430, 610, "floor"),
    ):
        assert seen[row, column] == name, (row, column)
    assert seen[100, 639 - 150] == "wall" and seen[430, 639 - 610] != "floor"
    assert seen[479 - 430, 610] != "floor"


def test_in_the_real_frames_floors_are_low_and_ceilings_high(real_data: Path) -> None:
    data = NYUv2Folder(real_data / "nyuv2" / "train")
    counts = np.zeros((3, 256), np.int64)
    for k in range(0, len(data), 20):
        classes = data.read(k).semantic
        assert classes is not None
        for third, rows in zip(counts, np.array_split(classes, 3), strict=True):
            third += np.bincount(rows.ravel(), minlength=256)
    shares = counts[:, :40] / np.maximum(1, counts[:, :40].sum(axis=0))
    top, _, bottom = (dict(zip(NYU40_NAMES, row, strict=True)) for row in shares)
    assert bottom["floor"] > 0.8 and top["floor"] < 0.02
    assert top["ceiling"] > 0.9 and bottom["ceiling"] < 0.02
    assert top["wall"] > 0.4 and bottom["wall"] < 0.2
    assert bottom["table"] > 0.4 and top["table"] < 0.1


def test_the_mat_says_which_scenes_the_test_frames_are_from(tmp_path: Path) -> None:
    data = NYUv2Mat(write_mat(tmp_path / "nyu.mat", *mat_content()))
    assert data.test_scenes == {"kitchen_0000", "kitchen_0001"}


def test_no_scene_of_the_mat_is_trained_on_and_validated_on(tmp_path: Path) -> None:
    import h5py

    num = 40
    zeros = np.zeros((num, 24, 32))
    images = np.zeros((num, 24, 32, 3), np.uint8)
    file = write_mat(tmp_path / "nyu.mat", images, zeros, zeros)
    with h5py.File(file, "a") as content:
        references = content["scenes"]
        for k in range(num):  # four frames of each scene
            references[0, k] = references[0, k - k % 4]
    data = NYUv2Mat(file)
    scenes = np.arange(num) // 4
    held_out = set(scenes[data.parts == "validation"])
    assert held_out and not held_out & set(scenes[data.parts == "train"])
    assert (data.parts == "train").any()


def test_a_mat_without_scenes_can_be_used(tmp_path: Path) -> None:
    import h5py

    file = write_mat(tmp_path / "nyu.mat", *mat_content())
    with h5py.File(file, "a") as content:
        del content["scenes"]
    data = NYUv2Mat(file)
    assert len(data) == 4 and data.test_scenes == frozenset()


def test_the_mat_marks_the_official_test_frames(tmp_path: Path) -> None:
    data = NYUv2Mat(write_mat(tmp_path / "nyu.mat", *mat_content()))
    assert data.parts.tolist() == ["test", "test", "train", "train"]
    assert data.has_depth.all() and data.has_semantic.all()


def test_a_folder_with_the_official_file_is_found(tmp_path: Path) -> None:
    write_mat(tmp_path / "nyu" / "nyu_depth_v2_labeled.mat", *mat_content())
    (dataset,) = open_data([str(tmp_path / "nyu")])
    assert isinstance(dataset, NYUv2Mat)


def test_folders_give_the_same_pixels_and_shifted_classes(tmp_path: Path) -> None:
    data = NYUv2Folder(write_nyuv2_folder(tmp_path, train=2, test=1))
    assert data.parts.tolist() == ["train", "train", "test"]
    for index, number in enumerate((3, 4, 1001)):
        rgb, depth, label40 = floor_and_wall(seed=number)
        labelled = data.read(index)
        assert np.array_equal(labelled.rgb, rgb)
        assert labelled.frame is not None and labelled.semantic is not None
        # The toolbox's valid part, rows 45..471 and columns 41..601 of 480 x 640.
        inside = np.zeros((240, 320), bool)
        inside[22:235, 20:300] = True
        assert np.array_equal(labelled.frame.depth, np.where(inside, depth, 0))
        assert labelled.frame.depth_scale == 1e-3
        named = np.array([*NYU40_NAMES, *["?"] * 216])[labelled.semantic]
        assert (named[label40 == 1] == "wall").all()
        assert (named[label40 == 2] == "floor").all()
        assert (named[label40 == 29] == "box").all()
        assert (labelled.semantic[label40 == 0] == 255).all()


def test_frames_without_a_depth_or_a_label_image_keep_the_other(tmp_path: Path) -> None:
    write_nyuv2_folder(tmp_path, train=3, test=0)
    (tmp_path / "train/depth/0003.png").unlink()
    (tmp_path / "train/label40/0004.png").unlink()
    data = NYUv2Folder(tmp_path)
    assert data.has_depth.tolist() == [False, True, True]
    assert data.has_semantic.tolist() == [True, False, True]
    assert data.read(0).frame is None
    assert data.read(1).semantic is None


def test_a_mat_that_is_not_hdf5_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "nyu_depth_v2_labeled.mat"
    file.write_bytes(b"MATLAB 5.0 MAT-file, Platform: PCWIN" + bytes(600))
    with pytest.raises(DatasetError, match=r"cannot be opened as HDF5.*download"):
        open_data([str(tmp_path)])


def test_a_mat_without_labels_is_refused(tmp_path: Path) -> None:
    import h5py

    file = write_mat(tmp_path / "nyu.mat", *mat_content())
    with h5py.File(file, "a") as content:
        del content["labels"]
    with pytest.raises(DatasetError, match="lacks labels"):
        NYUv2Mat(file)
    with h5py.File(file, "a") as content:
        content.create_group("labels")  # of the right name, but no array
    with pytest.raises(DatasetError, match="lacks labels"):
        NYUv2Mat(file)


def test_a_mat_with_upright_axes_is_refused(tmp_path: Path) -> None:
    import h5py

    file = write_mat(tmp_path / "nyu.mat", *mat_content())
    with h5py.File(file, "a") as content:
        upright = content["images"][()].transpose(0, 3, 2, 1)
        del content["images"]
        content["images"] = upright
    with pytest.raises(DatasetError, match=r"expected images \(1449, 3, 640, 480\)"):
        NYUv2Mat(file)


def test_a_mat_with_unknown_labels_is_refused_by_frame(tmp_path: Path) -> None:
    images, depths, labels = mat_content()
    labels[2, 5, 6] = 895
    data = NYUv2Mat(write_mat(tmp_path / "nyu.mat", images, depths, labels))
    data.read(1)
    with pytest.raises(DatasetError, match=r"frame 3 holds the label 895"):
        data.read(2)


def test_a_mat_whose_label_names_are_shifted_is_refused(tmp_path: Path) -> None:
    file = write_mat(
        tmp_path / "nyu.mat",
        *mat_content(),
        names=lambda label: {10: "floor", 20: "wall"}.get(label, "x"),
    )
    with pytest.raises(DatasetError, match="label 11 must be 'floor', found 'x'"):
        NYUv2Mat(file)


def test_a_label_image_with_an_unknown_class_is_refused(tmp_path: Path) -> None:
    write_nyuv2_folder(tmp_path, train=2, test=0)
    file = tmp_path / "train/label40/0004.png"
    labels = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    labels[9, 9] = 41
    cv2.imwrite(str(file), labels)
    with pytest.raises(DatasetError, match=r"0004\.png holds the class 41"):
        NYUv2Folder(tmp_path).read(1)


def test_depth_of_another_size_is_refused(tmp_path: Path) -> None:
    write_nyuv2_folder(tmp_path, train=1, test=0)
    file = tmp_path / "train/depth/0003.png"
    cv2.imwrite(str(file), np.ones((120, 160), np.uint16))
    with pytest.raises(DatasetError, match=r"160x120.*320x240.*one size"):
        NYUv2Folder(tmp_path).read(0)


def test_images_of_another_shape_have_no_known_camera(tmp_path: Path) -> None:
    write_nyuv2_folder(tmp_path, train=1, test=0)
    for kind, dtype in (("rgb", np.uint8), ("depth", np.uint16), ("label40", np.uint8)):
        file = tmp_path / "train" / kind / "0003.png"
        cv2.imwrite(str(file), np.ones((240, 300), dtype))
    with pytest.raises(DatasetError, match="found 300x240"):
        NYUv2Folder(tmp_path).read(0)


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    for kind in ("rgb", "label40"):
        (tmp_path / "train" / kind).mkdir(parents=True)
    with pytest.raises(DatasetError, match=r"no \.jpg or \.png images"):
        open_data([str(tmp_path)])


def test_the_test_part_is_known_however_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_nyuv2_folder(tmp_path / "nyu", train=2, test=3)
    (tmp_path / "mine").symlink_to(tmp_path / "nyu" / "test")
    monkeypatch.chdir(tmp_path / "nyu" / "test")
    for path in (".", "../test", str(tmp_path / "mine")):
        (data,) = open_data([path])
        assert data.parts.tolist() == ["test"] * 3
        assert data_notes([data]) == []


def flat(tmp_path: Path) -> Path:
    """Frames 1, 3, 5, 1001 and 1002 in one folder."""
    write_nyuv2_folder(tmp_path / "nyu", train=3, test=2)
    for kind in ("rgb", "depth", "label40"):
        (tmp_path / "flat" / kind).mkdir(parents=True)
        for file in tmp_path.glob(f"nyu/*/{kind}/*"):
            file.rename(tmp_path / "flat" / kind / file.name)
    for kind in ("rgb", "depth", "label40"):  # the first frame of the test part
        file = tmp_path / "flat" / kind / "0004.png"
        file.rename(file.with_stem("0001"))
    return tmp_path / "flat"


def test_of_frames_in_one_folder_the_official_test_frames_are_not_trained_on(
    tmp_path: Path,
) -> None:
    (data,) = open_data([str(flat(tmp_path))])
    numbers = np.array([1, 3, 5, 1001, 1002])
    is_test = is_official_test()[numbers - 1]
    assert is_test[0] and not is_test[1:3].any()
    assert ((data.parts == "test") == is_test).all()
    (note,) = data_notes([data])
    assert "taken for NYUv2's of these numbers, with the official split" in note


@pytest.mark.parametrize("change", ["number", "name", "camera"])
def test_frames_that_are_not_numbered_as_nyuv2s_have_no_official_split(
    tmp_path: Path, change: str
) -> None:
    folder = flat(tmp_path)
    if change == "camera":
        (folder / "K.txt").write_text("271 0 161 0 272 122 0 0 1")
    else:
        name = {"number": "1450.png", "name": "left 7.png"}[change]
        for kind in ("rgb", "depth", "label40"):
            (folder / kind / "0003.png").rename(folder / kind / name)
    (data,) = open_data([str(folder)])
    assert not (data.parts == "test").any()
    (note,) = data_notes([data])
    assert "not numbered 1 to 1449 as NYUv2's: all are trained on" in note


def test_another_calibration_is_seen(tmp_path: Path) -> None:
    write_nyuv2_folder(tmp_path, train=2, test=0)
    seen = [NYUv2Folder(tmp_path).fingerprint()]
    for place, fx in ((tmp_path, 271), (tmp_path / "train", 271), (tmp_path, 3000)):
        (place / "K.txt").write_text(f"{fx} 0 161 0 272 122 0 0 1")
        seen.append(NYUv2Folder(tmp_path).fingerprint())
        assert seen[-1] not in seen[:-1]
