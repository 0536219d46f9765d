"""The ROS 2 messages of a recording: their definitions, and their bytes in CDR.

Written by hand because a generic encoder in Python takes longer over a megabyte image
than compressing it does.
"""

import struct

_TIME = "builtin_interfaces/Time", "int32 sec\nuint32 nanosec"
_HEADER = "std_msgs/Header", "builtin_interfaces/Time stamp\nstring frame_id"
_VECTOR = "geometry_msgs/Vector3", "float64 x\nfloat64 y\nfloat64 z"
_QUATERNION = "geometry_msgs/Quaternion", "float64 x\nfloat64 y\nfloat64 z\nfloat64 w"
_ROI = (
    "sensor_msgs/RegionOfInterest",
    "uint32 x_offset\nuint32 y_offset\nuint32 height\nuint32 width\nbool do_rectify",
)
_TRANSFORM = (
    "geometry_msgs/Transform",
    "geometry_msgs/Vector3 translation\ngeometry_msgs/Quaternion rotation",
)
_TRANSFORM_STAMPED = (
    "geometry_msgs/TransformStamped",
    "std_msgs/Header header\nstring child_frame_id\ngeometry_msgs/Transform transform",
)


def _definition(fields: str, *parts: tuple[str, str]) -> str:
    """A message's own fields followed by the messages that they are made of."""
    texts = [fields, *(f"MSG: {name}\n{part}" for name, part in parts)]
    return f"\n{'=' * 80}\n".join(texts)


DEFINITIONS = {
    "std_msgs/msg/Int64": _definition("int64 data"),
    "sensor_msgs/msg/CompressedImage": _definition(
        "std_msgs/Header header\nstring format\nuint8[] data", _HEADER, _TIME
    ),
    "sensor_msgs/msg/Image": _definition(
        "std_msgs/Header header\nuint32 height\nuint32 width\nstring encoding\n"
        "uint8 is_bigendian\nuint32 step\nuint8[] data",
        _HEADER,
        _TIME,
    ),
    "sensor_msgs/msg/CameraInfo": _definition(
        "std_msgs/Header header\nuint32 height\nuint32 width\n"
        "string distortion_model\nfloat64[] d\nfloat64[9] k\nfloat64[9] r\n"
        "float64[12] p\nuint32 binning_x\nuint32 binning_y\n"
        "sensor_msgs/RegionOfInterest roi",
        _HEADER,
        _TIME,
        _ROI,
    ),
    "sensor_msgs/msg/Imu": _definition(
        "std_msgs/Header header\ngeometry_msgs/Quaternion orientation\n"
        "float64[9] orientation_covariance\ngeometry_msgs/Vector3 angular_velocity\n"
        "float64[9] angular_velocity_covariance\n"
        "geometry_msgs/Vector3 linear_acceleration\n"
        "float64[9] linear_acceleration_covariance",
        _HEADER,
        _TIME,
        _QUATERNION,
        _VECTOR,
    ),
    "geometry_msgs/msg/Vector3Stamped": _definition(
        "std_msgs/Header header\ngeometry_msgs/Vector3 vector", _HEADER, _TIME, _VECTOR
    ),
    "tf2_msgs/msg/TFMessage": _definition(
        "geometry_msgs/TransformStamped[] transforms",
        _TRANSFORM_STAMPED,
        _TRANSFORM,
        _HEADER,
        _TIME,
        _VECTOR,
        _QUATERNION,
    ),
}
"""Message type to its definition, in the form that MCAP calls `ros2msg`."""

_LITTLE_ENDIAN = b"\x00\x01\x00\x00"  # CDR's four bytes before the first field


class CdrWriter:
    """Puts fields one after the other, each aligned to its own size."""

    def __init__(self) -> None:
        self._data = bytearray(_LITTLE_ENDIAN)

    def put(self, code: str, *values: float) -> "CdrWriter":
        """Numbers of one type; `code` is its letter in `struct`."""
        self._data += bytes(_padding(len(self._data), code))
        self._data += struct.pack(f"<{len(values)}{code}", *values)
        return self

    def put_bytes(self, data: bytes | memoryview) -> "CdrWriter":
        """A sequence of bytes after its length."""
        self.put("I", len(data))
        self._data += data
        return self

    def put_string(self, text: str) -> "CdrWriter":
        """A string after its length, which counts the zero at its end."""
        return self.put_bytes(text.encode() + b"\0")

    def put_header(self, timestamp_ns: int, frame_id: str) -> "CdrWriter":
        """A std_msgs/Header."""
        seconds, nanoseconds = divmod(timestamp_ns, 1_000_000_000)
        return self.put("i", seconds).put("I", nanoseconds).put_string(frame_id)

    def end(self) -> bytes:
        """The whole message."""
        return bytes(self._data)


class CdrReader:
    """Takes the fields that a `CdrWriter` has put, in the same order."""

    def __init__(self, data: bytes) -> None:
        if data[:4] != _LITTLE_ENDIAN:
            raise ValueError("the message is not little-endian CDR")
        self._data = memoryview(data)
        self._position = 4

    def take(self, code: str, count: int = 1) -> tuple:
        """`count` numbers of one type."""
        self._position += _padding(self._position, code)
        values = struct.unpack_from(f"<{count}{code}", self._data, self._position)
        self._position += count * struct.calcsize(code)
        return values

    def take_bytes(self) -> memoryview:
        """A sequence of bytes, not copied."""
        (length,) = self.take("I")
        taken = self._data[self._position : self._position + length]
        if len(taken) != length:
            raise ValueError("the message ends early")
        self._position += length
        return taken

    def take_string(self) -> str:
        """A string."""
        return bytes(self.take_bytes()[:-1]).decode()

    def skip_header(self) -> "CdrReader":
        """Pass over a std_msgs/Header."""
        self.take("i")
        self.take("I")
        self.take_bytes()
        return self


def _padding(position: int, code: str) -> int:
    """Bytes to the next multiple of the type's size, counted after the first four."""
    return -(position - 4) % struct.calcsize(f"<{code}")
