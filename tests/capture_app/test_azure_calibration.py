"""The cameras that a calibration.json describes, beside libk4a's idea of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import azure_recordings as azure
import cv2
import microsoft_azure as microsoft
import numpy as np
import pytest
from azure_recordings import calibration, walk

from capture_app.sensors.azure_calibration import AzureCalibration, read_calibration
from capture_app.sensors.azure_kinect_mkv import AzureKinectMkv
from core.errors import SensorError
from core.geometry import project, transform, unproject

needs_microsoft = pytest.mark.skipif(
    microsoft.libraries() is None, reason=microsoft.MISSING
)
# Pairs of (size, libk4a's number) of every mode with depth, and every resolution.
DEPTH_MODES = [((320, 288), 1), ((640, 576), 2), ((512, 512), 3), ((1024, 1024), 4)]
COLOR_RESOLUTIONS = [
    ((1280, 720), 1),
    ((1920, 1080), 2),
    ((2560, 1440), 3),
    ((2048, 1536), 4),
    ((3840, 2160), 5),
    ((4096, 3072), 6),
]


def parsed(
    content: dict[str, Any] | bytes,
    color_size: tuple[int, int] = (1920, 1080),
    depth_size: tuple[int, int] = (640, 576),
) -> AzureCalibration:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_calibration(Path("walk.mkv"), data, color_size, depth_size)


def test_intrinsics_are_the_sensor_s_scaled_and_cropped() -> None:
    cameras = parsed(calibration())
    color, depth = cameras.color_intrinsics, cameras.depth_intrinsics
    # 1024 x 1024 pixels, of which 640 x 576 from (192, 180) on; edges to centres.
    assert (depth.width, depth.height) == (640, 576)
    assert depth.fx == pytest.approx(0.493 * 1024)
    assert depth.fy == pytest.approx(0.497 * 1024)
    assert depth.cx == pytest.approx(0.52 * 1024 - 192 - 0.5)
    assert depth.cy == pytest.approx(0.47 * 1024 - 180 - 0.5)
    # 1920 x 1440, without 180 rows above and below.
    assert (color.width, color.height) == (1920, 1080)
    assert color.fx == pytest.approx(0.467 * 1920)
    assert color.fy == pytest.approx(0.6235 * 1440)
    assert color.cx == pytest.approx(0.491 * 1920 - 0.5)
    assert color.cy == pytest.approx(0.523 * 1440 - 180 - 0.5)
    k1, k2, k3, k4, k5, k6, _, _, p2, p1 = azure.COLOR_NUMBERS[4:]
    assert color.distortion == (k1, k2, p1, p2, k3, k4, k5, k6)
    np.testing.assert_allclose(cameras.T_color_depth[:3, :3], azure.R_COLOR_RIG)
    np.testing.assert_allclose(
        cameras.T_color_depth[:3, 3], (-0.032, -0.003, 0.0041), atol=1e-12
    )


def test_a_calibration_of_16_to_9_means_the_same_camera() -> None:
    content = calibration()
    color = content["CalibrationInformation"]["Cameras"][1]
    numbers = color["Intrinsics"]["ModelParameters"]
    # The same lens over the 2304 middle rows of 3072.
    numbers[1] = (0.523 * 3072 - 384) / 2304
    numbers[3] = 0.6235 * 3072 / 2304
    color["SensorWidth"], color["SensorHeight"] = 4096, 2304
    ours, expected = parsed(content), parsed(calibration())
    assert ours.color_intrinsics.cy == pytest.approx(expected.color_intrinsics.cy)
    assert ours.color_intrinsics.fy == pytest.approx(expected.color_intrinsics.fy)


def moved_rig() -> dict[str, Any]:
    """A calibration whose depth camera is not the origin either."""
    content = calibration()
    content["CalibrationInformation"]["Cameras"][0]["Rt"] = {
        "Rotation": cv2.Rodrigues(np.array((-0.02, 0.04, 0.01)))[0].ravel().tolist(),
        "Translation": [0.002, -0.004, 0.001],
    }
    return content


def assert_same_cameras(ours: AzureCalibration, theirs: microsoft.Calibration) -> None:
    for camera, numbers in (
        (ours.color_intrinsics, theirs.color),
        (ours.depth_intrinsics, theirs.depth),
    ):
        cx, cy, fx, fy, *k, _, _, p2, p1, _ = numbers.parameters
        assert (camera.width, camera.height) == (numbers.width, numbers.height)
        np.testing.assert_allclose(
            (camera.cx, camera.cy, camera.fx, camera.fy), (cx, cy, fx, fy), rtol=3e-7
        )
        expected = (k[0], k[1], p1, p2, *k[2:])
        np.testing.assert_allclose(camera.distortion, expected, rtol=1e-6)
    from_depth, from_accelerometer = (theirs.extrinsics[i][1] for i in (0, 3))
    R = np.reshape(from_depth.rotation, (3, 3))
    np.testing.assert_allclose(ours.T_color_depth[:3, :3], R, atol=1e-6)
    metres = np.array(from_depth.translation) / 1000
    np.testing.assert_allclose(ours.T_color_depth[:3, 3], metres, atol=1e-7)
    R = np.reshape(from_accelerometer.rotation, (3, 3))
    np.testing.assert_allclose(ours.R_color_accelerometer, R, atol=1e-6)


@needs_microsoft
@pytest.mark.parametrize(("depth_size", "depth_mode"), DEPTH_MODES)
@pytest.mark.parametrize(("color_size", "resolution"), COLOR_RESOLUTIONS)
def test_every_mode_has_the_cameras_of_libk4a(
    depth_size: tuple[int, int],
    depth_mode: int,
    color_size: tuple[int, int],
    resolution: int,
) -> None:
    data = json.dumps(moved_rig()).encode()
    theirs = microsoft.calibration_for(data, depth_mode, resolution)
    assert_same_cameras(parsed(data, color_size, depth_size), theirs)


@needs_microsoft
def test_a_file_has_the_cameras_of_libk4arecord(tmp_path: Path) -> None:
    take = walk(num_frames=1)
    take.calibration = json.dumps(moved_rig()).encode()
    path = microsoft.write(tmp_path / "walk.mkv", take)
    file = AzureKinectMkv(path)
    ours = read_calibration(path, file.calibration, file.color_size, file.depth_size)
    file.close()
    assert_same_cameras(ours, microsoft.calibration_of(path))


@needs_microsoft
@pytest.mark.parametrize(
    ("model", "most_pixels"), [("BrownConrady", 2e-3), ("Rational6KT", 1.0)]
)
def test_depth_pixels_fall_where_libk4a_sees_them(
    model: str, most_pixels: float
) -> None:
    data = json.dumps(moved_rig()).encode().replace(b"BrownConrady", model.encode())
    theirs = microsoft.calibration_for(data, 2, 2)
    ours = parsed(data)
    depth_m = np.full((576, 640), 1.25, np.float32)
    points = unproject(depth_m, ours.depth_intrinsics)
    in_color = transform(ours.T_color_depth, points.astype(np.float64))
    num_seen = 0
    for v, u in np.argwhere(np.ones((8, 9))) * (80, 78):
        expected = microsoft.depth_pixel_in_color(theirs, (u, v), 1250.0)
        if expected is not None and (expected >= 0).all():
            pixel = project(in_color[v, u][None], ours.color_intrinsics)[0]
            np.testing.assert_allclose(pixel, expected, atol=most_pixels)
            num_seen += 1
    assert num_seen > 50


def broken(change: Callable[[dict[str, Any]], object]) -> bytes:
    content = calibration()
    change(content["CalibrationInformation"])
    return json.dumps(content).encode()


def lens(information: dict[str, Any]) -> dict[str, Any]:
    return information["Cameras"][1]["Intrinsics"]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "Expecting value"),
        (b"\xff\xfe\x00", "utf-8"),
        (b"[1, 2]", "list"),
        (b"{}", "it has no 'CalibrationInformation'"),
        (broken(lambda i: i.pop("InertialSensors")), "no 'InertialSensors'"),
        (broken(lambda i: i["Cameras"].pop(1)), "no 'CALIBRATION_CameraLocationPV0'"),
        (broken(lambda i: lens(i)["ModelParameters"].pop()), "14 finite numbers"),
        (
            broken(lambda i: lens(i)["ModelParameters"].__setitem__(2, float("nan"))),
            "14 finite numbers",
        ),
        (
            broken(lambda i: lens(i)["ModelParameters"].__setitem__(2, -0.4)),
            "positive focal lengths",
        ),
        (
            broken(lambda i: lens(i)["ModelParameters"].__setitem__(10, 0.1)),
            r"distortion around \(0\.1, 0\.0\)",
        ),
        (broken(lambda i: lens(i).update(ModelType="Theta")), "lens model Theta"),
        (broken(lambda i: i["Cameras"][1].update(Rt=None)), "NoneType"),
    ],
)
def test_a_calibration_that_cannot_be_used_is_named(data: bytes, problem: str) -> None:
    with pytest.raises(SensorError, match=rf"walk\.mkv cannot be used .*{problem}"):
        parsed(data)


def test_images_of_no_mode_are_named() -> None:
    with pytest.raises(SensorError, match="640x480 are of no mode; there are 320x288"):
        parsed(calibration(), depth_size=(640, 480))


def test_a_calibration_may_end_as_in_a_camera_s_memory() -> None:
    data = b"\xef\xbb\xbf" + json.dumps(calibration()).encode() + b"\0"
    assert parsed(data).depth_intrinsics == parsed(calibration()).depth_intrinsics
