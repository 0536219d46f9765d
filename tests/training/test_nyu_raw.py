"""NYUv2's raw scenes as data sets."""

import os
import struct
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from training_data import write_mat

from core.errors import DatasetError
from core.interchange import ImageFolder
from training.datasets.dataset import Dataset, file_state
from training.datasets.nyu_raw import STEP, NyuRawScene, place_of
from training.datasets.opening import data_notes, open_data

DISPARITY = np.full((480, 640), 700, "<u2").tobytes()
GREY = bytes(640 * 480 * 3 - 3)


def write_scene(path: Path, num: int) -> Path:
    """Frames 100 ms apart; the first pixel's red counts them."""
    path.mkdir(parents=True)
    for k in range(num):
        time = f"{1_300_000_000 + k / 10:.6f}"
        color = b"P6 640 480 255\n" + bytes([k, 1, 2]) + GREY
        (path / f"r-{time}-{7 * k}.ppm").write_bytes(color)
        (path / f"d-{time}-{9 * k}.pgm").write_bytes(b"P5 640 480 65535\n" + DISPARITY)
        (path / f"a-{time}-{5 * k}.dump").write_bytes(b"")
    return path


def write_labelled(path: Path, scenes: list[str]) -> Path:
    """The official file with these scenes; its frames 1 and 2 are for tests."""
    num = len(scenes)
    import h5py

    images = np.zeros((num, 24, 32, 3), np.uint8)
    zeros = np.zeros((num, 24, 32))
    file = write_mat(path / "nyu_depth_v2_labeled.mat", images, zeros, zeros)
    with h5py.File(file, "a") as content:
        for k, scene in enumerate(scenes):
            codes = np.array([[ord(letter)] for letter in scene], np.uint16)
            del content[f"#refs#/scenes{k}"]
            content[f"#refs#/scenes{k}"] = codes
            content["scenes"][0, k] = content[f"#refs#/scenes{k}"].ref
    return file


def by_scene(datasets: list[Dataset]) -> dict[str, set[str]]:
    """The parts of each raw scene's frames."""
    return {
        Path(one.name).name: set(one.parts.tolist())
        for one in datasets
        if isinstance(one, NyuRawScene)
    }


def test_every_scene_below_a_folder_is_a_data_set(tmp_path: Path) -> None:
    write_scene(tmp_path / "part2" / "kitchen_0003", 11)
    write_scene(tmp_path / "bath_0001b", 1)
    write_scene(tmp_path / ".hidden" / "bath_0002", 1)
    datasets = open_data([str(tmp_path)])
    assert [Path(one.name).name for one in datasets] == ["bath_0001b", "kitchen_0003"]
    assert [len(one) for one in datasets] == [1, 3]  # of 1 and 11
    for one in datasets:
        assert one.has_depth.all() and not one.has_semantic.any()
        assert tuple(one.class_names) == ()


def test_every_fifth_frame_is_read(tmp_path: Path) -> None:
    (data,) = open_data([str(write_scene(tmp_path / "kitchen_0003", 11))])
    assert STEP == 5
    frames = [data.read(k).frame for k in range(3)]
    assert [int(frame.rgb[0, 0, 0]) for frame in frames if frame] == [0, 5, 10]
    times = [frame.timestamp_ns for frame in frames if frame]
    assert np.diff(times).tolist() == [500_000_000] * 2
    assert frames[0] is not None
    depth_m = frames[0].depth[0, 0] * frames[0].depth_scale
    assert depth_m == pytest.approx(351.3 / (1092.5 - 700), abs=1.1e-4)


def test_a_survey_looks_at_no_other_frames(tmp_path: Path) -> None:
    (data,) = open_data([str(write_scene(tmp_path / "kitchen_0003", 11))])
    looked: list[None] = []
    survey = data.survey(lambda: looked.append(None))
    assert survey is not None
    assert len(looked) == len(survey.floors) == len(survey.quality) == 3


def test_other_images_are_seen_where_they_are_used(tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "kitchen_0003", 7)
    before = NyuRawScene(scene).fingerprint()
    for k, is_used in ((1, False), (5, True)):
        (color,) = scene.glob(f"r-*-{7 * k}.ppm")
        color.write_bytes(color.read_bytes() + b"\n")
        assert (NyuRawScene(scene).fingerprint() != before) == is_used


def test_a_scene_whose_files_are_cut_off_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = write_scene(tmp_path / "bath_0001", 1)
    for file in broken.iterdir():
        file.write_bytes(b"")
    with pytest.raises(DatasetError, match="no whole colour and depth image"):
        open_data([str(tmp_path)])
    write_scene(tmp_path / "kitchen_0003", 1)
    assert len(open_data([str(tmp_path)])) == 1
    assert "bath_0001" in caplog.text and "the scene is left out" in caplog.text


@pytest.mark.parametrize(
    ("scene", "place"),
    [
        ("bookstore_0001d", "bookstore_0001"),
        ("bookstore_0001", "bookstore_0001"),
        ("nyu_office_0", "nyu_office_0"),
        ("cafe", "cafe"),
    ],
)
def test_the_letter_of_a_take_is_no_part_of_the_place(scene: str, place: str) -> None:
    assert place_of(scene) == place


def test_no_frame_of_a_test_scene_is_used(tmp_path: Path) -> None:
    names = ["kitchen_0003", "store_0001a", "store_0001b", "store_0012", "bath_0001c"]
    for name in names:
        write_scene(tmp_path / "raw" / name, 1)
    # Frames 1 and 2 are for tests, 3 and 4 are not.
    scenes = ["store_0001", "bath_0001a", "kitchen_0003", "store_0012"]
    write_labelled(tmp_path / "labelled", scenes)
    for specs in (["labelled", "raw"], ["raw", "labelled"]):
        datasets = open_data([str(tmp_path / spec) for spec in specs])
        assert by_scene(datasets) == {
            "bath_0001c": {"unused"},
            "kitchen_0003": {"train"},
            "store_0001a": {"unused"},
            "store_0001b": {"unused"},
            "store_0012": {"train"},
        }
        (note,) = data_notes(datasets)
        assert note.startswith("3 of 5 raw scenes of NYUv2 are left out")
        assert "(bath_0001c, store_0001a, store_0001b)" in note


def test_nobody_looks_at_a_scene_that_is_left_out(tmp_path: Path) -> None:
    write_scene(tmp_path / "kitchen_0003", 1)
    write_scene(tmp_path / "store_0001a", 1)
    write_labelled(tmp_path, ["store_0001"])
    looked: list[str] = []
    for one in open_data([str(tmp_path)])[1:]:
        one.survey(partial(looked.append, Path(one.name).name))
    assert looked == ["kitchen_0003"]


def test_raw_scenes_beside_the_official_file_are_found(tmp_path: Path) -> None:
    write_labelled(tmp_path, ["store_0001"])
    write_scene(tmp_path / "raw" / "kitchen_0003", 1)
    datasets = open_data([str(tmp_path)])
    assert len(datasets) == 2 and by_scene(datasets) == {"kitchen_0003": {"train"}}
    assert data_notes(datasets) == []


def test_an_official_file_that_names_no_scenes_is_said(tmp_path: Path) -> None:
    import h5py

    file = write_labelled(tmp_path, ["store_0001"])
    with h5py.File(file, "a") as content:
        del content["scenes"]
    write_scene(tmp_path / "raw" / "kitchen_0003", 1)
    (note,) = data_notes(open_data([str(tmp_path)]))
    assert f"and {file} does not name the scenes of its frames: some show what" in note


def test_only_the_frames_that_are_used_are_kept_in_memory(tmp_path: Path) -> None:
    data = NyuRawScene(write_scene(tmp_path / "kitchen_0003", 11))
    assert isinstance(data._source, ImageFolder) and len(data._source.pairs) == 3
    assert data._source.unpaired == ()


def test_another_accelerometer_makes_other_labels(tmp_path: Path) -> None:
    folder = write_scene(tmp_path / "kitchen_0003", 6)
    before = NyuRawScene(folder).fingerprint()
    at_rest = struct.pack("<3h", 0, 819, 0)
    for dump in folder.glob("a-*.dump"):
        dump.write_bytes(at_rest)
    assert NyuRawScene(folder).fingerprint() != before


def test_a_folder_is_looked_up_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = NyuRawScene(write_scene(tmp_path / "kitchen_0003", 11))
    resolved: list[Path] = []
    resolve = Path.resolve

    def note(path: Path, strict: bool = False) -> Path:
        resolved.append(path)
        return resolve(path, strict)

    monkeypatch.setattr(Path, "resolve", note)
    assert len(data.fingerprint()) == 6 + 3  # images, and what was felt for each pair
    assert resolved == [tmp_path / "kitchen_0003"]


def test_a_link_to_another_image_is_seen(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(b"equal")
        os.utime(tmp_path / name, (1e9, 1e9))
    link = tmp_path / "link"
    link.symlink_to("a")
    before = file_state([link])
    link.unlink()
    link.symlink_to("b")
    assert file_state([link]) != before


def test_without_the_official_file_a_note_says_what_is_not_known(
    tmp_path: Path,
) -> None:
    write_scene(tmp_path / "store_0001", 1)
    datasets = open_data([str(tmp_path)])
    assert by_scene(datasets) == {"store_0001": {"train"}}
    (note,) = data_notes(datasets)
    assert note.startswith("raw scenes of NYUv2 (1) without nyu_depth_v2_labeled.mat")
