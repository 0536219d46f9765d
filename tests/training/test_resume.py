"""A run that was stopped goes on as if nothing had happened, to the last bit."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from loop_stand_in import STAGE, run, same_weights
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from training_data import coloured_samples

from training import loop
from training.log import MetricsLog
from training.loop import Interrupted
from training.stage import Stage

ALL_AT_ONCE = replace(
    STAGE,
    batch_size=4,
    accumulate=2,
    ema=0.9,
    patience=3,
    schedule="poly",
    warm_up=0.3,
    class_weights=(0.5, 1.0, 3.0, 2.0),
)


def press_ctrl_c(stop_at: int) -> Callable[[int, float], None]:
    def on_step(step: int, loss: float) -> None:
        if step == stop_at:
            os.kill(os.getpid(), signal.SIGINT)

    return on_step


def check_same(folder: Path, parts: Path) -> None:
    """Both folders hold the same checkpoints and curves."""
    for name in ("finetune-last.safetensors", "finetune-best.safetensors"):
        assert (folder / name).read_bytes() == (parts / name).read_bytes()
    logs = [(each / "metrics.jsonl").read_text() for each in (folder, parts)]
    assert logs[0] == logs[1]


@pytest.mark.parametrize("stage", [STAGE, ALL_AT_ONCE], ids=["plain", "all"])
@pytest.mark.parametrize("stop_at", [0, 6, 13])
def test_a_run_stopped_by_ctrl_c_and_resumed_ends_bit_equal(
    tmp_path: Path, stop_at: int, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "NUM_LOGS", 4)  # a logged loss is the mean of three steps
    monkeypatch.setattr(loop, "NUM_VALIDATIONS", 4)
    validation = coloured_samples(2)
    whole, log = run(tmp_path / "whole", validation=validation, stage=stage)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Interrupted):
        run(tmp_path / "parts", press_ctrl_c(stop_at), validation, stage)
    assert signal.getsignal(signal.SIGINT) is before
    seen: list[int] = []
    parts, log_of_parts = run(
        tmp_path / "parts",
        lambda step, loss: seen.append(step),
        validation,
        replace(stage, workers=3),
    )
    assert seen == list(range(stop_at + 1, 14))
    assert same_weights(whole, parts)
    assert log_of_parts.rows == log.rows
    check_same(tmp_path / "whole", tmp_path / "parts")


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
    on_disk = MetricsLog(tmp_path / "parts" / "metrics.jsonl").rows
    assert log_of_parts.rows == log.rows == on_disk
    check_same(tmp_path / "whole", tmp_path / "parts")


def test_patience_is_counted_on_after_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "NUM_VALIDATIONS", 14)
    # With this rate the first validation stays the best.
    stage = replace(STAGE, learning_rate=1e-12, patience=5)
    validation = coloured_samples(2)
    with pytest.raises(Interrupted):
        run(tmp_path, press_ctrl_c(3), validation, stage)
    seen: list[int] = []
    run(tmp_path, lambda step, loss: seen.append(step), validation, stage)
    assert seen == [4, 5]  # six validations: the best and five without a better one


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


def test_tensorboard_shows_a_resumed_run_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing is saved before the crash, so the resumed run begins again.
    monkeypatch.setattr(loop, "NUM_VALIDATIONS", 1)
    monkeypatch.setattr(loop, "CHECKPOINT_PERIOD_S", 1e9)
    # Files of one second are told apart by their number, which is sorted as text.
    writers = "tensorboard.summary.writer.event_file_writer"
    numbers = SimpleNamespace(get=iter(range(1, 9)).__next__)
    monkeypatch.setattr(f"{writers}._global_uid", numbers)

    def crash(step: int, loss: float) -> None:
        if step == 9:
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        run(tmp_path, crash)
    _, log = run(tmp_path)
    board = EventAccumulator(str(tmp_path / "tensorboard" / "finetune"))
    board.Reload()
    found = [(event.step, event.value) for event in board.Scalars("loss")]
    assert [step for step, _ in found] == list(range(1, 15))
    expected = [value for _, value in log.curve("finetune", "loss")]
    assert [value for _, value in found] == pytest.approx(expected, rel=1e-6)
