"""`hn-export`: a run's network as one file for this program and others."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from core.command import run_command
from core.errors import HNError

if TYPE_CHECKING:
    from training.calibration import Images
    from training.trained_run import TrainedRun

LARGEST_SIDE = 16_384


@dataclass(frozen=True)
class ExportConfig:
    """Write the network of a run as an ONNX file, which says all that its user needs.

    For example: hn-export runs/first --out small.onnx --int8
    """

    run: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="RUN")]
    """The folder of a run of hn-train."""
    out: Path
    """A new file."""
    task: Literal["last", "semantic", "hn"] = "last"
    """hn: the network as it was after pretraining. last: the run's final one."""
    size: tuple[int, int] | None = None
    """Height and width of the images it takes, instead of those it was trained on."""
    dynamic: bool = False
    """It takes images of any size. This is slower, and not every network can."""
    int8: bool = False
    """Compute in 8-bit integers, and measure what that costs and saves."""
    data: tuple[str, ...] = ()
    """With --int8: what to calibrate and to measure on, as for hn-train; labels are not
    needed. By default what the run was trained on."""
    calibration_frames: int = 100
    """With --int8: how many training frames the ranges of numbers are found on."""


def main() -> None:
    """Entry point of hn-export."""
    run_command("hn-export", ExportConfig, export_run)


def export_run(config: ExportConfig) -> str:
    """Write the file; what it holds, and with --int8 what became of it, for people."""
    _check(config)
    from training.trained_run import load_run

    trained = load_run(config.run, None if config.task == "last" else config.task)
    was = (trained.info.height, trained.info.width)
    height, width = config.size or was
    trained = replace(
        trained,
        info=replace(trained.info, height=height, width=width),
        recipe=replace(trained.recipe, size=(height, width)),
    )
    if config.int8:
        lines = _export_int8(config, trained)
    else:
        _export(config, trained, config.out)
        lines = []
    names = trained.class_names
    size = "any size" if config.dynamic else f"{height} x {width} pixels (H x W)"
    what = f"{len(names)} {'HN' if trained.task == 'hn' else 'semantic'} classes"
    if (height, width) != was and not config.int8:
        lines = [
            f"note: the network was trained on images of {was[0]} x {was[1]} pixels; "
            "how good it is at other sizes was not measured"
        ]
    return "\n".join([*lines, f"{config.out}: {what}, images of {size}"])


def _check(config: ExportConfig) -> None:
    """HNError for options with which nothing can be written."""
    if config.out.exists():
        raise HNError(f"{config.out} is there already; nothing is overwritten")
    if not config.out.parent.is_dir():
        raise HNError(
            f"{config.out.parent} is no folder; make it, or choose another --out"
        )
    if config.size is not None and not all(
        0 < side <= LARGEST_SIDE for side in config.size
    ):
        raise HNError(
            f"--size is {config.size[0]} {config.size[1]}; expected a height and a "
            f"width from 1 to {LARGEST_SIDE} pixels"
        )
    if config.data and not config.int8:
        raise HNError("--data is for --int8; give both or neither")
    if config.calibration_frames < 1:
        raise HNError(
            f"--calibration-frames is {config.calibration_frames}; expected 1 or more"
        )


def _export(config: ExportConfig, trained: "TrainedRun", path: Path) -> None:
    import torch

    from training.export import export_model

    # Noise reaches more of a network than any one picture.
    noise = torch.randn(
        (1, 3, *trained.recipe.size), generator=torch.Generator().manual_seed(0)
    )
    export_model(trained.network, trained.info, path, noise, config.dynamic)


def _export_int8(config: ExportConfig, trained: "TrainedRun") -> list[str]:
    """Write the quantised network; what it loses and gains, for people."""
    from core.files import write_atomically
    from core.prediction import read_model_info
    from training.calibration import calibration_images, pairs_to_measure
    from training.compare_models import as_table, compare
    from training.datasets.opening import data_notes, open_data
    from training.export_graph import described

    names = config.data or trained.data
    datasets = open_data(names)
    for note in data_notes(datasets):
        print(f"note: {note}", flush=True)
    images = calibration_images(
        datasets, trained.recipe.size, config.calibration_frames
    )
    calibrated = f"{len(images)} {images.part} frames"
    pairs, part = pairs_to_measure(
        datasets, trained.task, trained.class_names, trained.recipe
    )
    measured = f"{len(pairs)} {part} frames"
    with tempfile.TemporaryDirectory() as folder:
        plain, small = (Path(folder) / name for name in ("float32.onnx", "int8.onnx"))
        # These frames are stretched already, whichever aspect they had.
        stretched = replace(trained.info, frame_aspect=None)
        _export(config, replace(trained, info=stretched), plain)
        data = _quantised(plain, images)
        info = replace(read_model_info(plain), precision="int8")
        small.write_bytes(described(data, info))
        one, other, same = compare(plain, small, pairs)
    loss = {
        "int8_calibrated_on": calibrated,
        "int8_same_class": f"{same:.4f} of the pixels of {measured}",
    }
    if one.scores.confusion.any():
        loss["int8_mean_iou"] = (
            f"{other.scores.mean_iou:.4f} on {measured}; as float32 "
            f"{one.scores.mean_iou:.4f}"
        )
    provenance = {**trained.info.provenance, **loss, "int8_data": " ".join(names)}
    info = replace(info, frame_aspect=trained.info.frame_aspect, provenance=provenance)
    write_atomically(config.out, described(data, info))
    frames = f"{measured} of {' '.join(names)}"
    return [*as_table(one, other, same, frames), f"calibrated on {calibrated}", ""]


def _quantised(plain: Path, images: "Images") -> bytes:
    """A model file in 8 bits, calibrated on the images."""
    from rich.console import Console
    from rich.progress import Progress

    from training.evaluation import to_tensor
    from training.quantize import quantise

    inputs = [to_tensor(rgb[None]).contiguous().numpy() for rgb in images.rgb]
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("calibrate", total=len(inputs))
        return quantise(plain.read_bytes(), inputs, lambda: bar.advance(task))
