"""runs/<name>: claimed once, never overwritten, and enough to continue from."""

import json
import os
import platform
import sys
import time
from dataclasses import asdict, fields
from importlib import metadata
from pathlib import Path
from typing import Any

from core.bins import HNBins
from core.errors import CheckpointError, HNError
from core.files import write_atomically
from training.config import TrainConfig

CONFIG_FILE = "config.json"
CHECKPOINTS = "checkpoints"
PACKAGES = ("hn-capture", "numpy", "onnx", "onnxruntime", "opencv-python", "torch")


def run_folder(config: TrainConfig) -> Path:
    """Where this run is kept."""
    name = config.name or time.strftime("%Y-%m-%d-%H%M%S")
    return config.out or Path("runs") / name


def check_unused(folder: Path) -> None:
    """Refuse a folder that holds something already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise HNError(
            f"{folder} exists and is not empty; continue the run in it with --resume, "
            "or choose another --out"
        )


def save_config(
    folder: Path, config: TrainConfig, preset: dict[str, Any], **resolved: object
) -> None:
    """Claim the folder: from now on it is this run's."""
    (folder / CHECKPOINTS).mkdir(parents=True, exist_ok=True)
    content = {"options": asdict(config), "preset": preset, **resolved}
    text = json.dumps(content, indent=2, default=str)
    write_atomically(folder / CONFIG_FILE, text.encode())
    environment = json.dumps(_environment(), indent=2)
    write_atomically(folder / "environment.json", environment.encode())


def load_config(asked: TrainConfig) -> tuple[TrainConfig, dict[str, Any]]:
    """The options that the run in --out was started with, and what it resolved them to.

    Options given again must say the same.
    """
    if asked.out is None and not asked.name:
        raise HNError("--resume continues the run in a folder; name it with --out")
    folder = run_folder(asked)
    file = folder / CONFIG_FILE
    try:
        resolved = json.loads(file.read_text(encoding="utf-8"))
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
    for option in fields(TrainConfig):
        given = getattr(asked, option.name)
        kept = getattr(saved, option.name)
        if option.name in ("out", "name", "resume") or given in (option.default, kept):
            continue
        raise HNError(
            f"the run in {folder} was started with {option.name} {kept}, not {given}; "
            "leave the option out, or start a new run"
        )
    return saved, resolved


def _config_from(options: dict[str, Any]) -> TrainConfig:
    bins = options.pop("bins")
    for name in ("height_edges", "angle_edges"):
        bins[name] = tuple(bins[name])
    options["data"] = tuple(options["data"])
    options["out"] = None if options["out"] is None else Path(options["out"])
    return TrainConfig(bins=HNBins(**bins), **options)


def _environment() -> dict[str, object]:
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
