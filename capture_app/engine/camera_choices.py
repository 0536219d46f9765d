"""What there is to choose as a camera, in words: devices, the room, recordings."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from capture_app.sensors.sensor import SensorStatus
from core.recording.writer import CAPTURE_FILE

MOST_RECENT = 5
_SIMULATED = "simulated"
_FAMILIES = {
    "realsense": "RealSense",
    "azure": "Azure Kinect",
    "kinect1": "Kinect v1",
    "kinect2": "Kinect v2",
    "orbbec": "Orbbec",
}
# As the probes write it of each camera, such as "Intel RealSense D435I, serial 0042".
_NEXT_CAMERA = re.compile(r"; (?=[^;]+, serial )")
_CAMERA = re.compile(r"([^;]+), serial ([^\s,;]+)(.*)")


@dataclass(frozen=True)
class CameraChoice:
    """One line of the list."""

    spec: str
    """As `open_sensor` takes it."""
    title: str
    detail: str
    """What is connected, or why nothing is and what to do about it."""
    is_available: bool = True


def is_path(spec: str) -> bool:
    """Whether it names a recording or a folder, not a camera."""
    name = spec.partition(":")[0]
    return name != _SIMULATED and name not in _FAMILIES


def replay_spec(chosen: Path) -> str:
    """What to open for a file or folder that somebody chose."""
    return str(chosen.parent if chosen.name == CAPTURE_FILE else chosen)


def with_recent(recent: Sequence[str], spec: str) -> tuple[str, ...]:
    """The recordings played last, the newest first, with this one if it is one."""
    others = [path for path in recent if path != spec]
    return tuple([spec, *others] if is_path(spec) else others)[:MOST_RECENT]


def room_of(spec: str) -> int | None:
    """The number of the simulated room; None for any other camera."""
    name, _, number = spec.partition(":")
    if name != _SIMULATED:
        return None
    return int(number) if number.isdecimal() else 0


def room_spec(number: int) -> str:
    """The simulated room of this number."""
    return f"{_SIMULATED}:{number}" if number else _SIMULATED


def nothing_to_set(spec: str) -> str:
    """Why there are no settings for a camera; "" if there are."""
    name = spec.partition(":")[0]
    if name == "realsense":
        return ""
    if is_path(spec):
        return "Plays as it was recorded: there is nothing to set."
    if name == _SIMULATED:
        return "Rendered, so there is nothing to set."
    return "Measures in its usual way: there is nothing to set."


def choices(
    statuses: Sequence[SensorStatus], recent: Sequence[str], current: str
) -> list[CameraChoice]:
    """Every camera, those that can be used first; `current` is always among them.

    It can be chosen even if it seems not to be there: while it is in use, nobody else
    can ask it.
    """
    families = [
        _under_name(choice, current)
        for status in statuses
        if status.name in _FAMILIES
        for choice in _of_family(status)
    ]
    listed = [
        *(choice for choice in families if choice.is_available),
        _room(current),
        *map(_replay, recent),
        *(choice for choice in families if not choice.is_available),
    ]
    is_current = [choice.spec == current for choice in listed]
    if not any(is_current):
        return [choice_of(current), *listed]
    return [
        choice_of(current) if is_it and not choice.is_available else choice
        for choice, is_it in zip(listed, is_current, strict=True)
    ]


def choice_of(spec: str) -> CameraChoice:
    """A camera about which nothing is known but its name."""
    name, _, serial = spec.partition(":")
    if is_path(spec):
        return _replay(spec)
    if name == _SIMULATED:
        return _room(spec)
    detail = f"serial {serial}" if serial else "the first one that is found"
    return CameraChoice(spec, _FAMILIES[name], detail)


def _of_family(status: SensorStatus) -> list[CameraChoice]:
    """A line a camera, or one of the family if there is one camera or none."""
    parts = _NEXT_CAMERA.split(status.reason) if status.available else []
    cameras = [found.groups() for part in parts if (found := _CAMERA.match(part))]
    if len(cameras) < 2:
        title = _title(cameras[0][0]) if cameras else _FAMILIES[status.name]
        return [CameraChoice(status.name, title, status.reason, status.available)]
    return [
        CameraChoice(f"{status.name}:{serial}", _title(name), f"serial {serial}{rest}")
        for name, serial, rest in cameras
    ]


def _title(name: str) -> str:
    return name.removeprefix("Intel ")  # what it is comes first, in little room


def _under_name(choice: CameraChoice, current: str) -> CameraChoice:
    """`choice` under the current name, if that names the only camera there is."""
    name, _, serial = current.partition(":")
    pattern = rf"serial {re.escape(serial)}(?![^\s,;])"
    is_same = choice.spec == name and re.search(pattern, choice.detail)
    return replace(choice, spec=current) if serial and is_same else choice


def _room(current: str) -> CameraChoice:
    number = room_of(current)
    if number is None:
        number, current = 0, _SIMULATED
    return CameraChoice(current, f"Simulated room {number}", "needs no camera")


def _replay(path: str) -> CameraChoice:
    place = Path(path).expanduser()
    if not os.path.exists(place):  # which does not raise where nobody may look
        detail = f"{place} is not there any more; open it where it is now"
        return CameraChoice(path, place.name, detail, is_available=False)
    return CameraChoice(path, place.name, f"in {place.parent}")
