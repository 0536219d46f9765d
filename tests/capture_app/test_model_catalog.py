"""What the folders of training runs tell: state, scores, curves, the way on."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from made_runs import LONG_AGO_S, age, begun, finished, made_config, write_rows
from predicting_inputs import model

from capture_app.engine.model_catalog import ORDERS, Catalog, arranged, when
from capture_app.engine.run_command import command_for, first_command
from capture_app.engine.run_curves import read_curves
from capture_app.engine.run_entry import Entry, RunState, read_run

NOW_S = LONG_AGO_S + 10_000


def read(folder: Path, now_s: float = NOW_S) -> Entry:
    return read_run(folder, folder.name, now_s)


def names(entries: list[Entry]) -> list[str]:
    return [entry.name for entry in entries]


def test_a_finished_run_tells_what_it_is_and_how_good(tmp_path):
    entry = read(finished(tmp_path / "kitchen", hn=0.4, semantic=0.3))
    assert entry.state is RunState.FINISHED
    assert entry.config is not None
    assert (entry.config.network, entry.config.preset) == ("segnet-tiny", "smoke")
    assert entry.config.data == ("recordings", "simulated:7")
    assert entry.config.pretrained_on == "HN-labels"
    assert (entry.mean_iou("hn"), entry.mean_iou("semantic")) == (0.4, 0.3)
    scores = entry.scores["hn"]
    assert scores.measured_on == "5 validation frames, for want of test frames"
    assert [row.pixels for row in scores.classes] == [700, 400, 0]
    assert scores.classes[2].iou is None
    assert [path.name for path in entry.models] == ["model_hn.onnx", "model.onnx"]
    assert entry.tasks == ("hn", "semantic")
    sizes = [(tmp_path / "kitchen" / p.name).stat().st_size for p in entry.models]
    assert entry.size_bytes == sum(sizes)


def test_the_only_model_of_a_run_that_was_pretrained_alone_is_an_hn_network(tmp_path):
    entry = read(finished(tmp_path / "kitchen", semantic=None))
    assert [path.name for path in entry.models] == ["model.onnx"]
    assert entry.tasks == ("hn",)


def test_weights_are_counted_without_statistics_and_optimizer(tmp_path):
    assert read(begun(tmp_path / "run")).num_parameters == 4 * 3 + 4


def test_a_run_without_checkpoints_has_no_known_number_of_weights(tmp_path):
    folder = begun(tmp_path / "run")
    (folder / "checkpoints" / "pretrain-last.safetensors").write_bytes(b"\xff" * 20)
    assert read(folder).num_parameters is None


def test_a_run_that_is_quiet_was_stopped_and_says_how_to_go_on(tmp_path):
    entry = read(begun(tmp_path / "my run"))
    assert entry.state is RunState.STOPPED
    assert entry.place == "pretraining, step 130 of 200"
    assert entry.progress == pytest.approx(0.65)
    command = command_for(entry)
    assert command == f"hn-train --out '{tmp_path / 'my run'}' --resume"


def test_a_run_whose_files_just_changed_trains_now(tmp_path):
    folder = begun(tmp_path / "run")
    assert read(folder, LONG_AGO_S + 30).state is RunState.RUNNING
    assert "30 s ago" in read(folder, LONG_AGO_S + 30).words
    assert read(folder, LONG_AGO_S + 200).state is RunState.STOPPED


@pytest.mark.parametrize("has_validation", [True, False])
def test_a_run_may_be_quiet_for_longer_at_the_end_of_a_stage(tmp_path, has_validation):
    folder = begun(tmp_path / "run", steps=200)
    if not has_validation:
        write_rows(folder, [{"stage": "pretrain", "step": 200, "loss": 1.0}])
    age(folder, LONG_AGO_S)
    assert read(folder, LONG_AGO_S + 200).state is RunState.RUNNING
    assert read(folder, LONG_AGO_S + 1000).state is RunState.STOPPED


def test_a_run_that_prepares_its_data_has_not_begun(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.json").touch()
    assert read(folder).state is RunState.BEGINNING


def test_a_run_that_has_learnt_depth_alone_is_finished_without_networks(tmp_path):
    folder = begun(tmp_path / "run", pretext="depth")
    (folder / "results.json").write_text(json.dumps({"task": "depth", "notes": []}))
    entry = read(folder)
    assert entry.state is RunState.FINISHED
    assert (dict(entry.scores), entry.models) == ({}, ())
    assert f"--init {folder}" in entry.words


def test_results_without_model_files_are_not_finished(tmp_path):
    folder = finished(tmp_path / "run", semantic=None)
    (folder / "model.onnx").unlink()
    assert read(folder).state is RunState.STOPPED
    assert read(folder).mean_iou("hn") == 0.4


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", "{"),
        ("config.json", "[]"),
        ("config.json", json.dumps({"options": {}, "preset": {}})),
        ("config.json", json.dumps(made_config(bins={"height_edges": [2, 1]}))),
        ("results.json", "null"),
        ("results.json", '{"task": "hn"}'),
        ("results.json", "[" * 100_000),
    ],
)
def test_a_damaged_run_is_listed_with_what_is_wrong(tmp_path, file, content):
    folder = finished(tmp_path / "run")
    (folder / file).write_text(content)
    entry = read(folder)
    assert entry.state is RunState.BROKEN
    assert str(folder / file) in entry.words
    assert entry.models == ()


def test_a_folder_with_networks_but_no_config_is_listed_with_what_it_lacks(tmp_path):
    model(tmp_path)
    entry = read(tmp_path)
    assert entry.state is RunState.BROKEN
    assert "config.json" in entry.words


def test_curves_are_apart_by_stage_and_pass_over_half_a_line(tmp_path):
    folder = begun(tmp_path / "run")
    rows = [
        {"stage": "pretrain", "step": 7, "loss": 2.0, "learning_rate": 0.1},
        {"stage": "pretrain", "step": 8, "loss": None},
        {"stage": "finetune", "step": 3, "validation_mean_iou": 0.25},
    ]
    write_rows(folder, rows)
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"stage": "finetune", "step": 9, "lo')
    pretrain, finetune = read_curves(folder)
    assert (pretrain.stage, pretrain.last_step) == ("pretrain", 8)
    assert (pretrain.loss.steps, pretrain.loss.values) == ((7.0,), (2.0,))
    assert (finetune.last_step, finetune.loss.steps) == (3, ())
    assert finetune.mean_iou.values == (0.25,)


def test_runs_are_found_in_folders_of_runs_but_not_hidden_nor_in_each_other(tmp_path):
    runs = tmp_path / "runs"
    begun(runs / "kitchen")
    begun(runs / "kitchen" / "checkpoints" / "inner")
    begun(runs / "paper" / "table" / "first")
    begun(runs / ".trash" / "old")
    (runs / "notes").mkdir()
    (runs / "readme.txt").touch()
    found = {entry.name for entry in Catalog(runs).look()}
    assert found == {"kitchen", "paper/table/first"}


def test_without_a_folder_of_runs_there_are_none(tmp_path):
    assert Catalog(tmp_path / "runs").look() == ()


def test_a_run_is_read_again_once_it_grows(tmp_path):
    runs = tmp_path / "runs"
    folder = begun(runs / "kitchen", steps=50)
    catalog = Catalog(runs, lambda: LONG_AGO_S + 10)
    (before,) = catalog.look()
    begun(folder, steps=90)
    (after,) = catalog.look()
    assert (before.curves[0].last_step, after.curves[0].last_step) == (100, 100)
    assert len(before.curves[0].loss.steps) == 5
    assert len(after.curves[0].loss.steps) == 9


def test_a_running_run_is_stopped_once_it_is_quiet(tmp_path):
    runs = tmp_path / "runs"
    begun(runs / "kitchen")
    now = [LONG_AGO_S + 10]
    catalog = Catalog(runs, lambda: now[0])
    assert catalog.look()[0].state is RunState.RUNNING
    now[0] += 1000
    assert catalog.look()[0].state is RunState.STOPPED


def test_a_run_that_did_not_change_is_not_read_again(tmp_path, monkeypatch):
    runs = tmp_path / "runs"
    finished(runs / "kitchen")
    catalog = Catalog(runs)
    first = catalog.look()
    monkeypatch.setattr("capture_app.engine.model_catalog.read_run", None)
    assert catalog.look() == first
    catalog.forget()
    with pytest.raises(TypeError):
        catalog.look()


def test_a_file_from_elsewhere_is_listed_or_says_why_it_cannot_be_used(tmp_path):
    good = model(tmp_path)
    bad, gone = tmp_path / "bad.onnx", tmp_path / "gone.onnx"
    bad.write_bytes(b"nonsense")
    first, second, third = Catalog(tmp_path / "runs").look([good, bad, gone])
    assert (first.state, first.models, first.tasks) == (
        RunState.FILE,
        (good,),
        ("semantic",),
    )
    assert second.state is third.state is RunState.BROKEN
    assert str(bad) in second.words
    assert str(gone) in third.words


def test_runs_are_searched_and_sorted(tmp_path):
    runs = tmp_path / "runs"
    for number, (name, hn, semantic) in enumerate(
        (("Bath", 0.2, 0.6), ("attic", 0.5, 0.1), ("cellar", None, 0.4))
    ):
        age(finished(runs / name, hn, semantic), LONG_AGO_S + 100 * number)
    entries = Catalog(runs).look()
    newest, by_name, best_hn, best_semantic = ORDERS
    assert names(arranged(entries, order=newest)) == ["cellar", "attic", "Bath"]
    assert names(arranged(entries, order=by_name)) == ["attic", "Bath", "cellar"]
    assert names(arranged(entries, order=best_hn)) == ["attic", "Bath", "cellar"]
    assert names(arranged(entries, order=best_semantic)) == ["Bath", "cellar", "attic"]
    assert names(arranged(entries, "SEGNET bath")) == ["Bath"]
    assert names(arranged(entries, "simulated:7 tt")) == ["attic"]
    assert not arranged(entries, "bath attic")


def test_the_date_of_a_run_is_that_of_its_newest_file(tmp_path):
    folder = finished(tmp_path / "run")
    os.utime(folder / "metrics.jsonl", (LONG_AGO_S + 86400, LONG_AGO_S + 86400))
    assert read(folder).changed_s == LONG_AGO_S + 86400
    assert when(read(folder)).startswith(("2023-11-15", "2023-11-16"))


def test_a_finished_run_is_repeated_as_it_was_typed_in_a_folder_of_its_own(tmp_path):
    folder = finished(tmp_path / "kitchen")
    (tmp_path / "kitchen-2").mkdir()
    again = tmp_path / "kitchen-3"
    assert command_for(read(folder)) == f"hn-train --data 'my room' --out {again}"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["hn-train", "--out=x", "--seed", "3"], "hn-train --seed 3 --out {}"),
        (["hn-train", "--name", "x", "--ema", "1"], "hn-train --ema 1 --out {}"),
        (["bin/hn-reproduce", "table2"], "hn-reproduce table2"),
    ],
)
def test_the_place_of_a_run_is_replaced_however_it_was_given(tmp_path, typed, expected):
    folder = finished(tmp_path / "run")
    (folder / "environment.json").write_text(json.dumps({"command": typed}))
    assert command_for(read(folder)) == expected.format(tmp_path / "run-2")


@pytest.mark.parametrize("content", ["", "[]", '{"command": 3}', '{"command": []}'])
def test_without_a_known_command_there_is_none(tmp_path, content):
    folder = finished(tmp_path / "run")
    (folder / "environment.json").write_text(content)
    assert command_for(read(folder)) is None


def test_the_first_command_trains_on_recordings_if_there_are_any():
    runs, recordings = Path("runs"), Path("my recordings")
    assert first_command(recordings, runs, True) == (
        "hn-train --data 'my recordings' --preset smoke --out runs/first"
    )
    assert "--data simulated:200" in first_command(recordings, runs, False)


def test_numbers_that_are_not_finite_are_no_points(tmp_path):
    folder = begun(tmp_path / "run")
    (folder / "metrics.jsonl").write_text(
        '{"stage": "pretrain", "step": 1, "loss": NaN}\n'
        '{"stage": "pretrain", "step": 2, "loss": 1.5}\n'
    )
    (curves,) = read_curves(folder)
    assert np.isfinite(curves.loss.values).all()
    assert curves.loss.steps == (2.0,)
