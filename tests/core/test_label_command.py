import json

import cv2
import numpy as np
import pytest

from core import IGNORE_LABEL, HNBins
from core.errors import DatasetError
from core.label_command import LabelConfig, label

CAMERA = np.array([[145.0, 0, 83], [0, 147, 57], [0, 0, 1]])
CAMERA_HEIGHT, PITCH = 1.3, np.radians(35)


def _floor_folder(path, num_frames=3):
    """Images of nothing but a floor, 1.3 m below a camera that looks 35 deg down."""
    for part in ("color", "depth"):
        (path / part).mkdir(parents=True)
    np.savetxt(path / "K.txt", CAMERA)
    v = np.arange(120)[:, None] * np.ones(160)
    down = np.sin(PITCH) + np.cos(PITCH) * (v - 57) / 147
    depth = np.rint(1000 * CAMERA_HEIGHT / down).astype(np.uint16)
    for k in range(num_frames):
        photo = np.full((120, 160, 3), (10, 60, 200), np.uint8)
        cv2.imwrite(str(path / "color" / f"{k}.png"), photo)
        cv2.imwrite(str(path / "depth" / f"{k}.png"), depth)
    return path


def test_classes_overlays_and_statistics_of_a_folder(tmp_path):
    source = _floor_folder(tmp_path / "hall")
    words = label(LabelConfig((source,), out=tmp_path / "labels", every=2))
    assert words == f"hall: 2 of 2 frames labelled: {tmp_path / 'labels' / 'hall'}"
    out = tmp_path / "labels" / "hall"
    assert [p.name for p in sorted((out / "classes").iterdir())] == [
        "000000.png",
        "000002.png",
    ]
    classes = cv2.imread(str(out / "classes" / "000002.png"), cv2.IMREAD_UNCHANGED)
    assert (classes == 0).mean() > 0.99  # flat and below 0.25 m
    overlay = cv2.imread(str(out / "overlays" / "000000.jpg"))
    blue, _, red = overlay[60, 80].astype(int)
    assert blue < red  # red first in memory, and the photo is red
    statistics = json.loads((out / "statistics.json").read_text())
    assert statistics["median_camera_height_m"] == pytest.approx(1.3, abs=0.01)
    assert statistics["class_shares"]["below 0.25 m, 0-45 deg"] > 0.99
    assert cv2.imread(str(out / "contact_sheet.jpg")).shape[1] == 640


def test_frames_without_a_floor_have_no_class_image_but_a_tile(tmp_path):
    source = _floor_folder(tmp_path / "hall", num_frames=1)
    cv2.imwrite(str(source / "depth" / "0.png"), np.zeros((120, 160), np.uint16))
    words = label(LabelConfig((source,), out=tmp_path / "labels"))
    assert words.startswith("hall: 0 of 1 frames labelled")
    assert not list((tmp_path / "labels" / "hall" / "classes").iterdir())
    assert (tmp_path / "labels" / "hall" / "contact_sheet.jpg").is_file()


def test_the_bins_that_are_asked_for_are_the_bins_of_the_labels(tmp_path):
    source = _floor_folder(tmp_path / "hall", num_frames=1)
    bins = HNBins(height_edges=(-0.5, 0.5), angle_edges=())
    label(LabelConfig((source,), out=tmp_path / "labels", bins=bins))
    file = tmp_path / "labels" / "hall" / "classes" / "000000.png"
    classes = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    assert np.unique(classes[classes != IGNORE_LABEL]).tolist() == [1]


def test_labels_are_never_overwritten(tmp_path):
    source = _floor_folder(tmp_path / "hall", num_frames=1)
    config = LabelConfig((source,), out=tmp_path / "labels")
    label(config)
    with pytest.raises(DatasetError, match="already holds files"):
        label(config)


def test_every_input_is_checked_before_anything_is_written(tmp_path):
    source = _floor_folder(tmp_path / "hall", num_frames=1)
    (tmp_path / "empty").mkdir()
    config = LabelConfig((source, tmp_path / "empty"), out=tmp_path / "labels")
    with pytest.raises(DatasetError, match="holds no frames"):
        label(config)
    assert not (tmp_path / "labels").exists()


def test_two_inputs_of_one_name_are_refused(tmp_path):
    a = _floor_folder(tmp_path / "a" / "hall", num_frames=1)
    b = _floor_folder(tmp_path / "b" / "hall", num_frames=1)
    with pytest.raises(DatasetError, match="share"):
        label(LabelConfig((a, b), out=tmp_path / "labels"))


@pytest.mark.parametrize(
    "config", [LabelConfig(()), LabelConfig(("somewhere",), every=0)]
)
def test_nothing_to_do_is_said(config):
    with pytest.raises(DatasetError, match=r"no input|at least 1"):
        label(config)


def test_a_damaged_image_is_left_out_and_said(tmp_path, caplog):
    source = _floor_folder(tmp_path / "hall")
    (source / "depth" / "1.png").write_bytes(b"junk")
    words = label(LabelConfig((source,), out=tmp_path / "labels"))
    assert "2 of 2 frames labelled, 1 more cannot be read" in words
    assert "1.png" in caplog.text


def test_labelling_that_was_interrupted_leaves_nothing_in_its_way(
    tmp_path, monkeypatch
):
    source = _floor_folder(tmp_path / "hall")
    config = LabelConfig((source,), out=tmp_path / "labels")

    def interrupt(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("core.label_command.write_image", interrupt)
        with pytest.raises(KeyboardInterrupt):
            label(config)
    assert list((tmp_path / "labels").iterdir()) == []
    assert label(config).startswith("hall: 3 of 3")
