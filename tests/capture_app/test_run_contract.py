"""The window reads what training writes: both sides' code on the same files."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from capture_app.engine import run_config, run_curves, run_entry
from capture_app.engine.run_config import read_config
from capture_app.engine.run_pictures import read_sections
from capture_app.engine.run_scores import scores_from_json
from core.bins import HNBins
from training import run_folder
from training.charts import confusion_chart, data_url
from training.config import TrainConfig
from training.metrics import Scores
from training.presets import PRESETS


def test_the_files_have_the_names_that_training_gives_them():
    assert run_config.CONFIG_FILE == run_folder.CONFIG_FILE
    assert run_curves.METRICS_FILE == run_folder.METRICS_FILE
    assert run_entry.CHECKPOINTS == run_folder.CHECKPOINTS


def test_a_config_is_read_as_training_saved_it(tmp_path):
    bins = HNBins((0.3, 0.9), (30.0, 60.0), signed_angles=True)
    config = TrainConfig(data=("kitchen", "nyu"), init="none", seed=9, bins=bins)
    run_folder.save_config(tmp_path, config, asdict(PRESETS["laptop"]))
    found = read_config(tmp_path)
    assert found is not None
    assert (found.bins, found.data) == (bins, ("kitchen", "nyu"))
    assert (found.network, found.preset, found.seed) == ("segnet-tiny", "laptop", 9)
    assert found.pretrained_on == "nothing"
    assert found.image_size == (144, 192)
    assert found.steps_of("pretrain") == 24_000
    assert found.steps_of("finetune") == 8_000


def test_scores_are_read_as_training_measured_them():
    confusion = np.array([[6, 2, 0], [1, 3, 0], [0, 0, 0]])
    names = ("floor", "wall", "lamp")
    written = {
        "task": "semantic",
        "evaluated_on": "test",
        "evaluated_frames": 2,
        "trained_frames": 8,
        **Scores.of(confusion).to_json(names),
    }
    found = scores_from_json(written)["semantic"]
    assert found.global_accuracy == 9 / 12
    assert [row.iou for row in found.classes] == [6 / 9, 3 / 6, None]
    assert [row.pixels for row in found.classes] == [8, 4, 0]


def test_a_report_shows_the_pixels_that_training_put_there(tmp_path):
    truth = np.zeros((5, 7, 3), np.uint8)
    truth[1:, :2] = (250, 30, 90)
    chart = confusion_chart(np.array([[4, 0], [1, 3]]), ("floor & rug", "wall"))
    report = tmp_path / "report.html"
    report.write_text(
        f"<h1>a</h1><img src='x.png'><h2>HN: pictures</h2><img src='{data_url(truth)}'>"
        f"<h2>Curves</h2><svg><text text-anchor='end'>3</text></svg>"
        f"<h2>HN: confusion</h2><p>words</p>{chart}"
    )
    pictures, confusion = read_sections(report)
    assert (pictures.title, pictures.names) == ("HN: pictures", ())
    np.testing.assert_array_equal(pictures.images[0], truth)
    assert confusion.names == ("floor & rug", "wall")
    assert confusion.images[0].shape == (2, 2, 3)
    dark = confusion.images[0].sum(axis=2).astype(int)
    assert dark[0, 0] < dark[1, 1] < dark[1, 0] < dark[0, 1]


def test_a_report_without_pictures_or_with_damaged_ones_has_no_sections(
    tmp_path: Path,
):
    report = tmp_path / "report.html"
    report.write_text("<h2>A</h2><img src='data:image/png;base64,AAAA'><img src='b'>")
    assert read_sections(report) == ()
