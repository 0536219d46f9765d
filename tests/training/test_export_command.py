import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from training_data import floor_and_wall, write_nyuv2_folder

from core.bins import HNBins
from core.errors import HNError
from core.nyuv2 import NYU40_NAMES
from core.prediction import METADATA_KEY, Predictor, read_model_info
from training import presets
from training.config import TrainConfig
from training.evaluation import to_tensor
from training.export_command import ExportConfig, export_run
from training.models import build
from training.models.segnet import SegNet
from training.presets import Preset
from training.run import run_training
from training.trained_run import load_run

TINY = Preset(
    name="smoke",
    network="segnet-tiny",
    image_size=(36, 44),
    crop_size=(30, 40),
    batch_size=4,
    pretrain_steps=20,
    finetune_steps=30,
    learning_rate=1e-2,
    weight_decay=0.01,
    hn_frames=50,
)


@pytest.fixture(scope="module", autouse=True)
def _tiny_preset() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(presets.PRESETS, "smoke", TINY)
        patch.setitem(
            build.OWN_NETWORKS,
            "segnet-tiny",
            lambda classes: SegNet(classes, (8, 12), (1, 1)),
        )
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, _tiny_preset: None) -> Path:
    """A run of both stages on twelve frames, of which two are for tests."""
    folder = tmp_path_factory.mktemp("runs")
    data = write_nyuv2_folder(folder / "nyu", train=10, test=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        run_training(
            TrainConfig(
                data=(str(data),), preset="smoke", out=folder / "run", workers=1
            )
        )
    return folder / "run"


def frame() -> np.ndarray:
    return cv2.resize(floor_and_wall(seed=77)[0], (44, 36))


def test_a_run_says_in_its_file_how_it_came_about(run: Path) -> None:
    final, hn = (read_model_info(run / f"model{k}.onnx") for k in ("", "_hn"))
    for info in (final, hn):
        assert (
            info.frame_aspect == 320 / 240
        )  # not that of the 44 x 36 it is resized to
        assert info.provenance["torch"] == version("torch")
        assert info.provenance["hn-capture"] == version("hn-capture")
        assert info.provenance["date"] == date.today().isoformat()
        assert info.provenance["pretrain_steps"] == "20"
        assert info.provenance["pretext"] == "hn"
    assert "finetune_steps" not in hn.provenance
    assert final.provenance["finetune_steps"] == "30"
    # Nine frames are trained on and one validates.
    assert final.provenance["trained_frames"] == "9"
    assert final.provenance["pretrained_frames"] == hn.provenance["trained_frames"]
    assert re.fullmatch(r"0[.]\d{4} on 2 test frames", final.provenance["mean_iou"])


@pytest.mark.parametrize(("task", "name"), [("last", "semantic"), ("hn", "hn")])
def test_an_exported_file_predicts_as_the_runs_network(
    run: Path, tmp_path: Path, task: str, name: str
) -> None:
    out = tmp_path / "small.onnx"
    told = export_run(ExportConfig(run, out, task=task))  # type: ignore[arg-type]
    assert told.startswith(f"{out}: ")
    assert f"{name} classes, images of 36 x 44 pixels" in told.replace("HN", "hn")
    network = load_run(run, name).network.eval()  # type: ignore[arg-type]
    with torch.inference_mode():
        expected = network(to_tensor(frame()[None])).argmax(dim=1)[0].numpy()
    session = onnxruntime.InferenceSession(out, providers=["CPUExecutionProvider"])
    inputs = {"rgb": to_tensor(frame()[None]).contiguous().numpy()}
    found = session.run(["logits"], inputs)[0].argmax(axis=1)[0]
    assert (found == expected).mean() > 0.99
    assert len(np.unique(expected)) > 1
    assert read_model_info(out) == read_model_info(
        run / ("model.onnx" if task == "last" else "model_hn.onnx")
    )


def test_a_file_takes_images_of_the_size_that_is_asked_for(
    run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "large.onnx"
    export_run(ExportConfig(run, out, size=(50, 72)))
    (rgb,) = onnx.load(out).graph.input
    assert [d.dim_value for d in rgb.type.tensor_type.shape.dim] == [1, 3, 50, 72]
    info = read_model_info(out)
    assert (info.height, info.width, info.frame_aspect) == (50, 72, 320 / 240)


@pytest.mark.slow
@pytest.mark.parametrize("int8", [False, True])
def test_a_dynamic_file_takes_images_of_any_size(
    run: Path, tmp_path: Path, int8: bool
) -> None:
    out = tmp_path / "any.onnx"
    told = export_run(ExportConfig(run, out, dynamic=True, int8=int8))
    assert "images of any size" in told
    predictor = Predictor(out, size=(61, 90))
    assert predictor(np.zeros((61, 90, 3), np.uint8)).shape == (61, 90)
    assert predictor.info.precision == ("int8" if int8 else "float32")


def test_quantising_keeps_the_description_and_tells_the_loss(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "int8.onnx"
    told = export_run(ExportConfig(run, out, int8=True, calibration_frames=6))
    rows = {
        line[:18].strip(): line[18:].split()
        for line in told.splitlines()
        if re.match(r"(global|class|mean|file|image|same)", line)
    }
    assert list(rows) == [
        "global accuracy",
        "class accuracy",
        "mean IoU",
        "file",
        "image to classes",
        "same class",
    ]
    assert float(rows["same class"][0]) > 90
    assert "on 1 validation frames of" in told  # one of ten
    assert "calibrated on 6 train frames" in told
    properties = {p.key: p.value for p in onnx.load(out).metadata_props}
    written = json.loads(properties[METADATA_KEY])
    assert written["class_names"] == list(NYU40_NAMES)
    assert written["precision"] == "int8"
    assert written["frame_aspect"] == 320 / 240
    assert written["provenance"]["network"] == "segnet-tiny"
    assert written["provenance"]["int8_calibrated_on"] == "6 train frames"
    share = float(written["provenance"]["int8_same_class"].split()[0])
    assert 100 * share == pytest.approx(float(rows["same class"][0]), abs=0.06)
    assert "as float32" in written["provenance"]["int8_mean_iou"]
    plain, small = Predictor(run / "model.onnx"), Predictor(out)
    rgb = floor_and_wall(seed=78)[0]
    assert (plain(rgb) == small(rgb)).mean() > 0.9


def test_an_hn_network_is_measured_on_labels_from_depth(
    run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "int8.onnx"
    told = export_run(ExportConfig(run, out, task="hn", int8=True))
    assert "mean IoU" in told and "on 1 validation frames" in told
    assert read_model_info(out).bins == HNBins()


def test_images_without_labels_tell_how_many_pixels_keep_their_class(
    run: Path, tmp_path: Path
) -> None:
    images = tmp_path / "images"
    for kind in ("color", "depth"):
        (images / kind).mkdir(parents=True)
    for k in range(9):
        rgb, depth, _ = floor_and_wall(seed=k)
        cv2.imwrite(str(images / "color" / f"{k:03}.png"), rgb[..., ::-1])
        cv2.imwrite(str(images / "depth" / f"{k:03}.png"), depth)
    (images / "K.txt").write_text("260 0 160\n0 260 120\n0 0 1\n")
    out = tmp_path / "int8.onnx"
    told = export_run(ExportConfig(run, out, int8=True, data=(str(images),)))
    assert "mean IoU" not in told and "accuracy" not in told
    assert re.search(r"same class +\d+[.]\d %", told)
    assert "int8_mean_iou" not in read_model_info(out).provenance


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"out": "run/model.onnx"}, "is there already; nothing is overwritten"),
        ({"out": "nowhere/x.onnx"}, "is no folder; make it"),
        ({"size": (0, 40)}, "expected a height and a width"),
        ({"size": (40, 20_000)}, "from 1 to 16384"),
        ({"data": ("nyu",)}, "--data is for --int8"),
        ({"int8": True, "calibration_frames": 0}, "expected 1 or more"),
        ({"int8": True, "data": ("nowhere",)}, "nowhere does not exist"),
        ({"run": "nyu"}, "is no run of hn-train"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_written(
    run: Path, options: dict, sentence: str
) -> None:
    root = run.parent
    before = sorted(root.rglob("*"))
    options = {"out": "x.onnx", **options}
    options["run"] = root / options.pop("run", "run")
    options["out"] = root / options["out"]
    with pytest.raises(HNError, match=sentence) as caught:
        export_run(ExportConfig(**options))
    assert "\n" not in str(caught.value)
    assert sorted(root.rglob("*")) == before


def test_a_run_without_model_files_is_described_from_its_config(
    run: Path, tmp_path: Path
) -> None:
    told = load_run(run, "hn").info
    hidden = run / "model_hn.onnx"
    content = hidden.read_bytes()
    hidden.unlink()
    try:
        found = load_run(run, "hn").info
    finally:
        hidden.write_bytes(content)
    assert replace(found, provenance={}, frame_aspect=None) == replace(
        told, provenance={}, frame_aspect=None
    )
    assert found.provenance.items() <= told.provenance.items()
    assert found.provenance["pretrain_steps"] == "20"
