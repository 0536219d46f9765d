"""Whether a long recording of a RealSense loses a frame or grows in memory.

    python benchmarks/realsense_endurance.py --minutes 10

The SDK's own software device, without a camera: depth and colour of 848x480 at 30 fps
and accelerations at 210, fed from a thread that waits for nobody, go through the
sensor, a session with labels as the window has it, and the recorder. The recording goes
to a temporary folder (10 MB a second) unless --out names another disk. Fails when a
frame that was fed is missing from it, or when the process grows.
"""

import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyrealsense2 as rs
import tyro
from session_watch import checked, record_watched, wait_until_live

from capture_app.engine.live import LiveView
from capture_app.engine.recorder import RecordingSummary
from capture_app.engine.session import CaptureSession
from capture_app.sensors.realsense import RealSenseSensor
from core.bins import HNBins
from core.frame import RgbdFrame
from core.hn_labels import Labeler
from core.recording import Recording
from core.simulation import SimulatedCamera, cached_loop

WIDTH, HEIGHT, FPS, IMU_FPS = 848, 480, 30, 210  # seven accelerations a frame
MOST_GROWTH_MB = 30.0  # from the second minute to the last one
GRAVITY = 9.81


@dataclass(frozen=True)
class Config:
    """How long, and where to."""

    minutes: float = 10.0
    """Of recording; rendering the room takes half a minute before the first run."""
    out: Path | None = None
    """New folder for the recording, which stays; without it a temporary one."""


class FedCamera:
    """A RealSense with an IMU that shows a rendered room, on a thread of its own."""

    def __init__(self) -> None:
        self.loop = cached_loop(SimulatedCamera(3, 240, "d435", WIDTH, HEIGHT))
        self.latest_ms: list[float] = []
        """How late each frame was fed."""
        self.device = rs.software_device()
        frame = self.loop[0]
        depth_sensor = self.device.add_sensor("Stereo Module")
        depth_sensor.add_read_only_option(rs.option.depth_units, frame.depth_scale)
        color_sensor = self.device.add_sensor("RGB Camera")
        motion_sensor = self.device.add_sensor("Motion Module")
        streams = (
            (rs.stream.depth, 2, rs.format.z16, frame.depth_intrinsics),
            (rs.stream.color, 3, rs.format.rgb8, frame.color_intrinsics),
        )
        self._sensors = depth_sensor, color_sensor, motion_sensor
        self._depth, self._color = (
            sensor.add_video_stream(_video_stream(uid, *stream), True)
            for uid, (sensor, stream) in enumerate(
                zip(self._sensors, streams, strict=False)
            )
        )
        self._acceleration = motion_sensor.add_motion_stream(_motion_stream(), True)
        depth = self._depth.as_video_stream_profile()
        for profile, T in (
            (self._color.as_video_stream_profile(), frame.T_color_depth),
            (self._acceleration.as_motion_stream_profile(), np.eye(4)),
        ):
            extrinsics = rs.extrinsics()
            extrinsics.rotation = T[:3, :3].T.ravel().tolist()  # column by column
            extrinsics.translation = T[:3, 3].tolist()
            depth.register_extrinsics_to(profile, extrinsics)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._feed, name="camera", daemon=True)

    def __enter__(self) -> "FedCamera":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def frame(self, number: int) -> RgbdFrame:
        """What it shows under this number."""
        return self.loop[number % len(self.loop)]

    def _feed(self) -> None:
        start_s, number = time.monotonic(), 0
        while not self._stop.is_set():
            number += 1
            due_s = start_s + number / FPS
            time.sleep(max(0.0, due_s - time.monotonic()))
            self.latest_ms.append(1000 * (time.monotonic() - due_s))
            self._push(number)

    def _push(self, number: int) -> None:
        frame, time_ms = self.frame(number), 1000 * number / FPS
        for k in range(IMU_FPS // FPS):
            motion = rs.software_motion_frame()
            motion.data = _vector(GRAVITY * frame.up_hint)
            motion.timestamp = time_ms + 1000 * (k - IMU_FPS // FPS) / IMU_FPS
            motion.frame_number = number * (IMU_FPS // FPS) + k
            motion.domain = rs.timestamp_domain.hardware_clock
            motion.profile = self._acceleration.as_motion_stream_profile()
            self._sensors[2].on_motion_frame(motion)
        for sensor, profile, pixels, num_bytes in (
            (self._sensors[0], self._depth, frame.depth, 2),
            (self._sensors[1], self._color, frame.rgb, 3),
        ):
            image = rs.software_video_frame()
            image.pixels = np.array(pixels)
            image.bpp, image.stride = num_bytes, WIDTH * num_bytes
            image.timestamp, image.frame_number = time_ms, number
            image.domain = rs.timestamp_domain.hardware_clock
            image.profile = profile.as_video_stream_profile()
            sensor.on_video_frame(image)


def _video_stream(
    uid: int, kind: Any, bytes_per_pixel: int, pixel_format: Any, lens: Any
) -> Any:
    stream = rs.video_stream()
    stream.type, stream.index, stream.uid, stream.fps = kind, 0, uid, FPS
    stream.width, stream.height, stream.bpp = WIDTH, HEIGHT, bytes_per_pixel
    stream.fmt = pixel_format
    intrinsics = rs.intrinsics()
    intrinsics.width, intrinsics.height = WIDTH, HEIGHT
    intrinsics.fx, intrinsics.fy = lens.fx, lens.fy
    intrinsics.ppx, intrinsics.ppy = lens.cx, lens.cy
    intrinsics.model, intrinsics.coeffs = rs.distortion.none, [0.0] * 5
    stream.intrinsics = intrinsics
    return stream


def _motion_stream() -> Any:
    stream = rs.motion_stream()
    stream.type, stream.index, stream.uid, stream.fps = rs.stream.accel, 0, 2, IMU_FPS
    stream.fmt, stream.intrinsics = (
        rs.format.motion_xyz32f,
        rs.motion_device_intrinsic(),
    )
    return stream


def _vector(xyz: np.ndarray) -> Any:
    vector = rs.vector()
    vector.x, vector.y, vector.z = map(float, xyz)
    return vector


def record(camera: FedCamera, path: Path, seconds: float) -> RecordingSummary:
    """Record while labels are computed, and print what it took."""
    bins = HNBins()
    sensor = RealSenseSensor(devices=lambda: [camera.device])
    with CaptureSession(sensor, LiveView(Labeler(bins), bins)) as session, camera:
        session.start()
        wait_until_live(session)
        camera.latest_ms.clear()
        lost_before = session.stats().num_lost
        summary, watch = record_watched(session, path, seconds)
        num_lost = session.stats().num_lost - lost_before
        session.close()
    late_ms = np.array(camera.latest_ms)
    print(
        f"RealSense, {WIDTH}x{HEIGHT}, {FPS} fps, IMU {IMU_FPS} times a second\n"
        f"{watch.text(summary)}\n"
        f"lost by sensor    {min(num_lost, summary.num_dropped)} of the missing\n"
        f"fed               {np.median(late_ms):.2f} ms late, median; "
        f"{late_ms.max():.1f} at most"
    )
    grown_mb = watch.memory_mb[-1] - watch.memory_mb[min(1, len(watch.memory_mb) - 1)]
    if grown_mb > MOST_GROWTH_MB:
        raise SystemExit(f"the process has grown by {grown_mb:.0f} MB")
    return summary


def check(path: Path, camera: FedCamera, seconds: float) -> None:
    """The recording has every frame that was fed, and some are compared with it."""
    recording = Recording(path)
    first, last = recording[0].number, recording[len(recording) - 1].number
    assert last - first == len(recording) - 1 + recording.scene.num_dropped
    assert abs(last - first + 1 - seconds * FPS) <= FPS
    for frame in checked(recording):
        expected = camera.frame(frame.number)
        assert np.array_equal(frame.depth, expected.depth)
        assert frame.up_hint is not None
        assert frame.timestamp_ns == round(frame.number * 1e9 / FPS)


def main() -> int:
    """The exit status: 1 when a frame is missing, or the recording ended early."""
    config = tyro.cli(Config, prog="python benchmarks/realsense_endurance.py")
    with ExitStack() as stack:
        path = config.out
        if path is None:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "take"
        camera = FedCamera()
        summary = record(camera, path, 60 * config.minutes)
        check(path, camera, 60 * config.minutes)
    return int(summary.num_dropped > 0 or summary.error is not None)


if __name__ == "__main__":
    sys.exit(main())
