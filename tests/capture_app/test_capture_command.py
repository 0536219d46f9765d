"""hn-capture as a process: its screenshot, its libraries, its last words."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from made_models import STRONGEST, save_strongest_channel_model

from capture_app.capture_command import CaptureConfig, _setup
from capture_app.engine.setup import SessionSetup
from capture_app.engine.setup_json import setup_to_json
from core.bins import HNBins
from core.frame import Intrinsics, RgbdFrame
from core.geometry import pixel_rays
from core.recording import Recording, RecordingWriter

ROOT = Path(__file__).parents[2]
CAMERA = Intrinsics(320, 240, 280.0, 282.0, 158.0, 121.0)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of a floor 1.3 m below a camera that looks 30 deg down."""
    path = tmp_path_factory.mktemp("recordings") / "room"
    pitch = np.radians(30)
    up = np.array((0.0, -np.cos(pitch), -np.sin(pitch)))
    rays = np.concatenate((pixel_rays(CAMERA), np.ones((240, 320, 1))), axis=-1)
    depth_m = -1.3 / np.minimum(rays @ up, -1e-3)
    depth = np.where(depth_m < 8, depth_m * 1000, 0).astype(np.uint16)
    rgb = np.full((240, 320, 3), (140, 120, 100), np.uint8)
    with RecordingWriter(path) as writer:
        for number in range(60):
            writer.write(
                RgbdFrame.aligned(
                    rgb,
                    depth,
                    CAMERA,
                    0.001,
                    number=number,
                    timestamp_ns=number * 33_333_333,
                    up_hint=up,
                )
            )
    return path


def run_python(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    clean = {k: v for k, v in os.environ.items() if k not in kept}
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=90,
        cwd=ROOT,
        env={**clean, **environment},
    )


def capture(*arguments: str) -> str:
    """A program that is hn-capture with these arguments."""
    return (
        f"import sys; sys.argv = ['hn-capture', *{list(arguments)!r}]\n"
        "from capture_app.capture_command import main\n"
    )


def test_a_screenshot_needs_no_display_and_no_torch(room: Path, tmp_path: Path) -> None:
    picture = tmp_path / "new" / "window.png"
    done = run_python(
        capture("--sensor", str(room), "--screenshot", str(picture))
        + "try: main()\nexcept SystemExit as end: print(end.code)\n"
        "print('torch' in sys.modules)"
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [f"saved {picture}", "0", "False"]
    image = cv2.imread(str(picture))
    assert image is not None and image.shape[0] >= 700 and image.shape[1] >= 1024
    blue, _, red = image[450, 500].astype(int)  # the floor: the lowest class
    assert blue > red + 20, "the overlay is missing"


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An HN and a semantic model file, of three classes each."""
    folder = tmp_path_factory.mktemp("run")
    bins = HNBins(height_edges=(0.4, 0.9), angle_edges=())
    hn = replace(STRONGEST, task="hn", bins=bins, class_names=bins.class_names)
    save_strongest_channel_model(folder / "model_hn.onnx", hn)
    save_strongest_channel_model(folder / "model.onnx")
    return folder / "model_hn.onnx", folder / "model.onnx"


def test_two_networks_are_shown_and_hard_frames_collected(
    room: Path, networks: tuple[Path, Path], tmp_path: Path
) -> None:
    """On a floor that the HN network takes for the lowest class: it is right."""
    picture = tmp_path / "window.png"
    arguments = ["--model", *map(str, networks), "--screenshot", str(picture)]
    done = run_python(
        capture(
            *("--sensor", str(room), "--collect", "--recordings", str(tmp_path / "r")),
            *arguments,
        )
        + "try: main()\nexcept SystemExit as end: print(end.code)\n"
        "print('torch' in sys.modules)"
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [f"saved {picture}", "0", "False"]
    image = cv2.imread(str(picture))
    # The third channel is the strongest once it is normalised: 0.31, after 0.28, 0.25.
    expected = 0.55 * STRONGEST.palette[2] + 0.45 * np.array((140, 120, 100))
    np.testing.assert_allclose(image[450, 500, ::-1], expected, atol=6)
    assert not (tmp_path / "r").exists()


def test_a_picture_that_cannot_be_written_is_one_sentence(
    room: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "window.nothing"
    done = run_python(
        capture("--sensor", str(room), "--screenshot", str(picture)) + "main()"
    )
    assert done.returncode == 2
    assert "cannot write the picture" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "end",
    [
        "signal.raise_signal(signal.SIGTERM)",
        "signal.raise_signal(signal.SIGINT)",
        "QTimer.singleShot(0, self.close)",
    ],
)
def test_a_window_closed_before_its_picture_says_that_there_is_none(
    end: str, room: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "window.png"
    done = run_python(
        "import signal\n"
        + capture("--sensor", str(room), "--screenshot", str(picture))
        + "from PySide6.QtCore import QTimer\n"
        "from capture_app.ui.window import CaptureWindow\n"
        "show = CaptureWindow.show\n"
        f"CaptureWindow.show = lambda self: (show(self), {end})\n"
        "main()"
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.strip().splitlines()
    assert "closed before its first labelled frame" in line
    assert f"{picture} was not saved" in line
    assert not picture.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "there is no display for the window"),
        (("--sensor", "nope", "--screenshot", "x.png"), "no sensor and no file"),
        (("--model", "nope.onnx", "--screenshot", "x.png"), "no such model file"),
        (("--model", "README.md", "--screenshot", "x.png"), "is no ONNX file"),
        (("--collect", "--screenshot", "x.png"), "add --model runs/NAME/model_hn.onnx"),
        (("--sensor", "core", "--screenshot", "x.png"), "core holds no frames"),
        (
            ("--min-free-gb", "-1", "--screenshot", "x.png"),
            "0 or more and below 1e9, got -1",
        ),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(
    arguments: tuple[str, ...], sentence: str
) -> None:
    done = run_python(capture(*arguments) + "main()")
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("hn-capture: ") and sentence.lower() in line.lower()


def test_two_networks_of_a_kind_end_before_there_is_a_window(
    networks: tuple[Path, Path],
) -> None:
    twice = [str(networks[1])] * 2
    done = run_python(capture("--model", *twice, "--screenshot", "x.png") + "main()")
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "are both semantic networks" in line


def test_a_missing_library_of_qt_is_named_with_what_installs_it() -> None:
    block = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name.startswith('PySide6'):\n"
        "            raise ImportError('libEGL.so.1: cannot open shared object file')\n"
        "sys.meta_path.insert(0, Missing())\n"
    )
    done = run_python(block + capture("--screenshot", "x.png") + "main()")
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "libEGL.so.1" in line and "apt-get install libegl1" in line


def test_opencv_does_not_point_qt_at_its_own_plugins(
    room: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "window.png"
    done = run_python(
        "import os\n"
        + capture("--sensor", str(room), "--screenshot", str(picture))
        + "try: main()\nexcept SystemExit: pass\n"
        "print([k for k in os.environ if k.startswith('QT_QPA')])"
    )
    assert done.stdout.splitlines()[-1] == "['QT_QPA_PLATFORM']"


def test_a_recording_can_be_watched_in_the_window(room: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    arguments = ["--sensor", str(room), "--seconds", "1", "--out", str(out), "--show"]
    done = run_python(
        f"import sys; sys.argv = ['hn-record', *{arguments!r}]\n"
        "from capture_app.record_command import main\n"
        "main()",
        QT_QPA_PLATFORM="offscreen",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{out}: 30 frames, 0 dropped")
    assert len(Recording(out)) == 30


def test_a_window_whose_camera_is_lost_ends_with_what_was_saved(
    room: Path, tmp_path: Path
) -> None:
    out = tmp_path / "again"
    arguments = ["--sensor", str(room), "--seconds", "9", "--out", str(out), "--show"]
    done = run_python(
        f"import sys; sys.argv = ['hn-record', *{arguments!r}]\n"
        "from capture_app.sensors.replay import ReplaySensor\n"
        "from core.errors import SensorError\n"
        "read = ReplaySensor.read\n"
        "def unplugged(self, timeout_s):\n"
        "    frame = read(self, timeout_s)\n"
        "    if frame.number >= 20: raise SensorError('the camera was unplugged')\n"
        "    return frame\n"
        "ReplaySensor.read = unplugged\n"
        "from capture_app.record_command import main\n"
        "main()",
        QT_QPA_PLATFORM="offscreen",
    )
    assert done.returncode == 2
    saved = f"The recording up to here is saved: 20 frames in {out}"
    assert f"The camera was unplugged. {saved}" in done.stderr
    assert len(Recording(out)) == 20


def test_what_was_watched_last_is_watched_again_unless_options_say_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "capture_app.sensors.registry.default_sensor", lambda: "simulated"
    )
    bins = HNBins(height_edges=(0.4, 1.1))
    kept = setup_to_json(SessionSetup("simulated:7", bins=bins))
    assert _setup(CaptureConfig(), kept) == (SessionSetup("simulated:7", bins=bins), [])
    asked, notes = _setup(CaptureConfig(sensor="nope", model=(Path("no.onnx"),)), kept)
    assert (asked.sensor, asked.models, notes) == ("nope", (Path("no.onnx"),), [])
    gone = setup_to_json(SessionSetup(str(tmp_path / "gone")))
    setup, notes = _setup(CaptureConfig(), gone)
    assert setup.sensor == "simulated" and "is not there any more" in notes[0]
    monkeypatch.setattr(
        "capture_app.sensors.registry.default_sensor", lambda: "realsense"
    )
    assert _setup(CaptureConfig(), kept)[0].sensor == "realsense"
    camera = setup_to_json(SessionSetup("realsense:0123"))
    monkeypatch.setattr(
        "capture_app.sensors.registry.default_sensor", lambda: "simulated"
    )
    assert _setup(CaptureConfig(), camera)[0].sensor == "simulated"
