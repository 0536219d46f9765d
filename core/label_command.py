"""`hn-label`: HN-labels of recordings, folders and pairs of images, as pictures and
numbers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from core.bins import HNBins
from core.command import run_command
from core.errors import DatasetError
from core.files import whole_folder
from core.hn_labels import Method
from core.inputs import check_folders, check_no_twins, named_frames
from core.interchange import FrameSource, open_image_pair
from core.interchange.calibration import CameraFile, read_camera_file
from core.interchange.depth_encodings import EncodingName
from core.label_report import LabelStatistics
from core.label_source import label_source


@dataclass(frozen=True)
class LabelConfig:
    """HN-labels of recordings, of folders of images, or of one colour and one depth
    image."""

    paths: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Recordings, folders of recordings, folders of colour and depth images, NYUv2's
    .mat; or the two image files of one frame, in either order."""
    out: Path = Path("labels")
    """Where to write; each input gets a folder of its name, never an existing one."""
    stats: bool = False
    """Print the statistics as JSON and write nothing."""
    every: int = 1
    """Label every n-th frame."""
    method: Method = "live"
    """"live" measures the floor where it is in view and tracks it to other frames;
    "paper" is the paper's rule, each frame by itself: Manhattan frame, first
    percentile, discard."""
    bins: HNBins = field(default_factory=HNBins)
    """How height and angle are cut."""
    depth_scale: float | None = None
    """Metres per depth unit of two image files; 0.001 unless their calibration says."""
    depth_encoding: EncodingName | None = None
    """How two image files hold depth, in place of --depth-scale: mm; tum, 1/5000 m, as
    TUM RGB-D and ICL-NUIM; sun, SUN RGB-D's rotated millimetres; nyu-raw, the Kinect's
    disparity in a raw scene of NYUv2, whose cameras are known."""
    intrinsics: Path | None = None
    """Calibration of two image files: the 3 x 3 matrix as text, or Open3D's JSON;
    without it the K.txt beside them."""
    fx: float | None = None
    """Focal length across, pixels; with the next three in place of a calibration."""
    fy: float | None = None
    """Focal length down, pixels."""
    cx: float | None = None
    """Principal point from the left, pixels."""
    cy: float | None = None
    """Principal point from the top, pixels."""


def main() -> None:
    """Entry point of hn-label."""
    run_command("hn-label", LabelConfig, label)


def label(config: LabelConfig) -> str:
    """Label every input; one line each on what was found and written, or JSON."""
    sources = _open_inputs(config)
    if config.stats:
        found = {
            name: _label(source, config).summary() for name, source in sources.items()
        }
        return json.dumps(found, indent=2)
    check_folders(list(sources), config.out, "labels", "label")
    lines = []
    for name, source in sources.items():
        with whole_folder(config.out / name) as folder:
            statistics = _label(source, config, folder)
        lines.append(f"{name}: {statistics.sentence()}: {config.out / name}")
    return "\n".join(lines)


def _label(
    source: FrameSource, config: LabelConfig, folder: Path | None = None
) -> LabelStatistics:
    return label_source(source, config.method, config.bins, config.every, folder)


def _open_inputs(config: LabelConfig) -> Mapping[str, FrameSource]:
    """Every input by the name of its folder of labels; none is opened half."""
    if config.every < 1:
        raise DatasetError(f"--every must be at least 1, got {config.every}")
    files = [path for path in config.paths if path.is_file() and path.suffix != ".mat"]
    if files:
        return _open_files(files, config)
    of_depth = (config.depth_scale, config.depth_encoding)
    if _camera(config) is not None or of_depth != (None, None):
        raise DatasetError(
            "--intrinsics, --fx --fy --cx --cy, --depth-scale and --depth-encoding are "
            "for two image files; recordings have theirs, and folders a calibration "
            "such as K.txt"
        )
    named = [source for path in config.paths for source in named_frames(path)]
    if not named:
        raise DatasetError(
            "no input given; expected recordings, or folders or a pair of colour and "
            "depth images"
        )
    check_no_twins([name for name, _ in named], config.out, "label")
    return dict(named)


def _open_files(files: list[Path], config: LabelConfig) -> Mapping[str, FrameSource]:
    if len(files) != 2 or len(config.paths) != 2:
        raise DatasetError(
            f"{files[0]} is a file; expected recordings, folders of images, NYUv2's "
            ".mat, or two files alone: one colour image and its 16-bit depth"
        )
    if config.depth_scale is not None and config.depth_encoding is not None:
        raise DatasetError(
            "--depth-scale and --depth-encoding both say what a unit of depth is; give "
            "one of them"
        )
    source = open_image_pair(
        files, _camera(config), config.depth_scale, config.depth_encoding
    )
    return {source.name: source}


def _camera(config: LabelConfig) -> CameraFile | None:
    """The calibration that the options give."""
    numbers = (config.fx, config.fy, config.cx, config.cy)
    if all(number is None for number in numbers):
        return (
            None if config.intrinsics is None else read_camera_file(config.intrinsics)
        )
    if config.intrinsics is not None or None in numbers:
        raise DatasetError(
            "give all of --fx --fy --cx --cy, or --intrinsics with a file instead"
        )
    fx, fy, cx, cy = numbers
    matrix = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], np.float64)
    return CameraFile(Path("--fx --fy --cx --cy"), matrix)
