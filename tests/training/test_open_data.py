from pathlib import Path

import cv2
import numpy as np
import pytest
from training_data import floor_and_wall, write_nyuv2_folder

from core.annotations import save_annotation
from core.bins import HNBins
from core.errors import DatasetError, HNError
from core.frame import RgbdFrame
from core.nyuv2 import COLOR_CAMERA, NYU40_NAMES
from core.recording import Recording, RecordingWriter
from core.simulation import RoomViews
from training.datasets.folders import FolderData
from training.datasets.nyuv2_folder import NYUv2Folder
from training.datasets.opening import class_names, data_notes, open_data
from training.datasets.prepare import Recipe, prepare
from training.datasets.recordings import RecordingData
from training.datasets.samples import samples
from training.summary import as_table, summarise

RECIPE = Recipe((60, 80), HNBins())


def record(
    folder: Path, num: int, annotated: dict[int, int], names: tuple[str, ...]
) -> Path:
    """A recording of `num` frames; `annotated` maps some to the class filling them."""
    with RecordingWriter(folder) as writer:
        for number in range(num):
            rgb, depth, _ = floor_and_wall(seed=number)
            intrinsics = COLOR_CAMERA.resized(320, 240)
            writer.write(
                RgbdFrame.aligned(
                    rgb,
                    depth,
                    intrinsics,
                    1e-3,
                    number=number,
                    timestamp_ns=number * 33_000_000,
                )
            )
    for index, k in annotated.items():
        classes = np.full((240, 320), k, np.uint8)
        classes[:, :100] = 255
        save_annotation(folder, index, classes, names)
    return folder


def test_a_recording_gives_hn_labels_and_its_annotations(tmp_path: Path) -> None:
    names = ("door", "plant", "cat")
    record(tmp_path / "take", 7, {1: 2, 2: 0, 3: 1, 4: 1, 6: 0}, names)
    (data,) = open_data([str(tmp_path / "take")])
    assert isinstance(data, RecordingData)
    assert tuple(data.class_names) == names
    assert np.flatnonzero(data.has_semantic).tolist() == [1, 2, 3, 4, 6]
    assert data.parts.tolist() == [*["train"] * 4, "validation", "train", "test"]
    prepared = prepare(data, data.has_depth, RECIPE)
    assert prepared.has_hn.all()
    rgb, semantic = prepared.frames.read(1, "semantic")
    assert (semantic[:, 25:] == 2).all()
    assert (semantic[:, :25] == 255).all()
    # JPEG keeps the floor blue and the wall red.
    assert rgb[55, 10].argmax() == 2
    assert rgb[8, 10].argmax() == 0


def test_a_folder_of_recordings_is_one_dataset_each(tmp_path: Path) -> None:
    record(tmp_path / "monday" / "kitchen", 2, {}, ())
    record(tmp_path / "hall", 3, {0: 1}, ("a", "b"))
    (tmp_path / "README.md").write_text("not a recording")
    (tmp_path / "empty").mkdir()
    datasets = open_data([str(tmp_path)])
    assert [len(data) for data in datasets] == [3, 2]
    assert class_names(datasets) == ("a", "b")


def test_a_copy_that_was_never_finished_is_no_recording(tmp_path: Path) -> None:
    record(tmp_path / "a", 2, {}, ())
    record(tmp_path / ".b.partial" / "b", 3, {}, ())
    assert [len(data) for data in open_data([str(tmp_path)])] == [2]


def test_recordings_and_nyuv2_mix(tmp_path: Path) -> None:
    record(tmp_path / "recordings" / "hall", 2, {}, ())
    write_nyuv2_folder(tmp_path / "nyu", train=2, test=1)
    datasets = open_data([str(tmp_path / "recordings"), str(tmp_path / "nyu")])
    assert [type(data) for data in datasets] == [RecordingData, NYUv2Folder]
    assert class_names(datasets) == NYU40_NAMES


def test_recordings_with_some_of_the_classes_train_beside_nyuv2(
    tmp_path: Path,
) -> None:
    record(tmp_path / "hall", 2, {0: 1}, ("wall", "Night_Stand"))
    write_nyuv2_folder(tmp_path / "nyu", train=2, test=0)
    datasets = open_data([str(tmp_path / "hall"), str(tmp_path / "nyu")])
    assert class_names(datasets) == NYU40_NAMES
    (note,) = data_notes(datasets)
    assert note == f"{tmp_path / 'hall'}: 2 of the 40 classes (wall, Night_Stand)"


def test_too_many_classes_are_refused_at_once(tmp_path: Path) -> None:
    for k in range(2):
        names = tuple(f"{k} {number}" for number in range(200))
        record(tmp_path / f"take{k}", 1, {0: 1}, names)
    with pytest.raises(DatasetError, match="400 different classes"):
        open_data([str(tmp_path)])


def test_a_new_annotation_is_seen(tmp_path: Path) -> None:
    record(tmp_path / "hall", 2, {0: 1}, ("a", "b"))
    before = open_data([str(tmp_path)])[0].fingerprint()
    save_annotation(tmp_path / "hall", 1, np.zeros((240, 320), np.uint8), ("a", "b"))
    assert before != open_data([str(tmp_path)])[0].fingerprint()


def test_other_image_folders_give_hn_labels_only(tmp_path: Path) -> None:
    for number in range(3):
        rgb, depth, _ = floor_and_wall(height=480, width=640, seed=number)
        for kind, image in (("rgb", rgb[..., ::-1]), ("depth", depth)):
            (tmp_path / kind).mkdir(exist_ok=True)
            cv2.imwrite(str(tmp_path / kind / f"{number:04d}.png"), image)
    k = COLOR_CAMERA.K
    np.savetxt(tmp_path / "K.txt", k)
    (data,) = open_data([str(tmp_path)])
    assert isinstance(data, FolderData)
    prepared = prepare(data, data.has_depth, RECIPE)
    assert prepared.has_hn.all()
    assert not prepared.has_semantic.any()


def write_pairs(folder: Path, num: int, kinds: tuple[str, str], fx: float) -> None:
    """Colour and depth images with the camera matrix of another camera than NYUv2's."""
    for number in range(num):
        rgb, depth, _ = floor_and_wall(seed=number)
        for kind, image in zip(kinds, (rgb[..., ::-1], depth), strict=True):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / kind / f"{number:04d}.png"), image)
    np.savetxt(folder / "K.txt", [[fx, 0, 161], [0, fx + 1, 122], [0, 0, 1]])


def test_a_train_folder_of_another_camera_is_not_taken_for_nyuv2(
    tmp_path: Path,
) -> None:
    for part in ("train", "test"):
        write_pairs(tmp_path / part, 2, ("rgb", "depth"), fx=271)
    with pytest.raises(DatasetError, match=r"train/ and test/ but is not NYUv2") as e:
        open_data([str(tmp_path)])
    assert str(e.value).endswith(f"--data {tmp_path / 'train'} {tmp_path / 'test'}")
    for path in (tmp_path / "train", tmp_path / "test"):
        (data,) = open_data([str(path)])
        assert isinstance(data, FolderData)
        frame = data.read(1).frame
        assert frame is not None
        assert (frame.color_intrinsics.fx, frame.color_intrinsics.cy) == (271, 122)
    # Without labels and without a camera file: whose they are is unknown.
    for part in ("train", "test"):
        (tmp_path / part / "K.txt").unlink()
    with pytest.raises(DatasetError, match="but is not NYUv2"):
        open_data([str(tmp_path)])


@pytest.mark.parametrize("where", ["", "train"])
def test_labels_of_nyuv2s_classes_with_a_calibration_are_another_cameras(
    tmp_path: Path, where: str
) -> None:
    write_pairs(tmp_path / "train", 2, ("rgb", "depth"), fx=271)
    labels = np.full((240, 320), 2, np.uint8)
    (tmp_path / "train" / "label40").mkdir()
    cv2.imwrite(str(tmp_path / "train" / "label40" / "0001.png"), labels)
    (data,) = open_data([str(tmp_path / where)])
    assert isinstance(data, NYUv2Folder)
    labelled = data.read(1)
    assert labelled.frame is not None and labelled.semantic is not None
    assert labelled.frame.color_intrinsics.fx == 271
    # NYUv2's white border is none of this camera's.
    _, depth, _ = floor_and_wall(seed=1)
    assert np.array_equal(labelled.frame.depth, depth)
    assert (labelled.semantic == 1).all()


def test_train_and_test_beside_the_images_of_a_folder_do_not_matter(
    tmp_path: Path,
) -> None:
    write_pairs(tmp_path, 3, ("rgb", "depth"), fx=271)
    write_pairs(tmp_path / "train", 1, ("rgb", "depth"), fx=300)
    (data,) = open_data([str(tmp_path)])
    assert isinstance(data, FolderData)
    assert len(data) == 3


def test_frames_beside_those_of_another_part_of_a_recording_are_unused(
    tmp_path: Path,
) -> None:
    record(tmp_path / "take", 60, dict.fromkeys(range(2, 60, 8), 1), ("door", "cat"))
    (data,) = open_data([str(tmp_path)])
    prepared = prepare(data, data.parts != "unused", RECIPE)
    text = as_table(summarise([prepared], HNBins().class_names))
    assert (
        "60 frames, 2 of them for testing only, 12 left out between the parts" in text
    )
    near = {
        (part, target): samples([prepared], target, part).places[:, 1]
        for part in ("train", "validation", "test")
        for target in ("hn", "semantic")
    }
    assert near["test", "semantic"].tolist() == [58]
    assert near["test", "hn"].tolist() == [58, 59]
    for target in ("hn", "semantic"):
        for other in ("hn", "semantic"):
            for one, two in (("train", "validation"), ("validation", "test")):
                gaps = near[two, other][None] - near[one, target][:, None]
                assert np.abs(gaps).min() > 6


class RoomAskedError(Exception):
    """Says which room a view is of, before it is rendered."""


def test_a_simulated_room_is_in_one_part_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(views: RoomViews, number: int) -> None:
        raise RoomAskedError(number)

    monkeypatch.setattr(RoomViews, "_room", ask)
    (data,) = open_data(["simulated:75"])
    rooms: dict[str, set[int]] = {"train": set(), "validation": set(), "test": set()}
    for index, part in enumerate(data.parts.tolist()):
        with pytest.raises(RoomAskedError) as asked:
            data.read(index)
        rooms[part].add(asked.value.args[0])
    # Ten rooms: the last two for tests, one of the other eight for validation.
    assert [len(numbers) for numbers in rooms.values()] == [7, 1, 2]
    assert len(set.union(*rooms.values())) == 10
    assert rooms["test"] == {8, 9}


@pytest.mark.parametrize(("num", "num_test"), [(8, 0), (9, 1), (16, 8), (24, 8)])
def test_two_simulated_rooms_are_enough_for_a_test_part(
    num: int, num_test: int
) -> None:
    (data,) = open_data([f"simulated:{num}"])
    assert data.parts.tolist() == ["train"] * (num - num_test) + ["test"] * num_test


def test_simulated_rooms_have_both_kinds_of_labels() -> None:
    (data,) = open_data(["simulated:5"])
    assert len(data) == 5
    labelled = data.read(0)
    assert labelled.frame is not None and labelled.semantic is not None
    assert labelled.semantic.shape == labelled.rgb.shape[:2]
    present = set(np.unique(labelled.semantic).tolist()) - {255}
    assert present <= set(range(40)) and NYU40_NAMES.index("wall") in present


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("nowhere", "does not exist"),
        ("simulated:", "a number of frames"),
        ("simulated:0", "a number of frames"),
        ("simulated:many", "a number of frames"),
        ("empty", "holds no frames"),
        ("notes.txt", "is a file; expected a folder"),
    ],
)
def test_what_is_not_data_is_refused_in_one_sentence(
    spec: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(HNError, match=message) as caught:
        open_data([spec])
    assert "\n" not in str(caught.value)


def test_no_data_at_all_is_refused() -> None:
    with pytest.raises(HNError, match="no data given"):
        open_data([])


def test_a_recording_that_was_cut_off_gives_its_whole_frames_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    record(tmp_path / "hall", 4, {}, ())
    file = tmp_path / "hall" / "capture.mcap"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    num_frames = len(Recording(tmp_path / "hall"))
    assert 0 < num_frames < 4
    [data] = open_data([str(tmp_path)])
    assert len(data) == num_frames
    assert "was cut off" in caplog.text


def test_folders_of_other_kinds_beside_what_is_read_are_said(tmp_path: Path) -> None:
    record(tmp_path / "data" / "monday" / "hall", 2, {0: 1}, ("a", "b"))
    write_pairs(tmp_path / "data" / "office", 1, ("rgb", "depth"), fx=271)
    write_nyuv2_folder(tmp_path / "data" / "nyu", train=1, test=0)
    (tmp_path / "data" / "words").mkdir()
    (tmp_path / "data" / "words" / "README.md").write_text("no images")
    datasets = open_data([str(tmp_path / "data")])
    assert len(datasets) == 1
    (note,) = data_notes(datasets)
    assert ": not read are nyu/, office/, which have images of other kinds" in note
    # What lies in a recording belongs to it.
    assert data_notes(open_data([str(tmp_path / "data/monday/hall")])) == []
    assert data_notes(open_data([str(tmp_path / "data/monday")])) == []
