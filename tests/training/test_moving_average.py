from dataclasses import replace
from pathlib import Path

import pytest
import torch
from loop_stand_in import STAGE, run, same_weights, small_network
from training_data import coloured_samples

from training.checkpoint import load_checkpoint
from training.evaluation import evaluate
from training.moving_average import MovingAverage


def test_an_average_follows_its_formula() -> None:
    net = small_network()
    average = MovingAverage(net, 0.25)
    weight, mean = net.classifier.weight, net.conv1[1].running_mean
    expected = [weight.detach().clone(), mean.clone()]
    # min(decay, (1 + step) / (10 + step)), worked out by hand
    for step, decay in enumerate((1 / 10, 2 / 11, 3 / 12, 0.25, 0.25)):
        with torch.no_grad():
            weight.add_(step + 1.0)
            mean.sub_(0.5)
        net.conv1[1].num_batches_tracked.add_(1)
        average.update(step)
        for k, tensor in enumerate((weight.detach(), mean)):
            expected[k] = decay * expected[k] + (1 - decay) * tensor
    found = average.network
    assert torch.allclose(found.classifier.weight, expected[0], rtol=1e-5)
    assert torch.allclose(found.conv1[1].running_mean, expected[1], rtol=1e-5)
    assert found.conv1[1].num_batches_tracked == 5
    assert not found.training
    assert net.training


def test_the_averaged_network_validates_and_is_what_is_left(tmp_path: Path) -> None:
    validation = coloured_samples(2)
    stage = replace(STAGE, ema=0.9)
    net, log = run(tmp_path / "ema", validation=validation, stage=stage)
    curve = log.curve("finetune", "validation_mean_iou")
    best = max(value for _, value in curve)
    assert evaluate(net, validation, 4).mean_iou == pytest.approx(best)
    plain, plain_log = run(tmp_path / "plain", validation=validation)
    assert plain_log.curve("finetune", "loss") == log.curve("finetune", "loss")
    assert plain_log.curve("finetune", "validation_mean_iou") != curve
    assert not same_weights(net, plain)


def test_without_validation_the_average_is_left_too(tmp_path: Path) -> None:
    net, _ = run(tmp_path, stage=replace(STAGE, ema=0.9))
    trained, average = small_network(), small_network()
    path = tmp_path / "finetune-last.safetensors"
    load_checkpoint(path, trained, average=average)
    assert same_weights(net, average)
    assert not same_weights(net, trained)
