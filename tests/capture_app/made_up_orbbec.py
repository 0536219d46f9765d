"""An Orbbec camera and its SDK, as far as the sensor uses them; nothing is real."""

from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np

WIDTH, HEIGHT = 10, 6
ROTATION = cv2.Rodrigues(np.array([0.01, 0.02, -0.03]))[0]


def color_of(number: int) -> np.ndarray:
    rng = np.random.default_rng(number)
    return rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def depth_of(number: int) -> np.ndarray:
    rng = np.random.default_rng(100 + number)
    return rng.integers(0, 65536, (4, 8), np.uint16)


class Profile:
    """A stream profile with the calibration of an Orbbec camera, in millimetres."""

    def __init__(
        self, width: int, height: int, model: str = "BROWN_CONRADY", fps: int = 15
    ) -> None:
        self._size = (width, height)
        self._model = model
        self._fps = fps

    def as_video_stream_profile(self) -> "Profile":
        return self

    def get_intrinsic(self) -> Any:
        width, height = self._size
        return SimpleNamespace(
            width=width, height=height, fx=9.5, fy=9.25, cx=4.5, cy=2.75
        )

    def get_distortion(self) -> Any:
        numbers = {f"k{n}": n / 100 for n in range(1, 7)}
        model = SimpleNamespace(name=self._model)
        return SimpleNamespace(**numbers, p1=0.5, p2=0.25, model=model)

    def get_extrinsic_to(self, other: "Profile") -> Any:
        transform = np.array((-31.5, 2.0, 0.5), np.float32)
        rot = ROTATION.ravel().astype(np.float32)
        return SimpleNamespace(rot=rot, transform=transform)

    def get_fps(self) -> int:
        return self._fps

    def get_width(self) -> int:
        return self._size[0]

    def get_height(self) -> int:
        return self._size[1]

    def get_format(self) -> str:
        return "RGB"


class Frame:
    """One image of the SDK."""

    def __init__(
        self, number: int, data: bytes, size: tuple[int, int], kind: str, late_us: int
    ) -> None:
        self._number, self._data, self._size = number, data, size
        self._kind, self._late_us = kind, late_us
        self.profile = Profile(*size)

    def get_index(self) -> int:
        return self._number

    def get_timestamp_us(self) -> int:
        return 5_000_000 + self._number * 66_667 + self._late_us

    def get_width(self) -> int:
        return self._size[0]

    def get_height(self) -> int:
        return self._size[1]

    def get_data(self) -> np.ndarray:
        return np.frombuffer(self._data, np.uint8)

    def get_format(self) -> Any:
        return SimpleNamespace(name=self._kind)

    def get_depth_scale(self) -> float:
        return 0.25

    def get_stream_profile(self) -> Profile:
        return self.profile


def depth_frame(number: int) -> Frame:
    return Frame(number, depth_of(number).tobytes(), (8, 4), "Y16", 0)


def color_frame(number: int, kind: str = "RGB", late_us: int = 700) -> Frame:
    rgb = color_of(number)
    data = {
        "RGB": rgb,
        "BGR": rgb[..., ::-1],
        "BGRA": np.concatenate((rgb[..., ::-1], rgb[..., :1]), axis=-1),
        "H264": rgb,
    }[kind]
    return Frame(number, data.tobytes(), (WIDTH, HEIGHT), kind, late_us)


class Sdk:
    """pyorbbecsdk with cameras of these serial numbers, which send these frames."""

    class OBError(Exception):
        pass

    class Config:
        def __init__(self) -> None:
            self.profiles: list[Profile] = []

        def enable_stream(self, profile: Profile) -> None:
            self.profiles.append(profile)

        def set_frame_aggregate_output_mode(self, mode: Any) -> None: ...

    OBSensorType = SimpleNamespace(DEPTH_SENSOR=1, COLOR_SENSOR=2)
    OBFrameAggregateOutputMode = SimpleNamespace(FULL_FRAME_REQUIRE=0)
    OBLogLevel = SimpleNamespace(NONE=5)

    def __init__(self, serials: list[str], answers: list[Any], looks: int = 1) -> None:
        self.serials, self.answers, self.looks = serials, answers, looks
        self.logged_to: list[str] = []
        self.color_fps: tuple[int, ...] = (15,)
        """What colour can have, the default first."""
        self.started: list[Profile] = []
        self.num_stopped = 0
        sdk = self

        class Context:
            set_logger_to_console = staticmethod(lambda level: None)
            set_logger_to_file = staticmethod(
                lambda level, folder: sdk.logged_to.append(folder)
            )

            def query_devices(self) -> Any:
                sdk.looks -= 1
                return Devices(sdk.serials if sdk.looks <= 0 else [])

        self.Context = Context

    def Pipeline(self, device: str) -> Any:
        def wait_for_frames(timeout_ms: int) -> Any:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        def stop() -> None:
            self.num_stopped += 1

        def profiles_of(kind: int) -> Any:
            is_color = kind == self.OBSensorType.COLOR_SENSOR
            size, offered = (
                ((WIDTH, HEIGHT), self.color_fps) if is_color else ((8, 4), (15,))
            )

            def find(width: int, height: int, kind: str, fps: int) -> Profile:
                if (width, height) != size or fps not in offered:
                    raise self.OBError("no such profile")
                return Profile(width, height, fps=fps)

            return SimpleNamespace(
                get_default_video_stream_profile=lambda: Profile(*size, fps=offered[0]),
                get_video_stream_profile=find,
            )

        return SimpleNamespace(
            get_stream_profile_list=profiles_of,
            enable_frame_sync=lambda: None,
            start=lambda config: self.started.extend(config.profiles),
            wait_for_frames=wait_for_frames,
            stop=stop,
        )


class Devices:
    def __init__(self, serials: list[str]) -> None:
        self._serials = serials

    def get_count(self) -> int:
        return len(self._serials)

    def get_device_by_index(self, index: int) -> Any:
        information = SimpleNamespace(
            get_serial_number=lambda: self._serials[index],
            get_name=lambda: "Femto Bolt",
        )
        return SimpleNamespace(get_device_info=lambda: information)

    def get_device_name_by_index(self, index: int) -> str:
        return "Femto Bolt"

    def get_device_serial_number_by_index(self, index: int) -> str:
        return self._serials[index]

    def get_device_connection_type_by_index(self, index: int) -> str:
        return "USB3.0"


def pair(depth: Frame, color: Frame | None) -> Any:
    return SimpleNamespace(get_depth_frame=lambda: depth, get_color_frame=lambda: color)
