"""What a number in a depth image means, and who decides it."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lopsided import DEPTH, lopsided_frame
from written_images import HEIGHT, WIDTH, K, depth_of, rgb_of, write_color, write_depth

from core.interchange import open_frames
from core.interchange.calibration import CameraFile, read_camera_file
from core.interchange.layouts import layout
from core.recording import Recording, RecordingWriter


def write_camera(path: Path, units_per_metre: float, size: tuple[int, int]) -> Path:
    values = {"fx": 31.5, "fy": 33.5, "cx": 11.25, "cy": 9.75}
    values |= {"depth_scale": units_per_metre, "width": size[0], "height": size[1]}
    path.write_text(json.dumps(values))
    return path


@pytest.fixture
def given(tmp_path) -> CameraFile:
    """As --intrinsics takes it: 1/1250 m a unit."""
    file = write_camera(tmp_path / "given.json", 1250, (WIDTH, HEIGHT))
    return read_camera_file(file)


def write_pair(folder: Path, color: str, depth: str) -> Path:
    write_color(folder / color, rgb_of(1))
    write_depth(folder / depth, depth_of(1))
    return folder


def tum(path: Path) -> Path:
    write_pair(path, "rgb/1.0.png", "depth/1.0.png")
    for name in ("rgb", "depth"):
        (path / f"{name}.txt").write_text(f"1.0 {name}/1.0.png\n")
    return path


def icl_nuim(path: Path) -> Path:
    write_pair(path, "rgb/0.png", "depth/0.png")
    (path / "associations.txt").write_text("0 depth/0.png 0 rgb/0.png\n")
    return path


def seven_scenes(path: Path) -> Path:
    return write_pair(path, "frame-0.color.png", "frame-0.depth.png")


def nyu(path: Path) -> Path:
    write_color(path / "label40" / "0.png", np.zeros((HEIGHT, WIDTH), np.uint8))
    return write_pair(path, "rgb/0.png", "depth/0.png")


def sun(path: Path) -> Path:
    (path / "depth_bfx").mkdir(parents=True)
    return write_pair(path, "image/0.png", "depth/0.png")


@pytest.mark.parametrize(
    ("write", "units"),
    [(tum, 5000), (icl_nuim, 5000), (seven_scenes, 1000), (nyu, 1000), (sun, 1000)],
)
def test_a_given_calibration_does_not_change_what_a_layout_says_of_depth(
    tmp_path, given, write, units
):
    frame = open_frames(write(tmp_path / "data"), given)[0]
    assert frame.depth_scale == 1 / units
    assert frame.color_intrinsics.cx == 11.25
    # One that lies with the images is about them.
    write_camera(tmp_path / "data" / "camera.json", 2000, (WIDTH, HEIGHT))
    assert open_frames(tmp_path / "data")[0].depth_scale == 1 / 2000
    assert open_frames(tmp_path / "data", given)[0].depth_scale == 1 / units


def test_plain_folders_leave_it_to_the_calibration(tmp_path, given):
    folder = write_pair(tmp_path / "data", "rgb/0.png", "depth/0.png")
    assert open_frames(folder, given)[0].depth_scale == 1 / 1250


def test_the_depth_cameras_own_calibration_has_the_last_word(tmp_path):
    folder = tmp_path / "data"
    write_color(folder / "rgb" / "0.png", rgb_of(0))
    write_depth(folder / "depth" / "0.png", depth_of(0, 30, 20))
    write_camera(folder / "camera.json", 1250, (WIDTH, HEIGHT))
    write_camera(folder / "depth_camera.json", 4000, (30, 20))
    np.savetxt(folder / "T_color_depth.txt", np.eye(4))
    assert open_frames(folder)[0].depth_scale == 1 / 4000


@pytest.mark.parametrize("write", [seven_scenes, nyu, sun, None])
def test_in_millimetres_the_largest_number_is_missing_depth(tmp_path, write):
    folder = tmp_path / "data"
    if write is None:
        write_pair(folder, "color/0.png", "depth/0.png")
    else:
        write(folder)
    (folder / "K.txt").write_text(K)
    (file,) = [f for f in folder.rglob("*.png") if "depth" in f.parts[-2] + f.name]
    depth = depth_of(1)
    depth[3, 5:9] = 65535
    write_depth(file, depth)
    found = open_frames(folder)[0].depth
    assert (found[3, 5:9] == 0).all()
    assert np.count_nonzero(found == 0) == np.count_nonzero(depth == 0) + 4


@pytest.mark.parametrize("name", ["7scenes", "scannet", "nyu", "open3d"])
@pytest.mark.parametrize("depth_scale", [0.001, float(np.float32(0.001))])
def test_depth_that_would_be_taken_for_missing_is_said_to_be(
    tmp_path, caplog, name, depth_scale
):
    depth = depth_of(0, DEPTH.width, DEPTH.height)
    depth[4, 10:13] = 65534, 65535, 65535
    frame = replace(
        lopsided_frame(0),
        depth=depth,
        depth_scale=depth_scale,
        color_intrinsics=DEPTH,
        depth_intrinsics=DEPTH,
        T_color_depth=np.eye(4),
        rgb=np.zeros((DEPTH.height, DEPTH.width, 3), np.uint8),
    )
    with RecordingWriter(tmp_path / "room") as writer:
        writer.write(frame)
    (tmp_path / "out").mkdir()
    with caplog.at_level(logging.WARNING):
        layout(name).write(
            Recording(tmp_path / "room"), tmp_path / "out", lambda *_: None
        )
    assert "2 pixels beyond 65.5 m are written as missing" in caplog.text
    found = open_frames(tmp_path / "out")[0].depth
    assert np.array_equal(found, np.where(depth == 65535, 0, depth))
