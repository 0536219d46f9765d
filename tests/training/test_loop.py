import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from training_data import NO_SAMPLES, coloured_samples

from core.errors import CheckpointError, HNError
from training import loop
from training.checkpoint import load_checkpoint, save_checkpoint
from training.datasets.samples import Samples
from training.evaluation import evaluate
from training.log import MetricsLog
from training.loop import Interrupted, Stage, learning_rate, loss_of, train
from training.models.segnet import SegNet, seeded

STAGE = Stage(
    name="finetune",
    num_classes=4,
    steps=14,
    batch_size=3,
    crop_size=(32, 40),
    learning_rate=5e-3,
    weight_decay=0.01,
    seed=5,
)


def network(widths: tuple[int, int] = (8, 12), depth: int = 1) -> SegNet:
    return seeded(1, lambda: SegNet(4, widths, (depth, 2)))


def run(
    folder: Path,
    on_step: Callable[[int, float], None] = lambda step, loss: None,
    validation: Samples = NO_SAMPLES,
    stage: Stage = STAGE,
) -> tuple[SegNet, MetricsLog]:
    folder.mkdir(exist_ok=True)
    net, log = network(), MetricsLog(folder / "metrics.jsonl")
    train(net, coloured_samples(), validation, stage, folder, log, on_step)
    return net, log


def same_weights(one: SegNet, other: SegNet) -> bool:
    pairs = zip(one.state_dict().items(), other.state_dict().items(), strict=True)
    return all(a == b and torch.equal(s, t) for (a, s), (b, t) in pairs)


@pytest.mark.parametrize("stop_at", [0, 6, 13])
def test_a_run_stopped_by_ctrl_c_and_resumed_ends_bit_equal(
    tmp_path: Path, stop_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "NUM_LOGS", 4)  # a logged loss is the mean of three steps
    validation = coloured_samples(2)
    whole, log = run(tmp_path / "whole", validation=validation)

    def press_ctrl_c(step: int, loss: float) -> None:
        if step == stop_at:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Interrupted):
        run(tmp_path / "parts", press_ctrl_c, validation)
    assert signal.getsignal(signal.SIGINT) is before
    seen: list[int] = []
    parts, log_of_parts = run(
        tmp_path / "parts", lambda step, loss: seen.append(step), validation
    )
    assert seen == list(range(stop_at + 1, 14))
    assert same_weights(whole, parts)
    assert log_of_parts.rows == log.rows
    states = [
        (tmp_path / name / "finetune-last.safetensors").read_bytes()
        for name in ("whole", "parts")
    ]
    assert states[0] == states[1]


def test_a_run_that_crashed_between_checkpoints_ends_bit_equal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "NUM_LOGS", 4)
    monkeypatch.setattr(loop, "NUM_VALIDATIONS", 1)  # each saves as well
    whole, log = run(tmp_path / "whole")

    def crash(step: int, loss: float) -> None:
        # A checkpoint after every step up to the fifth, none after that.
        monkeypatch.setattr(loop, "CHECKPOINT_PERIOD_S", -1.0 if step < 5 else 1e9)
        if step == 9:
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        run(tmp_path / "parts", crash)
    with (tmp_path / "parts" / "metrics.jsonl").open("a") as file:
        file.write('{"stage": "finetune", "st')
    seen: list[int] = []
    parts, log_of_parts = run(tmp_path / "parts", lambda step, loss: seen.append(step))
    assert seen[0] == 5
    assert same_weights(whole, parts)
    assert (
        log_of_parts.rows
        == log.rows
        == MetricsLog(tmp_path / "parts" / "metrics.jsonl").rows
    )


def test_another_seed_gives_another_network(tmp_path: Path) -> None:
    one, _ = run(tmp_path / "one")
    other, _ = run(tmp_path / "other", stage=replace(STAGE, seed=6))
    assert not same_weights(one, other)


def test_four_frames_are_learnt_by_heart(tmp_path: Path) -> None:
    samples = coloured_samples()
    net, log = network((16, 24), depth=2), MetricsLog(tmp_path / "metrics.jsonl")
    assert evaluate(net, samples, 4).global_accuracy < 0.7
    stage = replace(STAGE, steps=150, batch_size=4, learning_rate=1e-2)
    train(net, samples, NO_SAMPLES, stage, tmp_path, log)
    scores = evaluate(net, samples, 4)
    assert scores.global_accuracy > 0.97
    assert scores.mean_iou > 0.95
    losses = [loss for _, loss in log.curve("finetune", "loss")]
    assert losses[-1] < 0.05 * losses[0]


def test_the_best_weights_on_the_validation_frames_are_kept(tmp_path: Path) -> None:
    validation = coloured_samples(2)
    net, log = run(tmp_path, validation=validation)
    curve = log.curve("finetune", "validation_mean_iou")
    assert len(curve) == 14
    best = max(value for _, value in curve)
    assert evaluate(net, validation, 4).mean_iou == pytest.approx(best)
    state = load_checkpoint(tmp_path / "finetune-best.safetensors", network())
    assert (float(state["step"]), best) in curve


def test_the_learning_rate_warms_up_and_falls_to_zero() -> None:
    stage = replace(STAGE, steps=200)
    rates = [learning_rate(stage, step) for step in range(200)]
    assert rates[0] == pytest.approx(stage.learning_rate / 20)
    assert max(rates) == rates[20] == stage.learning_rate
    assert rates[:21] == sorted(rates[:21])
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert rates[-1] < 0.001 * stage.learning_rate
    assert learning_rate(replace(STAGE, steps=1), 0) == STAGE.learning_rate


def test_ignored_pixels_do_not_count() -> None:
    net = network().eval()
    images = torch.randn(1, 3, 16, 24, generator=torch.Generator().manual_seed(0))
    target = torch.zeros(1, 16, 24, dtype=torch.int64)
    half = target.clone()
    half[:, :, 12:] = 255
    logits = net(images)
    expected = torch.logsumexp(logits, 1)[..., :12] - logits[:, 0, :, :12]
    found = loss_of(net, images, half, "float32")
    assert found.item() == pytest.approx(expected.mean().item(), rel=1e-5)


def test_a_batch_without_labels_has_loss_zero() -> None:
    net = network()
    target = torch.full((2, 16, 24), 255)
    loss = loss_of(net, torch.randn(2, 3, 16, 24), target, "float32")
    loss.backward()
    assert loss.item() == 0
    gradient = net.classifier.weight.grad
    assert gradient is not None and not gradient.any()


def test_a_loss_that_is_not_a_number_stops_the_run(tmp_path: Path) -> None:
    stage = replace(STAGE, learning_rate=float("inf"))
    with pytest.raises(HNError, match=r"loss became nan .* step 2 of finetune"):
        run(tmp_path, stage=stage)


def test_bfloat16_trains_too(tmp_path: Path) -> None:
    stage = replace(STAGE, precision="bfloat16", steps=60, learning_rate=2e-2)
    net, _ = run(tmp_path, stage=stage)
    assert evaluate(net, coloured_samples(), 4).global_accuracy > 0.8
    assert all(p.dtype == torch.float32 for p in net.parameters())


@pytest.mark.parametrize("damage", ["half", "zeros", "pickle", "other network"])
def test_a_checkpoint_that_does_not_fit_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "finetune-last.safetensors"
    save_checkpoint(path, network(), {"step": 1, "losses": [], "best": -1.0})
    whole = path.read_bytes()
    if damage == "half":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "zeros":
        path.write_bytes(bytes(len(whole)))
    elif damage == "pickle":
        torch.save({"step": 1}, path)
    else:
        other = SegNet(4, (8, 16), (1, 2))
        save_checkpoint(path, other, {"step": 1, "losses": [], "best": -1.0})
    with pytest.raises(CheckpointError, match="finetune-last") as caught:
        run(tmp_path)
    assert "\n" not in str(caught.value)


def test_predictions_do_not_depend_on_the_batch(tmp_path: Path) -> None:
    samples = coloured_samples(9)
    net, _ = run(tmp_path)
    together = evaluate(net, samples, 4).confusion
    alone = sum(
        evaluate(net, replace(samples, places=samples.places[k : k + 1]), 4).confusion
        for k in range(9)
    )
    assert np.abs(together - alone).sum() <= 4  # float sums differ by their order


def test_every_validation_saves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "NUM_VALIDATIONS", 2)
    monkeypatch.setattr(loop, "CHECKPOINT_PERIOD_S", 1e9)

    def crash(step: int, loss: float) -> None:
        if step == 9:
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        run(tmp_path / "run", crash)
    seen: list[int] = []
    run(tmp_path / "run", lambda step, loss: seen.append(step))
    assert seen[0] == 7  # half of the 14 steps
