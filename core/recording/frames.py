"""What a frame becomes in a recording: topics, calibration, a frame's messages.

The calibration is read from a metadata record, where its numbers are exact; CameraInfo
and /tf_static say the same to other tools.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import cv2
import numpy as np
from mcap.records import Message

from core.frame import Intrinsics, RgbdFrame
from core.recording.mcap_writer import Topic
from core.recording.ros import CdrReader, CdrWriter

JPEG_QUALITY = 95
STANDARD_GRAVITY = 9.80665  # m/s2, what an accelerometer at rest reads
MAX_TIMESTAMP_NS = 2**31 * 10**9  # a ROS 2 time has 32 bits of seconds

COLOR_FRAME = "camera_color_optical_frame"
DEPTH_FRAME = "camera_depth_optical_frame"

NUMBER = Topic(1, "/camera/frame_number", "std_msgs/msg/Int64")
COLOR = Topic(2, "/camera/color/image/compressed", "sensor_msgs/msg/CompressedImage")
DEPTH = Topic(3, "/camera/depth/image", "sensor_msgs/msg/Image")
UP = Topic(4, "/camera/up", "geometry_msgs/msg/Vector3Stamped")
IMU = Topic(5, "/camera/imu", "sensor_msgs/msg/Imu")
COLOR_INFO = Topic(6, "/camera/color/camera_info", "sensor_msgs/msg/CameraInfo")
DEPTH_INFO = Topic(7, "/camera/depth/camera_info", "sensor_msgs/msg/CameraInfo")
TF_STATIC = Topic(8, "/tf_static", "tf2_msgs/msg/TFMessage")
TOPICS = (NUMBER, COLOR, DEPTH, UP, IMU, COLOR_INFO, DEPTH_INFO, TF_STATIC)


@dataclass(frozen=True, eq=False)
class Calibration:
    """What every frame of a recording shares."""

    color: Intrinsics
    depth: Intrinsics
    T_color_depth: np.ndarray
    """(4, 4) float64, takes points of the depth camera to the colour camera, metres."""
    depth_scale: float
    """Metres per depth unit."""

    @classmethod
    def of(cls, frame: RgbdFrame) -> "Calibration":
        """The calibration that a frame carries."""
        return cls(
            frame.color_intrinsics,
            frame.depth_intrinsics,
            frame.T_color_depth,
            frame.depth_scale,
        )

    def is_of(self, frame: RgbdFrame) -> bool:
        """Whether a frame carries exactly this calibration."""
        return (
            frame.color_intrinsics == self.color
            and frame.depth_intrinsics == self.depth
            and frame.depth_scale == self.depth_scale
            and np.array_equal(frame.T_color_depth, self.T_color_depth)
        )

    def to_json(self) -> str:
        """As text that keeps every bit of every number."""
        return json.dumps(
            {
                "color": asdict(self.color),
                "depth": asdict(self.depth),
                "T_color_depth": self.T_color_depth.tolist(),
                "depth_scale": self.depth_scale,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "Calibration":
        """The calibration that `to_json` wrote."""
        values = json.loads(text)
        cameras = [
            Intrinsics(**{**camera, "distortion": tuple(camera["distortion"])})
            for camera in (values["color"], values["depth"])
        ]
        transform = np.array(values["T_color_depth"], np.float64)
        return cls(cameras[0], cameras[1], transform, float(values["depth_scale"]))


def encode_calibration(frame: RgbdFrame) -> list[Message]:
    """CameraInfo of both cameras and the static transform, stamped as the frame is."""
    time = frame.timestamp_ns
    color = _camera_info(frame.color_intrinsics, time, COLOR_FRAME)
    depth = _camera_info(frame.depth_intrinsics, time, DEPTH_FRAME)
    # ROS: a transform takes points of the child (depth) to the parent (colour).
    transform = CdrWriter().put("I", 1).put_header(time, COLOR_FRAME)
    transform.put_string(DEPTH_FRAME).put("d", *frame.T_color_depth[:3, 3])
    transform.put("d", *_quaternion(frame.T_color_depth[:3, :3]))
    return [
        COLOR_INFO.message(time, color),
        DEPTH_INFO.message(time, depth),
        TF_STATIC.message(time, transform.end()),
    ]


def encode_frame(frame: RgbdFrame) -> list[Message]:
    """The messages of one frame; everything but the colour is kept bit for bit."""
    time = frame.timestamp_ns
    messages = [
        NUMBER.message(time, CdrWriter().put("q", frame.number).end()),
        COLOR.message(time, _color_image(frame)),
        DEPTH.message(time, _depth_image(frame)),
    ]
    if frame.up_hint is not None:
        up = CdrWriter().put_header(time, COLOR_FRAME).put("d", *frame.up_hint).end()
        messages += [UP.message(time, up), IMU.message(time, _imu(frame))]
    return messages


def decode_frame(
    messages: Mapping[int, Message], calibration: Calibration
) -> RgbdFrame:
    """The frame whose messages these are, by channel id."""
    depth_message = messages[DEPTH.id]
    up_hint = None
    if UP.id in messages:
        vector = CdrReader(messages[UP.id].data).skip_header()
        up_hint = np.array(vector.take("d", 3))
    return RgbdFrame(
        rgb=_decode_color(messages[COLOR.id].data),
        depth=_decode_depth(depth_message.data),
        depth_scale=calibration.depth_scale,
        color_intrinsics=calibration.color,
        depth_intrinsics=calibration.depth,
        T_color_depth=calibration.T_color_depth,
        timestamp_ns=depth_message.log_time,
        up_hint=up_hint,
        number=CdrReader(messages[NUMBER.id].data).take("q")[0],
    )


def _color_image(frame: RgbdFrame) -> bytes:
    bgr = cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    message = CdrWriter().put_header(frame.timestamp_ns, COLOR_FRAME)
    return message.put_string("jpeg").put_bytes(jpeg.data).end()


def _decode_color(data: bytes) -> np.ndarray:
    reader = CdrReader(data).skip_header()
    reader.take_string()
    jpeg = np.frombuffer(reader.take_bytes(), np.uint8)
    rgb = cv2.imdecode(jpeg, cv2.IMREAD_COLOR_RGB)
    if rgb is None:
        raise ValueError("the colour image is not a JPEG")
    return rgb


def _depth_image(frame: RgbdFrame) -> bytes:
    height, width = frame.depth.shape
    message = CdrWriter().put_header(frame.timestamp_ns, DEPTH_FRAME)
    message.put("I", height, width).put_string("16UC1").put("B", 0).put("I", 2 * width)
    return message.put_bytes(frame.depth.astype("<u2", copy=False).tobytes()).end()


def _decode_depth(data: bytes) -> np.ndarray:
    reader = CdrReader(data).skip_header()
    height, width = reader.take("I", 2)
    reader.take_string()
    reader.take("B")
    reader.take("I")
    depth = np.frombuffer(reader.take_bytes(), "<u2").reshape(height, width)
    return depth.astype(np.uint16, copy=False)


def _imu(frame: RgbdFrame) -> bytes:
    """The up hint as an accelerometer at rest reads it: the vector points up, away from
    the floor, and is 9.80665 m/s2 long. Its axes are the colour camera's."""
    assert frame.up_hint is not None
    unknown = (-1.0, *[0.0] * 8)  # ROS: a covariance of -1 says "not measured"
    message = CdrWriter().put_header(frame.timestamp_ns, COLOR_FRAME)
    message.put("d", 0.0, 0.0, 0.0, 1.0).put("d", *unknown)
    message.put("d", 0.0, 0.0, 0.0).put("d", *unknown)
    message.put("d", *(frame.up_hint * STANDARD_GRAVITY)).put("d", *[0.0] * 9)
    return message.end()


def _camera_info(camera: Intrinsics, timestamp_ns: int, frame_id: str) -> bytes:
    # ROS knows OpenCV's model by two names: five numbers and eight.
    has_eight = len(camera.distortion) == 8
    model = "rational_polynomial" if has_eight else "plumb_bob"
    distortion = camera.distortion + (0.0,) * (5 - len(camera.distortion))
    message = CdrWriter().put_header(timestamp_ns, frame_id)
    message.put("I", camera.height, camera.width).put_string(model)
    message.put("I", len(distortion)).put("d", *distortion)
    message.put("d", *camera.K.ravel()).put("d", *np.eye(3).ravel())
    message.put("d", *np.hstack((camera.K, np.zeros((3, 1)))).ravel())
    return message.put("I", 0, 0).put("I", 0, 0, 0, 0).put("B", 0).end()


def _quaternion(rotation: np.ndarray) -> np.ndarray:
    """(4,) x y z w of a (3, 3) rotation."""
    vector = cv2.Rodrigues(rotation)[0].ravel()  # the axis, as long as the angle
    half = np.linalg.norm(vector) / 2
    # sinc is sin(pi x) / (pi x), and 1 where there is no turn.
    return np.append(vector / 2 * np.sinc(half / np.pi), np.cos(half))
