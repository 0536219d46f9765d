"""What HN pretraining is held against: shuffled labels, and depth."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import nn
from training_data import array_samples, floor_and_wall, write_nyuv2_folder

from core.bins import HNBins
from core.errors import CheckpointError, HNError
from core.frame import RgbdFrame
from core.nyuv2 import color_camera
from training import presets
from training import results as results_module
from training.config import TrainConfig
from training.datasets.depth_target import depth_target, ratio_of_steps
from training.datasets.frame_source import Recipe
from training.datasets.nyuv2_folder import NYUv2Folder
from training.datasets.prepare import prepare
from training.datasets.samples import Samples, samples, with_others_targets
from training.evaluation import to_tensor
from training.loss import loss_sum
from training.models import build
from training.models.segnet import SegNet
from training.plan import chosen_preset
from training.presets import Preset
from training.pretext import depth_error
from training.run import run_training
from training.trained_run import load_run

TINY = Preset("smoke", "segnet-tiny", (36, 48), (30, 40), 2, 3, 4, 2e-3, 0.01, 50)


@pytest.fixture
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(presets.PRESETS, "smoke", TINY)
    small = lambda classes: SegNet(classes, (8, 8), (1, 1))  # noqa: E731
    monkeypatch.setitem(build.OWN_NETWORKS, "segnet-tiny", small)
    monkeypatch.setattr(results_module, "export_model", lambda *_: 0.0)


def config(data: Path, out: Path, **options: Any) -> TrainConfig:
    return TrainConfig((str(data),), "smoke", out, precision="float32", **options)


def test_depth_steps_are_even_in_the_logarithm_from_40_cm_to_10_m() -> None:
    depth = np.zeros((120, 160), np.uint16)
    metres = (0, 300, 400, 2000, 10000, 20000)  # the fourth: sqrt(0.4 * 10) m
    depth[7, 20:26] = metres
    camera = color_camera(160, 120)
    assert camera is not None
    frame = RgbdFrame.aligned(np.zeros((120, 160, 3), np.uint8), depth, camera, 1e-3)
    target = depth_target(frame)
    assert target[7, 20:26].tolist() == [255, 0, 0, 127, 254, 254]
    assert (np.delete(target, 7, axis=0) == 255).all()
    assert ratio_of_steps(254) == pytest.approx(25.0)
    assert ratio_of_steps(1) == pytest.approx(1.01275, abs=1e-4)


def test_depth_and_hn_labels_are_of_the_same_frames_kept_or_not(
    nyuv2_folder: Path,
) -> None:
    data = NYUv2Folder(nyuv2_folder)
    recipe = Recipe((60, 80), HNBins(), with_depth=True)
    kept, made = (prepare(data, data.has_depth, recipe, keep) for keep in (True, False))
    _, depth_mm, _ = floor_and_wall(seed=3)  # of the first frame
    for prepared in (kept, made):
        found = samples([prepared], "depth", "train")
        labelled = samples([prepared], "hn", "train")
        assert found.places.tolist() == labelled.places.tolist()
        rgb, target = found[0]
        assert np.array_equal(rgb, labelled[0][0])
        known = target != 255
        assert known.mean() > 0.7  # without NYUv2's white border
        centre = (slice(2, None, 4),) * 2  # of 240x320 pixels, on 60x80
        metres = 0.4 * 25.0 ** (target[known] / 254)
        assert np.allclose(metres, depth_mm[centre][known] / 1000, rtol=0.03)
    assert np.array_equal(
        samples([kept], "depth", "train")[4][1], samples([made], "depth", "train")[4][1]
    )


def test_every_image_gets_the_target_of_another_one() -> None:
    rgb = (
        np.zeros((9, 4, 6, 3), np.uint8)
        + np.arange(9, dtype=np.uint8)[:, None, None, None]
    )
    target = rgb[..., 0] + 100
    # Two datasets, of which the first has frames 0 to 3 and 6 to 8.
    read = array_samples(rgb, target).reads[0]
    places = np.array([(int(k in (4, 5)), k) for k in (0, 1, 2, 3, 6, 7, 8, 4, 5)])
    both = Samples((read, read), places)
    found = with_others_targets(both, seed=4)
    assert np.array_equal(found.places, places)
    pairs = [
        (int(i[0, 0, 0]), int(t[0, 0]) - 100)
        for i, t in map(found.__getitem__, range(9))
    ]
    assert [image for image, _ in pairs] == places[:, 1].tolist()
    assert sorted(other for _, other in pairs) == list(range(9))
    assert all(image != other for image, other in pairs)
    again = with_others_targets(both, seed=4)
    assert [int(again[k][1][0, 0]) - 100 for k in range(9)] == [o for _, o in pairs]
    other = with_others_targets(both, seed=5)
    assert [int(other[k][1][0, 0]) - 100 for k in range(9)] != [o for _, o in pairs]
    part = found.evenly(3)
    assert [int(part[k][0][0, 0, 0]) for k in range(3)] == [0, 3, 8]


class Fixed(nn.Module):
    """Sees the same depth everywhere but in the upper row."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        depth = torch.full((len(images), 1, *images.shape[-2:]), 0.5)
        depth[..., 0, :] = 0.25
        return depth


def test_the_loss_of_depth_is_its_distance_where_depth_is_known() -> None:
    target = np.full((1, 2, 3), 127, np.uint8)
    target[0, 0] = (254, 255, 0)
    images = to_tensor(np.zeros((1, 2, 3, 3), np.uint8))
    loss = loss_sum(
        Fixed(), images, torch.from_numpy(target).long(), "float32", None, True
    )
    assert loss.item() == pytest.approx(0.75 + 0.25 + 3 * 0.0)
    error = depth_error(
        Fixed(), array_samples(np.zeros((1, 2, 3, 3), np.uint8), target), "cpu"
    )
    assert error == pytest.approx(25.0 ** ((0.75 + 0.25) / 5))


@pytest.mark.usefixtures("_tiny")
def test_a_network_learns_depth_and_hands_it_on(
    nyuv2_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = tmp_path / "depth"
    words = run_training(
        config(
            nyuv2_folder,
            first,
            pretext="depth",
            finetune_steps=0,
            pretrain_steps=40,
            learning_rate=0.02,
        )
    )
    assert str(first) in words
    results = json.loads((first / "results.json").read_text())
    assert results["task"] == "depth"
    (note,) = (text for text in results["notes"] if "factor" in text)
    # The depths of these frames are 1.5 to 2.9 m: a constant is wrong by 1.2.
    assert 1.0 < float(note.split("factor of ")[1].split(" ")[0]) < 1.6
    assert not (first / "model.onnx").exists()
    with pytest.raises(CheckpointError, match="depth"):
        load_run(first, "hn")
    second = tmp_path / "fine"
    run_training(config(nyuv2_folder, second, init=str(first), finetune_steps=2))
    assert "start as in" in capsys.readouterr().out
    assert json.loads((second / "results.json").read_text())["task"] == "semantic"


@pytest.mark.usefixtures("_tiny")
def test_pretraining_on_others_labels_is_a_whole_run(
    nyuv2_folder: Path, tmp_path: Path
) -> None:
    for number in range(3, 13, 2):  # every second frame has half of its depth
        file = str(nyuv2_folder / "train" / "depth" / f"{number:04d}.png")
        depth = cv2.imread(file, cv2.IMREAD_UNCHANGED)
        depth[:, :160] = 0
        cv2.imwrite(file, depth)
    results = []
    for pretext in ("hn", "hn-shuffled"):
        out = tmp_path / pretext
        run_training(
            config(
                nyuv2_folder,
                out,
                pretext=pretext,
                pretrain_steps=60,
                finetune_steps=0,
                learning_rate=0.01,
            )
        )
        results.append(json.loads((out / "results.json").read_text()))
    right, shuffled = (one["class_accuracy"] for one in results)
    assert right != shuffled


@pytest.mark.usefixtures("_tiny")
def test_one_frame_cannot_have_anothers_labels(tmp_path: Path) -> None:
    data = write_nyuv2_folder(tmp_path / "nyu", train=1, test=1)
    with pytest.raises(HNError, match="one frame only"):
        run_training(config(data, tmp_path / "run", pretext="hn-shuffled"))


def test_a_pretext_is_for_pretraining(nyuv2_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(HNError, match=r"--pretext depth is for --init hn"):
        run_training(config(nyuv2_folder, tmp_path / "r", pretext="depth", init="none"))


def test_sizes_replace_those_of_the_preset_if_the_crop_fits() -> None:
    asked = TrainConfig(preset="smoke", image_size=(96, 128), crop_size=(84, 112))
    preset = chosen_preset(asked, has_gpu=False)
    assert (preset.image_size, preset.crop_size) == ((96, 128), (84, 112))
    too_large = TrainConfig(preset="smoke", image_size=(40, 200), crop_size=(41, 100))
    with pytest.raises(HNError, match="41 x 100"):
        chosen_preset(too_large, has_gpu=False)
    with pytest.raises(HNError, match="0 x 10"):
        chosen_preset(TrainConfig(preset="smoke", crop_size=(0, 10)), has_gpu=False)
