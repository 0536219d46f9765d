"""Single frames that are saved, and what they do to a folder of recordings."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from scripted import label_all, make_frame, wait_until

from capture_app.engine import snapshot
from capture_app.engine.picture import Layers
from capture_app.engine.snapshot import MAX_WAITING, Snapshots, save_snapshot
from core.bins import HNBins
from core.errors import DatasetError
from core.frame import Intrinsics, RgbdFrame
from core.inputs import named_frames
from core.overlay import blend, class_palette
from core.recording import RecordingWriter
from training.datasets.opening import open_data

DEPTH = Intrinsics(40, 30, 33.0, 34.0, 19.25, 14.5, (0.1, -0.02, 0.0, 0.001))


def labelled() -> Layers:
    """A frame whose colours, sizes and lenses differ, with labels."""
    rgb = make_frame(7).rgb
    T = np.eye(4)
    T[:3, 3] = 0.025, -0.001, 0.003
    depth = np.arange(1200, dtype=np.uint16).reshape(30, 40) * 50
    up = np.array((0.0, -0.8, -0.6))
    frame = RgbdFrame(
        rgb, depth, 0.00025, make_frame(7).color_intrinsics, DEPTH, T, 7_000, up, 42
    )
    labels = label_all(make_frame(7))
    return Layers(frame, 1.0, labels, floor=labels.floor, is_floor_known=True)


@pytest.fixture
def snapshots(no_thread_is_left: None) -> Iterator[Snapshots]:
    snapshots = Snapshots()
    yield snapshots
    snapshots.close()
    snapshots.close()


def test_a_snapshot_holds_the_frame_as_it_was(tmp_path: Path) -> None:
    layers = labelled()
    assert layers.labels is not None
    path = save_snapshot(layers, tmp_path / "snapshots", "kitchen_003", "a camera")
    assert path == tmp_path / "snapshots" / "kitchen_001"
    read = {
        name: cv2.imread(str(path / f"{name}.png"), cv2.IMREAD_UNCHANGED)
        for name in ("color", "depth", "labels", "overlay")
    }
    np.testing.assert_array_equal(read["color"][..., ::-1], layers.frame.rgb)
    np.testing.assert_array_equal(read["depth"], layers.frame.depth)
    assert read["depth"].dtype == np.uint16
    np.testing.assert_array_equal(read["labels"], layers.labels.classes)
    expected = blend(layers.frame.rgb, layers.labels.classes, class_palette(HNBins()))
    np.testing.assert_array_equal(read["overlay"][..., ::-1], expected)
    found = json.loads((path / "snapshot.json").read_text("utf-8"))
    assert (found["name"], found["device"]) == ("kitchen_001", "a camera")
    assert (found["frame_number"], found["timestamp_ns"]) == (42, 7000)
    assert (found["color"]["width"], found["color"]["fy"]) == (64, 61.0)
    assert found["depth"]["distortion"] == [0.1, -0.02, 0.0, 0.001]
    assert found["depth_scale"] == 0.00025
    assert found["T_color_depth"][0] == [1.0, 0.0, 0.0, 0.025]
    assert found["up_hint"] == [0.0, -0.8, -0.6]
    assert found["floor"]["camera_height"] == 1.25
    assert found["floor"]["source"] == "measured"
    assert found["bins"]["height_edges_m"] == [0.25 * k for k in range(1, 10)]
    assert found["bins"]["class_names"][12] == "0.50-0.75 m, 45-90 deg"
    assert len(list(path.iterdir())) == 5


def test_a_frame_without_labels_is_saved_without_them(tmp_path: Path) -> None:
    layers = Layers(make_frame(3), 1.0)
    path = save_snapshot(layers, tmp_path, "hall")
    files = sorted(file.name for file in path.iterdir())
    assert files == ["color.png", "depth.png", "snapshot.json"]
    found = json.loads((path / "snapshot.json").read_text("utf-8"))
    assert found["floor"] is found["bins"] is found["up_hint"] is None


def test_each_has_the_next_number_of_its_scene(tmp_path: Path) -> None:
    layers = Layers(make_frame(3), 1.0)
    names = [
        save_snapshot(layers, tmp_path, name).name
        for name in ("kitchen_003", "kitchen_004", "kitchen", "hall", "a/b c")
    ]
    assert names == [
        "kitchen_001",
        "kitchen_002",
        "kitchen_003",
        "hall_001",
        "a_b_c_001",
    ]


def test_a_snapshot_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshot, "write_atomically", fail)
    with pytest.raises(OSError, match="No space left"):
        save_snapshot(labelled(), tmp_path / "snapshots", "kitchen")
    assert list(tmp_path.rglob("*")) == []


def test_training_and_labelling_pass_snapshots_by(tmp_path: Path) -> None:
    recordings = tmp_path / "recordings"
    save_snapshot(labelled(), recordings / "snapshots", "kitchen")
    with pytest.raises(DatasetError):  # they are no data to train on
        open_data([str(recordings)])
    with RecordingWriter(recordings / "kitchen") as writer:
        writer.write(make_frame(0))
    datasets = open_data([str(recordings)])
    assert [one.name for one in datasets] == [str(recordings / "kitchen")]
    assert not datasets[0].notes  # nobody is told to name them
    assert [name for name, _ in named_frames(recordings)] == ["kitchen"]


def test_it_is_saved_while_the_caller_goes_on(
    tmp_path: Path, snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_save = threading.Event()
    real = save_snapshot

    def slow(*work: object) -> Path:
        assert threading.current_thread() is not threading.main_thread()
        may_save.wait(5.0)
        return real(*work)  # type: ignore[arg-type]

    monkeypatch.setattr(snapshot, "save_snapshot", slow)
    for _ in range(2):
        snapshots.save(labelled(), tmp_path, "kitchen")
    assert snapshots.take_saved() == []
    may_save.set()
    saved: list[Path] = []
    wait_until(lambda: saved.extend(snapshots.take_saved()) or len(saved) == 2)
    assert [path.name for path in saved] == ["kitchen_001", "kitchen_002"]
    assert snapshots.take_saved() == []
    assert snapshots.problems.take() == []


def test_closing_saves_what_waits(tmp_path: Path, snapshots: Snapshots) -> None:
    for _ in range(5):
        snapshots.save(labelled(), tmp_path, "kitchen")
    snapshots.close()
    assert len(list(tmp_path.glob("kitchen_*/snapshot.json"))) == 5


def test_more_than_the_disk_can_take_are_refused_in_words(
    tmp_path: Path, snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_save = threading.Event()

    def stand_still(*work: object) -> Path:
        may_save.wait(5.0)
        return tmp_path

    monkeypatch.setattr(snapshot, "save_snapshot", stand_still)
    snapshots.save(labelled(), tmp_path, "kitchen")
    wait_until(lambda: snapshots._waiting.empty())  # the thread has it in hand
    for _ in range(MAX_WAITING):
        snapshots.save(labelled(), tmp_path, "kitchen")
    assert snapshots.problems.take() == []
    snapshots.save(labelled(), tmp_path, "kitchen")
    (problem,) = snapshots.problems.take()
    assert "was not taken: 8 others wait for the disk" in problem.message
    assert problem.is_warning
    may_save.set()
    snapshots.close()
    assert len(snapshots.take_saved()) == 1 + MAX_WAITING


def test_why_one_is_not_saved_is_a_sentence_and_the_next_one_is(
    tmp_path: Path, snapshots: Snapshots
) -> None:
    (tmp_path / "file").write_text("in the way")
    snapshots.save(labelled(), tmp_path / "file", "kitchen_002")
    broken = replace(labelled(), labels=object())  # type: ignore[arg-type]
    snapshots.save(broken, tmp_path, "kitchen")
    snapshots.save(labelled(), tmp_path, "kitchen")
    snapshots.close()
    first, second = snapshots.problems.take()
    assert f"The snapshot of kitchen_002 is not saved in {tmp_path / 'file'}: " in (
        first.message
    )
    assert "AttributeError" in second.message
    assert [path.name for path in snapshots.take_saved()] == ["kitchen_001"]
