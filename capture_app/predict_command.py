"""hn-predict: a trained network on images, recordings, videos and cameras."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import tyro

from core.command import run_command
from core.errors import DatasetError, HNError
from core.prediction import EngineName

if TYPE_CHECKING:
    from capture_app.predicting.pictures import Input
    from capture_app.predicting.results import Targets

Target: TypeAlias = Literal["images", "video", "recording"]


@dataclass(frozen=True)
class PredictConfig:
    """What a network sees in images, recordings, videos, or before a camera.

    For example: hn-predict runs/first/model.onnx recordings/kitchen walk.mp4
    """

    model: tyro.conf.Positional[Path]
    """A model.onnx, or a model_hn.onnx, of hn-train or hn-export."""
    inputs: Annotated[
        tyro.conf.Positional[tuple[Path, ...]], tyro.conf.arg(metavar="INPUT")
    ] = ()
    """Image files, folders of images, recordings, folders of recordings, folders of
    colour and depth images in any layout that hn-label reads, video files."""
    out: Path = Path("predictions")
    """Where to write; each input gets a folder of its name, never an existing one."""
    to: tuple[Target, ...] = ("images",)
    """Any of: images, a class image and an overlay of each picture; video, overlay.mp4;
    recording, the recording again with the predictions as topics."""
    sensor: str | None = None
    """Instead of inputs, a camera of hn-record --list, such as simulated."""
    seconds: float | None = None
    """How long the camera is watched, by its clock; otherwise until Ctrl-C, which keeps
    what there is."""
    every: int = 1
    """Predict every n-th picture."""
    opacity: float = 0.5
    """Of the classes' colours on overlays, 0 to 1."""
    points: bool = False
    """Also write every predicted frame that has depth as a point cloud (PLY) in its
    classes' colours."""
    engine: EngineName = "auto"
    """What runs the network; auto takes the fastest that is installed."""
    threads: int | None = None
    """How many threads the network gets: all cores, or with a camera those that this
    leaves free."""


def main() -> None:
    """Entry point of hn-predict."""
    run_command("hn-predict", PredictConfig, predict)


def predict(config: PredictConfig) -> str:
    """Predict every input; one line each on what was written."""
    _check_options(config)
    from capture_app.predicting.network import Network
    from capture_app.predicting.results import Targets
    from capture_app.predicting.results_folder import predict_whole
    from core.inputs import check_folders, check_no_twins
    from core.parallel import num_cores

    targets = Targets(
        "images" in config.to,
        "video" in config.to,
        "recording" in config.to,
        config.points,
        config.opacity,
    )
    stop = threading.Event()
    inputs = _open_inputs(config, stop)
    names = [input.name for input in inputs]
    check_no_twins(names, config.out, "predict")
    check_folders(names, config.out, "predictions", "predict")
    for input in inputs:
        _check_suits(input, targets)
    num_threads = config.threads or (None if config.sensor else num_cores())
    network = Network(config.model, num_threads, config.engine)
    return "\n".join(
        predict_whole(
            input, config.every, targets, network, config.out / input.name, stop
        )
        for input in inputs
    )


def _check_options(config: PredictConfig) -> None:
    if config.every < 1:
        raise HNError(f"--every must be at least 1, got {config.every}")
    if not 0 <= config.opacity <= 1:
        raise HNError(f"--opacity must lie in 0..1, got {config.opacity:g}")
    if config.threads is not None and config.threads < 1:
        raise HNError(f"--threads must be at least 1, got {config.threads}")
    if not config.to and not config.points:
        raise HNError("nothing to write; give --to images, video or recording")
    if config.seconds is not None:
        if config.sensor is None:
            raise HNError("--seconds is for a camera; add --sensor NAME")
        if not config.seconds > 0:
            raise HNError(f"--seconds must be above 0, got {config.seconds:g}")
    if bool(config.inputs) == (config.sensor is not None):
        raise HNError(
            "give either inputs (images, folders, recordings, videos) or --sensor "
            "with the name of a camera"
        )


def _open_inputs(config: PredictConfig, stop: threading.Event) -> "Sequence[Input]":
    if config.sensor is None:
        from capture_app.predicting.opening import open_inputs

        return open_inputs(config.inputs)
    from capture_app.predicting.camera import CameraInput
    from capture_app.sensors.registry import open_sensor

    sensor = open_sensor(config.sensor)
    name = Path(config.sensor).name
    return [CameraInput(name, sensor, config.seconds, config.out, stop)]


def _check_suits(input: "Input", targets: "Targets") -> None:
    """DatasetError if it lacks the depth that is needed."""
    if input.has_depth:
        return
    for is_asked, option in (
        (targets.recording, "--to recording"),
        (targets.points, "--points"),
    ):
        if is_asked:
            raise DatasetError(
                f"{input.name} has no depth, and {option} needs it: give a recording, "
                f"a folder of colour and depth images, or a camera; or leave out "
                f"{option}"
            )
