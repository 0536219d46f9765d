"""Runs measured frame by frame, pages of them, and what is asked for."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from training_data import write_nyuv2_folder

from core.errors import HNError
from core.nyuv2 import NYU40_NAMES
from training import presets
from training import results as results_module
from training.checkpoint import (
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)
from training.config import TrainConfig
from training.models import build
from training.models.segnet import SegNet
from training.presets import Preset
from training.reproduce.command import ReproduceConfig, reproduce
from training.reproduce.data import count_labelled
from training.reproduce.execute import Outcome
from training.reproduce.experiment import Comparison, Experiment, Row
from training.reproduce.measure import measure, measured_network, measured_part
from training.reproduce.report import Setting, write_page
from training.reproduce.results import gather
from training.reproduce.scales import SCALES
from training.reproduce.spec import Spec
from training.run import run_training

TINY = Preset("smoke", "segnet-tiny", (36, 48), (30, 40), 2, 3, 20, 2e-2, 0.01, 50)


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(presets.PRESETS, "smoke", TINY)
    small = lambda classes: SegNet(classes, (8, 8), (1, 1))  # noqa: E731
    monkeypatch.setitem(build.OWN_NETWORKS, "segnet-tiny", small)
    monkeypatch.setattr(results_module, "export_model", lambda *_: 0.0)


def trained(data: Path, out: Path, seed: int = 0) -> Path:
    run_training(
        TrainConfig(
            (str(data),), "smoke", out, init="none", precision="float32", seed=seed
        )
    )
    return out


def test_frames_together_measure_what_the_run_itself_measured(
    nyuv2_folder: Path, tmp_path: Path
) -> None:
    folder = trained(nyuv2_folder, tmp_path / "run")
    found = measure(folder, (str(nyuv2_folder),), "test")
    results = json.loads((folder / "results.json").read_text())
    assert found.confusions.shape == (3, 40, 40)
    assert found.class_names == NYU40_NAMES
    for name in ("global_accuracy", "class_accuracy", "mean_iou"):
        assert getattr(found.scores, name) == pytest.approx(results[name]), name
    # It is read again from the run's folder.
    (folder / "checkpoints" / "finetune-best.safetensors").unlink()
    again = measure(folder, (str(nyuv2_folder),), "test")
    assert np.array_equal(again.confusions, found.confusions)


def test_on_validation_frames_the_last_weights_are_measured(
    nyuv2_folder: Path, tmp_path: Path
) -> None:
    folder = trained(nyuv2_folder, tmp_path / "run")
    best, last = (
        folder / "checkpoints" / f"finetune-{which}.safetensors"
        for which in ("best", "last")
    )
    # That the two differ is not left to chance.
    changed = measured_network(folder, "test").network
    with torch.no_grad():
        changed.classifier.bias += 1
    save_checkpoint(best, changed, read_checkpoint(best)[1])
    weights = {
        part: measured_network(folder, part).network.classifier.bias
        for part in ("test", "validation")
    }
    assert torch.equal(weights["test"], changed.classifier.bias)
    load_checkpoint(last, changed)
    assert torch.equal(weights["validation"], changed.classifier.bias)


def test_without_test_frames_validation_frames_are_measured(tmp_path: Path) -> None:
    with_test = write_nyuv2_folder(tmp_path / "a", train=6, test=2)
    without = write_nyuv2_folder(tmp_path / "b", train=6, test=0)
    assert measured_part((str(with_test),), "test") == "test"
    assert measured_part((str(with_test),), "validation") == "validation"
    assert measured_part((str(without),), "test") == "validation"
    counts = count_labelled((str(with_test),))
    assert (counts.train, counts.validation, counts.test) == (5, 1, 2)


def test_a_page_has_what_was_run_and_says_what_was_not(
    nyuv2_folder: Path, tmp_path: Path
) -> None:
    data = (str(nyuv2_folder),)
    specs = [Spec(f"run{k}", TrainConfig(data=data, seed=k)) for k in range(3)]
    outcomes = {
        spec: Outcome(trained(nyuv2_folder, tmp_path / spec.name, k))
        for k, spec in enumerate(specs[:2])
    }
    outcomes[specs[2]] = Outcome(tmp_path / "run2", "the disk was full")
    rows = (
        Row("good", ((specs[0],), (specs[1],)), series="one", x=5),
        Row("half", ((specs[0],), (specs[2],)), series="one", x=7),
        Row("lost", ((specs[2],),)),
        Row("absent", (), missing="needs --camvid"),
    )
    comparisons = (Comparison("good", "half"), Comparison("good", "lost"))
    experiment = Experiment(
        "table9", "Table 9", "A try.", rows, comparisons, ("wall",), "steps"
    )
    result = gather(experiment, outcomes, data, "test")
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "table9.md").write_text("Because of the **light**.\n\nAnd more.")
    setting = Setting(SCALES["smoke"], (1, 1), ("On some data.",), notes)
    page = write_page(result, outcomes, setting, tmp_path).read_text()

    ious = [measure(tmp_path / f"run{k}", data, "test").scores.mean_iou for k in (0, 1)]
    cells = {
        line.split(" | ")[0].removeprefix("| "): line.split(" | ")
        for line in page.splitlines()
        if line.startswith("| ")
    }
    assert cells["good"][4].startswith(f"{50 * sum(ious):.2f} ± ")
    assert cells["half"][4] == f"{100 * ious[0]:.2f}"
    assert "1 of 2 runs have no result: the disk was full" in cells["half"][6]
    assert cells["lost"][2].startswith("not run: ") and cells["lost"][4] == "not run"
    assert cells["absent"][2] == "not run: needs --camvid"
    assert cells["good > lost"][3] == "not run"
    ratio = f"{sum(ious) / 2 / ious[0]:.2f}"
    assert cells["good > half"][2] == ratio
    assert "Because of the **light**.\n\nAnd more." in page
    assert "table9-curves.svg" in page and "not at hand" in page

    raw = json.loads((tmp_path / "table9.json").read_text())
    runs = raw["rows"][0]["runs"]
    assert [run["mean_iou"] for run in runs] == pytest.approx(ious)
    assert [run["name"] for run in runs] == ["run0", "run1"]
    assert "numpy" in raw["software"]["packages"]
    everything = page + (tmp_path / "table9.json").read_text()
    assert str(tmp_path) not in everything  # nobody else has these folders


def test_data_with_other_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HNError, match="does not exist"):
        reproduce(ReproduceConfig(("table2",), (str(tmp_path / "nothing"),)))
    folder = tmp_path / "masks"
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
        image = np.zeros((40, 50, 3), np.uint8)
        cv2.imwrite(
            str(folder / kind / "a.png"), image[..., 0] if kind == "masks" else image
        )
    (folder / "classes.txt").write_text("cat\ndog\n")
    with pytest.raises(HNError, match="40 classes"):
        reproduce(ReproduceConfig(("table2",), (str(folder),)))


@pytest.mark.parametrize("seeds", ["3", "0x3", "axb", "3x3x3"])
def test_seeds_that_are_none_are_refused(seeds: str, nyuv2_folder: Path) -> None:
    with pytest.raises(HNError, match="such as 3x3"):
        reproduce(ReproduceConfig(("table2",), (str(nyuv2_folder),), seeds=seeds))


def test_a_dry_run_counts_shared_runs_once_and_trains_nothing(
    nyuv2_folder: Path, tmp_path: Path
) -> None:
    config = ReproduceConfig(
        ("table6", "table4", "figure7"),
        (str(nyuv2_folder),),
        scale="smoke",
        seeds="2x3",
        out=tmp_path / "out",
        dry_run=True,
    )
    text = reproduce(config)
    lines = {line.split()[0]: line.split() for line in text.splitlines() if line}
    # Two pretrainings; six finetunings alone and six beside the HN network.
    assert lines["table6"][1:4] == ["14", "14", "0"]
    # Six from scratch, and on 5 images 2 pretrainings with six finetunings.
    assert lines["figure7"][1:4] == ["22", "14", "0"]
    assert lines["all"][1] == "28"
    assert text.count("needs --camvid") == 4
    assert not (tmp_path / "out").exists()
