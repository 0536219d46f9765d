"""Which cameras are connected, asked in a process of their own for every family.

Some libraries abort, exit or print when they look for cameras, or never come back. What
they do to the process that asks costs nobody anything.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec

from capture_app.sensors.child import command, take_stdout
from capture_app.sensors.sensor import SensorStatus
from core.errors import SensorError

MODULES: Mapping[str, str] = {
    "realsense": "capture_app.sensors.realsense",
    "azure": "capture_app.sensors.azure_kinect",
    "kinect1": "capture_app.sensors.kinect_v1",
    "kinect2": "capture_app.sensors.kinect_v2",
    "orbbec": "capture_app.sensors.orbbec",
}
"""Each family's module, whose `probe` is called in that process."""
_PACKAGES = {
    "realsense": "pyrealsense2",
    "kinect2": "kinect_next",
    "orbbec": "pyorbbecsdk",
}
LIMIT_S = 2.2
"""How long everybody together may take who is listed."""
OPENING_LIMIT_S = 10.0
"""And one who is to be opened: a computer may be busy."""
_LOOK_PERIOD_S = 0.1


def probe(
    names: Sequence[str],
    modules: Mapping[str, str] = MODULES,
    limit_s: float | None = None,
) -> list[SensorStatus]:
    """The status of each family, all asked at the same time, within LIMIT_S or so."""
    if limit_s is None:
        limit_s = LIMIT_S
    deadline = time.monotonic() + limit_s
    processes = {
        name: _start(modules[name], limit_s) for name in names if _has_library(name)
    }
    return [
        _status(name, processes[name], deadline, limit_s)
        if name in processes
        else import_module(modules[name]).probe()
        for name in names
    ]


def check_connected(name: str) -> None:
    """SensorError that says why no camera of this family is there, if none is."""
    (status,) = probe([name], limit_s=OPENING_LIMIT_S)
    if not status.available:
        raise SensorError(status.reason)


def _has_library(name: str) -> bool:
    """Whether there may be something that crashes: a process takes a quarter second."""
    return name not in _PACKAGES or find_spec(_PACKAGES[name]) is not None


def _start(module: str, limit_s: float) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command("capture_app.sensors.probe", module, str(limit_s)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    )


def _status(
    name: str, process: "subprocess.Popen[bytes]", deadline: float, limit_s: float
) -> SensorStatus:
    with process:
        try:
            wait_s = max(0.0, deadline - time.monotonic())
            told, _ = process.communicate(timeout=wait_s)
            return SensorStatus(**json.loads(told))
        except subprocess.TimeoutExpired:
            process.kill()
            reason = (
                f"its library did not answer within {limit_s:g} s; try again when the "
                "computer is less busy, or unplug the camera and plug it in again"
            )
        except ValueError:
            reason = (
                "its library crashed while looking for cameras; install it anew, or "
                "leave it out if you have no such camera"
            )
    return SensorStatus(name, False, reason)


def main() -> None:
    """Print the status of the module on the command line, as JSON and nothing else;
    for so many seconds, and for the process that asks."""
    module, limit_s = sys.argv[1:]
    threading.Thread(target=_end_in_time, args=(float(limit_s),), daemon=True).start()
    answer = take_stdout()
    status = import_module(module).probe()
    os.write(answer, json.dumps(asdict(status)).encode())


def _end_in_time(limit_s: float) -> None:
    """End this process, whatever its library does, when nobody waits any more."""
    parent = os.getppid()
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline and os.getppid() == parent:
        time.sleep(_LOOK_PERIOD_S)
    os._exit(1)


if __name__ == "__main__":
    main()
