import json
import os
import re
import signal
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training_data import write_nyuv2_folder

from core.bins import HNBins
from core.errors import CheckpointError, HNError
from core.nyuv2 import COLOR_CAMERA, NYU40_NAMES
from core.prediction import Predictor
from training import loop, presets, set_up
from training import results as results_module
from training.config import TrainConfig
from training.datasets.prepare import PreparedData
from training.loop import Interrupted
from training.models import build
from training.models.segnet import SegNet
from training.presets import Preset
from training.progress import prepare_all
from training.run import run_training
from training.run_folder import new_folder
from training.schedule import learning_rate
from training.stage import Stage
from training.train_command import main, train

TINY = Preset(
    name="smoke",
    network="segnet-tiny",
    image_size=(36, 48),
    crop_size=(30, 40),
    batch_size=2,
    pretrain_steps=3,
    finetune_steps=4,
    learning_rate=2e-3,
    weight_decay=0.01,
    hn_frames=50,
)


@pytest.fixture(autouse=True)
def _tiny_preset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(presets.PRESETS, "smoke", TINY)
    monkeypatch.setitem(
        build.OWN_NETWORKS,
        "segnet-tiny",
        lambda classes: SegNet(classes, (8, 8), (1, 1)),
    )


def config(data: Path, out: Path, **options: object) -> TrainConfig:
    return TrainConfig(
        data=(str(data),),
        preset="smoke",
        out=out,
        precision="float32",
        **options,  # type: ignore[arg-type]
    )


def metrics(folder: Path) -> list[dict]:
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_one_whole_run_leaves_everything(
    nyuv2_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    closing = run_training(config(nyuv2_folder, out, seed=3))
    assert {file.name for file in out.iterdir()} == {
        "config.json",
        "environment.json",
        "metrics.jsonl",
        "results.json",
        "checkpoints",
        "model.onnx",
        "model_hn.onnx",
        "report.html",
        "tensorboard",
    }
    printed = capsys.readouterr().out
    assert "13 frames, 3 of them for testing only" in printed
    assert "floor" in printed and "below 0.25 m, 0-45 deg" in printed
    for file in ("report.html", "model.onnx", "model_hn.onnx"):
        assert str(out / file) in closing

    saved = json.loads((out / "config.json").read_text())
    assert saved["options"]["seed"] == 3
    assert saved["preset"]["finetune_steps"] == 4
    rows = metrics(out)
    assert [(r["stage"], r["step"]) for r in rows if "loss" in r] == [
        *(("pretrain", k) for k in (1, 2, 3)),
        *(("finetune", k) for k in (1, 2, 3, 4)),
    ]

    results = json.loads((out / "results.json").read_text())
    assert (results["task"], results["hn"]["task"]) == ("semantic", "hn")
    assert (results["evaluated_on"], results["evaluated_frames"]) == ("test", 3)
    assert [row["name"] for row in results["per_class"]] == list(NYU40_NAMES)
    # The test frames hold wall, floor and box; their measures are those of the file.
    seen = [row for row in results["per_class"] if row["pixels"]]
    assert [row["name"] for row in seen] == ["wall", "floor", "box"]
    assert results["mean_iou"] == pytest.approx(np.mean([row["iou"] for row in seen]))

    semantic, hn = (Predictor(out / name) for name in ("model.onnx", "model_hn.onnx"))
    assert semantic.info.class_names == NYU40_NAMES
    assert hn.info.bins == HNBins()
    assert (hn.info.height, hn.info.width) == (36, 48)
    rgb = np.zeros((120, 160, 3), np.uint8)
    assert semantic(rgb).shape == (120, 160)

    page = (out / "report.html").read_text()
    assert not re.search(r"(src|href)=\"(?!data:)|url\(|<script|https?://", page)
    assert page.count("data:image/jpeg") == 6  # three test frames, both networks
    assert "0.25-0.50 m, 0-45 deg" in page and "other furniture" in page

    with pytest.raises(HNError, match=r"not empty.*--resume"):
        run_training(config(nyuv2_folder, out))


def test_a_stopped_run_is_resumed_to_the_same_end(
    nyuv2_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(results_module, "export_model", lambda *_: 0.0)
    run_training(config(nyuv2_folder, tmp_path / "whole"))
    parts = tmp_path / "parts"

    def rate(stage: Stage, step: int) -> float:
        if (stage.name, step) == stop_before:
            os.kill(os.getpid(), signal.SIGINT)
        return learning_rate(stage, step)

    monkeypatch.setattr(loop, "learning_rate", rate)
    stop_before = ("pretrain", 1)
    with pytest.raises(Interrupted):
        run_training(config(nyuv2_folder, parts))
    assert f"hn-train --out {parts} --resume" in capsys.readouterr().out
    stop_before = ("finetune", 2)
    with pytest.raises(Interrupted):
        run_training(TrainConfig(out=parts, resume=True))
    stop_before = ("", 0)
    run_training(TrainConfig(out=parts, resume=True))
    for name in (
        "checkpoints/pretrain-last.safetensors",
        "checkpoints/finetune-last.safetensors",
        "metrics.jsonl",
        "results.json",
    ):
        whole = (tmp_path / "whole" / name).read_bytes()
        assert (parts / name).read_bytes() == whole, name


def test_scratch_and_pretrained_differ_only_in_their_start(
    nyuv2_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results_module, "export_model", lambda *_: 0.0)
    run_training(config(nyuv2_folder, tmp_path / "hn"))
    run_training(config(nyuv2_folder, tmp_path / "none", init="none"))
    scratch = json.loads((tmp_path / "none" / "results.json").read_text())
    assert "hn" not in scratch
    assert {row["stage"] for row in metrics(tmp_path / "none")} == {"finetune"}
    assert not list((tmp_path / "none" / "checkpoints").glob("pretrain*"))


def test_data_without_semantic_labels_is_pretrained_on_only(tmp_path: Path) -> None:
    data = write_nyuv2_folder(tmp_path / "d", train=8, test=0, kinds=["depth"])
    data = data / "train"
    np.savetxt(data / "K.txt", COLOR_CAMERA.resized(320, 240).K)
    run_training(config(data, tmp_path / "run"))
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert (results["task"], results["evaluated_on"]) == ("hn", "validation")
    assert Predictor(tmp_path / "run" / "model.onnx").info.task == "hn"
    assert not (tmp_path / "run" / "model_hn.onnx").exists()
    assert "pretrained only" in (tmp_path / "run" / "report.html").read_text()


def test_data_without_depth_is_finetuned_on_from_scratch(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(results_module, "export_model", lambda *_: 0.0)
    data = write_nyuv2_folder(tmp_path / "d", train=6, test=2, kinds=["label40"])
    run_training(config(data, tmp_path / "run"))
    assert "nothing to pretrain on" in capsys.readouterr().out
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert results["task"] == "semantic" and "hn" not in results


def test_labelled_frames_can_be_limited(
    nyuv2_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results_module, "export_model", lambda *_: 0.0)
    run_training(config(nyuv2_folder, tmp_path / "run", labelled_frames=4))
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert (results["trained_frames"], results["hn"]["trained_frames"]) == (4, 9)


def test_unusable_options_and_data_leave_no_folder(
    nyuv2_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    good = config(nyuv2_folder, out)
    for options, message in (
        ({"data": ()}, "no data given"),
        ({"data": (str(tmp_path / "nowhere"),)}, "does not exist"),
        ({"batch_size": 0}, "--batch-size is 0; expected a number above 0"),
        ({"learning_rate": 0.0}, "--learning-rate is 0.0"),
        ({"learning_rate": float("nan")}, "--learning-rate is nan"),
        ({"name": "../other", "out": None}, "name a folder with --out"),
        ({"seed": -1}, "--seed is -1; expected 0 or more"),
        ({"labelled_frames": 0}, "--labelled-frames is 0"),
        ({"pretrain_steps": 0, "finetune_steps": 0}, "leave no step"),
        ({"resume": True}, "holds no run to continue"),
        ({"resume": True, "out": None}, "name it with --out"),
    ):
        with pytest.raises(HNError, match=message) as caught:
            run_training(replace(good, **options))  # type: ignore[arg-type]
        assert "\n" not in str(caught.value)
        assert not out.exists()
    out.mkdir()
    with pytest.raises(HNError, match="no data given"):
        run_training(replace(good, data=()))
    assert list(out.iterdir()) == []


def test_a_run_has_its_folder_before_it_prepares(
    nyuv2_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results_module, "export_model", lambda *_: 0.0)
    refused: list[str] = []

    def prepare_beside_another_run(
        *arguments: Any, **options: Any
    ) -> list[PreparedData]:
        for other in (config(nyuv2_folder, out), TrainConfig(out=out, resume=True)):
            with pytest.raises(HNError) as caught:
                run_training(other)
            refused.append(str(caught.value))
        return prepare_all(*arguments, **options)

    monkeypatch.setattr(set_up, "prepare_all", prepare_beside_another_run)
    out = tmp_path / "run"
    run_training(config(nyuv2_folder, out, seed=5))
    assert json.loads((out / "config.json").read_text())["options"]["seed"] == 5
    assert "not empty" in refused[0]
    assert "has not begun to train" in refused[1]


def test_of_two_runs_that_find_an_empty_folder_one_claims_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    out.mkdir()
    with new_folder(TrainConfig(out=out)):
        # What the other run saw a moment before.
        monkeypatch.setattr(Path, "iterdir", lambda path: iter(()))
        with (
            pytest.raises(HNError, match="not empty"),
            new_folder(TrainConfig(out=out)),
        ):
            pass
        assert (out / "config.json").exists()


def test_runs_without_a_name_never_share_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(time, "strftime", lambda _: "2024-02-03-040506")
    folders = []
    with ExitStack() as stack:
        for _ in range(3):
            folders.append(stack.enter_context(new_folder(TrainConfig())))
    assert [str(folder) for folder in folders] == [
        "runs/2024-02-03-040506",
        "runs/2024-02-03-040506-2",
        "runs/2024-02-03-040506-3",
    ]
    with (
        new_folder(TrainConfig(name="mine")),
        pytest.raises(HNError, match=r"runs/mine exists"),
        new_folder(TrainConfig(name="mine")),
    ):
        pass


def test_a_run_is_resumed_only_as_it_was_started(
    nyuv2_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results_module, "export_model", lambda *_: 0.0)
    out = tmp_path / "run"
    run_training(config(nyuv2_folder, out, seed=3))
    resumed = TrainConfig(out=out, resume=True)
    run_training(resumed)
    # A label image that changed since.
    file = nyuv2_folder / "train/label40/0003.png"
    file.write_bytes((nyuv2_folder / "train/label40/0004.png").read_bytes())
    with pytest.raises(CheckpointError, match="labels changed since the run"):
        run_training(resumed)
    (out / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"config\.json is damaged"):
        run_training(resumed)


@pytest.mark.parametrize(
    "given",
    [
        ["--seed", "4"],
        ["--seed", "0"],
        ["--seed=0"],
        ["--preset", "laptop"],
        ["--labelled_frames", "4"],
        ["--bins.angle-edges", "45"],
        ["--data", "nyu"],
    ],
)
def test_resuming_refuses_other_options_even_if_they_say_the_default(
    given: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["hn-train", "--resume", f"--out={tmp_path}"]
    for arguments, message in (
        ([*words, *given], "leave out all others but --out"),
        (words, "holds no run to continue"),
    ):
        monkeypatch.setattr("sys.argv", arguments)
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 2
        assert message in capsys.readouterr().err


def test_resuming_refuses_a_config_that_says_more(tmp_path: Path) -> None:
    with pytest.raises(HNError, match="leave out all others"):
        train(TrainConfig(out=tmp_path, resume=True, seed=4))
