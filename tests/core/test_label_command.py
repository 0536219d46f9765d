import json
from dataclasses import replace

import cv2
import h5py
import numpy as np
import pytest

from core import (
    IGNORE_LABEL,
    FloorPlane,
    HNBins,
    Intrinsics,
    RecordingWriter,
    RgbdFrame,
    label_frame,
)
from core.errors import HNError, UnreadableFrameError
from core.interchange import ImageFolder, open_frames
from core.label_command import LabelConfig, label

CAMERA = np.array([[145.0, 0, 83], [0, 147, 57], [0, 0, 1]])
CAMERA_HEIGHT, PITCH = 1.3, np.radians(35)
UP = np.array((0.0, -np.cos(PITCH), -np.sin(PITCH)))
CAMERA_OPTIONS = {"fx": 145.0, "fy": 147.0, "cx": 83.0, "cy": 57.0}


def _floor_depth(camera_height=CAMERA_HEIGHT, units_per_m=1000):
    """(120, 160) depth of nothing but a floor, seen by a camera looking 35 deg down."""
    v = np.arange(120)[:, None] * np.ones(160)
    down = np.sin(PITCH) + np.cos(PITCH) * (v - 57) / 147
    return np.rint(units_per_m * camera_height / down).astype(np.uint16)


def _photo():
    return np.full((120, 160, 3), (200, 60, 10), np.uint8)  # red


def _floor_folder(path, num_frames=3, camera_heights=None):
    """Images of a floor, 1.3 m below the camera or as deep as is said."""
    for part in ("color", "depth"):
        (path / part).mkdir(parents=True)
    np.savetxt(path / "K.txt", CAMERA)
    for k, height in enumerate(camera_heights or [CAMERA_HEIGHT] * num_frames):
        cv2.imwrite(str(path / "color" / f"{k}.png"), _photo()[..., ::-1])
        cv2.imwrite(str(path / "depth" / f"{k}.png"), _floor_depth(height))
    return path


def _recording(path, camera_heights=(CAMERA_HEIGHT,)):
    camera = Intrinsics(160, 120, **CAMERA_OPTIONS)
    with RecordingWriter(path) as writer:
        for k, height in enumerate(camera_heights):
            depth = _floor_depth(height)
            writer.write(
                RgbdFrame.aligned(
                    _photo(), depth, camera, 0.001, number=k, timestamp_ns=k * 10**8
                )
            )
    return path


def _pair(folder, units_per_m=1000):
    """A colour and a depth file whose names do not say which is which."""
    folder.mkdir(parents=True)
    color, depth = folder / "shot.jpg", folder / "other.png"
    cv2.imwrite(str(color), _photo()[..., ::-1])
    cv2.imwrite(str(depth), _floor_depth(units_per_m=units_per_m))
    return color, depth


def _classes(file):
    return cv2.imread(str(file), cv2.IMREAD_UNCHANGED)


def _files(folder):
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.fixture
def known_floors(monkeypatch):
    """Gives the frames of a sequence the floors that are appended here."""
    floors = []

    def sequence_floors(source, advance, watch, num_workers):
        for index, frame in enumerate(source):
            watch(index, frame, None)
            advance()
        assert len(floors) == len(source), "not every frame was asked for"
        return list(floors)

    monkeypatch.setattr("core.survey.sequence_floors", sequence_floors)
    return floors


def test_classes_overlays_and_statistics_of_a_folder(tmp_path):
    source = _floor_folder(tmp_path / "hall")
    words = label(LabelConfig((source,), out=tmp_path / "labels", every=2))
    assert words == (
        "hall: 2 of 2 frames labelled (floor measured 2, tracked 0, none 0; camera "
        "1.30 m above it; 100% of depth valid; 100% below 0.25 m, 0-45 deg; live, "
        "10 x 2 bins); 67% near-duplicates, 19 of 20 classes below 1%: "
        f"{tmp_path / 'labels' / 'hall'}"
    )
    out = tmp_path / "labels" / "hall"
    assert [p.name for p in sorted((out / "classes").iterdir())] == [
        "000000.png",
        "000002.png",
    ]
    assert (_classes(out / "classes" / "000002.png") == 0).mean() > 0.99  # flat, low
    overlay = cv2.imread(str(out / "overlays" / "000000.jpg"))
    blue, _, red = overlay[60, 80].astype(int)
    assert blue < red  # red first in memory, and the photo is red
    statistics = json.loads((out / "statistics.json").read_text())
    assert statistics["median_camera_height_m"] == pytest.approx(1.3, abs=0.01)
    assert statistics["class_shares"]["below 0.25 m, 0-45 deg"] > 0.99
    assert statistics["method"] == "live"
    assert statistics["height_edges_m"] == list(HNBins().height_edges)
    assert cv2.imread(str(out / "contact_sheet.jpg")).shape[1] == 640


def test_every_frame_gets_the_labels_of_its_own_number_on_any_number_of_threads(
    tmp_path, monkeypatch, known_floors
):
    heights = [0.8 + 0.09 * k for k in range(12)]
    source = _floor_folder(tmp_path / "hall", camera_heights=heights)
    known_floors += [FloorPlane(UP, height - 0.3) for height in heights]
    for workers in (1, 5):
        monkeypatch.setattr("core.parallel.num_cores", lambda n=workers: n)
        label(LabelConfig((source,), out=tmp_path / str(workers)))
    alone = _files(tmp_path / "1" / "hall")
    assert len(alone) == 2 * 12 + 2
    assert _files(tmp_path / "5" / "hall") == alone
    bins = HNBins()
    for k, frame in enumerate(open_frames(source)):
        expected = label_frame(frame, bins, floor=known_floors[k]).classes
        found = _classes(tmp_path / "5" / "hall" / "classes" / f"{k:06d}.png")
        np.testing.assert_array_equal(found, expected)


def test_floors_are_counted_by_where_they_come_from(tmp_path, known_floors):
    source = _floor_folder(tmp_path / "hall", num_frames=6)
    tracked = FloorPlane(UP, 1.7, source="tracked")
    known_floors += [None, FloorPlane(UP, 1.3), tracked, tracked, tracked, None]
    words = label(LabelConfig((source,), out=tmp_path / "labels"))
    assert "4 of 6 frames labelled (floor measured 1, tracked 3, none 2;" in words
    assert "camera 1.70 m" in words
    out = tmp_path / "labels" / "hall"
    statistics = json.loads((out / "statistics.json").read_text())
    assert statistics["floors"] == {"measured": 1, "tracked": 3, "none": 2}
    assert (statistics["frames"], statistics["labelled"]) == (6, 4)
    names = [file.name for file in sorted((out / "classes").iterdir())]
    assert names == ["000001.png", "000002.png", "000003.png", "000004.png"]


def test_floors_come_from_the_whole_sequence_even_where_few_frames_are_labelled(
    tmp_path, known_floors
):
    source = _floor_folder(tmp_path / "hall", num_frames=5)
    # Two labelled frames: the whole view is 0 m, then 1.1 m above the floor.
    known_floors += [FloorPlane(UP, 1.3), None, None, FloorPlane(UP, 2.4), None]
    label(LabelConfig((source,), out=tmp_path / "labels", every=3))
    classes = tmp_path / "labels" / "hall" / "classes"
    assert sorted(file.name for file in classes.iterdir()) == [
        "000000.png",
        "000003.png",
    ]
    assert np.median(_classes(classes / "000000.png")) == 0
    assert np.median(_classes(classes / "000003.png")) == 4  # 1.00-1.25 m


def test_the_papers_method_asks_no_frame_for_another_ones_floor(tmp_path, known_floors):
    source = _floor_folder(tmp_path / "hall", camera_heights=[1.1, 1.5, 1.6])
    known_floors += [None] * 3
    words = label(LabelConfig((source,), out=tmp_path / "labels", method="paper"))
    assert "3 of 3" in words and "paper" in words and "1.50 m" in words


def test_tiles_say_how_the_floor_is_known(tmp_path, known_floors, monkeypatch):
    source = _floor_folder(tmp_path / "hall", num_frames=3)
    tracked = FloorPlane(UP, 1.3, source="tracked")
    known_floors += [FloorPlane(UP, 1.3), tracked, None]
    written = []
    put_text = cv2.putText
    monkeypatch.setattr(cv2, "putText", lambda *a: written.append(a[1]) or put_text(*a))
    label(LabelConfig((source,), out=tmp_path / "labels"))
    assert sorted(written) == ["0", "1: floor tracked", "2: floor not known"]
    sheet = cv2.imread(str(tmp_path / "labels" / "hall" / "contact_sheet.jpg"))
    assert sheet.shape == (240, 3 * 320, 3)


def test_frames_without_a_floor_have_no_class_image_but_a_tile(tmp_path):
    source = _floor_folder(tmp_path / "hall", num_frames=1)
    cv2.imwrite(str(source / "depth" / "0.png"), np.zeros((120, 160), np.uint16))
    words = label(LabelConfig((source,), out=tmp_path / "labels"))
    assert words.startswith("hall: 0 of 1 frames labelled (floor measured 0")
    assert "0% of depth valid" in words
    assert not list((tmp_path / "labels" / "hall" / "classes").iterdir())
    assert (tmp_path / "labels" / "hall" / "contact_sheet.jpg").is_file()


def test_the_bins_that_are_asked_for_are_the_bins_of_the_labels(tmp_path):
    source = _floor_folder(tmp_path / "hall", num_frames=1)
    bins = HNBins(height_edges=(-0.5, 0.5), angle_edges=())
    label(LabelConfig((source,), out=tmp_path / "labels", bins=bins))
    classes = _classes(tmp_path / "labels" / "hall" / "classes" / "000000.png")
    assert np.unique(classes[classes != IGNORE_LABEL]).tolist() == [1]


def test_every_recording_of_a_folder_is_labelled_under_its_name(tmp_path):
    _recording(tmp_path / "recordings" / "kitchen", [1.1, 1.1])
    _recording(tmp_path / "recordings" / "upstairs" / "bath", [1.6])
    (tmp_path / "recordings" / "README.md").write_text("what users record")
    words = label(LabelConfig((tmp_path / "recordings",), out=tmp_path / "labels"))
    first, second = words.splitlines()
    assert first.startswith("kitchen: 2 of 2") and "1.10 m" in first
    assert second.startswith("upstairs/bath: 1 of 1") and "1.60 m" in second
    for name, count in (("kitchen", 2), ("upstairs/bath", 1)):
        classes = tmp_path / "labels" / name / "classes"
        assert len(list(classes.iterdir())) == count


def test_recordings_in_hidden_folders_are_not_labelled(tmp_path):
    _recording(tmp_path / "recordings" / "kitchen", [1.1])
    _recording(tmp_path / "recordings" / ".bath.partial" / "bath", [1.6])
    words = label(LabelConfig((tmp_path / "recordings",), out=tmp_path / "labels"))
    assert [line.split(":")[0] for line in words.splitlines()] == ["kitchen"]


def test_nyuv2s_official_file_is_labelled_beside_folders(tmp_path):
    file = tmp_path / "nyu_depth_v2_labeled.mat"
    metres = _floor_depth() / np.float32(1000)
    with h5py.File(file, "w") as mat:  # MATLAB stores the first axis fastest
        mat["images"] = np.stack([_photo().transpose(2, 1, 0)] * 2)
        mat["depths"] = mat["rawDepths"] = np.stack([metres.T] * 2)
        mat["labels"] = np.zeros((2, 160, 120), np.uint16)
    hall = _floor_folder(tmp_path / "hall", num_frames=1)
    words = label(LabelConfig((file, hall), out=tmp_path / "labels"))
    first, second = words.splitlines()
    assert first.startswith("nyu_depth_v2_labeled: 2 of 2 frames labelled")
    assert second.startswith("hall: 1 of 1")
    classes = tmp_path / "labels" / "nyu_depth_v2_labeled" / "classes"
    assert len(list(classes.iterdir())) == 2


def test_the_floors_of_a_recording_are_kept_beside_it(tmp_path):
    path = _recording(tmp_path / "kitchen", [1.1, 1.1])
    label(LabelConfig((path,), out=tmp_path / "labels"))
    assert len(json.loads((path / "floors.json").read_text())["floors"]) == 2


def test_statistics_tell_what_frames_are_worth_training_on(tmp_path):
    path, camera = tmp_path / "kitchen", Intrinsics(160, 120, **CAMERA_OPTIONS)
    with RecordingWriter(path) as writer:
        for k, number in enumerate((3, 4, 5, 9, 10, 11)):
            frame = RgbdFrame.aligned(
                _photo(), _floor_depth(1.1 + 0.2 * (k == 5)), camera, 0.001,
                number=number, timestamp_ns=number * 10**8,
            )  # fmt: skip
            writer.write(replace(frame, timestamp_ns=5) if k == 4 else frame)
        writer.count_drop([6, 7, 1])
    found = json.loads(label(LabelConfig((path,), stats=True, every=2)))["kitchen"]
    assert (found["frames"], found["dropped_frames"]) == (3, 4)
    # Back by 0.9 s and ahead again by 1.1 s, which a camera may take for one frame.
    assert found["clock_jumps"] == 1
    assert found["duration_s"] == pytest.approx(0.2 + 0.4 + 0.1 + 1.1)
    assert found["near_duplicate_share"] == pytest.approx(4 / 6, abs=1e-3)
    assert found["blurred_share"] == 0.0  # a red floor is too plain to tell
    assert found["median_speed_m_s"] == pytest.approx(0.0, abs=0.01)
    names = found["classes_below_1_percent"]
    assert len(names) == 19 and "below 0.25 m, 0-45 deg" not in names
    words = label(LabelConfig((path,), out=tmp_path / "labels"))
    assert "; 4 frames dropped, clock jumped once, 67% near-duplicates, 19 of" in words


def test_statistics_alone_write_nothing(tmp_path, monkeypatch):
    path = _recording(tmp_path / "kitchen", [1.1, 1.1])
    folder = _floor_folder(tmp_path / "hall")
    monkeypatch.chdir(tmp_path)
    before = _files(tmp_path)
    found = json.loads(label(LabelConfig((path, folder), stats=True)))
    assert _files(tmp_path) == before and not (tmp_path / "labels").exists()
    assert found["kitchen"]["median_camera_height_m"] == pytest.approx(1.1, abs=0.01)
    assert found["hall"]["class_shares"]["below 0.25 m, 0-45 deg"] > 0.99
    label(LabelConfig((path, folder)))
    for name in ("kitchen", "hall"):
        text = (tmp_path / "labels" / name / "statistics.json").read_text()
        assert json.loads(text) == found[name]
    assert json.loads(label(LabelConfig((path, folder), stats=True))) == found


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("options", [CAMERA_OPTIONS, "beside", "elsewhere"])
def test_a_pair_is_labelled_in_either_order_with_any_calibration(
    tmp_path, order, options
):
    files = _pair(tmp_path / "shots")
    if isinstance(options, str):
        path = tmp_path / ("shots" if options == "beside" else "elsewhere") / "K.txt"
        path.parent.mkdir(exist_ok=True)
        np.savetxt(path, CAMERA)
        options = {} if options == "beside" else {"intrinsics": path}
    config = LabelConfig(files[::order], out=tmp_path / "labels", **options)
    assert label(config).startswith("shot: 1 of 1 frames labelled")
    out = tmp_path / "labels" / "shot"
    assert (_classes(out / "classes" / "000000.png") == 0).mean() > 0.99
    blue, _, red = cv2.imread(str(out / "overlays" / "000000.jpg"))[60, 80].astype(int)
    assert blue < red
    statistics = json.loads((out / "statistics.json").read_text())
    assert statistics["median_camera_height_m"] == pytest.approx(1.3, abs=0.01)


def test_the_calibration_of_a_pair_may_lie_above_its_folders(tmp_path):
    hall = _floor_folder(tmp_path / "hall")
    files = (hall / "color" / "1.png", hall / "depth" / "1.png")
    assert label(LabelConfig(files, out=tmp_path / "labels")).startswith("1: 1 of 1")


def test_depth_of_a_pair_is_scaled_and_without_its_saturated_pixels(tmp_path):
    files = _pair(tmp_path / "shots", units_per_m=5000)
    depth = cv2.imread(str(files[1]), cv2.IMREAD_UNCHANGED)
    depth[:, :40] = 65535
    cv2.imwrite(str(files[1]), depth)
    config = LabelConfig(files, stats=True, depth_scale=1 / 5000, **CAMERA_OPTIONS)
    found = json.loads(label(config))["shot"]
    assert found["median_camera_height_m"] == pytest.approx(1.3, abs=0.01)
    assert found["valid_depth"] == pytest.approx(0.75)


def test_labels_are_never_overwritten(tmp_path):
    source = _floor_folder(tmp_path / "hall", num_frames=1)
    config = LabelConfig((source,), out=tmp_path / "labels")
    label(config)
    with pytest.raises(HNError, match="already holds files"):
        label(config)


def test_every_input_is_checked_before_anything_is_written(tmp_path):
    source = _floor_folder(tmp_path / "hall", num_frames=1)
    (tmp_path / "empty").mkdir()
    config = LabelConfig((source, tmp_path / "empty"), out=tmp_path / "labels")
    with pytest.raises(HNError, match="holds no frames"):
        label(config)
    assert not (tmp_path / "labels").exists()


def test_two_inputs_of_one_name_are_refused(tmp_path):
    a = _floor_folder(tmp_path / "a" / "hall", num_frames=1)
    b = _floor_folder(tmp_path / "b" / "hall", num_frames=1)
    with pytest.raises(HNError, match="several inputs are called hall"):
        label(LabelConfig((a, b), out=tmp_path / "labels"))


@pytest.mark.parametrize(
    ("paths", "options", "sentence"),
    [
        ("", {}, "no input given"),
        ("hall", {"every": 0}, "--every must be at least 1"),
        ("hall", {"depth_scale": 0.001}, "for two image files"),
        ("hall", CAMERA_OPTIONS, "for two image files"),
        ("hall shot.jpg", {}, "shot.jpg is a file"),
        ("shot.jpg", {}, "shot.jpg is a file"),
        ("shot.jpg other.png other.png", CAMERA_OPTIONS, "shot.jpg is a file"),
        ("shot.jpg shot.jpg", CAMERA_OPTIONS, "no 16-bit depth in either"),
        ("other.png other.png", CAMERA_OPTIONS, "16-bit depth in both"),
        ("shot.jpg junk.png", CAMERA_OPTIONS, "junk.png is not an image"),
        ("shot.jpg small.png", CAMERA_OPTIONS, "is 160x120 and .*small.png 80x60"),
        ("shot.jpg other.png", {}, "no calibration; give --fx --fy --cx --cy"),
        ("shot.jpg other.png", {"fx": 145.0, "cx": 83.0}, "give all of --fx"),
        ("shot.jpg other.png", {**CAMERA_OPTIONS, "fx": np.nan}, "positive focal"),
        ("shot.jpg other.png", {**CAMERA_OPTIONS, "depth_scale": 0.0}, "scale must be"),
        ("shot.jpg other.png", {**CAMERA_OPTIONS, "depth_scale": np.nan}, "must be"),
        ("shot.jpg nowhere.png", CAMERA_OPTIONS, "shot.jpg is a file"),
    ],
)
def test_wrong_inputs_are_one_sentence(tmp_path, paths, options, sentence):
    _pair(tmp_path / "pair")
    (tmp_path / "pair" / "junk.png").write_bytes(b"junk")
    cv2.imwrite(str(tmp_path / "pair" / "small.png"), np.ones((60, 80), np.uint16))
    _floor_folder(tmp_path / "pair" / "hall", num_frames=1)
    inputs = tuple(tmp_path / "pair" / name for name in paths.split())
    with pytest.raises(HNError, match=sentence) as error:
        label(LabelConfig(inputs, out=tmp_path / "labels", **options))
    assert "\n" not in str(error.value)
    assert not (tmp_path / "labels").exists()


def test_a_damaged_image_in_the_middle_is_left_out_and_said(tmp_path, caplog):
    source = _floor_folder(tmp_path / "hall", camera_heights=[1.1, 1.1, 1.5, 1.5, 1.5])
    (source / "depth" / "1.png").write_bytes(b"junk")
    words = label(LabelConfig((source,), out=tmp_path / "labels"))
    assert "4 of 4 frames labelled, 1 more cannot be read (floor measured 4" in words
    assert "1.png" in caplog.text
    names = sorted(f.name for f in (tmp_path / "labels/hall/classes").iterdir())
    assert names == ["000000.png", "000002.png", "000003.png", "000004.png"]
    statistics = json.loads((tmp_path / "labels/hall/statistics.json").read_text())
    assert (statistics["frames"], statistics["unreadable"]) == (4, 1)
    assert statistics["median_camera_height_m"] == pytest.approx(1.5, abs=0.01)


def test_a_source_without_any_readable_frame_is_one_sentence_and_leaves_nothing(
    tmp_path, monkeypatch
):
    source = _floor_folder(tmp_path / "hall", num_frames=2)

    def damaged(self, index):
        raise UnreadableFrameError(f"frame {index} is damaged")

    monkeypatch.setattr(ImageFolder, "__getitem__", damaged)
    with pytest.raises(HNError, match="no frame of hall can be read") as error:
        label(LabelConfig((source,), out=tmp_path / "labels"))
    assert "\n" not in str(error.value)
    assert not list(tmp_path.glob("labels/*"))


def test_labelling_that_was_interrupted_leaves_nothing_in_its_way(
    tmp_path, monkeypatch
):
    source = _floor_folder(tmp_path / "hall", num_frames=30)
    config = LabelConfig((source,), out=tmp_path / "labels")

    def interrupt(*arguments):
        raise KeyboardInterrupt

    for step in ("write_image", "contact_sheet", "LabelStatistics.add"):
        with monkeypatch.context() as patch:
            patch.setattr(f"core.label_source.{step}", interrupt)
            with pytest.raises(KeyboardInterrupt):
                label(config)
        assert not (tmp_path / "labels").exists()
    assert label(config).startswith("hall: 30 of 30")
