"""A session's setup: what it makes, when the camera is opened anew, what is kept."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from predicting_inputs import floor_frame, floor_recording, model
from scripted import wait_until

from capture_app.engine.picture import Picture
from capture_app.engine.recorder import RecordingPlan
from capture_app.engine.setup import (
    SessionSetup,
    make_live,
    make_session,
    needs_reopening,
)
from capture_app.engine.setup_json import (
    setup_from_json,
    setup_to_json,
    without_missing,
)
from capture_app.engine.states import SourceState
from capture_app.sensors.realsense_options import RealSenseSettings
from core.bins import HNBins
from core.errors import HNError
from core.frame import RgbdFrame
from core.recording import Recording

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

EVERYTHING = SessionSetup(
    sensor="realsense:0042",
    realsense=RealSenseSettings(
        depth_size=(848, 480),
        color_size=(1280, 720),
        fps=15,
        preset="high_accuracy",
        laser=False,
        laser_power_mw=90.0,
        depth_exposure_ms=8.5,
        color_exposure_ms=15.25,
        settling_s=0.5,
    ),
    bins=HNBins((0.1, 0.7), (30.0, 100.0), signed_angles=True),
    uses_imu=False,
    models=(Path("runs/a/model_hn.onnx"), Path("runs/b/model.onnx")),
)


@pytest.mark.parametrize(
    ("changes", "is_needed"),
    [
        ({"sensor": "realsense:0043"}, True),
        ({"sensor": "simulated"}, True),
        ({"realsense": RealSenseSettings(fps=60)}, True),
        ({"bins": HNBins((0.5,))}, False),
        ({"uses_imu": True}, False),
        ({"models": ()}, False),
        ({}, False),
    ],
)
def test_only_the_camera_and_its_settings_need_another_opening(
    changes: dict[str, object], is_needed: bool
) -> None:
    assert needs_reopening(EVERYTHING, replace(EVERYTHING, **changes)) is is_needed


def test_what_only_a_realsense_is_set_to_reopens_no_other_camera() -> None:
    room = replace(EVERYTHING, sensor="simulated:3")
    assert not needs_reopening(room, replace(room, realsense=RealSenseSettings(fps=60)))
    file = replace(EVERYTHING, sensor="realsense.bag")
    assert not needs_reopening(file, replace(file, realsense=RealSenseSettings(fps=6)))


def labelled(setup: SessionSetup, frame: RgbdFrame) -> Picture:
    """The picture of a frame whose floor was looked for."""
    pictures: list[Picture] = []
    live = make_live(setup)
    try:
        live.offer(frame)

        def has_come() -> bool:
            picture = live.pictures.take()
            pictures.extend([] if picture is None else [picture])
            return bool(pictures) and pictures[-1].layers.is_floor_known

        wait_until(has_come, 30.0)
    finally:
        live.close()
    return pictures[-1]


def test_up_comes_from_the_imu_only_if_it_may() -> None:
    down = np.array((0.0, np.cos(0.6109), np.sin(0.6109)))  # 35 deg; it lies
    frame = replace(floor_frame(0), up_hint=down)
    assert labelled(SessionSetup(uses_imu=True), frame).layers.floor is None
    floor = labelled(SessionSetup(uses_imu=False), frame).layers.floor
    assert floor is not None
    assert floor.camera_height == pytest.approx(1.3, abs=0.01)


def test_labels_have_the_bins_of_the_hn_network_or_else_of_the_setup(
    tmp_path: Path,
) -> None:
    of_network, own = HNBins((0.4, 1.0), ()), HNBins((0.9,), (20.0,))
    file = model(tmp_path, of_network)
    for models, bins in (((), own), ((file,), of_network)):
        live = make_live(SessionSetup(bins=own, models=models))
        live.close()
        assert live.bins == bins


def test_what_cannot_be_leaves_no_thread_behind(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(b"no network")
    for setup in (SessionSetup(sensor="nope"), SessionSetup(models=(file,))):
        with pytest.raises(HNError):
            make_session(setup)


def test_settings_of_a_realsense_do_not_hinder_another_camera() -> None:
    session = make_session(replace(EVERYTHING, sensor="simulated", models=()))
    assert session.sensor.name == "simulated"
    session.close()


def test_json_gives_the_same_setup_again() -> None:
    text = json.dumps(setup_to_json(EVERYTHING))
    assert setup_from_json(json.loads(text)) == (EVERYTHING, [])
    assert setup_to_json(EVERYTHING) == json.loads(text)  # lists, no tuples


def test_a_recording_keeps_its_setup(tmp_path: Path) -> None:
    source = floor_recording(tmp_path / "source")
    setup = replace(EVERYTHING, sensor=str(source), models=())
    with make_session(setup) as session:
        session.start(
            RecordingPlan(
                tmp_path / "again",
                settings={"setup": setup_to_json(setup)},
                min_free_bytes=0,
            )
        )
        wait_until(lambda: session.source_state is SourceState.ENDED, 30.0)
    with Recording(tmp_path / "again") as recording:
        kept = recording.scene.settings["setup"]
    assert setup_from_json(kept) == (setup, [])
    assert kept["realsense"]["depth_size"] == [848, 480]
    assert kept["bins"]["angle_edges"] == [30.0, 100.0]


def test_keys_of_another_version_are_passed_over() -> None:
    values = setup_to_json(EVERYTHING)
    values["colour_of_the_case"] = "black"
    values["realsense"]["hdr"] = True
    values["bins"]["roughness"] = []
    assert setup_from_json(values) == (EVERYTHING, [])


def test_what_is_missing_is_as_it_is_by_itself() -> None:
    assert setup_from_json({}) == (SessionSetup(), [])
    setup, sentences = setup_from_json({"bins": {"height_edges": [0.5, 2]}})
    assert setup == SessionSetup(bins=HNBins((0.5, 2.0)))
    assert sentences == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, 2], "a setup is an object of JSON, got [1, 2]"),
        ({"sensor": 7}, "sensor is a camera's name or a path, got 7"),
        ({"sensor": ""}, "sensor is a camera's name or a path, got ''"),
        ({"uses_imu": "no"}, "uses_imu is true or false, got 'no'"),
        ({"models": ["a", 2]}, "models is a list of at most two model files"),
        ({"models": "a.onnx"}, "models is a list of at most two model files"),
        ({"bins": {"height_edges": [1, 0.5]}}, "edges must be finite and rise"),
        ({"bins": {"angle_edges": [100]}}, "angle edges must lie in 0..90"),
        ({"bins": {"signed_angles": 1}}, "signed_angles is true or false, got 1"),
        ({"bins": {"height_edges": ["x"]}}, "could not convert"),
        ({"bins": {"height_edges": 3}}, "not iterable"),
        ({"bins": None}, "an object of JSON is expected, got None"),
        ({"realsense": 5}, "a camera's settings are an object of JSON, got 5"),
        ({"realsense": {"fps": True}}, "fps is a whole number above 0, or null"),
        ({"realsense": {"fps": 30.5}}, "fps is a whole number above 0, or null"),
        ({"realsense": {"depth_size": [640]}}, "depth_size is [width, height] in"),
        ({"realsense": {"color_size": "vga"}}, "color_size is [width, height] in"),
        ({"realsense": {"preset": "best"}}, "preset is null or one of default, hand"),
        ({"realsense": {"preset": []}}, "preset is null or one of default, hand"),
        ({"realsense": {"laser": 1}}, "laser is true, false or null, got 1"),
        ({"realsense": {"laser_power_mw": -1}}, "laser_power_mw is a number of 0 or"),
        ({"realsense": {"depth_exposure_ms": float("nan")}}, "got nan"),
        ({"realsense": {"settling_s": None}}, "settling_s is a number of 0 or more"),
    ],
)
def test_a_wrong_value_has_its_default_and_is_told(values: object, words: str) -> None:
    setup, (sentence,) = setup_from_json(values)
    assert setup == SessionSetup()
    assert words in sentence
    assert "default" in sentence.rpartition(";")[2]


def test_what_is_right_beside_it_is_kept() -> None:
    values = setup_to_json(EVERYTHING)
    values["realsense"]["fps"] = "fast"
    values["uses_imu"] = None
    setup, sentences = setup_from_json(values)
    realsense = replace(EVERYTHING.realsense, fps=None)
    assert setup == replace(EVERYTHING, realsense=realsense, uses_imu=True)
    assert len(sentences) == 2


def test_files_that_are_gone_are_left_out_and_told(tmp_path: Path) -> None:
    here = model(tmp_path)
    gone = tmp_path / "gone.onnx"
    setup = SessionSetup(sensor=str(tmp_path / "kitchen"), models=(gone, here))
    usable, sentences = without_missing(setup)
    assert usable == SessionSetup(models=(here,))
    assert str(tmp_path / "kitchen") in sentences[0]
    assert str(gone) in sentences[1]
    for camera in ("realsense:0042", "simulated:7", str(tmp_path)):
        assert without_missing(SessionSetup(sensor=camera)) == (
            SessionSetup(sensor=camera),
            [],
        )
