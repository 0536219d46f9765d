import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from core import HNBins
from core.errors import CheckpointError
from core.prediction import METADATA_KEY, ModelInfo, Predictor

SEMANTIC = ModelInfo(
    task="semantic",
    class_names=("red", "green", "blue"),
    height=6,
    width=10,
    mean=(0.5, 0.4, 0.3),
    std=(0.2, 0.25, 0.3),
)


def _save_strongest_channel_model(path, info, metadata=None):
    """A network whose logits are its input: the class is the strongest channel."""
    shape = (1, 3, info.height, info.width)
    graph = helper.make_graph(
        [helper.make_node("Identity", ["rgb"], ["logits"])],
        "strongest",
        [helper.make_tensor_value_info("rgb", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
    helper.set_model_props(model, info.to_metadata() if metadata is None else metadata)
    onnx.save(model, path)


def test_classes_come_back_on_the_photos_own_grid(tmp_path):
    _save_strongest_channel_model(tmp_path / "model.onnx", SEMANTIC)
    photo = np.zeros((24, 40, 3), np.uint8)
    photo[..., 0], photo[:8, 20:, 1], photo[12:, :12, 2] = 120, 250, 250
    expected = np.zeros((24, 40), np.uint8)
    expected[:8, 20:], expected[12:, :12] = 1, 2
    classes = Predictor(tmp_path / "model.onnx")(photo)
    assert classes.dtype == np.uint8
    np.testing.assert_array_equal(classes, expected)


def test_normalisation_decides_between_channels(tmp_path):
    # (100/255 - 0.5)/0.2 < (90/255 - 0.4)/0.25: without it red would win.
    _save_strongest_channel_model(tmp_path / "model.onnx", SEMANTIC)
    photo = np.broadcast_to(np.array((100, 90, 10), np.uint8), (6, 10, 3))
    assert (Predictor(tmp_path / "model.onnx")(photo) == 1).all()


@pytest.mark.parametrize(
    "info",
    [
        SEMANTIC,
        ModelInfo(
            task="hn",
            class_names=HNBins(height_edges=(0.4,)).class_names,
            height=8,
            width=8,
            mean=(0.1, 0.2, 0.3),
            std=(1.0, 1.0, 1.0),
            bins=HNBins(height_edges=(0.4,)),
            provenance={"data": "kitchen"},
        ),
    ],
)
def test_what_a_model_says_of_itself_survives_its_file(info):
    assert ModelInfo.from_metadata(info.to_metadata()) == info


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="no such model file"):
        Predictor(tmp_path / "model.onnx")


@pytest.mark.parametrize("content", [b"", b"not a model", bytes(5000)])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"model\.onnx that hn-train wrote"):
        Predictor(path)


@pytest.mark.parametrize("metadata", [{}, {METADATA_KEY: "{"}, {METADATA_KEY: "[]"}])
def test_a_model_that_does_not_describe_itself_is_refused(tmp_path, metadata):
    path = tmp_path / "model.onnx"
    _save_strongest_channel_model(path, SEMANTIC, metadata)
    with pytest.raises(CheckpointError, match="no usable description"):
        Predictor(path)


def test_a_model_whose_description_does_not_fit_its_graph_is_refused(tmp_path):
    path = tmp_path / "model.onnx"
    other = ModelInfo("semantic", ("a", "b"), 6, 10, SEMANTIC.mean, SEMANTIC.std)
    _save_strongest_channel_model(path, SEMANTIC, other.to_metadata())
    with pytest.raises(CheckpointError, match="expected input rgb"):
        Predictor(path)


def test_running_a_model_leaves_nothing_in_the_users_home(tmp_path):
    _save_strongest_channel_model(tmp_path / "model.onnx", SEMANTIC)
    home = tmp_path / "home"
    home.mkdir()
    program = (
        "import numpy as np; from core.prediction import Predictor; "
        f"Predictor({str(tmp_path / 'model.onnx')!r})(np.zeros((6, 10, 3), np.uint8))"
    )
    clean = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    subprocess.run(
        [sys.executable, "-c", program], check=True, env={**clean, "HOME": str(home)}
    )
    assert list(home.rglob("*")) == []
