"""ROS's tools read a recording: every topic, by the definitions that the file holds.

Each test runs twice: with the `rosbags` package and with the `mcap` and
`mcap-ros2-support` packages. None of them shares code with what wrote the file.
"""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from lopsided import COLOR, DEPTH, lopsided_transform
from lopsided_take import DROPPED, Written, write_take
from mcap_bytes import MAGIC, Op, records
from scipy.spatial.transform import Rotation

from core.images import decode_color
from core.recording import Recording, repair_recording

TYPES = {
    "/camera/frame_number": "std_msgs/msg/Int64",
    "/camera/color/image/compressed": "sensor_msgs/msg/CompressedImage",
    "/camera/color/camera_info": "sensor_msgs/msg/CameraInfo",
    "/camera/depth/image": "sensor_msgs/msg/Image",
    "/camera/depth/camera_info": "sensor_msgs/msg/CameraInfo",
    "/camera/up": "geometry_msgs/msg/Vector3Stamped",
    "/camera/imu": "sensor_msgs/msg/Imu",
    "/tf": "tf2_msgs/msg/TFMessage",
    "/tf_static": "tf2_msgs/msg/TFMessage",
}


class Told(NamedTuple):
    """A message as another tool tells it."""

    topic: str
    type: str
    time: int
    message: Any


def told_by_rosbags(path: Path) -> list[Told]:
    reader = pytest.importorskip("rosbags.highlevel", reason="rosbags is not installed")
    with reader.AnyReader([path / "capture.mcap"]) as bag:
        return [
            Told(c.topic, c.msgtype, time, bag.deserialize(data, c.msgtype))
            for c, time, data in bag.messages()
        ]


def told_by_mcap_ros2(path: Path) -> list[Told]:
    from mcap.reader import make_reader
    from mcap_ros2.decoder import DecoderFactory

    with (path / "capture.mcap").open("rb") as file:
        reader = make_reader(
            file, validate_crcs=True, decoder_factories=[DecoderFactory()]
        )
        return [
            Told(channel.topic, schema.name, message.log_time, decoded)
            for schema, channel, message, decoded in reader.iter_decoded_messages()
        ]


@pytest.fixture(params=[told_by_rosbags, told_by_mcap_ros2])
def reader(request) -> Callable[[Path], list[Told]]:
    return request.param


@pytest.fixture(scope="module")
def take(tmp_path_factory) -> tuple[Path, list[Written]]:
    path = tmp_path_factory.mktemp("take") / "scene"
    return path, write_take(path)


@pytest.fixture
def written(take) -> list[Written]:
    return take[1]


@pytest.fixture
def messages(take, reader) -> dict[str, list[Any]]:
    found = defaultdict(list)
    for told in reader(take[0]):
        found[told.topic].append(told.message)
    return found


def time_of(stamp: Any) -> int:
    return stamp.sec * 10**9 + stamp.nanosec


def vector(value: Any) -> list[float]:
    return [value.x, value.y, value.z]


def matrix(transform: Any) -> np.ndarray:
    """(4, 4), takes points of the child frame to the parent frame."""
    q = transform.rotation
    result = np.eye(4)
    result[:3, :3] = Rotation.from_quat([q.x, q.y, q.z, q.w]).as_matrix()
    result[:3, 3] = vector(transform.translation)
    return result


def test_every_message_of_every_topic_decodes_at_the_time_of_its_frame(take, reader):
    path, written = take
    told = reader(path)
    assert {t.topic: t.type for t in told} == TYPES
    times = [frame.timestamp_ns for frame, _, _ in written]
    has_up = [times[0], times[2], times[3]]
    sparse = {"/camera/up": has_up, "/camera/imu": has_up, "/tf": times[:3]}
    for topic in TYPES:
        of_topic = [t for t in told if t.topic == topic]
        assert [t.time for t in of_topic] == sparse.get(topic, times)
        for t in of_topic:
            parts = getattr(t.message, "transforms", [t.message])
            headers = [part.header for part in parts if hasattr(part, "header")]
            assert {time_of(header.stamp) for header in headers} <= {t.time}


def test_depth_is_there_pixel_for_pixel_in_sensor_units(messages, written):
    for depth, (frame, _, _) in zip(
        messages["/camera/depth/image"], written, strict=True
    ):
        assert (depth.encoding, depth.is_bigendian) == ("16UC1", 0)
        assert (depth.height, depth.width, depth.step) == (57, 101, 202)
        pixels = np.frombuffer(bytes(depth.data), "<u2").reshape(57, 101)
        assert np.array_equal(pixels, frame.depth)


def test_colour_is_the_encoded_image(messages, written):
    colors = messages["/camera/color/image/compressed"]
    assert [color.format for color in colors] == ["jpeg", "jpeg", "png", "jpeg"]
    for color, (frame, _, encoded) in zip(colors, written, strict=True):
        rgb = decode_color(bytes(color.data))
        if encoded is None:
            assert np.abs(rgb.astype(int) - frame.rgb.astype(int)).max() <= 6
        else:
            assert bytes(color.data) == encoded.data
            assert np.array_equal(rgb, frame.rgb)


def test_frame_numbers_leave_out_the_frame_that_was_dropped(take, messages):
    numbers = [number.data for number in messages["/camera/frame_number"]]
    assert numbers == [5_000_000_000 + k for k in (0, 1, 3, 4)]
    assert Recording(take[0]).scene.dropped == (DROPPED,)


@pytest.mark.parametrize(
    ("name", "camera", "size", "model"),
    [
        ("color", COLOR, (48, 80), "plumb_bob"),
        ("depth", DEPTH, (57, 101), "rational_polynomial"),
    ],
)
def test_a_camera_is_told_with_every_image_of_it(messages, name, camera, size, model):
    image = "image/compressed" if name == "color" else "image"
    infos = messages[f"/camera/{name}/camera_info"]
    images = messages[f"/camera/{name}/{image}"]
    times = [time_of(info.header.stamp) for info in infos]
    assert times == [time_of(image.header.stamp) for image in images]
    K = [camera.fx, 0, camera.cx, 0, camera.fy, camera.cy, 0, 0, 1]
    for info in infos:
        assert (info.height, info.width, info.distortion_model) == (*size, model)
        assert list(info.d) == list(camera.distortion)
        assert list(info.k) == K
        assert list(info.r) == [1, 0, 0, 0, 1, 0, 0, 0, 1]
        assert list(info.p) == [*K[:3], 0, *K[3:6], 0, *K[6:], 0]
    frame_id = f"camera_{name}_optical_frame"
    assert {m.header.frame_id for m in (*infos, *images)} == {frame_id}


def test_the_transforms_place_the_cameras_in_the_world(messages, written):
    poses = [pose for _, pose, _ in written if pose is not None]
    for k, static in enumerate(messages["/tf_static"]):
        link_color, color_depth = static.transforms
        names = [
            (t.header.frame_id, t.child_frame_id) for t in (link_color, color_depth)
        ]
        assert names == [
            ("camera_link", "camera_color_optical_frame"),
            ("camera_color_optical_frame", "camera_depth_optical_frame"),
        ]
        T_color_depth = matrix(color_depth.transform)
        np.testing.assert_allclose(T_color_depth, lopsided_transform(), atol=1e-14)
        # Of what the camera calls right, down and forward; a link looks along x, z up.
        T_link_color = matrix(link_color.transform)
        right, down, forward, origin = T_link_color[:3].T
        np.testing.assert_allclose(right, [0, -1, 0], atol=1e-15)
        np.testing.assert_allclose(down, [0, 0, -1], atol=1e-15)
        np.testing.assert_allclose(forward, [1, 0, 0], atol=1e-15)
        assert list(origin) == [0, 0, 0]
        if k < len(poses):
            (moving,) = messages["/tf"][k].transforms
            names = (moving.header.frame_id, moving.child_frame_id)
            assert names == ("world", "camera_link")
            T_world_color = matrix(moving.transform) @ T_link_color
            np.testing.assert_allclose(T_world_color, poses[k], atol=1e-14)


def test_up_is_what_an_accelerometer_at_rest_shows(messages, written):
    ups = [frame.up_hint for frame, _, _ in written if frame.up_hint is not None]
    for message, imu, up in zip(
        messages["/camera/up"], messages["/camera/imu"], ups, strict=True
    ):
        assert vector(message.vector) == list(up)
        acceleration = vector(imu.linear_acceleration)
        np.testing.assert_allclose(acceleration, 9.80665 * up, rtol=1e-15)
        assert imu.orientation_covariance[0] == -1  # ROS: not measured
        assert imu.angular_velocity_covariance[0] == -1
        assert imu.header.frame_id == "camera_color_optical_frame"


def test_a_repaired_recording_has_all_topics_though_its_first_frame_is_lost(
    tmp_path, reader
):
    path = tmp_path / "scene"
    written = write_take(path)
    data = bytearray((path / "capture.mcap").read_bytes())
    whole = records(bytes(data[: -len(MAGIC)]), len(MAGIC))
    first = next(record for record in whole if record.op == Op.CHUNK)
    data[first.offset + first.length // 2] ^= 1
    (path / "capture.mcap").write_bytes(data)
    repair_recording(path)
    told = reader(path)
    assert {t.topic: t.type for t in told} == TYPES
    times = [frame.timestamp_ns for frame, _, _ in written[1:]]
    for topic in ("/tf_static", "/camera/color/camera_info", "/camera/depth/image"):
        assert [t.time for t in told if t.topic == topic] == times
