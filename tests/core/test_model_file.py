"""Model files that are refused, each in one sentence, before any engine sees them."""

import json
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from made_models import STRONGEST, save_model, save_strongest_channel_model
from onnx import TensorProto, helper

from core import HNBins
from core.errors import CheckpointError
from core.prediction import METADATA_KEY, ModelInfo, Upsampling, read_model_info

BINS = HNBins(height_edges=(0.4,))
HN = ModelInfo(
    task="hn",
    class_names=BINS.class_names,
    height=8,
    width=8,
    mean=(0.1, 0.2, 0.3),
    std=(1.0, 1.0, 1.0),
    bins=BINS,
    provenance={"data": "kitchen"},
    frame_aspect=1.5,
    upsampling=Upsampling(16, 24, True),
    precision="int8",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.onnx"


def refusal(path: Path) -> str:
    """What is said of a file, in one sentence that names it."""
    with pytest.raises(CheckpointError) as error:
        read_model_info(path)
    sentence = str(error.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("info", [STRONGEST, HN])
def test_what_a_model_says_of_itself_survives_its_file(info):
    assert ModelInfo.from_metadata(info.to_metadata()) == info


def test_a_good_file_is_read(path):
    save_strongest_channel_model(path)
    assert read_model_info(path) == STRONGEST


def test_a_missing_model_is_named(path):
    assert "no such model file" in refusal(path)


def test_a_folder_is_no_model(tmp_path):
    assert "is a folder" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"not a model", bytes(5000), b"\xff" * 40])
def test_a_file_that_is_no_model_is_refused(path, content):
    path.write_bytes(content)
    assert "no ONNX file" in refusal(path)


def test_an_empty_file_is_refused(path):
    path.write_bytes(b"")
    assert "has 0 bytes" in refusal(path)


def test_a_model_cut_off_anywhere_is_refused(path):
    weights = np.arange(700, dtype=np.float32).tolist()
    save_model(
        path,
        [
            helper.make_node("Constant", [], ["w"], value_floats=weights),
            helper.make_node("Identity", ["rgb"], ["logits"]),
        ],
        STRONGEST,
    )
    whole = path.read_bytes()
    read_model_info(path)
    for length in range(1, len(whole), 61):
        path.write_bytes(whole[:length])
        refusal(path)


def test_gigabytes_of_zeros_are_refused_without_being_read(path):
    with path.open("wb") as file:
        file.truncate(10 * 2**30)
    assert str(10 * 2**30) in refusal(path)


class Harmful:
    """Unpickling it would leave a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.mark), "w")


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickle_is_never_loaded(path, tmp_path, protocol):
    mark = tmp_path / "executed"
    path.write_bytes(pickle.dumps(Harmful(mark), protocol))
    assert "can run code" in refusal(path)
    assert not mark.exists()


def test_an_archive_as_pytorch_writes_is_refused(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    assert "PyTorch" in refusal(path)


@pytest.mark.parametrize("opset", [1, 99])
def test_an_opset_that_is_not_known_is_refused(path, opset):
    save_strongest_channel_model(path, opset=opset)
    assert f"opset {opset}" in refusal(path)


@pytest.mark.parametrize("is_constant", [False, True])
def test_weights_in_other_files_are_refused(path, is_constant):
    weight = helper.make_tensor("w", TensorProto.FLOAT, [1], [0.0])
    weight.ClearField("float_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="../secret")
    nodes = [helper.make_node("Identity", ["rgb"], ["logits"])]
    if is_constant:
        nodes.append(helper.make_node("Constant", [], ["w"], value=weight))
    save_model(path, nodes, STRONGEST, weights=[] if is_constant else [weight])
    assert "weights in other files" in refusal(path)


def test_a_model_of_another_program_is_refused(path):
    save_strongest_channel_model(path, metadata={})
    assert "does not say what its classes" in refusal(path)


def damaged(**values: object) -> str:
    """The description of STRONGEST with other values."""
    return json.dumps({**json.loads(STRONGEST.to_metadata()[METADATA_KEY]), **values})


@pytest.mark.parametrize(
    "description",
    [
        "{",
        "[]",
        "{}",
        damaged(task="detection"),
        damaged(class_names=[]),
        damaged(class_names=["red", 2, "blue"]),
        damaged(mean=[0.5, 0.5]),
        damaged(std=[0.0, 1.0, 1.0]),
        damaged(height=-6),
        damaged(frame_aspect=0),
        damaged(precision="int1"),
        damaged(upsampling={"height": 12}),
        damaged(task="hn"),
        damaged(bins={"height_edges": [0.5]}),
        damaged(surprise=1),
        damaged(class_names="abc"),
        damaged(mean=["0.5", "0.5", "0.5"]),
        damaged(std=[1.0, float("nan"), 1.0]),
        damaged(height=6.0),
        damaged(width=10**6),
        damaged(upsampling={"height": 3, "width": 5, "align_corners": True}),
        damaged(upsampling={"height": 10**9, "width": 99, "align_corners": True}),
        "[" * 200_000,
    ],
)
def test_a_model_that_describes_itself_wrongly_is_refused(path, description):
    save_strongest_channel_model(path, metadata={METADATA_KEY: description})
    assert "wrongly" in refusal(path)


@pytest.mark.parametrize(
    "other",
    [
        replace(STRONGEST, class_names=("red", "green")),
        replace(STRONGEST, height=7),
        replace(STRONGEST, upsampling=Upsampling(6, 10, False)),
    ],
)
def test_a_description_that_does_not_fit_the_graph_is_refused(path, other):
    save_strongest_channel_model(path, metadata=other.to_metadata())
    assert "its graph has" in refusal(path)


@pytest.mark.parametrize(
    "shape", [(3, 6, 10), (1, 3, 6, 10, 1), (1, 3, "height", 10), ("n", 3, 6, 10)]
)
def test_an_input_of_another_kind_is_refused(path, shape):
    save_input(path, shape)
    assert "its graph has" in refusal(path)


@pytest.mark.parametrize("dtype", [TensorProto.UINT8, TensorProto.FLOAT16])
def test_images_of_another_type_are_refused(path, dtype):
    save_input(path, (1, 3, 6, 10), dtype)
    assert "no float32 images" in refusal(path)


def save_input(
    path: Path, shape: tuple[int | str, ...], dtype: int = TensorProto.FLOAT
) -> None:
    """A network whose logits are its input, of this shape and type."""
    save_strongest_channel_model(path)
    model = onnx.load(path)
    for values, name in (
        (model.graph.input, "rgb"),
        (model.graph.output, "logits"),
    ):
        values[0].CopyFrom(helper.make_tensor_value_info(name, dtype, shape))
    onnx.save(model, path)


def test_names_of_classes_that_the_bins_do_not_make_are_refused():
    with pytest.raises(ValueError, match="4 classes and it names 3"):
        replace(HN, class_names=("a", "b", "c"))


def test_a_network_of_unknown_operators_is_refused_by_the_engine(path):
    from core.prediction import Predictor

    node = helper.make_node("Teleport", ["rgb"], ["logits"], domain="far.away")
    save_model(path, [node], STRONGEST)
    for engine in ("onnxruntime", "openvino"):
        with pytest.raises(CheckpointError, match="cannot be run"):
            Predictor(path, engine=engine)


def test_only_what_the_coarse_logits_need_is_kept(path):
    from made_models import save_coarse_channel_model

    from core.prediction.model_file import read_model

    info = replace(STRONGEST, height=8, width=12, upsampling=Upsampling(8, 12, False))
    save_coarse_channel_model(path, info, factor=4)
    graph = onnx.load_model_from_string(read_model(path).graph).graph
    assert [node.op_type for node in graph.node] == ["AveragePool"]
    assert [output.name for output in graph.output] == ["coarse_logits"]
