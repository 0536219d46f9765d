"""Rerun opens a recording as it is: depth as depth, images in the frustums of cameras,
cameras in the world. What its viewer gets is read from its own conversion."""

import os
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lopsided import COLOR, DEPTH, lopsided_frame, lopsided_transform
from lopsided_take import Written, write_take
from scipy.spatial.transform import Rotation

from core.overlay import semantic_palette
from core.recording import Recording, RecordingWriter, repair_recording
from core.recording.predicted_copy import PredictedCopy
from core.recording.predictions import encode_prediction

pytestmark = pytest.mark.skipif(
    find_spec("rerun") is None, reason="rerun-sdk is not installed"
)

Rows = dict[str, dict[str, list[tuple[int, Any]]]]
"""By entity and component: times, and the values at these."""

INFO = {name: f"/camera/{name}/camera_info" for name in ("color", "depth")}
IMAGE = {"color": "/camera/color/image/compressed", "depth": "/camera/depth/image"}


def rerun(home: Path, *arguments: str | Path) -> str:
    """What the command prints; it keeps its settings in `home`, not in the user's."""
    command = shutil.which("rerun", path=Path(sys.executable).parent)
    assert command is not None
    result = subprocess.run(
        [command, *arguments],
        env={**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "ERROR" not in result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def take(tmp_path_factory) -> tuple[Path, list[Written]]:
    path = tmp_path_factory.mktemp("take") / "scene"
    return path, write_take(path)


@pytest.fixture
def written(take) -> list[Written]:
    return take[1]


@pytest.fixture(scope="module")
def rows(take, tmp_path_factory) -> Rows:
    return rows_of(take[0] / "capture.mcap", tmp_path_factory.mktemp("home"))


def rows_of(capture: Path, home: Path) -> Rows:
    """What Rerun makes of a file, in the way in which it opens any MCAP file."""
    from rerun.chunk import RrdReader

    file = home / "take.rrd"
    rerun(home, "mcap", "convert", capture, "--output", file)
    found: Rows = defaultdict(lambda: defaultdict(list))
    for chunk in RrdReader(file).stream().to_chunks():
        if chunk.is_static:
            continue
        batch = chunk.to_record_batch()
        times = batch.column("message_log_time").cast("int64").to_pylist()
        for name in batch.schema.names:
            if ":" in name:  # a component
                for time, values in zip(times, batch.column(name), strict=True):
                    instances = [(time, value) for value in values.as_py()]
                    found[chunk.entity_path][name] += instances
    return found


def values(rows: Rows, entity: str, component: str) -> list[Any]:
    """The values of a component, in the order of time."""
    return [value for _, value in rows[entity][component]]


def test_depth_is_a_depth_image_pixel_for_pixel(rows, written):
    from rerun import ChannelDatatype

    depth = rows[IMAGE["depth"]]
    assert [(time, bytes(data)) for time, data in depth["DepthImage:buffer"]] == [
        (frame.timestamp_ns, frame.depth.astype("<u2").tobytes())
        for frame, _, _ in written
    ]
    for format in values(rows, IMAGE["depth"], "DepthImage:format"):
        assert (format["width"], format["height"]) == (101, 57)
        assert format["channel_datatype"] == ChannelDatatype.U16.value
    # ROS has no word for the unit, and Rerun takes 16 bits without one for millimetres.
    assert "DepthImage:meter" not in depth


def test_colour_is_an_encoded_image(rows, written):
    blobs = [bytes(b) for b in values(rows, IMAGE["color"], "EncodedImage:blob")]
    jpeg, png = b"\xff\xd8\xff", b"\x89PNG"
    for blob, start in zip(blobs, (jpeg, jpeg, png, jpeg), strict=True):
        assert blob.startswith(start)
    assert blobs[2] == written[2].color.data


@pytest.mark.parametrize(("name", "camera"), [("color", COLOR), ("depth", DEPTH)])
def test_a_camera_is_a_pinhole_whose_image_plane_carries_its_image(rows, name, camera):
    columns = [camera.fx, 0, 0, 0, camera.fy, 0, camera.cx, camera.cy, 1]
    matrices = values(rows, INFO[name], "Pinhole:image_from_camera")
    np.testing.assert_allclose(matrices, [columns] * 4, rtol=1e-7)
    resolutions = values(rows, INFO[name], "Pinhole:resolution")
    assert resolutions == [[camera.width, camera.height]] * 4
    frame = f"camera_{name}_optical_frame"
    assert values(rows, INFO[name], "Pinhole:parent_frame") == [frame] * 4
    planes = values(rows, INFO[name], "Pinhole:child_frame")
    assert values(rows, IMAGE[name], "CoordinateFrame:frame") == planes
    assert frame not in planes


def test_every_frame_hangs_on_the_world_and_one_entity_says_so(rows):
    edges = set()
    for entity, components in rows.items():
        for kind in ("Transform3D", "Pinhole"):
            parents = components[f"{kind}:parent_frame"]
            children = components[f"{kind}:child_frame"]
            for (_, parent), (_, child) in zip(parents, children, strict=True):
                edges.add((parent, child, entity))
    color, depth = "camera_color_optical_frame", "camera_depth_optical_frame"
    assert edges == {
        ("world", "camera_link", "/tf"),
        ("camera_link", color, "/tf_static"),
        (color, depth, "/tf_static"),
        (color, f"{color}_image_plane", INFO["color"]),
        (depth, f"{depth}_image_plane", INFO["depth"]),
    }


def test_a_point_of_the_depth_camera_comes_to_its_place_in_the_world(rows, written):
    transforms = {}
    for entity in ("/tf", "/tf_static"):
        components = rows[entity]
        for (time, child), (_, quaternion), (_, translation) in zip(
            components["Transform3D:child_frame"],
            components["Transform3D:quaternion"],
            components["Transform3D:translation"],
            strict=True,
        ):
            T = np.eye(4)
            T[:3, :3] = Rotation.from_quat(quaternion).as_matrix()
            T[:3, 3] = translation
            transforms[time, child] = T
    point = np.array([0.3, -0.2, 2.5, 1])
    for frame, pose, _ in written[:3]:
        found = point
        for child in ("depth_optical_frame", "color_optical_frame", "link"):
            found = transforms[frame.timestamp_ns, f"camera_{child}"] @ found
        expected = pose @ lopsided_transform() @ point
        np.testing.assert_allclose(found, expected, atol=1e-5)  # Rerun has float32


def statuses(checked: str) -> list[str]:
    """The first word of each line that is about a topic."""
    return [line.split()[0] for line in checked.splitlines() if " /" in line]


def test_reruns_own_check_finds_nothing_wrong(take, tmp_path):
    checked = rerun(tmp_path, "mcap", "check", "--full", take[0] / "capture.mcap")
    assert statuses(checked) == ["ok"] * 9


def test_reruns_own_check_finds_nothing_wrong_with_a_repaired_recording(tmp_path):
    path = tmp_path / "scene"
    write_take(path)
    whole = (path / "capture.mcap").read_bytes()
    (path / "capture.mcap").write_bytes(whole[: len(whole) * 3 // 4])
    repair_recording(path)
    checked = rerun(tmp_path, "mcap", "check", path / "capture.mcap")
    assert statuses(checked) == ["ok"] * 9


def test_predictions_are_images_that_lie_on_the_colour_image(take, tmp_path):
    entities = ("/prediction/classes", "/prediction/overlay")
    image = np.zeros((48, 80), np.uint8)
    images = encode_prediction(image, np.dstack([image] * 3), semantic_palette(3))
    copy = PredictedCopy(Recording(take[0]), tmp_path, {"model": "model.onnx"})
    for index in range(4):
        copy.write(index, images if index != 1 else None)
    copy.finish()
    checked = rerun(tmp_path, "mcap", "check", "--full", tmp_path / "capture.mcap")
    assert statuses(checked) == ["ok"] * 11
    rows = rows_of(tmp_path / "capture.mcap", tmp_path)
    planes = values(rows, IMAGE["color"], "CoordinateFrame:frame")
    for entity, stored in zip(entities, images, strict=True):
        blobs = values(rows, entity, "EncodedImage:blob")
        assert [bytes(blob) for blob in blobs] == [stored.data] * 3
        frames = values(rows, entity, "CoordinateFrame:frame")
        assert set(frames) == set(planes)


def test_rerun_opens_a_recording_whose_clock_jumped_and_one_without_frames(tmp_path):
    with RecordingWriter(tmp_path / "jump") as writer:
        for number, time in enumerate((70, 3)):
            writer.write(replace(lopsided_frame(number), timestamp_ns=time))
    checked = rerun(tmp_path, "mcap", "check", tmp_path / "jump" / "capture.mcap")
    assert set(statuses(checked)) == {"PROBLEM"}
    assert "unordered" in checked
    RecordingWriter(tmp_path / "empty").close()
    checked = rerun(tmp_path, "mcap", "check", tmp_path / "empty" / "capture.mcap")
    assert statuses(checked) == []
