from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from loop_stand_in import STAGE, draws, run, same_weights, small_network
from training_data import NO_SAMPLES, array_samples, coloured_samples

from core.errors import DatasetError, HNError
from training import loop
from training.checkpoint import load_checkpoint
from training.evaluation import evaluate
from training.loss import labelled_weight, loss_sum


def test_another_seed_of_the_samples_gives_another_network(tmp_path: Path) -> None:
    one, _ = run(tmp_path / "one")
    other, _ = run(tmp_path / "other", draw=draws(coloured_samples(), seed=6))
    assert not same_weights(one, other)


def test_the_seed_of_the_stage_decides_the_dropout(tmp_path: Path) -> None:
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    one, _ = run(tmp_path / "one")
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    again, _ = run(tmp_path / "again")
    other, _ = run(tmp_path / "other", stage=replace(STAGE, seed=6))
    assert same_weights(one, again)
    assert not same_weights(one, other)


def test_four_frames_are_learnt_by_heart(tmp_path: Path) -> None:
    samples, net = coloured_samples(), small_network(width=24)
    assert evaluate(net, samples, 4).global_accuracy < 0.7
    stage = replace(STAGE, steps=120, batch_size=4, learning_rate=2e-2)
    _, log = run(tmp_path, stage=stage, network=net)
    scores = evaluate(net, samples, 4)
    assert scores.global_accuracy > 0.97
    assert scores.mean_iou > 0.9
    losses = [loss for _, loss in log.curve("finetune", "loss")]
    assert losses[-1] < 0.1 * losses[0]


def test_the_best_weights_on_the_validation_frames_are_kept(tmp_path: Path) -> None:
    validation = coloured_samples(2)
    net, log = run(tmp_path, validation=validation)
    curve = log.curve("finetune", "validation_mean_iou")
    assert len(curve) == 14
    best = max(value for _, value in curve)
    assert evaluate(net, validation, 4).mean_iou == pytest.approx(best)
    state = load_checkpoint(tmp_path / "finetune-best.safetensors", small_network())
    assert (float(state["step"]), best) in curve


def test_without_validation_the_last_weights_are_kept_as_the_best(
    tmp_path: Path,
) -> None:
    net, _ = run(tmp_path)
    best, last = small_network(), small_network()
    state = load_checkpoint(tmp_path / "finetune-best.safetensors", best)
    load_checkpoint(tmp_path / "finetune-last.safetensors", last)
    assert same_weights(net, best) and same_weights(net, last)
    assert state["step"] == 14


def test_frozen_stages_stay_as_they_are(tmp_path: Path) -> None:
    net, before = small_network(), small_network()
    net.freeze(1)
    run(tmp_path, network=net)
    assert same_weights(net.conv1, before.conv1)
    assert not same_weights(net.conv2, before.conv2)


def test_ignored_pixels_do_not_count() -> None:
    net = small_network().eval()
    images = torch.randn(1, 3, 16, 24, generator=torch.Generator().manual_seed(0))
    target = torch.zeros(1, 16, 24, dtype=torch.int64)
    target[:, :, 12:] = 255
    logits = net(images)
    expected = torch.logsumexp(logits, 1)[..., :12] - logits[:, 0, :, :12]
    found = loss_sum(net, images, target, "float32")
    assert found.item() == pytest.approx(expected.sum().item(), rel=1e-5)


def test_a_step_without_labels_changes_no_gradient_and_has_loss_zero(
    tmp_path: Path,
) -> None:
    def draw(k: int) -> tuple[np.ndarray, np.ndarray]:
        return np.full((16, 24, 3), 7.0 * k, np.float32), np.full((16, 24), 255, "u1")

    losses: list[float] = []
    stage = replace(STAGE, weight_decay=0.0, steps=3)
    net, _ = run(
        tmp_path, lambda step, loss: losses.append(loss), draw=draw, stage=stage
    )
    assert losses == [0, 0, 0]
    before = small_network().state_dict()
    assert all(torch.equal(p, before[name]) for name, p in net.named_parameters())


def test_class_weights_count_in_the_loss_and_in_what_it_is_divided_by() -> None:
    net = small_network().eval()
    images = torch.randn(1, 3, 2, 4, generator=torch.Generator().manual_seed(0))
    classes = np.array([[[0, 0, 0, 3], [2, 255, 2, 3]]], np.uint8)
    weights = np.array([0.5, 9.0, 2.0, 0.0])
    log_shares = torch.log_softmax(net(images), 1)[0]
    expected = 0.0
    for row, column, weight in (
        (0, 0, 0.5),
        (0, 1, 0.5),
        (0, 2, 0.5),
        (1, 0, 2.0),
        (1, 2, 2.0),
    ):
        expected -= weight * log_shares[classes[0, row, column], row, column].item()
    target = torch.from_numpy(classes).long()
    found = loss_sum(net, images, target, "float32", torch.tensor(weights).float())
    assert found.item() == pytest.approx(expected, rel=1e-5)
    assert labelled_weight(classes, weights) == 3 * 0.5 + 2 * 2.0
    assert labelled_weight(classes, np.ones(4)) == 7


def test_a_class_of_weight_zero_is_not_learnt(tmp_path: Path) -> None:
    samples, net = coloured_samples(), small_network(width=16)
    stage = replace(
        STAGE,
        steps=80,
        batch_size=4,
        learning_rate=2e-2,
        class_weights=(1.0, 1.0, 0.0, 1.0),
    )
    run(tmp_path, stage=stage, network=net)
    scores = evaluate(net, samples, 4)
    assert scores.class_accuracies[2] < 0.1
    assert scores.class_accuracies[1] > 0.9


def test_a_class_that_the_network_lacks_is_named(tmp_path: Path) -> None:
    rgb = np.zeros((1, 40, 56, 3), np.uint8)
    samples = array_samples(rgb, np.full((1, 40, 56), 4, np.uint8))
    with pytest.raises(DatasetError, match=r"class 4, and there are 4 classes, 0 to 3"):
        run(tmp_path, draw=draws(samples))


def test_a_loss_that_is_not_a_number_stops_the_run(tmp_path: Path) -> None:
    stage = replace(STAGE, learning_rate=float("inf"))
    with pytest.raises(HNError, match=r"loss became nan .* step 2 of finetune"):
        run(tmp_path, stage=stage)


def test_bfloat16_trains_too(tmp_path: Path) -> None:
    stage = replace(STAGE, precision="bfloat16", steps=60, learning_rate=2e-2)
    net, _ = run(tmp_path, stage=stage)
    assert evaluate(net, coloured_samples(), 4).global_accuracy > 0.8
    assert all(p.dtype == torch.float32 for p in net.parameters())


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        MemoryError(),
        "torch's own",
    ],
)
def test_too_little_memory_is_said_plainly(
    tmp_path: Path, error: Exception | str
) -> None:
    def no_memory(step: int, loss: float) -> None:
        if isinstance(error, Exception):
            raise error
        torch.empty(2**50)

    with pytest.raises(HNError, match=r"smaller --batch-size, a larger --accumulate"):
        run(tmp_path, no_memory)


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    def fail(step: int, loss: float) -> None:
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        run(tmp_path, fail)


@pytest.mark.parametrize(("accumulate", "multiple"), [(2, 2), (4, 4)])
def test_a_batch_that_cannot_be_split_evenly_is_refused(
    tmp_path: Path, accumulate: int, multiple: int
) -> None:
    stage = replace(STAGE, accumulate=accumulate)
    with pytest.raises(HNError, match=rf"--batch-size 3 .* multiple of {multiple}"):
        run(tmp_path, stage=stage)


def test_too_few_samples_for_batch_norm_are_refused(tmp_path: Path) -> None:
    net = small_network()
    net.smallest_training_batch = 2
    with pytest.raises(HNError, match=r"network trains on 2 or more samples at once"):
        run(tmp_path, stage=replace(STAGE, accumulate=3), network=net)


def test_accumulation_gives_the_gradients_of_the_whole_step(tmp_path: Path) -> None:
    # Batch norm alone looks at the part's samples only, so it is fixed here.
    losses: dict[int, list[float]] = {}
    for accumulate in (1, 3):
        net = small_network()
        net.freeze(2)
        found = losses.setdefault(accumulate, [])
        stage = replace(STAGE, accumulate=accumulate, learning_rate=0.05)
        run(
            tmp_path / str(accumulate),
            lambda step, loss, found=found: found.append(loss),  # type: ignore[misc]
            stage=stage,
            network=net,
            draw=unequal_labels,
        )
    assert losses[3] == pytest.approx(losses[1], rel=1e-5)
    assert losses[1][-1] < 0.8 * losses[1][0]


def unequal_labels(k: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples with many labels, few, and none."""
    image, target = draws(coloured_samples())(k)
    target = target.copy()
    target[: (0, 30, 99)[k % 3]] = 255
    return image, target


def test_no_steps_leave_the_network_as_it_is(tmp_path: Path) -> None:
    net, _ = run(tmp_path, stage=replace(STAGE, steps=0))
    assert same_weights(net, small_network())


def test_impatience_ends_a_stage_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # It gets no better when no weight changes: the first validation stays the best.
    caplog.set_level("INFO")
    monkeypatch.setattr(loop, "NUM_VALIDATIONS", 7)
    stage = replace(STAGE, learning_rate=1e-12, patience=3)
    validation = coloured_samples(2)
    net = small_network()
    net.freeze(2)
    _, log = run(tmp_path, validation=validation, stage=stage, network=net)
    assert [s for s, _ in log.curve("finetune", "validation_mean_iou")] == [2, 4, 6, 8]
    assert "finetune ended early after 8 of 14 steps" in caplog.text
    steps: list[int] = []
    run(
        tmp_path,
        lambda step, loss: steps.append(step),
        validation=validation,
        stage=stage,
    )
    assert not steps


def test_validation_of_nothing_labelled_is_no_validation(tmp_path: Path) -> None:
    rgb, target = np.zeros((2, 40, 56, 3), np.uint8), np.full((2, 40, 56), 255, "u1")
    net, log = run(tmp_path, validation=array_samples(rgb, target))
    plain, _ = run(tmp_path / "plain", validation=NO_SAMPLES)
    assert same_weights(net, plain)
    assert log.curve("finetune", "validation_mean_iou") == []
