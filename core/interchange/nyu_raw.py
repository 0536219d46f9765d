"""NYUv2's raw scenes, as libfreenect's record tool wrote them.

    r-T-S.ppm    colour, distorted
    d-T-S.pgm    the Kinect's disparity on the pixels of its own camera
    a-T-S.dump   the accelerometer: x y z as 16-bit counts, then the motor's angle

T is the computer's clock in seconds, S the Kinect's counter; each comes in its own
time. Both cameras and the accelerometer's axes are known (core.nyuv2).
"""

import logging
import struct
from pathlib import Path

import numpy as np

from core.errors import DatasetError
from core.interchange.calibration import CameraFile
from core.interchange.depth_encodings import ENCODINGS
from core.interchange.image_folder import ImageFolder
from core.interchange.layout import Layout
from core.interchange.pairing import LARGEST_OFFSET_NS, pair_by_time
from core.interchange.trajectory import nanoseconds
from core.nyuv2 import (
    ACCELEROMETER_COUNTS,
    R_COLOR_ACCELEROMETER,
    RAW_COLOR_CAMERA,
    RAW_DEPTH_CAMERA,
    T_RAW_COLOR_DEPTH,
)

logger = logging.getLogger(__name__)

NUM_PIXELS = RAW_COLOR_CAMERA.width * RAW_COLOR_CAMERA.height
COLOR_BYTES = len("P6 640 480 255\n") + 3 * NUM_PIXELS
DEPTH_BYTES = len("P5 640 480 65535\n") + 2 * NUM_PIXELS
_COUNTS = struct.Struct("<3h")
_AT_REST = (0.95, 1.05)  # g; outside of it the accelerometer measures motion too


def _open(path: Path, camera: CameraFile | None) -> ImageFolder | None:
    colors, depths = _times(path, "r-*.ppm"), _times(path, "d-*.pgm")
    if not (colors and depths):
        return None
    num_images = len(colors) + len(depths)
    colors = [(time, file) for time, file in colors if _is_whole(file, COLOR_BYTES)]
    depths = [(time, file) for time, file in depths if _is_whole(file, DEPTH_BYTES)]
    num_cut = num_images - len(colors) - len(depths)
    if num_cut:
        logger.warning(
            "%s: %d images are empty or cut off and are left out", path, num_cut
        )
    matches = pair_by_time([time for time, _ in colors], [time for time, _ in depths])
    if not matches:
        raise DatasetError(
            f"no whole colour and depth image of {path} are within "
            f"{LARGEST_OFFSET_NS / 1e6:.0f} ms of each other; download it again"
        )
    pairs = [(colors[i][1], depths[j][1]) for i, j in matches]
    times_ns = [colors[i][0] for i, _ in matches]
    used = {file for pair in pairs for file in pair}
    return nyu_raw_folder(
        path,
        pairs,
        camera,
        timestamps_ns=times_ns,
        up_hints=_up_hints(path, times_ns),
        unpaired=tuple(f.name for _, f in (*colors, *depths) if f not in used),
    )


def nyu_raw_folder(
    path: Path,
    pairs: list[tuple[Path, Path]],
    camera: CameraFile | None = None,
    **others: object,
) -> ImageFolder:
    """Pairs of raw images with NYUv2's two cameras, the colour one's stand-in `camera`;
    `others` are further fields of the folder."""
    color = RAW_COLOR_CAMERA
    if camera is not None:
        color = camera.intrinsics(color.width, color.height)
    encoding = ENCODINGS["nyu-raw"]
    return ImageFolder(
        path,
        pairs,
        color,
        RAW_DEPTH_CAMERA,
        T_RAW_COLOR_DEPTH,
        encoding.depth_scale,
        decode_depth=encoding.decode,
        **others,  # type: ignore[arg-type]
    )


def _up_hints(path: Path, times_ns: list[int]) -> list[np.ndarray | None]:
    """The up direction at each of these times, where it was measured at rest."""
    dumps = _times(path, "a-*.dump")
    dump_at = dict(pair_by_time(times_ns, [time for time, _ in dumps]))
    return [
        _up(dumps[dump_at[index]][1].read_bytes()) if index in dump_at else None
        for index in range(len(times_ns))
    ]


def _up(dump: bytes) -> np.ndarray | None:
    """(3,) unit vector in the colour camera, of a dump of the accelerometer."""
    if len(dump) < _COUNTS.size:
        return None
    counts = R_COLOR_ACCELEROMETER @ _COUNTS.unpack_from(dump)
    length = float(np.linalg.norm(counts))
    if not _AT_REST[0] < length / ACCELEROMETER_COUNTS < _AT_REST[1]:
        return None
    return counts / length


def _times(path: Path, pattern: str) -> list[tuple[int, Path]]:
    """Time in ns and file of the images of one kind, by time."""
    return sorted(
        (time, file)
        for file in path.glob(pattern)
        if (time := _time_ns(file)) is not None
    )


def _time_ns(file: Path) -> int | None:
    """1316653580.471513 s of "r-1316653580.471513-1316138413.ppm", exactly."""
    words = file.stem.split("-")
    return nanoseconds(words[1]) if len(words) == 3 else None


def _is_whole(file: Path, num_bytes: int) -> bool:
    """Whether all pixels are there: the data set has some that were cut off."""
    return file.stat().st_size >= num_bytes


NYU_RAW = Layout("nyu-raw", _open)
