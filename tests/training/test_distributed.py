"""Two processes give what one gives. They are started once, for all tests here."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from loop_stand_in import one_process, run, same_weights, small_network
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from training_data import coloured_samples
from two_processes import PLAIN, net_without_dropout, unequal_labels

from core.errors import HNError
from training.batch_norm import SharedBatchNormAct2d, share_batch_norms
from training.fabric import make_fabric, started_processes
from training.processes import plain_lost_processes
from training.stage import check_batch

HERE = Path(__file__).parent
LOST = (
    "another process of this run has ended; its message is above, unless the system "
    "killed it"
)


def given() -> dict[str, Tensor]:
    """What the batch norm gets; its channels differ much in mean and scale."""
    generator = torch.Generator().manual_seed(3)
    features = torch.randn(4, 3, 5, 6, generator=generator)
    scale = torch.tensor([0.1, 1.0, 40.0])[:, None, None]
    shift = torch.tensor([5.0, -0.3, 100.0])[:, None, None]
    return {
        # The processes' means differ: the first one has samples 0 and 2.
        "features": scale * (features + torch.arange(4)[:, None, None, None]) + shift,
        "gradient": torch.randn(4, 3, 5, 6, generator=generator),
        "weight": torch.tensor([0.5, -2.0, 1.5]),
        "bias": torch.tensor([0.0, 1.0, -1.0]),
    }


def start(script: str, *arguments: object, **variables: str) -> Any:
    """The first process, once all have ended."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
    }
    environment |= {
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join((str(HERE), str(HERE.parent.parent))),
    }
    return subprocess.run(
        [sys.executable, HERE / script, *map(str, arguments)],
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the two processes filled."""
    folder = tmp_path_factory.mktemp("processes")
    save_file(given(), folder / "given.safetensors")
    done = start("two_processes.py", folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr == ""
    return folder


def test_two_processes_have_the_losses_and_gradients_of_one(
    results: Path, tmp_path: Path
) -> None:
    losses: list[float] = []
    run(
        tmp_path,
        lambda step, loss: losses.append(loss),
        coloured_samples(3),
        PLAIN,
        net_without_dropout(),
        unequal_labels,
    )
    found = np.load(results / "losses-0.npy")
    assert found == pytest.approx(losses, rel=1e-5)
    one, two = (
        load_file(each / "finetune-last.safetensors") for each in (tmp_path, results)
    )
    assert one.keys() == two.keys()
    # AdamW's means of the gradients tell their scale, which its steps do not depend on.
    assert "optimizer.conv1.0.weight/exp_avg" in one
    for name, tensor in one.items():
        tolerance = 1e-3 * tensor.abs().max().item()
        assert torch.allclose(two[name], tensor, rtol=1e-3, atol=tolerance), name


def test_all_processes_end_with_the_same_network(results: Path) -> None:
    first, second = (
        load_file(results / f"network-{rank}.safetensors") for rank in range(2)
    )
    assert all(torch.equal(tensor, second[name]) for name, tensor in first.items())


def test_only_the_first_process_reports_and_writes(results: Path) -> None:
    assert np.load(results / "losses-1.npy").size == 0
    assert (results / "metrics.jsonl").read_text().count('"loss"') == 6
    assert len(list((results / "tensorboard" / "finetune").iterdir())) == 1
    assert not (results / "whole" / "metrics-1.jsonl").exists()


def test_all_processes_stop_at_the_step_that_one_is_asked_to(results: Path) -> None:
    first, second = (np.load(results / f"stopped-{rank}.npy") for rank in range(2))
    assert first.tolist() == second.tolist()
    assert first[0] == first[2] == -1
    assert 1 <= first[1] <= 6


def test_a_stopped_run_of_two_processes_goes_on_to_the_last_bit(results: Path) -> None:
    for name in ("finetune-last", "finetune-best", "0", "1"):
        whole = (results / "whole" / f"{name}.safetensors").read_bytes()
        assert (results / "parts" / f"{name}.safetensors").read_bytes() == whole


def test_a_shared_batch_norm_is_torchs_over_all_samples(results: Path) -> None:
    inputs = given()
    norm = nn.BatchNorm2d(3, momentum=0.3)
    norm.load_state_dict(
        {name: inputs[name] for name in ("weight", "bias")}, strict=False
    )
    features = inputs["features"].requires_grad_()
    normalised = norm(features)
    (normalised * inputs["gradient"]).sum().backward()
    assert features.grad is not None
    shares = [load_file(results / f"found-{rank}.safetensors") for rank in range(2)]
    for rank, found in enumerate(shares):
        mine = slice(rank, None, 2)
        assert torch.allclose(found["normalised"], normalised[mine], atol=1e-4)
        assert torch.allclose(found["grad"], features.grad[mine], rtol=1e-3, atol=1e-4)
        for name, buffer in norm.named_buffers():
            assert torch.allclose(found[f"buffer.{name}"], buffer, rtol=1e-5)
    for name, parameter in norm.named_parameters():
        total = shares[0][f"grad.{name}"] + shares[1][f"grad.{name}"]
        assert parameter.grad is not None
        assert torch.allclose(total, parameter.grad, rtol=1e-3, atol=1e-4)


def test_sharing_keeps_weights_and_what_is_in_use(tmp_path: Path) -> None:
    net, before = small_network(), small_network()
    run(tmp_path, network=net)
    before.load_state_dict(net.state_dict())
    share_batch_norms(net)
    assert same_weights(net, before)
    images = torch.randn(2, 3, 8, 12, generator=torch.Generator().manual_seed(0))
    assert torch.equal(net.eval()(images), before.eval()(images))


def test_timms_batch_norm_keeps_its_activation() -> None:
    from timm.layers import BatchNormAct2d

    norm = nn.Sequential(BatchNormAct2d(3)).eval()
    images = torch.randn(2, 3, 8, 12, generator=torch.Generator().manual_seed(0))
    before = norm(images)
    share_batch_norms(norm)
    assert isinstance(norm[0], SharedBatchNormAct2d)
    assert torch.equal(norm(images), before)
    assert before.min() == 0


def test_a_batch_norm_that_cannot_be_shared_is_refused() -> None:
    with pytest.raises(HNError, match="BatchNorm1d, which cannot work over several"):
        share_batch_norms(nn.Sequential(nn.BatchNorm2d(3), nn.BatchNorm1d(3)))


def test_a_batch_is_shared_by_processes_and_parts() -> None:
    check_batch(4, 1, 2, smallest=2)
    with pytest.raises(HNError, match=r"--batch-size 4 .* 3 process.* multiple of 3"):
        check_batch(4, 1, 3, smallest=1)


def test_one_process_on_the_cpu_forms_no_group() -> None:
    fabric = make_fabric()
    assert fabric.world_size == 1
    assert not torch.distributed.is_initialized()
    assert type(fabric.strategy) is type(one_process().strategy)
    assert not {"LOCAL_RANK", "WORLD_SIZE", "MASTER_PORT"} & set(os.environ)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"TORCHELASTIC_RUN_ID": "a", "WORLD_SIZE": "6"}, (3, 2)),
        ({"SLURM_NTASKS": "6", "SLURM_NNODES": "2"}, (3, 2)),
        ({"SLURM_NTASKS": "6", "SLURM_NNODES": "2", "SLURM_JOB_NAME": "bash"}, None),
        ({"SLURM_NTASKS": "1", "SLURM_NNODES": "1"}, None),
    ],
)
def test_torchrun_and_slurm_are_recognised(
    environment: dict[str, str],
    expected: tuple[int, int] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert started_processes() == expected


@pytest.mark.parametrize(
    ("who", "told"),
    [
        pytest.param("set-up", ["frame 7 cannot be read"], marks=pytest.mark.slow),
        pytest.param("0", ["frame 7 cannot be read"], marks=pytest.mark.slow),
        pytest.param("1", ["frame 7 cannot be read", LOST], marks=pytest.mark.slow),
        pytest.param("killed", [LOST], marks=pytest.mark.slow),
    ],
)
def test_the_process_that_fails_says_why_and_all_end(
    who: str, told: list[str], tmp_path: Path
) -> None:
    options = ("--data", "simulated:2", "--devices", 2, "--out", tmp_path / "run")
    # Both processes hold its standard error, so this waits for both.
    done = start("failing_processes.py", *options, WHO=who)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [f"hn-train: {sentence}" for sentence in told]


def test_other_errors_are_not_those_of_a_lost_process() -> None:
    with pytest.raises(RuntimeError, match="something else"), plain_lost_processes():
        raise RuntimeError("something else")


def test_devices_that_cannot_be_had_are_refused() -> None:
    with pytest.raises(HNError, match=r"cannot train on --devices 0 of --nodes 1"):
        make_fabric(devices=0)
