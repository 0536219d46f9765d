import json
from pathlib import Path

import pytest
import torch
from loop_stand_in import run, same_weights, small_network
from safetensors import safe_open

from core.errors import CheckpointError
from training.checkpoint import load_checkpoint, network_weights, save_checkpoint

FRESH = {"step": 1, "losses": [], "best": -1.0, "waited": 0}


def test_a_checkpoint_alone_tells_its_network_and_classes(tmp_path: Path) -> None:
    run(tmp_path)
    for name in ("best", "last"):
        path = tmp_path / f"finetune-{name}.safetensors"
        with safe_open(path, "pt") as file:  # the library itself
            state = json.loads(file.metadata()["hn-train"])
        assert state["network"] == "small"
        assert state["classes"] == ["red", "green", "blue", "yellow"]
        assert state["step"] == 14
        weights, found = network_weights(path)
        assert found == state
        other = small_network(seed=2)
        other.load_state_dict(weights)
        assert not same_weights(other, small_network(seed=2))


def test_the_average_is_kept_beside_the_network(tmp_path: Path) -> None:
    one, average = small_network(1), small_network(2)
    path = tmp_path / "pretrain-last.safetensors"
    save_checkpoint(path, one, FRESH, average=average)
    network, other = small_network(3), small_network(4)
    assert load_checkpoint(path, network, average=other) == FRESH
    assert same_weights(network, one)
    assert same_weights(other, average)


def test_frozen_weights_need_no_optimiser_state(tmp_path: Path) -> None:
    net = small_network()
    net.freeze(1)
    run(tmp_path, network=net)
    with safe_open(tmp_path / "finetune-last.safetensors", "pt") as file:
        names = [name for name in file.keys() if name.startswith("optimizer.")]  # noqa: SIM118
    assert any("conv2" in name for name in names)
    assert not any("conv1" in name for name in names)
    again = small_network()
    again.freeze(1)
    run(tmp_path, network=again)
    assert same_weights(net, again)


@pytest.mark.parametrize("damage", ["half", "zeros", "pickle", "other network"])
def test_a_checkpoint_that_does_not_fit_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "finetune-last.safetensors"
    save_checkpoint(path, small_network(), FRESH)
    whole = path.read_bytes()
    if damage == "half":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "zeros":
        path.write_bytes(bytes(len(whole)))
    elif damage == "pickle":
        torch.save({"step": 1}, path)
    else:
        save_checkpoint(path, small_network(width=6), FRESH)
    with pytest.raises(CheckpointError, match="finetune-last") as caught:
        run(tmp_path)
    assert "\n" not in str(caught.value)
