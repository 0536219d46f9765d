"""hn-record, through its function and once as a process."""

import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scripted import ScriptedSensor, make_frame

from capture_app.engine import disk_space, recorder
from capture_app.record_command import RecordConfig, record, run
from capture_app.sensors import registry
from capture_app.sensors.sensor import Sensor
from capture_app.sensors.simulated import SimulatedSensor
from core.errors import HNError, SensorError
from core.nyuv2 import NYU40_NAMES
from core.recording import Recording
from core.simulation import SimulatedCamera

ROOT = Path(__file__).parents[2]


@pytest.fixture
def camera(
    monkeypatch: pytest.MonkeyPatch, small_camera: SimulatedCamera, loop_folder: Path
) -> SimulatedCamera:
    """The small room in place of the simulated one."""
    sensor = SimulatedSensor(camera=small_camera, folder=loop_folder)
    use_sensor(monkeypatch, "simulated", sensor)
    return small_camera


def use_sensor(monkeypatch: pytest.MonkeyPatch, name: str, sensor: Sensor) -> None:
    monkeypatch.setitem(registry._BY_NAME, name, lambda serial: sensor)


def test_every_frame_of_the_asked_seconds_is_recorded(
    camera: SimulatedCamera, tmp_path: Path
) -> None:
    out = tmp_path / "recordings" / "kitchen"
    config = RecordConfig(seconds=0.5, out=out, tags=("a", "b"), notes="by the window")
    said = run(config)
    assert f"{out}: 15 frames, 0 dropped, 0.5 s" in said
    with Recording(out) as recording:
        assert [frame.number for frame in recording] == list(range(15))
        np.testing.assert_array_equal(recording[6].depth, camera.frame(2).depth)
        assert recording.scene.tags == ("a", "b")
        assert recording.scene.notes == "by the window"
        assert recording.scene.device == "simulated"
        assert len(recording.annotations) == 0


def test_every_nth_frame_is_annotated_with_the_truth(
    camera: SimulatedCamera, tmp_path: Path
) -> None:
    out = tmp_path / "kitchen"
    record(RecordConfig(seconds=4 / 30, out=out, annotate_every=3))
    with Recording(out) as recording:
        assert len(recording) == 4
        assert sorted(recording.annotations) == [0, 3]
        assert recording.annotation_classes == NYU40_NAMES
        for index in (0, 3):
            truth = camera.truth(index).semantic
            np.testing.assert_array_equal(recording.annotations[index], truth)


def test_a_replay_is_recorded_to_its_end(
    camera: SimulatedCamera, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    record(RecordConfig(seconds=0.2, out=first))
    summary = record(RecordConfig(sensor=str(first), seconds=60, out=second))
    assert (summary.num_frames, summary.num_dropped) == (6, 0)
    for a, b in zip(Recording(first), Recording(second), strict=True):
        np.testing.assert_array_equal(a.depth, b.depth)
        assert (a.number, a.timestamp_ns) == (b.number, b.timestamp_ns)


def test_without_a_name_the_next_free_one_is_taken(
    camera: SimulatedCamera, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        record(RecordConfig(seconds=0.1))
    names = sorted(path.name for path in (tmp_path / "recordings").iterdir())
    assert names == ["simulated_001", "simulated_002"]


def test_a_folder_with_anything_in_it_is_not_touched(
    camera: SimulatedCamera, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(HNError, match="is not empty; nothing is overwritten"):
        record(RecordConfig(seconds=0.1, out=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_lost_camera_is_said_with_what_was_saved(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lost = SensorError("the camera was lost: plug it in again")
    sensor = ScriptedSensor([make_frame(0), make_frame(1), lost])
    use_sensor(monkeypatch, "scripted", sensor)
    out = tmp_path / "kitchen"
    with pytest.raises(SensorError, match=r"plug it in again\. .* saved: 2 frames"):
        record(RecordConfig(sensor="scripted", out=out))
    assert len(Recording(out)) == 2


def test_a_camera_that_gives_nothing_leaves_no_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_sensor(monkeypatch, "scripted", ScriptedSensor([None]))
    with pytest.raises(HNError, match="no frame was recorded"):
        record(RecordConfig(sensor="scripted", out=tmp_path / "kitchen"))
    assert not (tmp_path / "kitchen").exists()


def test_an_interrupt_keeps_what_was_recorded(
    camera: SimulatedCamera, tmp_path: Path
) -> None:
    def interrupt(text: str) -> None:
        if "frames" in text and "0 frames" not in text:
            raise KeyboardInterrupt

    out = tmp_path / "kitchen"
    summary = record(RecordConfig(seconds=60, out=out), interrupt)
    assert 0 < summary.num_frames == len(Recording(out)) < 60


def test_a_disk_that_is_soon_full_is_said_and_does_not_spoil_the_recording(
    camera: SimulatedCamera,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(recorder, "free_bytes", lambda path: 1_000_020_000)
    monkeypatch.setattr(recorder, "LOOK_PERIOD_S", 0.0)
    monkeypatch.setattr(disk_space, "_SETTLED_S", 0.1)
    said: list[str] = []
    summary = record(RecordConfig(seconds=0.5, out=tmp_path / "kitchen"), said.append)
    assert (summary.num_frames, summary.error) == (15, None)
    assert said[-1].endswith("dropped  room for less than a minute")
    (warning,) = caplog.messages
    assert "is down to the 1.0 GB that a recording leaves free" in warning


def test_while_the_disk_lasts_for_hours_nothing_is_said_of_it(
    camera: SimulatedCamera, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "free_bytes", lambda path: 10**12)
    monkeypatch.setattr(recorder, "LOOK_PERIOD_S", 0.0)
    monkeypatch.setattr(disk_space, "_SETTLED_S", 0.1)
    said: list[str] = []
    record(RecordConfig(seconds=0.3, out=tmp_path / "kitchen"), said.append)
    assert said[-1].endswith("dropped")


def test_a_disk_without_the_room_asked_for_is_refused(
    camera: SimulatedCamera, tmp_path: Path
) -> None:
    out = tmp_path / "kitchen"
    sentence = r"^Nothing can be recorded into .* leaves 100000000 GB free; make room"
    with pytest.raises(HNError, match=sentence):
        record(RecordConfig(seconds=0.1, out=out, min_free_gb=1e8))
    assert not out.exists()


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        (RecordConfig(seconds=0), "--seconds must be above 0"),
        (RecordConfig(seconds=math.nan), "--seconds must be above 0"),
        (RecordConfig(seconds=math.inf), "--seconds must be above 0"),
        (RecordConfig(min_free_gb=-1), "--min-free-gb must be 0 or more and .* got -1"),
        (RecordConfig(min_free_gb=math.nan), "--min-free-gb must be 0 or more"),
        (RecordConfig(min_free_gb=1e9), r"0 or more and below 1e9, got 1e\+09"),
        (RecordConfig(wait_for_camera_s=-1), "--wait-for-camera-s must be 0 or more"),
        (RecordConfig(wait_for_camera_s=math.nan), "must be 0 or more, got nan"),
        (RecordConfig(annotate_every=0), "--annotate-every must be 1 or more"),
        (RecordConfig(sensor="nope"), "no sensor and no file is called 'nope'"),
        (
            RecordConfig(sensor="realsense", annotate_every=2),
            "needs a camera that knows the truth",
        ),
        (
            RecordConfig(sensor="simulated:5", seconds=8.1, annotate_every=10),
            r"^the simulated walk repeats after 8 s; with --annotate-every record at "
            r"most 8 s, or use simulated:SEED for another room$",
        ),
    ],
)
def test_wrong_use_is_one_sentence(config: RecordConfig, complaint: str) -> None:
    with pytest.raises(HNError, match=complaint):
        record(config)


def test_a_place_that_cannot_be_written_is_one_sentence(
    camera: SimulatedCamera, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(HNError, match="file"):
        record(RecordConfig(seconds=0.1, out=tmp_path / "file" / "kitchen"))


def test_the_list_has_a_line_a_sensor() -> None:
    lines = run(RecordConfig(list=True)).splitlines()
    cameras = ["realsense", "azure", "kinect1", "kinect2", "orbbec"]
    assert [line.split()[0] for line in lines] == [*cameras, "simulated", "PATH"]
    assert "ready" in lines[-2]


def test_the_command_ends_with_one_sentence_and_status_2(tmp_path: Path) -> None:
    command = shutil.which("hn-record", path=str(Path(sys.executable).parent))
    assert command is not None
    done = subprocess.run(
        [command, "--sensor", "nope", "--out", str(tmp_path / "x")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("hn-record: no sensor and no file is called 'nope'")
    assert done.stdout == ""
    assert not (tmp_path / "x").exists()
