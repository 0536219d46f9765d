"""The list of cameras in words: what comes first, and what names what."""

from pathlib import Path

import pytest

from capture_app.engine.camera_choices import (
    choice_of,
    choices,
    is_path,
    nothing_to_set,
    replay_spec,
    room_of,
    room_spec,
    with_recent,
)
from capture_app.sensors.registry import list_sensors
from capture_app.sensors.sensor import SensorStatus

NO_AZURE = SensorStatus("azure", False, "no Azure Kinect is connected; plug it in")
ROOM = SensorStatus("simulated", True, "a furnished room, rendered; always here")
PATH = SensorStatus("PATH", True, "a recording")
D435 = "Intel RealSense D435I, serial 0042, USB 3.2"
D405 = (
    "Intel RealSense D405, serial 7700, USB 2.1; too slow for most of its modes: use "
    "a USB 3 port and cable"
)


def realsense(*cameras: str) -> SensorStatus:
    return SensorStatus("realsense", True, "; ".join(cameras))


def test_what_can_be_used_comes_first_and_the_rest_says_why_not(
    tmp_path: Path,
) -> None:
    found = choices([NO_AZURE, realsense(D435), ROOM, PATH], [str(tmp_path)], "kinect1")
    assert [(c.spec, c.is_available) for c in found] == [
        ("kinect1", True),  # the present one, whatever the list says
        ("realsense", True),
        ("simulated", True),
        (str(tmp_path), True),
        ("azure", False),
    ]
    assert found[1].title == "RealSense D435I"
    assert found[1].detail == D435
    assert found[-1].title == "Azure Kinect"
    assert found[-1].detail == NO_AZURE.reason
    assert (found[3].title, found[3].detail) == (tmp_path.name, f"in {tmp_path.parent}")


def test_each_of_several_cameras_is_a_line_with_its_serial_number() -> None:
    found = choices([realsense(D435, D405)], [], "simulated")
    assert [(c.spec, c.title, c.detail) for c in found[:2]] == [
        ("realsense:0042", "RealSense D435I", "serial 0042, USB 3.2"),
        (
            "realsense:7700",
            "RealSense D405",
            "serial 7700, USB 2.1; too slow for most of its modes: use a USB 3 port "
            "and cable",
        ),
    ]


@pytest.mark.parametrize("current", ["realsense", "realsense:0042"])
def test_the_only_camera_goes_by_the_name_that_it_was_opened_with(current: str) -> None:
    (camera, _) = choices([realsense(D435)], [], current)
    assert (camera.spec, camera.title) == (current, "RealSense D435I")


def test_a_serial_number_that_only_begins_the_same_is_another_camera() -> None:
    found = choices([realsense(D435)], [], "realsense:004")
    assert [c.spec for c in found] == ["realsense:004", "realsense", "simulated"]
    assert found[0].detail == "serial 004"


def test_a_camera_in_use_is_not_shown_as_missing() -> None:
    busy = SensorStatus("azure", False, "the Azure Kinect is in use by another program")
    azure = choices([busy], [], "azure")[-1]
    assert azure.spec == "azure" and azure.is_available
    assert "another program" not in azure.detail


def test_the_room_has_its_number() -> None:
    (room,) = choices([ROOM], [], "simulated:7")
    assert (room.spec, room.title) == ("simulated:7", "Simulated room 7")
    assert choices([ROOM], [], "simulated")[0].title == "Simulated room 0"
    for spec, number in (("simulated", 0), ("simulated:12", 12), ("azure:12", None)):
        assert room_of(spec) == number
    assert [room_spec(number) for number in (0, 5)] == ["simulated", "simulated:5"]


def test_a_recording_that_is_gone_is_listed_with_the_reason(tmp_path: Path) -> None:
    gone = tmp_path / "kitchen"
    found = choices([ROOM], [str(gone)], "simulated")[-1]
    assert (found.title, found.is_available) == ("kitchen", False)
    assert f"{gone} is not there any more" in found.detail


def test_the_last_five_recordings_are_remembered_newest_first() -> None:
    recent: tuple[str, ...] = ()
    for spec in ("/r/a", "/r/b", "simulated:3", "/r/a", "realsense:1", "/r/c"):
        recent = with_recent(recent, spec)
    assert recent == ("/r/c", "/r/a", "/r/b")
    for spec in ("/r/d", "/r/e", "/r/f"):
        recent = with_recent(recent, spec)
    assert recent == ("/r/f", "/r/e", "/r/d", "/r/c", "/r/a")


def test_a_recordings_file_stands_for_its_folder() -> None:
    kitchen = Path("/r/kitchen")
    assert replay_spec(kitchen / "capture.mcap") == str(kitchen)
    assert replay_spec(kitchen) == str(kitchen)
    assert replay_spec(Path("/r/walk.bag")) == str(Path("/r/walk.bag"))


@pytest.mark.parametrize(
    ("spec", "is_one"),
    [
        ("simulated:7", False),
        ("kinect2", False),
        ("orbbec:AB12", False),
        ("/r/walk.bag", True),
        ("C:\\r\\walk.bag", True),
        ("recordings/kitchen", True),
    ],
)
def test_names_and_paths_are_told_apart(spec: str, is_one: bool) -> None:
    assert is_path(spec) is is_one
    assert nothing_to_set(spec).endswith("nothing to set.")
    assert nothing_to_set("realsense:0042") == ""


def test_about_a_camera_that_nobody_looked_for_only_its_name_is_known() -> None:
    assert choice_of("azure").detail == "the first one that is found"
    assert choice_of("azure:0009").detail == "serial 0009"
    assert choice_of("azure:0009").title == "Azure Kinect"


def test_this_computers_sensors_are_all_there_with_their_reasons() -> None:
    statuses = list_sensors()
    found = {c.spec.partition(":")[0]: c for c in choices(statuses, [], "simulated")}
    assert set(found) == {s.name for s in statuses} - {"PATH"}
    for status in statuses:
        if not status.available:
            choice = found[status.name]
            assert not choice.is_available and choice.detail == status.reason
