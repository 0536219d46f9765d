"""Model files become networks that are loaded when they are needed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_models import STRONGEST, save_strongest_channel_model

from capture_app.engine.networks import NetworkRunner, find_networks
from capture_app.engine.problems import ProblemLog
from core.bins import HNBins
from core.errors import CheckpointError
from core.prediction import ModelInfo

THREE_HEIGHTS = HNBins(height_edges=(0.4, 0.9), angle_edges=())
HN = replace(
    STRONGEST, task="hn", bins=THREE_HEIGHTS, class_names=THREE_HEIGHTS.class_names
)


@pytest.fixture
def semantic_file(tmp_path: Path) -> Path:
    save_strongest_channel_model(tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


@pytest.fixture
def hn_file(tmp_path: Path) -> Path:
    save_strongest_channel_model(tmp_path / "model_hn.onnx", HN)
    return tmp_path / "model_hn.onnx"


def test_files_are_told_apart_by_what_they_say_in_any_order(
    hn_file: Path, semantic_file: Path
) -> None:
    for paths in ((hn_file, semantic_file), (semantic_file, hn_file)):
        networks = find_networks(paths)
        assert networks["hn"].info.bins == THREE_HEIGHTS
        assert networks["hn"].name == str(hn_file)
        assert networks["semantic"].info == STRONGEST
    assert find_networks(()) == {}


def test_two_networks_of_a_kind_are_one_sentence(
    semantic_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.onnx"
    save_strongest_channel_model(other)
    with pytest.raises(CheckpointError) as caught:
        find_networks((semantic_file, other))
    assert f"{semantic_file} and {other} are both semantic" in str(caught.value)
    assert "one HN and one semantic network" in str(caught.value)


def test_a_network_is_loaded_once_at_its_first_frame(
    hn_file: Path, semantic_file: Path
) -> None:
    problems = ProblemLog()
    run = NetworkRunner(find_networks((hn_file, semantic_file)), problems)
    photo = np.zeros((6, 10, 3), np.uint8)
    photo[..., 0], photo[:2, 7:, 1] = 200, 250
    expected = np.zeros((6, 10), np.uint8)
    expected[:2, 7:] = 1
    hn_file.unlink()  # of a file that is not needed, nobody notices
    np.testing.assert_array_equal(run("semantic", photo), expected)
    semantic_file.unlink()
    np.testing.assert_array_equal(run("semantic", photo), expected)
    assert run("hn", photo) is None and run.working == {"semantic"}
    (problem,) = problems.take()
    assert "no such model file" in problem.message


@pytest.mark.parametrize(
    ("other", "is_used"),
    [
        (replace(HN, provenance={"epochs": "90"}, mean=(0.1, 0.1, 0.1)), True),
        (replace(HN, bins=HNBins(height_edges=(0.3, 0.9), angle_edges=())), False),
    ],
)
def test_a_file_is_loaded_anew_only_if_its_classes_are_the_same(
    hn_file: Path, other: ModelInfo, is_used: bool
) -> None:
    networks = find_networks((hn_file,))
    names = () if other.bins is None else other.bins.class_names
    save_strongest_channel_model(hn_file, replace(other, class_names=names))
    if is_used:
        networks["hn"].load()
        return
    with pytest.raises(CheckpointError, match="was replaced by a network of other"):
        networks["hn"].load()
