"""What the files of NYUv2 do not say: cameras, encoding of depth, valid part, classes.

The numbers are those of the data set's toolbox (camera_params.m).
"""

import math
from dataclasses import replace

import numpy as np

from core.frame import Intrinsics

COLOR_CAMERA = Intrinsics(
    640,
    480,
    518.85790117450188,
    519.46961112127485,
    325.58244941119034,
    253.73616633400465,
)
"""Of the labelled images, which the toolbox undistorted."""
RAW_COLOR_CAMERA = replace(
    COLOR_CAMERA,
    distortion=(
        2.0796615318809061e-01,
        -5.8613825163911781e-01,
        7.2231363135888329e-04,
        1.0479627195765181e-03,
        4.9856986684705107e-01,
    ),
)
"""Of the colour images of raw scenes."""
RAW_DEPTH_CAMERA = Intrinsics(
    640,
    480,
    582.62448167737955,
    582.69103270988637,
    313.04475870804731,
    238.44389626620386,
    (
        -9.9897236553084481e-02,
        3.9065324602765344e-01,
        1.9290592870229277e-03,
        -1.9422022475975055e-03,
        -5.1031725053400578e-01,
    ),
)
"""Of the depth images of raw scenes."""


def _T_raw_color_depth() -> np.ndarray:
    """(4, 4) from the depth camera to the colour camera of raw scenes.

    The toolbox (depth_world2rgb_world.m) has p_color = R p_depth + T with R near -1 and
    T = (t_x, t_z, t_y) in this order, so its points lie behind the camera. Before the
    camera, and on the same pixels, are those of -R and -T.
    """
    rows = (
        (9.9997798940829263e-01, 5.0518419386157446e-03, 4.3011152014118693e-03),
        (-5.0359919480810989e-03, 9.9998051861143999e-01, -3.6879781309514218e-03),
        (-4.3196624923060242e-03, 3.6662365748484798e-03, 9.9998394948385538e-01),
    )
    transform = np.eye(4)
    transform[:3, :3] = np.linalg.inv(rows)
    transform[:3, 3] = (
        -2.5031875059141302e-02,
        2.9342312935846411e-04,
        -6.6238747008330102e-04,
    )
    return transform


T_RAW_COLOR_DEPTH = _T_raw_color_depth()
R_COLOR_ACCELEROMETER = np.diag((-1.0, -1.0, 1.0))
"""(3, 3) from the axes of the Kinect's accelerometer, as libfreenect reads it, to those
of the colour camera: x left, y up, z where the camera looks; at rest it reads up.

libfreenect itself says only how many counts make a g (accel.c). Microsoft's SDK 1.8
names these axes ("Accelerometer": a level camera reads -1 along y, as it tells where
gravity points, which is the opposite). Programs that use libfreenect agree: down is
(-z, -x, -y) of forward, left and up (IllinoisRoboticsInSpace, CoordSystemKinect.cpp),
and the pitch is asin(z / g) (ofxKinect).
"""
ACCELEROMETER_COUNTS = 819
"""To a g (libfreenect.h)."""
DEPTH_SCALE = 2e-4
"""Metres per unit of what comes in metres or as disparity: less than the Kinect's own
steps (0.29 mm at its nearest, 30 mm at 3 m), and its largest value, 10 m, fits."""
MAX_DEPTH_M = 10.0
"""What the Kinect could not measure the toolbox clamps to 0 or to this."""
VALID_ROWS, VALID_COLUMNS = slice(44, 471), slice(40, 601)
"""Inside the white border that undistortion left (the toolbox's projection mask)."""
NYU40_NAMES = (
    "wall", "floor", "cabinet", "bed", "chair", "sofa", "table", "door", "window",
    "bookshelf", "picture", "counter", "blinds", "desk", "shelves", "curtain",
    "dresser", "pillow", "mirror", "floor mat", "clothes", "ceiling", "books",
    "refrigerator", "television", "paper", "towel", "shower curtain", "box",
    "whiteboard", "person", "night stand", "toilet", "sink", "lamp", "bathtub", "bag",
    "other structure", "other furniture", "other prop",
)  # fmt: skip
"""The 40 classes of Gupta et al. (CVPR 2013), by id. Class k here is k + 1 in the
official label images, where 0 means unlabelled."""


def color_camera(width: int, height: int) -> Intrinsics | None:
    """The camera of labelled images of this size; None when it is no copy of theirs."""
    if width * COLOR_CAMERA.height != height * COLOR_CAMERA.width:
        return None
    return COLOR_CAMERA.resized(width, height)


def depth_units(depth_m: np.ndarray) -> np.ndarray:
    """(h, w) float metres to uint16 units of DEPTH_SCALE, 0 where not measured."""
    is_measured = np.isfinite(depth_m) & (depth_m > 0) & (depth_m < MAX_DEPTH_M)
    units = np.where(is_measured, depth_m, 0.0) / DEPTH_SCALE
    return np.rint(units).astype(np.uint16)


def depth_units_of_raw(raw: np.ndarray) -> np.ndarray:
    """(h, w) uint16 raw disparity of the Kinect to units of DEPTH_SCALE, 0 for none."""
    return _UNITS_OF_RAW[np.minimum(raw, NO_DISPARITY)]


def without_border(depth: np.ndarray) -> np.ndarray:
    """(h, w) depth of a whole image, 0 in the border, where in-painting invented it."""
    rows = _scaled(VALID_ROWS, depth.shape[0] / COLOR_CAMERA.height)
    columns = _scaled(VALID_COLUMNS, depth.shape[1] / COLOR_CAMERA.width)
    inside = np.zeros_like(depth)
    inside[rows, columns] = depth[rows, columns]
    return inside


def _scaled(part: slice, factor: float) -> slice:
    return slice(math.ceil(part.start * factor), math.floor(part.stop * factor))


NO_DISPARITY = 2047  # the largest of 11 bits
# depth_rel2depth_abs.m; beyond disparity 1092.5 this is negative, as for NO_DISPARITY.
_UNITS_OF_RAW = depth_units(351.3 / (1092.5 - np.arange(NO_DISPARITY + 1)))
