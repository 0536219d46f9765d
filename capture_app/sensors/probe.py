"""Which cameras are connected, asked in a process of their own for every family.

Some libraries abort, exit or print when they look for cameras, or never come back. What
they do to the process that asks costs nobody anything.
"""

import json
import os
import subprocess
import sys
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
LIMIT_S = 2.0
"""How long a library may take."""
_ASKED = b"asked\n"


def probe(
    names: Sequence[str], modules: Mapping[str, str] = MODULES
) -> list[SensorStatus]:
    """The status of each family, all asked at the same time."""
    processes = {name: _start(modules[name]) for name in names if _has_library(name)}
    for process in processes.values():
        assert process.stdout is not None
        # The libraries' time does not begin before ours is over.
        process.stdout.readline()
    deadline = time.monotonic() + LIMIT_S
    return [
        _status(name, processes[name], deadline)
        if name in processes
        else import_module(modules[name]).probe()
        for name in names
    ]


def check_connected(name: str) -> None:
    """SensorError that says why no camera of this family is there, if none is."""
    (status,) = probe([name])
    if not status.available:
        raise SensorError(status.reason)


def _has_library(name: str) -> bool:
    """Whether there may be something that crashes: a process takes a quarter second."""
    return name not in _PACKAGES or find_spec(_PACKAGES[name]) is not None


def _start(module: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command("capture_app.sensors.probe", module),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    )


def _status(
    name: str, process: "subprocess.Popen[bytes]", deadline: float
) -> SensorStatus:
    with process:
        try:
            wait_s = max(0.0, deadline - time.monotonic())
            told, _ = process.communicate(timeout=wait_s)
            return SensorStatus(**json.loads(told))
        except subprocess.TimeoutExpired:
            process.kill()
            reason = (
                f"its library did not answer within {LIMIT_S:g} s; unplug the camera, "
                "plug it in again and try once more"
            )
        except ValueError:
            reason = (
                "its library crashed while looking for cameras; install it anew, or "
                "leave it out if you have no such camera"
            )
    return SensorStatus(name, False, reason)


def main() -> None:
    """Print the status of the module on the command line, as JSON and nothing else."""
    answer = take_stdout()
    module = import_module(sys.argv[1])
    os.write(answer, _ASKED)
    status = module.probe()
    os.write(answer, json.dumps(asdict(status)).encode())


if __name__ == "__main__":
    main()
