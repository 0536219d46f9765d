"""What a frame becomes in a recording: topics, calibration, a frame's messages.

The calibration is read from a metadata record, where its numbers are exact. Every
frame says the same to other tools, in CameraInfo and /tf_static: ROS pairs an image
with the CameraInfo of its time, and no frame needs another one to be placed. /tf has
the poses of recordings made of sequences that know them.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import cv2
import numpy as np
from mcap.records import Message

from core.frame import Intrinsics, RgbdFrame
from core.geometry import quaternion, rotation_matrix
from core.images import EncodedImage, decode_color
from core.recording.mcap_writer import Topic
from core.recording.ros import CdrReader, CdrWriter

JPEG_QUALITY = 95
STANDARD_GRAVITY = 9.80665  # m/s2, what an accelerometer at rest reads
MAX_TIMESTAMP_NS = 2**31 * 10**9  # a ROS 2 time has 32 bits of seconds

WORLD_FRAME = "world"
LINK_FRAME = "camera_link"
COLOR_FRAME = "camera_color_optical_frame"
DEPTH_FRAME = "camera_depth_optical_frame"
T_LINK_COLOR = np.array([[0.0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
"""From the camera's axes to those that ROS gives a body: x forward, y left, z up (REP
103). Viewers draw z upwards, so rooms without poses stand on their floors."""

NUMBER = Topic(1, "/camera/frame_number", "std_msgs/msg/Int64")
COLOR = Topic(2, "/camera/color/image/compressed", "sensor_msgs/msg/CompressedImage")
DEPTH = Topic(3, "/camera/depth/image", "sensor_msgs/msg/Image")
UP = Topic(4, "/camera/up", "geometry_msgs/msg/Vector3Stamped")
IMU = Topic(5, "/camera/imu", "sensor_msgs/msg/Imu")
COLOR_INFO = Topic(6, "/camera/color/camera_info", "sensor_msgs/msg/CameraInfo")
DEPTH_INFO = Topic(7, "/camera/depth/camera_info", "sensor_msgs/msg/CameraInfo")
TF_STATIC = Topic(8, "/tf_static", "tf2_msgs/msg/TFMessage")
TF = Topic(9, "/tf", "tf2_msgs/msg/TFMessage")
PREDICTED_CLASSES = Topic(10, "/prediction/classes", COLOR.message_type, True)
PREDICTED_OVERLAY = Topic(11, "/prediction/overlay", COLOR.message_type, True)
TOPICS = (
    *(NUMBER, COLOR, DEPTH, UP, IMU, COLOR_INFO, DEPTH_INFO, TF_STATIC, TF),
    *(PREDICTED_CLASSES, PREDICTED_OVERLAY),
)


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


def encode_frame(
    frame: RgbdFrame,
    pose: np.ndarray | None = None,
    color: EncodedImage | None = None,
) -> list[Message]:
    """The messages of one frame, T_world_camera `pose` among them where it is known.

    All is kept bit for bit, but for the colour when it has to be encoded here.
    """
    time = frame.timestamp_ns
    messages = [
        NUMBER.message(time, CdrWriter().put("q", frame.number).end()),
        COLOR.message(time, color_image(time, color or encode_jpeg(frame.rgb))),
        DEPTH.message(time, _depth_image(frame)),
        *_encode_calibration(frame),
    ]
    if pose is not None:
        T_world_link = pose @ T_LINK_COLOR.T  # a rotation
        transform = _transforms(time, (T_world_link, WORLD_FRAME, LINK_FRAME))
        messages.append(TF.message(time, transform))
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
        rgb=_decode_color(decode_encoded_color(messages)),
        depth=_decode_depth(depth_message.data),
        depth_scale=calibration.depth_scale,
        color_intrinsics=calibration.color,
        depth_intrinsics=calibration.depth,
        T_color_depth=calibration.T_color_depth,
        timestamp_ns=depth_message.log_time,
        up_hint=up_hint,
        number=CdrReader(messages[NUMBER.id].data).take("q")[0],
    )


def decode_encoded_color(messages: Mapping[int, Message]) -> EncodedImage:
    """The colour image of a frame as it is stored."""
    return read_color_image(messages[COLOR.id])


def read_color_image(message: Message) -> EncodedImage:
    """The image in a CompressedImage."""
    reader = CdrReader(message.data).skip_header()
    return EncodedImage(reader.take_string(), bytes(reader.take_bytes()))


def decode_pose(messages: Mapping[int, Message]) -> np.ndarray | None:
    """(4, 4) T_world_camera of a frame, or None where it is not known."""
    if TF.id not in messages:
        return None
    reader = CdrReader(messages[TF.id].data)
    reader.take("I")
    reader.skip_header().take_string()
    T_world_link = np.eye(4)
    T_world_link[:3, 3] = reader.take("d", 3)
    T_world_link[:3, :3] = rotation_matrix(np.array(reader.take("d", 4)))
    return T_world_link @ T_LINK_COLOR


def _encode_calibration(frame: RgbdFrame) -> list[Message]:
    """CameraInfo of both cameras and the static transforms, stamped as the frame is."""
    time = frame.timestamp_ns
    color = _camera_info(frame.color_intrinsics, time, COLOR_FRAME)
    depth = _camera_info(frame.depth_intrinsics, time, DEPTH_FRAME)
    transforms = _transforms(
        time,
        (T_LINK_COLOR, LINK_FRAME, COLOR_FRAME),
        (frame.T_color_depth, COLOR_FRAME, DEPTH_FRAME),
    )
    return [
        COLOR_INFO.message(time, color),
        DEPTH_INFO.message(time, depth),
        TF_STATIC.message(time, transforms),
    ]


def encode_jpeg(rgb: np.ndarray) -> EncodedImage:
    """(H, W, 3) uint8 RGB as a JPEG of a recording's quality."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return EncodedImage("jpeg", jpeg.tobytes())


def color_image(timestamp_ns: int, color: EncodedImage) -> bytes:
    """A CompressedImage on the colour camera's grid."""
    message = CdrWriter().put_header(timestamp_ns, COLOR_FRAME)
    return message.put_string(color.format).put_bytes(color.data).end()


def _decode_color(color: EncodedImage) -> np.ndarray:
    rgb = decode_color(color.data)
    if rgb is None:
        raise ValueError(f"the colour image is no {color.format}")
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


def _transforms(timestamp_ns: int, *transforms: tuple[np.ndarray, str, str]) -> bytes:
    """A TFMessage of (T_parent_child, parent, child); ROS's too take points of the
    child."""
    message = CdrWriter().put("I", len(transforms))
    for T_parent_child, parent, child in transforms:
        message.put_header(timestamp_ns, parent).put_string(child)
        message.put("d", *T_parent_child[:3, 3])
        message.put("d", *quaternion(T_parent_child[:3, :3]))
    return message.end()
