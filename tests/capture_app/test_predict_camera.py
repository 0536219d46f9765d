"""hn-predict before a camera: what it gives is kept whole, however it ends."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from predicting_inputs import BINS, floor_recording, model, read
from scripted import UNPLUGGED, RunningSensor, ScriptedSensor, make_frame, wait_until

from capture_app.predict_command import PredictConfig, predict
from capture_app.predicting.camera import CameraInput
from capture_app.predicting.network import Network
from capture_app.predicting.report import PredictionReport
from capture_app.predicting.results import Targets
from capture_app.predicting.results_folder import predict_whole
from core.errors import HNError, SensorError
from core.recording import Recording

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

ALL = Targets(images=True, video=False, recording=True, points=False, opacity=0.5)
IMAGES = Targets(images=True, video=False, recording=False, points=False, opacity=0.5)


def watch(tmp_path, sensor, targets=ALL, seconds=None, every=1, stop=None):
    """What is said of a camera; its results are in out/."""
    stop = stop or threading.Event()
    network = Network(model(tmp_path, size=(48, 64)), 1, "onnxruntime")
    out = tmp_path / "out"
    camera = CameraInput("made", sensor, seconds, tmp_path, stop)
    return predict_whole(camera, every, targets, network, out, stop)


def statistics(tmp_path):
    return json.loads((tmp_path / "out" / "statistics.json").read_text())


def test_a_recording_can_be_watched_like_a_camera_for_some_seconds(tmp_path):
    floor_recording(tmp_path / "kitchen", num_frames=9)  # ten a second
    said = predict(
        PredictConfig(
            model(tmp_path, BINS, (120, 160)),
            out=tmp_path / "out",
            sensor=str(tmp_path / "kitchen"),
            seconds=0.47,  # nearer to five frames of a tenth than to four
            to=("images", "recording"),
            engine="onnxruntime",
        )
    )
    out = tmp_path / "out" / "kitchen"
    assert said.startswith("kitchen: 5 frames predicted") and str(out) in said
    assert "75% as the labels from depth" in said
    recording = Recording(out)
    assert [frame.number for frame in recording] == [0, 1, 2, 3, 4]
    for index in range(5):
        classes = read(out / "classes" / f"{index:06d}.png")
        np.testing.assert_array_equal(recording.prediction(index), classes)
        assert (classes[0] == (np.arange(160) >= 120)).all()


def test_a_network_that_is_too_slow_costs_predictions_and_no_frames(tmp_path):
    frames = [make_frame(number) for number in range(200)]
    said = watch(tmp_path, ScriptedSensor([*frames, None]))  # as fast as it is read
    recording = Recording(tmp_path / "out")
    assert [frame.number for frame in recording] == list(range(200))
    is_predicted = [recording.prediction(k) is not None for k in range(200)]
    counted = statistics(tmp_path)
    assert counted["frames"] == sum(is_predicted) > 0
    assert counted["not_predicted"] == 200 - sum(is_predicted) > 0
    assert f"{counted['not_predicted']} more without a prediction" in said
    assert recording.scene.device == "scripted"


def test_frames_that_the_camera_skips_are_counted(tmp_path):
    sensor = ScriptedSensor([make_frame(3), make_frame(4), make_frame(7), None])
    said = watch(tmp_path, sensor)
    assert said.endswith(f", 2 dropped: {tmp_path / 'out'}")
    assert statistics(tmp_path)["dropped"] == [5, 6]
    assert Recording(tmp_path / "out").scene.dropped == (5, 6)


def test_every_nth_frame_of_a_camera(tmp_path):
    sensor = ScriptedSensor([*map(make_frame, range(7)), None], is_stepped=True)
    pace = threading.Thread(target=lambda: [_pause_and(sensor.step) for _ in range(8)])
    pace.start()
    watch(tmp_path, sensor, IMAGES, every=3)
    pace.join()
    names = sorted(file.stem for file in (tmp_path / "out" / "classes").iterdir())
    assert names == ["000000", "000003", "000006"]


def _pause_and(step):
    time.sleep(0.2)  # a camera slow enough for any machine: none is left out
    step()


def test_what_a_camera_gave_before_it_was_lost_is_kept_whole(tmp_path):
    frames = [make_frame(number) for number in range(3)]
    with pytest.raises(SensorError, match=r"was unplugged.*; saved up to then: made: "):
        watch(tmp_path, ScriptedSensor([*frames, UNPLUGGED]))
    recording = Recording(tmp_path / "out")
    assert len(recording) == 3 and not recording.is_cut_off
    assert statistics(tmp_path)["frames"] >= 1


def test_a_camera_that_gives_nothing_leaves_nothing(tmp_path):
    with pytest.raises(SensorError, match="was unplugged"):
        watch(tmp_path, ScriptedSensor([UNPLUGGED]))
    with pytest.raises(SensorError, match="ended before its first frame"):
        watch(tmp_path, ScriptedSensor([None]))
    assert not (tmp_path / "out").exists()


def test_a_camera_that_cannot_be_opened_says_why(tmp_path):
    sensor = ScriptedSensor([])
    sensor.fail_to_open = SensorError("it is in use by another program")
    with pytest.raises(SensorError, match="in use by another program"):
        watch(tmp_path, sensor)
    assert not (tmp_path / "out").exists()


def test_ctrl_c_ends_a_camera_and_keeps_what_there_is(tmp_path):
    def press_when_it_runs():
        deadline_s = time.monotonic() + 10
        while _num_bytes_recorded(tmp_path) < 50_000 and time.monotonic() < deadline_s:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    pressing = threading.Thread(target=press_when_it_runs)
    pressing.start()
    said = watch(tmp_path, RunningSensor())
    pressing.join()
    recording = Recording(tmp_path / "out")
    assert len(recording) >= 3 and not recording.is_cut_off
    assert said.startswith("made: ")


def _num_bytes_recorded(folder):
    return sum(file.stat().st_size for file in folder.rglob("capture.mcap"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_again_and_again_loses_nothing(tmp_path, monkeypatch, number):
    def press_often(*arguments):
        for _ in range(3):
            os.kill(os.getpid(), number)
        move(*arguments)

    import core.files

    move = core.files._move  # all is written, and nothing is in its place yet
    monkeypatch.setattr(core.files, "_move", press_often)
    before = signal.getsignal(number)
    watch(tmp_path, ScriptedSensor([make_frame(0), make_frame(1), None]))
    assert len(Recording(tmp_path / "out")) == 2
    assert signal.getsignal(number) == before


def test_ctrl_c_before_the_first_frame_is_ctrl_c(tmp_path):
    stop = threading.Event()
    stop.set()
    running, quiet = RunningSensor(), ScriptedSensor([], is_stepped=True)
    for sensor in (running, quiet):  # one of them is still being opened
        with pytest.raises(KeyboardInterrupt):
            watch(tmp_path, sensor, stop=stop)
    assert not (tmp_path / "out").exists()


def test_a_camera_that_cannot_be_opened_is_let_go(tmp_path):
    class HalfOpen(ScriptedSensor):
        def open(self, progress=None):
            super().open(progress)
            raise SensorError("it is in use by another program")

    sensor = HalfOpen([])
    with pytest.raises(SensorError, match="in use"):
        watch(tmp_path, sensor)
    assert not sensor.is_open


def test_no_frame_waits_for_the_label_engine_to_be_compiled(tmp_path, monkeypatch):
    import capture_app.predicting.camera as module

    told = []

    class TellingLabeler(module.Labeler):
        def __call__(self, frame):
            labels = super().__call__(frame)
            told.append("nothing" if labels is None else labels.floor.source)
            return labels

    class TellingSensor(ScriptedSensor):
        def open(self, progress=None):
            told.append("opened")
            super().open(progress)

    monkeypatch.setattr(module, "Labeler", TellingLabeler)
    network = Network(model(tmp_path, BINS, (48, 64)), 1, "onnxruntime")
    sensor, stop = TellingSensor([make_frame(0), None]), threading.Event()
    camera = CameraInput("made", sensor, None, tmp_path, stop)
    predict_whole(camera, 1, IMAGES, network, tmp_path / "out", stop)
    assert told[:3] == ["measured", "measured", "opened"]  # all of it was needed


def test_a_camera_in_a_hurry_has_its_first_frame_predicted(tmp_path):
    frames = [make_frame(number) for number in range(200)]
    watch(tmp_path, ScriptedSensor([*frames, None]), every=300)
    recording = Recording(tmp_path / "out")
    assert len(recording) == 200 and recording.prediction(0) is not None


def test_what_was_recorded_outlives_an_error(tmp_path, monkeypatch, caplog):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PredictionReport, "write", fail)
    frames = [make_frame(number) for number in range(3)]
    with pytest.raises(OSError, match="No space"):
        watch(tmp_path, ScriptedSensor([*frames, None]))
    kept = tmp_path / ".out.partial" / "out"
    assert len(Recording(kept)) == 3 and str(kept) in caplog.text
    assert not (tmp_path / "out").exists()
    with pytest.raises(HNError, match="choose another name"):  # nothing goes over it
        watch(tmp_path, ScriptedSensor([*frames, None]))
    assert len(Recording(kept)) == 3


@pytest.mark.slow
def test_what_was_recorded_outlives_the_program(tmp_path):
    model(tmp_path, size=(480, 640))
    command = "from capture_app.predict_command import main; main()"
    options = [tmp_path / "model.onnx", "--sensor", "simulated", "--to", "recording"]
    process = subprocess.Popen(
        [sys.executable, "-c", command, *options, "--out", tmp_path / "out"],
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: _num_bytes_recorded(tmp_path) > 10**6, timeout_s=60)
    process.kill()
    process.wait()
    kept = tmp_path / "out" / ".simulated.partial" / "simulated"
    assert len(Recording(kept)) > 1
    with pytest.raises(HNError, match="choose another name"):
        predict(
            PredictConfig(
                options[0], out=tmp_path / "out", sensor="simulated", seconds=0.1
            )
        )
    assert len(Recording(kept)) > 1


def test_a_disk_that_is_nearly_full_ends_a_camera_whole(tmp_path, monkeypatch):
    import capture_app.predicting.camera as module

    free = iter((module.MIN_FREE_BYTES, module.MIN_FREE_BYTES - 1))
    monkeypatch.setattr(module, "free_bytes", lambda path: next(free))
    monkeypatch.setattr(module, "LOOK_PERIOD_S", 0.3)
    with pytest.raises(SensorError, match=r"the disk is nearly full.*saved up to then"):
        watch(tmp_path, RunningSensor())
    assert len(Recording(tmp_path / "out")) > 3


def test_no_camera_of_that_name_is_told(tmp_path):
    config = PredictConfig(model(tmp_path), out=Path(tmp_path / "out"), sensor="nosuch")
    with pytest.raises(SensorError, match="'nosuch'"):
        predict(config)
