"""Cameras are looked for in processes of their own."""

import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from scripted import wait_until

from capture_app.sensors import probe as probing
from capture_app.sensors.probe import check_connected, probe
from core.errors import SensorError

ROOT = Path(__file__).parents[2]
_STATUS = """
from capture_app.sensors.sensor import SensorStatus
def probe():
    return SensorStatus("good", True, "a camera, serial 5, \\u00b5")
"""
_LIBRARIES = {
    "good": _STATUS,
    "noisy": "import os\n"
    + _STATUS.replace("return", "print(1); os.write(2, b'x'); return"),
    "aborting": "import os\ndef probe(): os.abort()",
    "exiting": "import os\ndef probe(): os._exit(1)",
    "raising": "def probe(): raise ZeroDivisionError",
    "hanging": "import time\ndef probe(): time.sleep(60)",
    "also_hanging": "import time\ndef probe(): time.sleep(60)",
    "slow": "import time\ntime.sleep(60)" + _STATUS,  # before it can be asked
    "telling": "import ctypes, os, pathlib\n"
    "def probe():\n"
    "    pathlib.Path(__file__).with_name('pid').write_text(str(os.getpid()))\n"
    "    ctypes.CDLL(None).sleep(60)\n",
}


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Families whose libraries are as their names say."""
    for name, text in _LIBRARIES.items():
        (tmp_path / f"a_{name}_library.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return {name: f"a_{name}_library" for name in _LIBRARIES}


def test_a_camera_that_is_connected_is_told_whatever_its_library_prints(
    modules: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    statuses = probe(["good", "noisy"], modules)
    for status in statuses:
        assert status.available
        assert status.reason == "a camera, serial 5, \u00b5"
    assert capfd.readouterr() == ("", "")


def test_a_library_that_ends_its_process_is_one_line(modules: dict[str, str]) -> None:
    for status in probe(["aborting", "exiting", "raising"], modules):
        assert not status.available
        assert status.reason.startswith("its library crashed while looking for cameras")
        assert status.name in modules


def test_a_library_that_hangs_holds_up_nobody(
    modules: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "LIMIT_S", 0.3)
    start = time.monotonic()
    for status in probe(["hanging", "also_hanging", "slow"], modules):
        assert not status.available
        assert status.reason.startswith("its library did not answer within 0.3 s")
    assert 0.3 < time.monotonic() - start < 30  # of the 120 s that they sleep


def test_a_library_has_more_time_when_its_camera_is_to_be_opened(
    modules: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "LIMIT_S", 0.0)
    monkeypatch.setattr(probing, "OPENING_LIMIT_S", 30.0)
    monkeypatch.setattr(probing, "probe", partial(probe, modules=modules))
    check_connected("good")
    with pytest.raises(SensorError, match="its library crashed"):
        check_connected("aborting")


@pytest.mark.parametrize("limit_s", [0.5, 60.0])
def test_a_process_ends_when_nobody_waits_for_it(
    modules: dict[str, str], tmp_path: Path, limit_s: float
) -> None:
    code = (
        "from capture_app.sensors.probe import probe\n"
        f"probe(['telling'], {modules!r}, {limit_s})"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    pid = tmp_path / "pid"
    wait_until(lambda: pid.exists() and pid.read_text(), 20.0)
    if limit_s > 1:
        parent.kill()
    else:  # it stands still and kills nobody
        parent.send_signal(signal.SIGSTOP)
    wait_until(lambda: is_over(int(pid.read_text())))
    parent.kill()
    parent.wait()


def is_over(pid: int) -> bool:
    """Whether a process is gone, or dead and not yet waited for."""
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def children() -> set[str]:
    """The processes of this one, those that nobody waited for included."""
    tasks = Path("/proc/self/task").iterdir()
    return {pid for task in tasks for pid in (task / "children").read_text().split()}


def test_no_process_is_left(
    modules: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "LIMIT_S", 0.1)
    before = children()
    probe(["hanging", "good"], modules)
    assert children() <= before


def test_what_is_not_connected_is_an_error_with_the_reason() -> None:
    with pytest.raises(SensorError, match=r"Kinect v2 is read .* for Windows only"):
        check_connected("kinect2")
