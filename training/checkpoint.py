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
NETWORK, AVERAGE, OPTIMIZER = "network.", "average.", "optimizer."


def save_checkpoint(
    path: Path,
    network: nn.Module,
    state: dict[str, Any],
    optimizer: torch.optim.Optimizer | None = None,
    average: nn.Module | None = None,
) -> None:
    """Everything that continuing needs; `state` must be plain JSON.

    `average` is the network with the moving average of the weights, if there is one.
    """
    tensors = {f"{NETWORK}{name}": t for name, t in network.state_dict().items()}
    if average is not None:
        tensors |= {f"{AVERAGE}{name}": t for name, t in average.state_dict().items()}
    if optimizer is not None:
        for name, parameter in _trained(network):
            for key, tensor in optimizer.state[parameter].items():
                tensors[f"{OPTIMIZER}{name}/{key}"] = tensor
    data = safetensors.torch.save(
        {name: tensor.contiguous() for name, tensor in tensors.items()},
        metadata={STATE_KEY: json.dumps(state)},
    )
    write_atomically(path, data)


def load_checkpoint(
    path: Path,
    network: nn.Module,
    optimizer: torch.optim.Optimizer | None = None,
    average: nn.Module | None = None,
) -> dict[str, Any]:
    """Fill the network, and the optimiser and average if there are; the saved state."""
    tensors, state = read_checkpoint(path)
    _fill(network, tensors, NETWORK, path)
    if average is not None:
        _fill(average, tensors, AVERAGE, path)
    if optimizer is not None:
        for name, parameter in _trained(network):
            found = _under(f"{OPTIMIZER}{name}/", tensors)
            optimizer.state[parameter] = {
                key: _like(parameter, tensor) for key, tensor in found.items()
            }
    return state


def network_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The network's state dict in a checkpoint, and the saved state.

    The state has the network's name as "network" and its classes' as "classes".
    """
    tensors, state = read_checkpoint(path, NETWORK)
    return _under(NETWORK, tensors), state


def read_checkpoint(
    path: Path, prefix: str = ""
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors whose name begins with `prefix`, and the saved state."""
    try:
        with safe_open(path, "pt") as file:
            state = json.loads((file.metadata() or {})[STATE_KEY])
            names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118
            return {name: file.get_tensor(name) for name in names}, state
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise CheckpointError(
            f"{path} is not a checkpoint of hn-train, or it is damaged ({error}); "
            "start the run again in another folder"
        ) from error


def _fill(
    network: nn.Module, tensors: dict[str, Tensor], prefix: str, path: Path
) -> None:
    try:
        network.load_state_dict(_under(prefix, tensors))
    except RuntimeError as error:
        raise CheckpointError(
            f"{path} was saved from a network that is built differently; continue the "
            "run with the preset and class list it was started with"
        ) from error


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose name begins with `prefix`, by the rest of the name."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def _trained(network: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """The parameters that training changes; frozen ones have no optimiser state."""
    return [(n, p) for n, p in network.named_parameters() if p.requires_grad]


def _like(parameter: Tensor, tensor: Tensor) -> Tensor:
    """The tensor in its parameter's memory layout and on its device; scalars as is."""
    if tensor.shape != parameter.shape:
        return tensor
    return torch.empty_like(parameter, requires_grad=False).copy_(tensor)
