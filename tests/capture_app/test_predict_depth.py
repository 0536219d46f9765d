"""hn-predict on what has depth: beside labels, as recordings, as point clouds."""

import json
import logging

import numpy as np
import pytest
from mcap.reader import make_reader
from predicting_inputs import (
    BINS,
    blocks,
    files,
    floor_folder,
    floor_frame,
    floor_recording,
    model,
    photo,
    read,
    save,
)

from capture_app.convert_command import convert
from capture_app.predict_command import PredictConfig, predict
from core.annotations import save_annotations
from core.errors import DatasetError, HNError
from core.overlay import class_palette
from core.prediction import ModelInfo
from core.recording import Recording, repair_recording

FRAME = (120, 160)


def run(tmp_path, *inputs, bins=None, **options):
    path = model(tmp_path, bins, FRAME)
    options = {"out": tmp_path / "out", "engine": "onnxruntime", **options}
    return predict(PredictConfig(path, inputs, **options))


def statistics(tmp_path, name):
    return json.loads((tmp_path / "out" / name / "statistics.json").read_text())


@pytest.mark.parametrize("made", [floor_recording, floor_folder])
def test_an_hn_network_is_held_against_the_labels_from_depth(tmp_path, made):
    # All of it is floor, the lowest bin; the right quarter is predicted one higher.
    made(tmp_path / "kitchen")
    said = run(tmp_path, tmp_path / "kitchen", bins=BINS)
    assert "; 75% as the labels from depth)" in said
    beside = statistics(tmp_path, "kitchen")["beside_labels_from_depth"]
    assert beside.pop("frames") == 3
    assert list(beside.values()) == [0.75, 0.25, 0, 0]
    classes = read(tmp_path / "out" / "kitchen" / "classes" / "000002.png")
    assert (classes[:, :120] == 0).all() and (classes[:, 120:] == 1).all()


def test_a_semantic_network_is_not(tmp_path):
    floor_recording(tmp_path / "kitchen")
    said = run(tmp_path, tmp_path / "kitchen")
    assert "labels from depth" not in said
    assert "beside_labels_from_depth" not in statistics(tmp_path, "kitchen")
    # Nor is a floor looked for, which would be kept here.
    assert files(tmp_path / "kitchen") == ["capture.mcap", "scene.json"]


def test_the_point_cloud_of_a_floor_lies_in_the_plane_zero(tmp_path):
    import open3d

    floor_recording(tmp_path / "kitchen", num_frames=4)
    run(tmp_path, tmp_path / "kitchen", bins=BINS, points=True, every=3, to=())
    folder = tmp_path / "out" / "kitchen" / "points"
    assert files(folder) == ["000000.ply", "000003.ply"]
    cloud = open3d.t.io.read_point_cloud(str(folder / "000003.ply")).point
    points, classes = cloud["positions"].numpy(), cloud["class"].numpy().ravel()
    assert len(points) == np.count_nonzero(floor_frame(0).depth)
    assert np.abs(points[:, 2]).max() < 0.03
    assert points[:, 1].min() > 0.3  # all of it is ahead
    # What was green is at the right, and has the colour and height of its class.
    assert points[classes == 1, 0].min() > points[classes == 0, 0].mean()
    palette = class_palette(BINS)
    np.testing.assert_array_equal(cloud["colors"].numpy(), palette[classes])
    np.testing.assert_allclose(
        cloud["height"].numpy().ravel(), np.array([0.2, 0.7])[classes], atol=1e-6
    )


def messages(path):
    with (path / "capture.mcap").open("rb") as file:
        return [
            (channel.topic, message.log_time, message.data)
            for _, channel, message in make_reader(file).iter_messages(
                log_time_order=False
            )
        ]


def test_a_recording_comes_out_as_it_was_with_the_predictions(tmp_path):
    kitchen = floor_recording(tmp_path / "kitchen")
    annotation = np.ones(FRAME, np.uint8)
    save_annotations(kitchen, [(1, annotation)], ("wall", "floor"))
    run(tmp_path, kitchen, bins=BINS, to=("recording", "images"))
    out = tmp_path / "out" / "kitchen"
    found = messages(out)
    predicted = [m for m in found if m[0].startswith("/prediction/")]
    assert [m for m in found if m not in predicted] == messages(kitchen)
    assert len(predicted) == 2 * 3
    recording = Recording(out)
    assert (out / "scene.json").read_bytes() == (kitchen / "scene.json").read_bytes()
    np.testing.assert_array_equal(recording.annotations[1], annotation)
    for index in range(3):
        classes = read(out / "classes" / f"{index:06d}.png")
        np.testing.assert_array_equal(recording.prediction(index), classes)
    told = recording.predicted_by
    assert told["model"] == "model.onnx"
    assert ModelInfo.from_metadata(told).bins == BINS


def test_frames_between_those_that_are_predicted_stay(tmp_path):
    floor_recording(tmp_path / "kitchen", num_frames=5)
    said = run(tmp_path, tmp_path / "kitchen", every=2, to=("recording",))
    assert "3 frames predicted" in said and "2 more without a prediction" in said
    recording = Recording(tmp_path / "out" / "kitchen")
    assert [frame.number for frame in recording] == [0, 1, 2, 3, 4]
    has = [recording.prediction(index) is not None for index in range(5)]
    assert has == [True, False, True, False, True]


def test_a_folder_becomes_a_recording_with_its_colour_as_it_is_stored(tmp_path):
    folder = floor_folder(tmp_path / "kitchen")
    run(tmp_path, folder, to=("recording",))
    recording = Recording(tmp_path / "out" / "kitchen")
    assert len(recording) == 3
    for index, frame in enumerate(recording):
        stored = (folder / "color" / f"{index}.png").read_bytes()
        assert recording.encoded_color(index).data == stored
        np.testing.assert_array_equal(frame.depth, floor_frame(index).depth)
        expected = np.where(np.arange(160) < 120, 0, 1)
        assert (recording.prediction(index) == expected).all()
    assert recording.scene.settings == {"clock": "nominal"}


def damage(recording, index):
    """A wrong bit in a frame's chunk."""
    offset, length = recording._chunks[index].tolist()
    file = recording.path / "capture.mcap"
    data = bytearray(file.read_bytes())
    data[offset + length // 2] ^= 1
    file.write_bytes(data)


def test_a_damaged_frame_is_left_out_of_images_but_not_of_a_recording(tmp_path, caplog):
    kitchen = floor_recording(tmp_path / "kitchen")
    damage(Recording(kitchen), 1)
    with pytest.raises(DatasetError, match=r"frame 1 .* a recording .* every frame"):
        run(tmp_path, kitchen, to=("recording",))
    assert not (tmp_path / "out").exists()
    with caplog.at_level(logging.WARNING):
        assert "1 more cannot be read" in run(tmp_path, kitchen)
    assert "frame 1 of" in caplog.text and "--repair" in caplog.text
    classes = tmp_path / "out" / "kitchen" / "classes"
    assert files(classes) == ["000000.png", "000002.png"]


def test_what_was_predicted_is_repaired_and_converted_as_any_recording(
    tmp_path, caplog
):
    floor_recording(tmp_path / "kitchen", num_frames=4)
    run(tmp_path, tmp_path / "kitchen", to=("recording",))
    predicted = tmp_path / "out" / "kitchen"
    damage(Recording(predicted), 1)
    assert repair_recording(predicted).num_frames == 3
    assert (Recording(predicted).prediction(2)[0, ::159] == [0, 1]).all()
    convert(predicted, tmp_path / "copy")
    assert Recording(tmp_path / "copy").prediction(0) is not None
    with caplog.at_level(logging.WARNING):
        convert(predicted, tmp_path / "some", every=2)
    assert "predictions are not kept" in caplog.text
    assert Recording(tmp_path / "some").prediction(0) is None
    # And what is there is predicted again.
    run(tmp_path, predicted, out=tmp_path / "again", to=("recording",))
    assert len(messages(tmp_path / "again" / "kitchen")) == len(messages(predicted))


def test_points_are_not_made_up_where_there_is_no_depth(tmp_path):
    save(tmp_path / "photo.png", photo(blocks(0, FRAME)))
    with pytest.raises(HNError, match="has no depth"):
        run(tmp_path, tmp_path / "photo.png", points=True)
