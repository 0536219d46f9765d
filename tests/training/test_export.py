from pathlib import Path

import numpy as np
import pytest
import torch

from core.bins import HNBins
from core.errors import CheckpointError
from core.prediction import ModelInfo, Predictor
from training import export
from training.evaluation import RGB_MEAN, RGB_STD, to_tensor
from training.export import export_model
from training.models.build import build_network, seeded
from training.models.network import Network
from training.models.segnet import SegNet

BINS = HNBins(height_edges=(0.4, 1.1), angle_edges=(30.0, 60.0))
HEIGHT, WIDTH = 27, 38  # odd on the way down


def info() -> ModelInfo:
    return ModelInfo(
        task="hn",
        class_names=BINS.class_names,
        height=HEIGHT,
        width=WIDTH,
        mean=RGB_MEAN,
        std=RGB_STD,
        bins=BINS,
        provenance={"data": "a test"},
    )


def trained_looking_segnet() -> Network:
    return trained_looking(seeded(0, lambda: SegNet(9, (6, 8, 8), (1, 1, 2))))


def trained_looking(network: Network) -> Network:
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-1, 1)
            module.running_var.uniform_(0.5, 2)
    return network.eval()


def test_the_exported_file_predicts_what_the_network_predicts(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    network = trained_looking_segnet()
    rgb = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    path = tmp_path / "model.onnx"
    difference = export_model(network, info(), path, to_tensor(rgb[None]))
    assert difference < 1e-4
    printed = capfd.readouterr()
    assert printed.out == printed.err == ""

    predictor = Predictor(path)
    assert predictor.info == info()
    other = rgb[::-1, :, ::-1]
    with torch.inference_mode():
        expected = network(to_tensor(other[None])).argmax(dim=1)[0].numpy()
    assert (predictor(other) == expected).mean() > 0.999
    assert len(np.unique(expected)) > 2
    nodes = {node.op_type for node in export.onnx.load(path).graph.node}
    assert not {op for op in nodes if "Scatter" in op or "Unpool" in op}


@pytest.mark.parametrize(
    "name",
    [
        "linknet+vgg11",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in (
                "unet+mobilenet_v2",
                "deeplabv3-resnetv2-18",
                "deeplabv3plus+tu-mobilenetv3_large_100",
                "segformer+mit_b0",
                "pspnet+mobilenet_v2",
                "dpt+tu-vit_tiny_patch16_224",
            )
        ),
    ],
)
def test_networks_of_other_kinds_are_exported(tmp_path: Path, name: str) -> None:
    network = trained_looking(build_network(name, 9, 0))
    path = tmp_path / "model.onnx"
    rgb = torch.randn(1, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1))
    export_model(network, info(), path, rgb)
    other = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3))
    other = other.astype(np.uint8)
    with torch.inference_mode():
        expected = network(to_tensor(other[None])).argmax(dim=1)[0].numpy()
    assert (Predictor(path)(other) == expected).mean() > 0.99
    assert len(np.unique(expected)) > 1


def test_a_file_that_computes_something_else_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = trained_looking_segnet()
    monkeypatch.setattr(
        export, "_run", lambda data, rgb: np.ones((1, 9, HEIGHT, WIDTH))
    )
    rgb = torch.zeros(1, 3, HEIGHT, WIDTH)
    with pytest.raises(CheckpointError, match="differs from the trained one"):
        export_model(network, info(), tmp_path / "model.onnx", rgb)
    assert list(tmp_path.iterdir()) == []
