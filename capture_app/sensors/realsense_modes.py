"""Which streams a RealSense camera is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from capture_app.sensors import failures
from capture_app.sensors.realsense_devices import usb_type
from capture_app.sensors.realsense_frames import CAMERA, COLOR_FORMATS
from capture_app.sensors.realsense_options import RealSenseSettings

_PREFERRED_SIZE = (640, 480)
_PREFERRED_FPS = 30


class Stream(NamedTuple):
    """A stream as the SDK offers it, and what sends it."""

    sensor: Any
    profile: Any

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of an image."""
        video = self.profile.as_video_stream_profile()
        return video.width(), video.height()


@dataclass(frozen=True)
class Mode:
    """The streams to open."""

    depth: Stream
    color: Stream
    accelerometer: Stream | None
    fps: int

    def profiles_by_sensor(self) -> list[tuple[Any, list[Any]]]:
        """What to open on each sensor; in a D405 depth and colour are of one."""
        streams = [s for s in (self.depth, self.color, self.accelerometer) if s]
        sensors = {id(stream.sensor): stream.sensor for stream in streams}
        return [
            (sensor, [s.profile for s in streams if s.sensor is sensor])
            for sensor in sensors.values()
        ]


def choose_mode(rs: Any, device: Any, settings: RealSenseSettings) -> Mode:
    """The device's mode nearest to what is asked for, one rate for both images.

    Near 640x480 at 30 fps where the settings ask for nothing; SensorError if the
    device does not have what they do ask for.
    """
    streams = [
        Stream(sensor, profile)
        for sensor in device.query_sensors()
        for profile in sensor.get_stream_profiles()
    ]
    depths = [s for s in streams if _sends(rs, s, "depth", ("z16",))]
    colors = [s for s in streams if _sends(rs, s, "color", COLOR_FORMATS)]
    try:
        fps = _choose_fps(depths, colors, settings.fps)
        depth = _choose(depths, "depth", settings.depth_size, fps)
        color = _choose(colors, "colour", settings.color_size, fps)
    except failures.NoProfileError as error:
        if usb_type(device).startswith("2."):
            raise failures.usb_2(CAMERA) from error
        raise
    accelerometers = [s for s in streams if s.profile.stream_type() == rs.stream.accel]
    fastest = max(accelerometers, key=lambda s: s.profile.fps(), default=None)
    return Mode(depth, color, fastest, fps)


def _sends(rs: Any, stream: Stream, kind: str, formats: Sequence[str]) -> bool:
    profile = stream.profile
    return (
        profile.is_video_stream_profile()
        and profile.stream_type() == getattr(rs.stream, kind)
        and profile.format().name in formats
    )


def _choose_fps(
    depths: Sequence[Stream], colors: Sequence[Stream], wanted: int | None
) -> int:
    rates = {s.profile.fps() for s in depths} & {s.profile.fps() for s in colors}
    if not rates or (wanted is not None and wanted not in rates):
        offered = ", ".join(f"{rate} fps" for rate in sorted(rates))
        at = "one frame rate" if wanted is None else f"{wanted} fps"
        raise failures.no_profile(CAMERA, f"depth (z16) and colour at {at}", offered)
    if wanted is not None:
        return wanted
    return min(rates, key=lambda rate: (abs(rate - _PREFERRED_FPS), -rate))


def _choose(
    streams: Sequence[Stream], kind: str, wanted: tuple[int, int] | None, fps: int
) -> Stream:
    """The stream of the wanted size, or of the one nearest to the preferred size."""
    streams = [s for s in streams if s.profile.fps() == fps]
    if wanted is not None and all(s.size != wanted for s in streams):
        raise failures.no_profile(
            CAMERA,
            f"{kind} of {_in_words(wanted)} at {fps} fps",
            ", ".join(_in_words(size) for size in sorted({s.size for s in streams})),
        )
    width, height = wanted or _PREFERRED_SIZE

    def rank(stream: Stream) -> tuple[bool, int, bool]:
        return (
            stream.size != (width, height),
            abs(stream.size[0] * stream.size[1] - width * height),
            stream.profile.format().name not in ("z16", "rgb8"),
        )

    return min(streams, key=rank)


def _in_words(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
