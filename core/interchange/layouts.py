"""What lies behind a path: a recording, or one of the layouts that are known."""

import logging
from pathlib import Path

from core.errors import DatasetError
from core.interchange.calibration import CameraFile
from core.interchange.color_depth import COLOR_DEPTH
from core.interchange.icl_nuim import ICL_NUIM
from core.interchange.image_folder import FrameSource, ImageFolder
from core.interchange.layout import Layout
from core.interchange.nyu_labelled import NYU
from core.interchange.nyu_raw import NYU_RAW
from core.interchange.open3d_folder import OPEN3D
from core.interchange.scannet import SCANNET
from core.interchange.seven_scenes import SEVEN_SCENES
from core.interchange.sun_rgbd import SUN_RGBD
from core.interchange.tum import TUM
from core.recording import Recording
from core.recording.writer import CAPTURE_FILE

logger = logging.getLogger(__name__)

LAYOUTS = (
    TUM,
    ICL_NUIM,
    SEVEN_SCENES,
    SCANNET,
    NYU,
    NYU_RAW,
    SUN_RGBD,
    OPEN3D,
    COLOR_DEPTH,
)
"""In the order they are tried: plain folders are what many others have too."""


def open_frames(path: Path, camera: CameraFile | None = None) -> FrameSource:
    """The frames at `path`: a recording, or a folder of colour and depth images.

    `camera` is the calibration of images that lie there without one, or with another.
    """
    path = Path(path)
    if not path.exists():
        raise DatasetError(
            f"{path} does not exist; expected a recording or image folder"
        )
    if (path / CAPTURE_FILE).exists():
        return Recording(path)
    for known in LAYOUTS:
        source = known.open(path, camera)
        if source is not None:
            _warn_of_unpaired(path, source)
            return source
    if path.name == CAPTURE_FILE:
        raise DatasetError(f"{path} is the file of a recording; give its folder")
    if path.is_file():
        raise DatasetError(
            f"{path} is a file; expected the folder of a recording or of images"
        )
    raise DatasetError(
        f"{path} holds no frames; expected {CAPTURE_FILE}, or frame-N.color.png "
        "beside frame-N.depth.png, or images in rgb/, color/, images/, image/ and "
        "depth/, or another layout that the README lists"
    )


def layout(name: str) -> Layout:
    """The layout of this name, one of `LAYOUTS`."""
    return next(known for known in LAYOUTS if known.name == name)


def _warn_of_unpaired(path: Path, source: FrameSource) -> None:
    if isinstance(source, ImageFolder) and source.unpaired:
        logger.warning(
            "%s: %d images have no partner and are left out (%s ...)",
            path,
            len(source.unpaired),
            source.unpaired[0],
        )
