"""What lies behind the paths that are to be predicted."""

import logging
from collections.abc import Iterable
from pathlib import Path

from capture_app.predicting.depth_frames import DepthFrames
from capture_app.predicting.images import ImageFiles, image_files
from capture_app.predicting.pictures import Input
from capture_app.predicting.video_file import VIDEO_SUFFIXES, VideoFile
from core.errors import DatasetError
from core.inputs import named_frames
from core.interchange.color_depth import find_color_folder
from core.recording.writer import CAPTURE_FILE

logger = logging.getLogger(__name__)

SINGLE_IMAGES = "images"
"""What image files that are named one by one are together called."""
_MODELS = (".onnx", ".pth", ".pt", ".ckpt", ".safetensors")
_SDK_FILES = (".db3", ".bag")


def open_inputs(paths: Iterable[Path]) -> list[Input]:
    """Every input, none of them half; HNError says what cannot be one."""
    inputs: list[Input] = []
    images = []
    for path in paths:
        if not path.is_file() or path.suffix == ".mat" or path.name == CAPTURE_FILE:
            inputs += _open_folder(path)
        elif path.suffix.lower() in VIDEO_SUFFIXES:
            inputs.append(VideoFile(path))
        else:
            _check_may_be_image(path)
            images.append(path)
    if images:
        inputs.append(ImageFiles(SINGLE_IMAGES, images))
    return inputs


def _check_may_be_image(path: Path) -> None:
    if path.suffix.lower() in _MODELS:
        raise DatasetError(
            f"{path} is a model, and one is given already; a model comes first, and "
            "after it images, folders, recordings or videos"
        )
    if path.suffix.lower() in _SDK_FILES:
        raise DatasetError(
            f"{path} is a file of a camera's SDK; make a recording of it first: "
            f"hn-convert {path} recordings/{path.stem}"
        )


def _open_folder(path: Path) -> list[Input]:
    """The recordings in a folder, or its frames with depth, or else its images."""
    try:
        return [DepthFrames(name, source) for name, source in named_frames(path)]
    except DatasetError as error:
        if not path.is_dir():
            raise
        name = path.resolve().name
        files = image_files(path)
        if files:
            return [ImageFiles(name, files)]
        color_folder = find_color_folder(path)
        files = [] if color_folder is None else image_files(color_folder)
        if not files:
            raise DatasetError(
                f"{path} holds no images; expected images, a recording, or colour and "
                "depth images in a layout that the README lists"
            ) from error
        logger.warning("%s is read without depth: %s", path, error)
        return [ImageFiles(name, files)]
