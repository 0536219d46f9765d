"""Depth registered to the colour camera, and librealsense's align: time and Z error.

    python benchmarks/registration.py

Exact depth of views of a simulated room, in steps of 0.1 mm. The error is to the Z that
each colour pixel really has: half a pixel of a surface's slope is in it, for both.
"""

import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pyrealsense2 as rs

from core import Intrinsics, RgbdFrame
from core.registration import register_depth
from core.simulation import SimulatedCamera
from core.simulation.render import camera_rays

VIEWS, REPEATS = range(0, 240, 30), 40
DEPTH_SCALE = 1e-4
D435_640 = Intrinsics(640, 480, 385.5, 385.1, 321.4, 237.8)
COLOR_640 = Intrinsics(640, 480, 615.8, 615.4, 316.9, 244.7)
KINECT = Intrinsics(640, 480, 582.6, 582.7, 313.0, 238.4, (-0.1, 0.39, 2e-3, -2e-3))
D435_848 = Intrinsics(848, 480, 423.1, 423.1, 425.2, 239.1)
D435_1280 = Intrinsics(1280, 720, 637.2, 637.2, 642.1, 358.9)
COLOR_1280 = Intrinsics(1280, 720, 912.3, 911.8, 644.2, 365.1)
PAIRS = (
    (D435_640, COLOR_640),
    (KINECT, COLOR_640),
    (D435_848, COLOR_640),
    (D435_1280, COLOR_1280),
)
T_COLOR_DEPTH = np.eye(4)
T_COLOR_DEPTH[:3, :3] = cv2.Rodrigues(np.array((0.004, -0.006, 0.009)))[0]
T_COLOR_DEPTH[:3, 3] = 0.0147, 0.0002, 0.0004


def views(
    room: SimulatedCamera, depth: Intrinsics, color: Intrinsics
) -> Iterator[tuple[RgbdFrame, np.ndarray]]:
    """Frames, and (H, W) float32 metres of what their colour pixels see."""
    rgb = np.zeros((color.height, color.width, 3), np.uint8)
    for pose in room.poses[VIEWS]:
        rays = camera_rays(depth, pose @ T_COLOR_DEPTH)
        units = np.rint(room.scene.cast(rays).distance / DEPTH_SCALE)
        image = np.where(units < 65536, units, 0).reshape(depth.height, depth.width)
        truth = room.scene.cast(camera_rays(color, pose)).distance
        frame = RgbdFrame(
            rgb, image.astype(np.uint16), DEPTH_SCALE, color, depth, T_COLOR_DEPTH
        )
        yield frame, truth.reshape(color.height, color.width)


class Align:
    """librealsense's align to colour, of frames that a software device brings."""

    def __init__(self, depth: Intrinsics, color: Intrinsics) -> None:
        self._device, self._frames = rs.software_device(), rs.syncer(8)
        self._align = rs.align(rs.stream.color)
        self._streams = [
            self._stream("depth", rs.format.z16, depth),
            self._stream("color", rs.format.rgb8, color),
        ]
        extrinsics = rs.extrinsics()
        extrinsics.rotation = list(T_COLOR_DEPTH[:3, :3].T.ravel())  # by columns
        extrinsics.translation = list(T_COLOR_DEPTH[:3, 3])
        (_, depth_profile), (_, color_profile) = self._streams
        depth_profile.register_extrinsics_to(color_profile, extrinsics)
        for sensor, profile in self._streams:
            sensor.set_metadata(rs.frame_metadata_value.actual_fps, 30_000)
            sensor.open(profile)
            sensor.start(self._frames)
        self._number = 0

    def frames(self, frame: RgbdFrame) -> rs.composite_frame:
        """The frame as librealsense's own."""
        pair = None
        while pair is None:  # what comes first is not paired yet
            self._number += 1
            self._push(frame)
            arrived, frames = self._frames.try_wait_for_frames(100)
            while arrived:
                pair = frames if frames.size() == 2 else pair
                arrived, frames = self._frames.try_wait_for_frames(100)
        pair.keep()
        return pair

    def _push(self, frame: RgbdFrame) -> None:
        images = (frame.depth, frame.rgb)
        for (sensor, profile), pixels in zip(self._streams, images, strict=True):
            image = rs.software_video_frame()
            image.profile, image.pixels = profile, pixels.copy()
            image.stride = pixels.strides[0]
            image.bpp = image.stride // pixels.shape[1]
            image.timestamp, image.frame_number = 33.3 * self._number, self._number
            sensor.on_video_frame(image)

    def __call__(self, frames: rs.composite_frame) -> np.ndarray:
        """(H, W) uint16 units."""
        aligned = self._align.process(frames).get_depth_frame()
        return np.asanyarray(aligned.get_data())

    def _stream(
        self, kind: str, pixel_format: rs.format, lens: Intrinsics
    ) -> tuple[rs.software_sensor, rs.video_stream_profile]:
        sensor = self._device.add_sensor(kind)
        if kind == "depth":
            sensor.add_read_only_option(rs.option.depth_units, DEPTH_SCALE)
        numbers = rs.intrinsics()
        numbers.width, numbers.height = lens.width, lens.height
        numbers.fx, numbers.fy = lens.fx, lens.fy
        numbers.ppx, numbers.ppy = lens.cx, lens.cy
        stream = rs.video_stream()
        stream.type, stream.uid = getattr(rs.stream, kind), len(self._device.sensors)
        stream.fmt, stream.bpp = pixel_format, 2 if kind == "depth" else 3
        stream.width, stream.height, stream.fps = lens.width, lens.height, 30
        stream.intrinsics = numbers
        return sensor, sensor.add_video_stream(stream, True).as_video_stream_profile()


def measured(
    register: Callable[[object], np.ndarray], inputs: list, truths: list[np.ndarray]
) -> str:
    """Milliseconds of CPU and millimetres of error as table cells."""
    errors_mm = []
    for given, truth in zip(inputs, truths, strict=True):
        depth_m = register(given) * DEPTH_SCALE
        seen = (depth_m > 0) & np.isfinite(truth)
        errors_mm.append(1000 * (depth_m - truth)[seen])
    taken = []
    for given in inputs * REPEATS:
        start = time.process_time()
        register(given)
        taken.append(1000 * (time.process_time() - start))
    error_mm = np.concatenate(errors_mm)
    size, bias = np.median(np.abs(error_mm)), np.median(error_mm)
    return f"{min(taken):9.2f} {np.median(taken):8.2f} {size:9.2f} {bias:9.2f}"


def ours(color: Intrinsics) -> Callable[[RgbdFrame], np.ndarray]:
    """`register_depth`, always into the same memory."""
    out = np.empty((color.height, color.width), np.uint16)
    return lambda frame: register_depth(frame, out)


def main() -> None:
    room = SimulatedCamera(seed=3)
    print(f"{'':39}{'ms min':>9}{'median':>9}{'|mm|':>10}{'bias mm':>10}")
    for depth, color in PAIRS:
        frames, truths = map(list, zip(*views(room, depth, color), strict=True))
        name = f"{depth.width}x{depth.height} to {color.width}x{color.height}"
        name += ", distorted" if depth.distortion else ""
        print(f"{name:30}{'ours':9}{measured(ours(color), frames, truths)}")
        if not depth.distortion:
            align = Align(depth, color)
            given = [align.frames(frame) for frame in frames]
            print(f"{'':30}{'rs.align':9}{measured(align, given, truths)}")


if __name__ == "__main__":
    main()
