"""Depth brought to the colour camera's grid: what it costs, how exact its Z is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from benchmarks.box_furniture import random_room
from benchmarks.box_rooms import BoxRoom, View, rays_of, render
from benchmarks.box_views import DEPTH_SCALE, SENSORS, sense
from benchmarks.label_engine.report import Row, cpu_ms, milliseconds, share
from core import Intrinsics, RgbdFrame
from core.registration import register_depth
from core.simulation.walk import camera_pose

COLOR = Intrinsics(640, 480, 518.9, 519.5, 325.6, 253.7)
DEPTH = SENSORS["kinect"]

Register = Callable[[RgbdFrame], np.ndarray]


def _T_color_depth() -> np.ndarray:
    """25 mm aside and 3 mm back, turned by half a degree, as in a Kinect."""
    T = np.eye(4)
    T[:3, :3] = cv2.Rodrigues(np.array((0.004, -0.006, 0.003)))[0]
    T[:3, 3] = 0.0248, 0.0010, -0.0030
    return T


def registration(data: Path, quick: bool) -> Iterator[Row]:
    """Noise-free depth of rooms, seen by a depth camera beside the colour camera.

    Z is judged on a wall that faces the colour camera, and in a furnished room, where
    slants make millimetres of half a pixel aside.
    """
    wall = _seen(BoxRoom((5.0, 6.0, 2.6), ()), 0.0)
    room = _seen(random_room(np.random.default_rng(2), 12), -20.0)
    ways: dict[str, Register] = {
        "ours": register_depth,
        "cv2.registerDepth": _opencv,
        "Z copied as SDKs' align do, in NumPy": _copied_z,
    }
    for name, register in ways.items():
        is_ours = register is register_depth
        taken = cpu_ms(register, [room[0]], 3 if quick else 20)
        filled = register(room[0]) > 0
        on_wall, in_room = (_errors_mm(register(frame), v) for frame, v in (wall, room))
        yield Row(
            f"{'' if is_ours else '- '}depth to colour 640x480, {name}",
            "<= 1 ms, Z exact" if is_ours else "",
            f"{milliseconds(taken)}; Z off by {np.median(np.abs(on_wall)):.1f} mm "
            f"median, {np.abs(on_wall).max():.1f} max on a wall (of 1 mm steps), "
            f"{np.median(np.abs(in_room)):.1f} mm median in a room; "
            f"{share(filled)} of pixels filled",
        )


def _seen(room: BoxRoom, pitch_deg: float) -> tuple[RgbdFrame, View]:
    """A frame of two lenses, and what its colour lens sees."""
    eye = np.array((-0.4, 0.2, 1.3))
    T_world_color = camera_pose(eye, 0.0, np.radians(pitch_deg), 0.0)
    T_color_depth = _T_color_depth()
    view = render(room, COLOR, T_world_color)
    seen = render(room, DEPTH, T_world_color @ T_color_depth)
    depth = sense(seen, "none", np.random.default_rng(1)).depth
    rgb = np.zeros((COLOR.height, COLOR.width, 3), np.uint8)
    return RgbdFrame(rgb, depth, DEPTH_SCALE, COLOR, DEPTH, T_color_depth), view


def _errors_mm(registered: np.ndarray, view: View) -> np.ndarray:
    """(N,) of the filled pixels farther than 3 from where depth jumps."""
    size = np.ones((7, 7), np.uint8)
    jump = cv2.dilate(view.depth_m, size) - cv2.erode(view.depth_m, size)
    judged = (registered > 0) & (jump < 0.05 * view.depth_m)
    return 1000 * (registered * DEPTH_SCALE - view.depth_m)[judged]


def _opencv(frame: RgbdFrame) -> np.ndarray:
    return cv2.registerDepth(
        frame.depth_intrinsics.K,
        frame.color_intrinsics.K,
        np.zeros(4),
        frame.T_color_depth,
        frame.depth,
        (frame.color_intrinsics.width, frame.color_intrinsics.height),
        depthDilation=True,
    )


def _copied_z(frame: RgbdFrame) -> np.ndarray:
    """Each depth pixel's own Z at the colour pixel that it lands on."""
    lens = frame.color_intrinsics
    depth_m = frame.depth * frame.depth_scale
    points = rays_of(frame.depth_intrinsics) * depth_m[..., None]
    points = points @ frame.T_color_depth[:3, :3].T + frame.T_color_depth[:3, 3]
    x, y, z = points[frame.depth > 0].T
    u = np.rint(lens.fx * x / z + lens.cx).astype(int)
    v = np.rint(lens.fy * y / z + lens.cy).astype(int)
    inside = (u >= 0) & (u < lens.width) & (v >= 0) & (v < lens.height)
    result = np.zeros((lens.height, lens.width), np.uint16)
    result[v[inside], u[inside]] = frame.depth[frame.depth > 0][inside]
    return result
