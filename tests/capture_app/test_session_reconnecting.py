"""The session while its camera is lost: it waits, opens it again and records on."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from scripted import UNPLUGGED, LooseSensor, make_frame, wait_until

from capture_app.engine import recorder, session
from capture_app.engine.recorder import RecordingPlan
from capture_app.engine.session import CaptureSession
from capture_app.engine.states import RecorderState, SourceState
from capture_app.record_command import RecordConfig, run
from capture_app.sensors import registry
from capture_app.sensors.sensor import Progress
from core.errors import RecordingError, SensorError
from core.frame import RgbdFrame
from core.recording import Recording

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


def frames(*numbers: int) -> list[RgbdFrame]:
    return [make_frame(number) for number in numbers]


def numbers(path: Path) -> list[int]:
    with Recording(path) as recording:
        return [frame.number for frame in recording]


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "FIRST_PAUSE_S", 0.005)
    monkeypatch.setattr(session, "LONGEST_PAUSE_S", 0.01)


def messages_of(running: CaptureSession) -> list[str]:
    problems = running.take_problems()
    assert all(problem.is_warning for problem in problems)
    return [problem.message for problem in problems]


@pytest.mark.usefixtures("short_pauses")
def test_a_recording_goes_on_in_the_next_folder_when_the_camera_is_back(
    tmp_path: Path,
) -> None:
    sensor = LooseSensor(
        frames(3, 4, 5), UNPLUGGED, UNPLUGGED, frames(1, 2), [*frames(1), None]
    )
    (tmp_path / "kitchen-2").mkdir()  # is somebody else's
    plan = RecordingPlan(tmp_path / "kitchen", tags=("a",), settings={"b": 1})
    with CaptureSession(sensor) as running:
        running.start(record=plan)
        wait_until(lambda: running.source_state is SourceState.ENDED)
        summary = running.recording
        messages = messages_of(running)
        assert running.recorder_state is RecorderState.OFF
        assert running.stats().num_lost == 0
    assert numbers(tmp_path / "kitchen") == [3, 4, 5]
    assert numbers(tmp_path / "kitchen-3") == [1, 2]
    assert numbers(tmp_path / "kitchen-4") == [1]
    scene = Recording(tmp_path / "kitchen-3").scene
    assert scene.tags == ("a",)
    assert scene.settings == {"b": 1, "continues": "kitchen"}
    assert "continues" not in Recording(tmp_path / "kitchen").scene.settings
    assert messages == [
        "The camera was unplugged; plug it in again; it is opened again as soon as it "
        "is back, and the recording goes on then: 3 frames are saved in "
        f"{tmp_path / 'kitchen'}.",
        "The camera was lost for 0 s; the recording goes on in "
        f"{tmp_path / 'kitchen-3'}.",
        "The camera was unplugged; plug it in again; it is opened again as soon as it "
        "is back, and the recording goes on then: 2 frames are saved in "
        f"{tmp_path / 'kitchen-3'}.",
        "The camera was lost for 0 s; the recording goes on in "
        f"{tmp_path / 'kitchen-4'}.",
    ]
    assert summary is not None
    segments = [(s.path.name, s.num_frames) for s in (*summary.earlier, summary)]
    assert segments == [("kitchen", 3), ("kitchen-3", 2), ("kitchen-4", 1)]


@pytest.mark.usefixtures("short_pauses")
def test_the_seconds_asked_for_are_counted_over_all_folders(tmp_path: Path) -> None:
    sensor = LooseSensor(frames(*range(4)), frames(*range(3)), frames(*range(90)))
    with CaptureSession(sensor) as running:
        running.start(record=RecordingPlan(tmp_path / "kitchen", seconds=10 / 30))
        wait_until(lambda: running.recording is not None)
        wait_until(lambda: running.recorder_state is RecorderState.OFF)
    counts = [len(numbers(tmp_path / name)) for name in ("kitchen", "kitchen-2")]
    assert [*counts, len(numbers(tmp_path / "kitchen-3"))] == [4, 3, 3]
    assert not (tmp_path / "kitchen-4").exists()


@pytest.mark.usefixtures("short_pauses")
def test_a_take_that_has_its_seconds_does_not_go_on(tmp_path: Path) -> None:
    sensor = LooseSensor(frames(*range(6)), [*frames(0), None])
    with CaptureSession(sensor) as running:
        running.start(record=RecordingPlan(tmp_path / "kitchen", seconds=6 / 30))
        wait_until(lambda: running.source_state is SourceState.ENDED)
        assert "goes on" not in "".join(messages_of(running))
    assert [path.name for path in tmp_path.iterdir()] == ["kitchen"]


@pytest.mark.usefixtures("short_pauses")
def test_a_folder_without_a_frame_leaves_its_name_to_the_next(tmp_path: Path) -> None:
    sensor = LooseSensor([], frames(1, 2), [], [*frames(5), None])
    with CaptureSession(sensor) as running:
        running.start(record=RecordingPlan(tmp_path / "kitchen"))
        wait_until(lambda: running.source_state is SourceState.ENDED)
        summary = running.recording
    assert numbers(tmp_path / "kitchen") == [1, 2]
    assert numbers(tmp_path / "kitchen-2") == [5]
    assert summary is not None
    assert [s.path.name for s in summary.earlier] == ["kitchen"]


@pytest.mark.usefixtures("short_pauses")
def test_without_a_recording_the_camera_is_just_back(tmp_path: Path) -> None:
    sensor = LooseSensor(frames(1), [*frames(1), None])
    with CaptureSession(sensor) as running:
        running.start()
        wait_until(lambda: running.source_state is SourceState.ENDED)
        assert messages_of(running) == [
            "The camera was unplugged; plug it in again; it is opened again as soon as "
            "it is back.",
            "The camera was lost for 0 s.",
        ]
        assert running.recording is None


def waiting(sensor: LooseSensor, plan: RecordingPlan) -> CaptureSession:
    """A session that waits for its camera and for the next one to try."""
    running = CaptureSession(sensor)
    running.start(record=plan)
    wait_until(lambda: running.recorder_state is RecorderState.WAITING)
    return running


def test_a_stop_while_the_camera_is_lost_ends_the_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "FIRST_PAUSE_S", 0.1)
    sensor = LooseSensor(frames(1, 2), [*frames(1), None])
    with waiting(sensor, RecordingPlan(tmp_path / "kitchen")) as running:
        assert running.source_state is SourceState.RECONNECTING
        with pytest.raises(RecordingError, match="the camera is reconnecting"):
            running.start_recording(RecordingPlan(tmp_path / "hall"))
        running.request_stop()
        assert running.recorder_state is RecorderState.OFF
        wait_until(lambda: running.source_state is SourceState.ENDED)
    assert [path.name for path in tmp_path.iterdir()] == ["kitchen"]


def test_closing_does_not_wait_for_the_camera(tmp_path: Path) -> None:
    running = waiting(LooseSensor(frames(1, 2)), RecordingPlan(tmp_path / "kitchen"))
    start = time.monotonic()
    running.close()
    assert time.monotonic() - start < 0.4
    assert running.source_state is SourceState.CLOSED
    assert running.recorder_state is RecorderState.OFF
    assert numbers(tmp_path / "kitchen") == [1, 2]


@pytest.mark.usefixtures("short_pauses")
def test_closing_gives_up_a_camera_that_is_slow_to_open(tmp_path: Path) -> None:
    class SlowSensor(LooseSensor):
        def open(self, progress: Progress | None = None) -> None:
            super().open()
            while self.num_opened > 1:
                assert progress is not None
                progress(0, 30)
                time.sleep(0.002)

    sensor = SlowSensor(frames(1), frames(2))
    running = CaptureSession(sensor)
    running.start()
    wait_until(lambda: sensor.num_opened == 2)
    start = time.monotonic()
    running.close()
    assert time.monotonic() - start < 0.4
    assert running.take_problems()[1:] == []


class CountingEvent(threading.Event):
    """Never waits; remembers for how long it should have."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        """At once."""
        self.pauses.append(timeout)
        return self.is_set()


def test_the_pauses_between_the_tries_become_longer() -> None:
    sensor = LooseSensor(frames(1), *[UNPLUGGED] * 7, [*frames(1), None])
    with CaptureSession(sensor) as running:
        running._stopping = event = CountingEvent()
        running.start()
        wait_until(lambda: running.source_state is SourceState.ENDED)
    assert event.pauses == [0.5, 1, 2, 4, 8, 10, 10, 10]


@pytest.mark.usefixtures("short_pauses")
def test_another_reason_is_told_once() -> None:
    busy = SensorError("it is in use by another program")
    sensor = LooseSensor(
        frames(1), UNPLUGGED, busy, busy, UNPLUGGED, [*frames(1), None]
    )
    with CaptureSession(sensor) as running:
        running.start()
        wait_until(lambda: running.source_state is SourceState.ENDED)
        messages = messages_of(running)
    assert messages[1:3] == [
        "It is in use by another program.",
        "The camera was unplugged; plug it in again.",
    ]
    assert len(messages) == 4


@pytest.mark.usefixtures("short_pauses")
def test_a_disk_that_is_full_by_then_ends_the_take_not_the_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = iter([10**12])
    sensor = LooseSensor(frames(1, 2), [*frames(1), None])
    monkeypatch.setattr(recorder, "LOOK_PERIOD_S", 1e9)
    monkeypatch.setattr(recorder, "free_bytes", lambda path: next(free, 5))
    with CaptureSession(sensor) as running:
        running.start(record=RecordingPlan(tmp_path / "kitchen"))
        wait_until(lambda: running.source_state is SourceState.ENDED)
        problems = [p.message for p in running.take_problems() if not p.is_warning]
        assert running.stats().num_frames == 3
    assert [path.name for path in tmp_path.iterdir()] == ["kitchen"]
    assert any("nothing can be recorded into" in message for message in problems)


@pytest.mark.usefixtures("short_pauses")
def test_what_a_sensor_warns_of_is_shown() -> None:
    class SlowPort(LooseSensor):
        def take_warnings(self) -> list[str]:
            return ["it is on USB 2"] if len(self._items) == 2 else []

    with CaptureSession(SlowPort([*frames(1), None])) as running:
        running.start()
        wait_until(lambda: running.source_state is SourceState.ENDED)
        assert messages_of(running) == ["It is on USB 2."]


@pytest.mark.usefixtures("short_pauses")
def test_the_command_names_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sensor = LooseSensor(frames(*range(5)), UNPLUGGED, frames(*range(50)))
    monkeypatch.setitem(registry._BY_NAME, "loose", lambda _: sensor)
    out = tmp_path / "kitchen"
    said = run(RecordConfig(sensor="loose", seconds=0.4, out=out)).splitlines()
    assert [line.split(" frames")[0] for line in said] == [
        f"{out}: 5",
        f"{out}-2: 7",
    ]
    np.testing.assert_array_equal(numbers(tmp_path / "kitchen-2"), range(7))


@pytest.mark.usefixtures("short_pauses")
def test_the_command_ends_when_the_camera_does_not_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, opening, saved in (
        ("kitchen", frames(*range(5)), "saved up to then: .*kitchen: 5 frames, 0 dr"),
        ("hall", [], "nothing was saved$"),
    ):
        sensor = LooseSensor(opening)  # and then it stays unplugged
        monkeypatch.setitem(registry._BY_NAME, "loose", lambda _, s=sensor: s)
        start = time.monotonic()
        with pytest.raises(SensorError, match=rf"come back within 0\.3 s; {saved}"):
            out = tmp_path / name
            run(RecordConfig(sensor="loose", out=out, wait_for_camera_s=0.3))
        assert 0.3 <= time.monotonic() - start < 3
