"""Presets: what ours set on a camera, and how the user's are kept."""

import json
from pathlib import Path

import pyrealsense2 as rs
import pytest
from software_camera import SoftwareCamera

from capture_app.engine.camera_presets import (
    BUILT_IN,
    delete_preset,
    load_presets,
    save_preset,
)
from capture_app.sensors.realsense_modes import choose_mode
from capture_app.sensors.realsense_options import RealSenseSettings, apply_settings
from core.errors import HNError

OWN = RealSenseSettings(depth_size=(848, 480), fps=60, laser=True, laser_power_mw=150.0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "presets.json"


def camera() -> SoftwareCamera:
    """A RealSense whose options are neither on nor off yet."""
    made = SoftwareCamera()
    made.add_option("depth", rs.option.visual_preset, 0, 6)
    made.add_option("depth", rs.option.emitter_enabled, 0, 2)
    sensor = made.device.first_depth_sensor()
    sensor.set_option(rs.option.visual_preset, 6)
    sensor.set_option(rs.option.emitter_enabled, 2)
    for size in ((640, 480), (480, 270)):
        made.add_size("depth", size, 30)
        made.add_size("color", size, 30)
    return made


@pytest.mark.parametrize(
    ("name", "depth_size", "preset", "laser"),
    [  # the numbers are those of the SDK's own list
        ("Rooms (default)", (640, 480), 6, 2),
        ("High accuracy: fewer, surer depths", (640, 480), 3, 2),
        ("High density: fewer holes", (640, 480), 4, 2),
        ("Close range", (480, 270), 6, 2),
        ("Bright daylight (laser off)", (640, 480), 6, 0),
    ],
)
def test_a_preset_of_ours_sets_what_its_name_says(
    name: str, depth_size: tuple[int, int], preset: int, laser: int
) -> None:
    (chosen,) = [each for each in BUILT_IN if each.name == name]
    made = camera()
    mode = choose_mode(rs, made.device, chosen.settings)
    assert (mode.depth.size, mode.color.size) == (depth_size, (640, 480))
    apply_settings(rs, chosen.settings, mode.depth.sensor, mode.color.sensor)
    assert made.option("depth", rs.option.visual_preset) == preset
    assert made.option("depth", rs.option.emitter_enabled) == laser


def test_the_first_one_is_what_a_session_begins_with() -> None:
    assert BUILT_IN[0].settings == RealSenseSettings()
    assert len({preset.name for preset in BUILT_IN}) == len(BUILT_IN)
    assert len({preset.settings for preset in BUILT_IN}) == len(BUILT_IN)


def test_the_users_own_are_there_at_the_next_start(file: Path) -> None:
    assert load_presets(file) == ()
    save_preset(file, "Corridor", OWN)
    save_preset(file, "  At   night ", RealSenseSettings(color_exposure_ms=33.3))
    night, corridor = load_presets(file)
    assert (corridor.name, corridor.settings) == ("Corridor", OWN)
    assert night.name == "At night"
    assert night.settings == RealSenseSettings(color_exposure_ms=33.3)
    assert not night.is_built_in
    delete_preset(file, "At night")
    assert load_presets(file) == (corridor,)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("corridor", "there is a preset corridor already"),
        ("Close range", "there is a preset Close range already"),
        ("   ", "1 to 40 letters, got 0"),
        ("x" * 41, "1 to 40 letters, got 41"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(
    file: Path, name: str, words: str
) -> None:
    save_preset(file, "Corridor", OWN)
    before = file.read_bytes()
    with pytest.raises(HNError, match=words):
        save_preset(file, name, RealSenseSettings())
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "it is no JSON of presets"),
        ("[1]", "it is no JSON of presets"),
        ("{}", "it is no JSON of presets"),
        ('{"presets": [1]}', "its presets are no object"),
        ('{"presets": {"a": {"fps": "x"}}}', "in the preset a, fps is a whole number"),
        ('{"presets": {"a": 3}}', "in the preset a, a camera's settings are an object"),
    ],
)
def test_a_damaged_file_is_told_of_and_left_as_it_is(
    file: Path, text: str, words: str
) -> None:
    file.parent.mkdir()
    file.write_text(text)
    for use in (
        lambda: load_presets(file),
        lambda: save_preset(file, "Corridor", OWN),
    ):
        with pytest.raises(HNError, match=words) as caught:
            use()
        assert str(file) in str(caught.value)
    assert file.read_text() == text


def test_what_a_newer_version_wrote_is_kept(file: Path) -> None:
    file.parent.mkdir()
    newer = {"laser": False, "hdr": [1, 2]}
    file.write_text(json.dumps({"presets": {"New": newer}}))
    save_preset(file, "Corridor", OWN)
    (corridor, new) = load_presets(file)
    assert new.settings == RealSenseSettings(laser=False)
    assert json.loads(file.read_text())["presets"]["New"] == newer
    assert corridor.name == "Corridor"


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file")
    with pytest.raises(HNError, match=r"cannot be (read|written)"):
        save_preset(tmp_path / "config" / "presets.json", "Corridor", OWN)
