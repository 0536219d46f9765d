"""runs/<name>: claimed once, never overwritten, and enough to continue from."""

import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from core.bins import HNBins
from core.errors import CheckpointError, HNError
from core.files import write_atomically
from training.config import TrainConfig

CONFIG_FILE = "config.json"
ENVIRONMENT_FILE = "environment.json"
CHECKPOINTS = "checkpoints"
METRICS_FILE = "metrics.jsonl"
RUNS = Path("runs")
PACKAGES = (
    "hn-capture",
    "lightning-fabric",
    "numpy",
    "onnx",
    "onnxruntime",
    "opencv-python",
    "segmentation-models-pytorch",
    "timm",
    "torch",
)


@contextmanager
def new_folder(config: TrainConfig) -> Iterator[Path]:
    """A folder that is this run's alone; given back when what is inside fails."""
    folder, was_made = _claim(config)
    try:
        yield folder
    except BaseException:
        (folder / CONFIG_FILE).unlink(missing_ok=True)
        if was_made:
            with suppress(OSError):  # somebody put something there
                folder.rmdir()
        raise


def _claim(config: TrainConfig) -> tuple[Path, bool]:
    """An unused folder, claimed, and whether it was made for that."""
    first = _named_folder(config) or RUNS / time.strftime("%Y-%m-%d-%H%M%S")
    folder, number = first, 1
    while (was_made := _try_claim(folder)) is None:
        if _named_folder(config):
            raise HNError(
                f"{folder} exists and is not empty; continue the run in it with "
                "--resume, or choose another --out"
            )
        number += 1
        folder = first.with_name(f"{first.name}-{number}")
    return folder, was_made


def _try_claim(folder: Path) -> bool | None:
    """Whether the folder was made for the claim; None where it is in use."""
    try:
        folder.mkdir(parents=True)
        was_made = True
    except FileExistsError:
        was_made = False
        if not folder.is_dir() or any(folder.iterdir()):
            return None
    try:
        # Of two runs that begin at once, one makes this file.
        (folder / CONFIG_FILE).open("x").close()
    except FileExistsError:
        return None
    return was_made


def _named_folder(config: TrainConfig) -> Path | None:
    if config.name and Path(config.name).name != config.name:
        raise HNError(f"--name {config.name} is a path; name a folder with --out")
    return config.out or (RUNS / config.name if config.name else None)


def save_config(
    folder: Path, config: TrainConfig, preset: dict[str, Any], **resolved: object
) -> None:
    """All that continuing the run will need: from now on it can be."""
    (folder / CHECKPOINTS).mkdir(exist_ok=True)
    found = json.dumps(environment(), indent=2)
    write_atomically(folder / ENVIRONMENT_FILE, found.encode())
    content = {"options": asdict(config), "preset": preset, **resolved}
    text = json.dumps(content, indent=2, default=str)
    write_atomically(folder / CONFIG_FILE, text.encode())


def load_config(asked: TrainConfig) -> tuple[Path, TrainConfig, dict[str, Any]]:
    """The folder of the run to continue, its options, and what it resolved them to."""
    folder = _named_folder(asked)
    if folder is None:
        raise HNError("--resume continues the run in a folder; name it with --out")
    file = folder / CONFIG_FILE
    try:
        text = file.read_text(encoding="utf-8")
        if not text:
            raise CheckpointError(
                f"the run in {folder} has not begun to train, so there is nothing to "
                "continue; if it is gone, delete the folder and start again"
            )
        resolved = json.loads(text)
        saved = _config_from(resolved.pop("options"))
    except FileNotFoundError:
        raise CheckpointError(
            f"{folder} holds no run to continue: it has no {CONFIG_FILE}; start one "
            "without --resume"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{file} is damaged ({error}); start the run again in another folder"
        ) from error
    return folder, saved, resolved


def _config_from(options: dict[str, Any]) -> TrainConfig:
    bins = options.pop("bins")
    for name in ("height_edges", "angle_edges"):
        bins[name] = tuple(bins[name])
    options["data"] = tuple(options["data"])
    for name in ("image_size", "crop_size"):
        options[name] = None if options[name] is None else tuple(options[name])
    for name in ("out", "weights", "cifar100"):
        options[name] = None if options[name] is None else Path(options[name])
    return TrainConfig(bins=HNBins(**bins), **options)


def environment() -> dict[str, object]:
    """What a result may depend on besides its config."""
    return {
        "command": sys.argv,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
