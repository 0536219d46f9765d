"""Network, optimiser and progress in one file: safetensors, with JSON in its header.

Nothing is ever unpickled, and the file is replaced at once, so a crash while saving
leaves the checkpoint before.
"""

import json
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from core.errors import CheckpointError
from core.files import write_atomically

STATE_KEY = "hn-train"
NETWORK, OPTIMIZER = "network.", "optimizer."


def save_checkpoint(
    path: Path,
    network: nn.Module,
    state: dict[str, Any],
    optimizer: torch.optim.Optimizer | None = None,
) -> None:
    """Everything that continuing needs; `state` must be plain JSON."""
    tensors = {f"{NETWORK}{name}": t for name, t in network.state_dict().items()}
    if optimizer is not None:
        for name, parameter in network.named_parameters():
            for key, tensor in optimizer.state[parameter].items():
                tensors[f"{OPTIMIZER}{name}/{key}"] = tensor
    data = safetensors.torch.save(
        {name: tensor.contiguous() for name, tensor in tensors.items()},
        metadata={STATE_KEY: json.dumps(state)},
    )
    write_atomically(path, data)


def load_checkpoint(
    path: Path, network: nn.Module, optimizer: torch.optim.Optimizer | None = None
) -> dict[str, Any]:
    """Fill the network, and the optimiser if there is one; the saved state."""
    tensors, state = _read(path)
    weights = {
        name.removeprefix(NETWORK): tensor
        for name, tensor in tensors.items()
        if name.startswith(NETWORK)
    }
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(
            f"{path} was saved from a network that is built differently; continue the "
            "run with the preset and class list it was started with"
        ) from error
    if optimizer is not None:
        for name, parameter in network.named_parameters():
            prefix = f"{OPTIMIZER}{name}/"
            optimizer.state[parameter] = {
                key.removeprefix(prefix): _like(parameter, tensor)
                for key, tensor in tensors.items()
                if key.startswith(prefix)
            }
    return state


def _like(parameter: Tensor, tensor: Tensor) -> Tensor:
    """The tensor in its parameter's memory layout and on its device; scalars as is."""
    if tensor.shape != parameter.shape:
        return tensor
    return torch.empty_like(parameter, requires_grad=False).copy_(tensor)


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        with safe_open(path, "pt") as file:
            state = json.loads((file.metadata() or {})[STATE_KEY])
            return {name: file.get_tensor(name) for name in file.keys()}, state  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise CheckpointError(
            f"{path} is not a checkpoint of hn-train, or it is damaged ({error}); "
            "start the run again in another folder"
        ) from error
