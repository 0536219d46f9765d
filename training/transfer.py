"""What a pretrained network hands to the one that is finetuned (section 3.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from core.errors import CheckpointError
from training.checkpoint import network_weights
from training.models.build import build_network
from training.models.network import LAST_LAYER, Network
from training.run_folder import CHECKPOINTS

HN_CHECKPOINTS = ("pretrain-best.safetensors", "pretrain-last.safetensors")
"""In a run's folder, the better one first."""


@dataclass(frozen=True)
class Pretrained:
    """Where the weights of a network come from."""

    file: Path
    network: str
    """Its name, as build_network takes it."""
    class_names: tuple[str, ...]


def copy_all_but_last(source: Network, target: Network) -> None:
    """Copy every layer but the last.

    Raises CheckpointError where the networks are built differently.
    """
    _copy(_all_but_last(source), _all_but_last(target))


def copy_encoder(source: Network, target: Network) -> None:
    """Copy the stages of the encoder; source and target may differ in all else.

    Raises CheckpointError where the encoders are built differently.
    """
    _copy(_encoder(source), _encoder(target))


def check_same_encoder(source: Network, target: Network) -> None:
    """Raise CheckpointError with the first difference of the encoders, if any."""
    _check_same(_encoder(source), _encoder(target))


def load_hn_network(path: Path) -> tuple[Network, Pretrained]:
    """The network pretrained on HN-labels in the folder of a run, or in a checkpoint.

    Raises CheckpointError where there is none, or it is damaged.
    """
    file = _checkpoint_of(path)
    weights, state = network_weights(file)
    try:
        found = Pretrained(file, state["network"], tuple(state["classes"]))
    except KeyError as error:
        raise CheckpointError(
            f"{file} does not say {error} of the network in it; train it again with "
            "this version of hn-train"
        ) from error
    # The seed does not matter: every weight is replaced.
    network = build_network(found.network, len(found.class_names), seed=0)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(
            f"{file} says that it holds {found.network}, and its weights are of "
            "another network; train it again with this version of hn-train"
        ) from error
    return network, found


def _all_but_last(network: Network) -> dict[str, Tensor]:
    return {
        name: tensor
        for name, tensor in network.state_dict().items()
        if not name.startswith(f"{LAST_LAYER}.")
    }


def _encoder(network: Network) -> dict[str, Tensor]:
    """The encoder's weights and statistics, by stage and name in it."""
    return {
        f"{stage}.{name}": tensor
        for stage, module in network.stages.items()
        for name, tensor in module.state_dict().items()
    }


def _copy(source: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> None:
    """Into the target's own tensors, which a state dict refers to."""
    _check_same(source, target)
    for name, tensor in target.items():
        tensor.copy_(source[name])


def _check_same(source: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> None:
    """Raise CheckpointError with the first difference of name or shape, if any."""
    for name in (*target, *source):
        there, here = (
            str(tuple(state[name].shape)) if name in state else "missing"
            for state in (source, target)
        )
        if there != here:
            raise CheckpointError(
                "the pretrained network is built differently from the one to train: "
                f"{name} is {there} there and {here} here; use the same --network for "
                "both"
            )


def _checkpoint_of(path: Path) -> Path:
    if path.is_file():
        return path
    for name in HN_CHECKPOINTS:
        for folder in (path / CHECKPOINTS, path):
            if (folder / name).is_file():
                return folder / name
    raise CheckpointError(
        f"{path} has no {CHECKPOINTS}/{HN_CHECKPOINTS[0]}; name the folder of a run "
        "that was pretrained on HN-labels, or one of its checkpoints"
    )
