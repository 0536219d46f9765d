"""Ways to begin and to vary a run, each through the whole command."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import safetensors.torch
import torch
from training_data import write_nyuv2_folder

from core.bins import HNBins
from core.errors import HNError
from training import loop, presets
from training import results as results_module
from training.config import TrainConfig
from training.eval_command import EvalConfig, evaluate_run
from training.loop import Interrupted
from training.models import build
from training.models.segnet import SegNet
from training.presets import Preset
from training.run import run_training

SMALL = Preset(
    name="smoke",
    network="segnet-tiny",
    image_size=(36, 48),
    crop_size=(30, 40),
    batch_size=4,
    pretrain_steps=2,
    finetune_steps=3,
    learning_rate=2e-3,
    weight_decay=0.01,
    hn_frames=50,
)


@pytest.fixture(autouse=True)
def _small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(presets.PRESETS, "smoke", SMALL)
    monkeypatch.setitem(
        build.OWN_NETWORKS,
        "segnet-tiny",
        lambda classes: SegNet(classes, (8, 8, 8, 8), (1, 1, 1, 1)),
    )
    monkeypatch.setattr(results_module, "export_model", lambda *_: 0.0)


def run(data: Path, out: Path, **options: object) -> dict:
    run_training(
        TrainConfig(
            data=(str(data),),
            preset="smoke",
            out=out,
            precision="float32",
            **options,  # type: ignore[arg-type]
        )
    )
    return json.loads((out / "results.json").read_text())


def weights(out: Path, stage: str) -> dict[str, torch.Tensor]:
    return safetensors.torch.load_file(out / f"checkpoints/{stage}-best.safetensors")


def write_cifar100(folder: Path) -> Path:
    """Three classes of plain colours, in the binary version."""
    folder.mkdir()
    (folder / "fine_label_names.txt").write_text("red\ngreen\nblue\n")
    for name, num in (("train.bin", 9), ("test.bin", 3)):
        records = np.zeros((num, 3074), np.uint8)
        records[:, 1] = np.arange(num) % 3
        for record in records:
            first = 2 + 1024 * int(record[1])
            record[first : first + 1024] = 200
        (folder / name).write_bytes(records.tobytes())
    return folder


def test_a_run_starts_from_the_hn_network_of_another(
    nyuv2_folder: Path, tmp_path: Path
) -> None:
    run(nyuv2_folder, tmp_path / "hn", finetune_steps=0)
    results = run(
        nyuv2_folder, tmp_path / "run", init=str(tmp_path / "hn"), freeze=2, ema=0.5
    )
    assert results["task"] == "semantic" and "hn" not in results
    before, after = (
        weights(tmp_path / name, stage)
        for name, stage in (("hn", "pretrain"), ("run", "finetune"))
    )
    # The frozen stages are the other run's, the next ones have learnt.
    for name in before:
        if "encoder.0." in name or "encoder.1." in name:
            assert torch.equal(before[name], after[name]), name
    assert not torch.equal(
        before["network.encoder.2.0.weight"], after["network.encoder.2.0.weight"]
    )


def test_a_run_is_resumed_by_what_it_resolved_not_by_what_is_there_now(
    nyuv2_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(nyuv2_folder, tmp_path / "hn", finetune_steps=0)
    first = run(nyuv2_folder, tmp_path / "run", init=str(tmp_path / "hn"))
    # The other run is gone, and presets have changed.
    (tmp_path / "hn").rename(tmp_path / "elsewhere")
    monkeypatch.setitem(
        presets.PRESETS, "smoke", replace(SMALL, finetune_steps=9, image_size=(60, 80))
    )
    run_training(TrainConfig(out=tmp_path / "run", resume=True))
    again = json.loads((tmp_path / "run" / "results.json").read_text())
    assert again == first


def test_another_number_of_processes_is_told_when_a_run_goes_on(
    nyuv2_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(nyuv2_folder, tmp_path / "run", init="none")
    assert "begun with" not in capsys.readouterr().out
    file = tmp_path / "run" / "config.json"
    saved = json.loads(file.read_text())
    file.write_text(json.dumps(saved | {"processes": 3}))
    run_training(TrainConfig(out=tmp_path / "run", resume=True))
    assert "begun with 3 process(es) and continued with 1" in capsys.readouterr().out


def test_a_run_from_scratch_has_no_hn_labels_made(
    nyuv2_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(nyuv2_folder, tmp_path / "run", init="none")
    assert "    HN        none" in capsys.readouterr().out


def test_cross_stitching_keeps_the_hn_network_as_it_is(
    nyuv2_folder: Path, tmp_path: Path
) -> None:
    run(nyuv2_folder, tmp_path / "run", cross_stitch=True)
    hn, both = (weights(tmp_path / "run", stage) for stage in ("pretrain", "finetune"))
    encoder = {name for name in hn if name.startswith("network.encoder.")}
    for name in encoder:
        rest = name.removeprefix("network.")
        assert torch.equal(hn[name], both[f"network.hn.{rest}"]), name
    assert sum(name.startswith("network.hn.") for name in both) == len(encoder)
    assert evaluate_run(EvalConfig(tmp_path / "run", (str(nyuv2_folder),)))


def test_cross_stitching_is_exact_over_a_stop_between_the_stages(
    nyuv2_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "GRADIENT_NORM", 0.01)  # every step is clipped
    run(nyuv2_folder, tmp_path / "whole", cross_stitch=True)
    train = loop.train

    def train_and_stop(*arguments: Any) -> int:
        train(*arguments)
        raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr("training.run.train", train_and_stop)
        with pytest.raises(Interrupted):
            run(nyuv2_folder, tmp_path / "parts", cross_stitch=True)
    run_training(TrainConfig(out=tmp_path / "parts", resume=True))
    for stage in ("pretrain", "finetune"):
        whole, parts = (weights(tmp_path / name, stage) for name in ("whole", "parts"))
        assert whole.keys() == parts.keys()
        assert all(torch.equal(tensor, parts[name]) for name, tensor in whole.items())


def test_a_network_for_other_bins_can_be_stitched_in(
    nyuv2_folder: Path, tmp_path: Path
) -> None:
    bins = HNBins(height_edges=(0.5, 1.0))
    run(nyuv2_folder, tmp_path / "hn", finetune_steps=0, bins=bins)
    run(nyuv2_folder, tmp_path / "run", init=str(tmp_path / "hn"), cross_stitch=True)
    assert evaluate_run(EvalConfig(tmp_path / "run", (str(nyuv2_folder),)))


def test_an_encoder_is_trained_on_cifar100_first(
    nyuv2_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_cifar100(tmp_path / "cifar")
    results = run(
        nyuv2_folder, tmp_path / "run", init="cifar100", cifar100=data, patience=1
    )
    assert results["task"] == "semantic"
    assert "8 images of CIFAR-100; of 3 others" in capsys.readouterr().out
    assert (tmp_path / "run/checkpoints/cifar100-best.safetensors").is_file()


def test_recordings_classes_join_those_of_other_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nyu = write_nyuv2_folder(tmp_path / "nyu", train=8, test=2)
    own = tmp_path / "own"
    rng = np.random.default_rng(3)
    for kind in ("images", "masks"):
        (own / kind).mkdir(parents=True)
    for k in range(6):
        rgb = rng.integers(0, 255, (60, 80, 3), dtype=np.uint8)
        mask = np.full((60, 80), k % 2, np.uint8)
        cv2.imwrite(str(own / "images" / f"{k}.png"), rgb)
        cv2.imwrite(str(own / "masks" / f"{k}.png"), mask)
    (own / "classes.txt").write_text("Floor\nrobot\n")
    run_training(
        TrainConfig(
            data=(str(nyu), str(own)),
            preset="smoke",
            out=tmp_path / "run",
            class_weights="median-frequency",
            accumulate=2,
            schedule="poly",
        )
    )
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    names = [row["name"] for row in results["per_class"]]
    assert len(names) == 41 and names[1] == "floor" and names[-1] == "robot"
    assert "2 of the 41 classes (Floor, robot)" in capsys.readouterr().out


def test_hn_eval_gives_what_the_run_measured(
    nyuv2_folder: Path, tmp_path: Path
) -> None:
    results = run(nyuv2_folder, tmp_path / "run")
    data = (str(nyuv2_folder),)
    for task, expected in (("last", results), ("hn", results["hn"])):
        file = tmp_path / f"{task}.json"
        text = evaluate_run(EvalConfig(tmp_path / "run", data, task=task, out=file))  # type: ignore[arg-type]
        found = json.loads(file.read_text())
        assert found["frames"] == 3 and found["task"] == expected["task"]
        for name in ("global_accuracy", "class_accuracy", "mean_iou"):
            assert found[name] == pytest.approx(expected[name], abs=1e-9)
        assert f"{100 * expected['mean_iou']:.1f} %" in text
    many = EvalConfig(tmp_path / "run", data, scales=(0.75, 1.25), flip=True)
    assert "mean IoU" in evaluate_run(many)
    with pytest.raises(HNError, match="is there already"):
        evaluate_run(EvalConfig(tmp_path / "run", data, out=tmp_path / "hn.json"))
    with pytest.raises(HNError, match="no validation frame"):
        own = write_nyuv2_folder(tmp_path / "few", train=2, test=1)
        evaluate_run(EvalConfig(tmp_path / "run", (str(own),), part="validation"))
    with pytest.raises(HNError, match=r"--scales are \(0.01,\); expected .* 0.1 to 4"):
        evaluate_run(EvalConfig(tmp_path / "run", data, scales=(0.01,)))
    with pytest.raises(HNError, match="is no run of hn-train"):
        evaluate_run(EvalConfig(tmp_path / "nowhere", data))


def test_hn_eval_takes_the_part_that_there_is_and_only_classes_that_are_known(
    nyuv2_folder: Path, tmp_path: Path
) -> None:
    run(nyuv2_folder, tmp_path / "run", init="none")
    without_test = write_nyuv2_folder(tmp_path / "few", train=8, test=0)
    text = evaluate_run(EvalConfig(tmp_path / "run", (str(without_test),)))
    assert "validation frames of" in text
    with pytest.raises(HNError, match="has not finished its pretrain stage"):
        evaluate_run(EvalConfig(tmp_path / "run", (str(nyuv2_folder),), task="hn"))
    for kind in ("images", "masks"):
        (tmp_path / "own" / kind).mkdir(parents=True)
    for k in range(2):
        cv2.imwrite(str(tmp_path / f"own/images/{k}.png"), np.full((40, 60, 3), 90))
        cv2.imwrite(str(tmp_path / f"own/masks/{k}.png"), np.full((40, 60), k))
    (tmp_path / "own/classes.txt").write_text("robot\ncable\n")
    with pytest.raises(HNError, match="knows none of the classes"):
        evaluate_run(EvalConfig(tmp_path / "run", (str(tmp_path / "own"),)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"init": "imagenet", "network": "segnet-tiny"}, "segnet-tiny"),
        ({"init": "nowhere"}, "nowhere"),
        ({"init": "cifar100"}, "--cifar100 FOLDER belong together"),
        ({"init": "none", "cifar100": Path("x")}, "belong together"),
        ({"weights": Path("x")}, "--weights is for --init imagenet"),
        ({"init": "none", "freeze": 1}, "would fix random weights"),
        ({"init": "none", "cross_stitch": True}, "--cross-stitch needs"),
        ({"freeze": 9}, "--freeze is 9 and the encoder has 4 stages"),
        ({"freeze": -1}, "--freeze is -1; expected 0 or more"),
        ({"ema": 1.0}, "--ema is 1.0; expected a number from 0 to below 1"),
        ({"accumulate": 3}, "--accumulate 3"),
        ({"pretrain_steps": 0, "freeze": 1}, "nothing is pretrained in this run"),
        ({"workers": 0}, "--workers is 0"),
        ({"network": "segnet-tyni"}, "segnet-tiny"),
        ({"devices": 0}, "--devices is 0"),
        ({"nodes": 2}, "start hn-train with torchrun --nnodes"),
    ],
)
def test_options_that_cannot_be_done_are_one_sentence(
    nyuv2_folder: Path, tmp_path: Path, options: dict, message: str
) -> None:
    with pytest.raises(HNError) as caught:
        run(nyuv2_folder, tmp_path / "run", **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()
