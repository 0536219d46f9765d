from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from training.log import MetricsLog


def board(folder: Path, stage: str) -> EventAccumulator:
    accumulator = EventAccumulator(str(folder / "tensorboard" / stage))
    accumulator.Reload()
    return accumulator


def test_tensorboard_gets_what_metrics_jsonl_gets(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "metrics.jsonl")
    with log.stage("pretrain", 0):
        log.write("pretrain", 3, loss=2.5, learning_rate=0.01)
        log.write("pretrain", 6, loss=1.25, learning_rate=0.02)
        # It can be looked at while the run goes on.
        losses = board(tmp_path, "pretrain").Scalars("loss")
        assert [(event.step, event.value) for event in losses] == [(3, 2.5), (6, 1.25)]
    with log.stage("finetune", 0):
        log.write("finetune", 2, loss=7.0)
    assert board(tmp_path, "pretrain").Tags()["scalars"] == ["loss", "learning_rate"]
    (event,) = board(tmp_path, "finetune").Scalars("loss")
    assert (event.step, event.value) == (2, 7.0)
    assert MetricsLog(tmp_path / "metrics.jsonl").rows == [
        {"stage": "pretrain", "step": 3, "loss": 2.5, "learning_rate": 0.01},
        {"stage": "pretrain", "step": 6, "loss": 1.25, "learning_rate": 0.02},
        {"stage": "finetune", "step": 2, "loss": 7.0},
    ]


def test_a_stage_forgets_only_its_own_later_steps(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "metrics.jsonl")
    for stage, steps in (("pretrain", (5, 9)), ("finetune", (2, 4, 6))):
        with log.stage(stage, 0):
            for step in steps:
                log.write(stage, step, loss=float(step))
    with log.stage("finetune", 4):
        pass
    again = MetricsLog(tmp_path / "metrics.jsonl")
    assert again.rows == log.rows
    assert again.curve("pretrain", "loss") == [(5, 5), (9, 9)]
    assert again.curve("finetune", "loss") == [(2, 2), (4, 4)]


def test_numbers_that_are_not_finite_become_null(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "metrics.jsonl")
    with log.stage("finetune", 0):
        log.write("finetune", 1, validation_mean_iou=float("nan"), loss=1.0)
    text = (tmp_path / "metrics.jsonl").read_text()
    assert text == (
        '{"stage": "finetune", "step": 1, "validation_mean_iou": null, "loss": 1.0}\n'
    )
    assert log.curve("finetune", "validation_mean_iou") == []


@pytest.mark.parametrize("line", ["", '{"stage": "fine'])
def test_other_processes_write_nothing(tmp_path: Path, line: str) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(line)
    log = MetricsLog(path)
    with log.stage("finetune", 0, is_written=False):
        log.write("finetune", 1, loss=1.0)
    assert path.read_text() == line
    assert [file.name for file in tmp_path.iterdir()] == ["metrics.jsonl"]
    assert log.curve("finetune", "loss") == [(1, 1.0)]
