"""Files of weights by name, of which nothing is executed."""

import pickle
import warnings
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from core.errors import CheckpointError

PICKLED = (".pth", ".pt")


def read_weights(path: Path) -> dict[str, Tensor]:
    """All tensors of a .safetensors, .pth or .pt file by name; else CheckpointError."""
    if not path.is_file():
        raise CheckpointError(f"there is no file of weights {path}")
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    if path.suffix not in PICKLED:
        raise CheckpointError(
            f"{path} is no file of weights that can be read: .safetensors, .pth or .pt"
        )
    return _read_pickled(path)


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return safetensors.torch.load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path} is not a safetensors file or is damaged ({error}); get it again"
        ) from error


def _read_pickled(path: Path) -> dict[str, Tensor]:
    try:
        # weights_only reads tensors and plain containers, and refuses what would run.
        with warnings.catch_warnings(action="ignore"):  # of newer forms of pickle
            content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, KeyError) as error:
        raise CheckpointError(
            f"{path} is damaged, or holds more than weights, which is not read because "
            "it could run anything; save its state_dict() alone, best as .safetensors"
        ) from error
    if not isinstance(content, dict) or not all(
        isinstance(name, str) and isinstance(tensor, Tensor)
        for name, tensor in content.items()
    ):
        raise CheckpointError(
            f"{path} holds something else than weights by name; save the state_dict() "
            "of a network alone"
        )
    return content
