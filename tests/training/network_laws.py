"""What holds of every network, for the tests of each."""

import torch
from torch import Tensor

from training.models.network import Network


def images(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def train_a_step(network: Network, batch: Tensor) -> None:
    """One step of plain gradient descent on a loss that every logit is in."""
    network.train()
    (network(batch) ** 2).mean().backward()
    with torch.no_grad():
        for weight in network.parameters():
            if weight.grad is not None:
                weight -= 0.1 * weight.grad


def gradients_reach_every_weight(network: Network, batch: Tensor) -> bool:
    network.train()
    (network(batch) ** 2).mean().backward()
    return all(w.grad is not None for w in network.parameters() if w.requires_grad)


def stages_changed_by_a_step(network: Network, batch: Tensor) -> list[str]:
    """The stages whose weights or statistics a step of training changes."""

    def state() -> dict[str, list[Tensor]]:
        return {
            name: [tensor.clone() for tensor in stage.state_dict().values()]
            for name, stage in network.stages.items()
        }

    before = state()
    train_a_step(network, batch)
    after = state()
    return [
        name for name in before if not all(map(torch.equal, before[name], after[name]))
    ]
