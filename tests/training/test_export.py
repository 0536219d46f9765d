from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.bins import HNBins
from core.errors import CheckpointError
from core.prediction import ModelInfo, Predictor, Upsampling, read_model_info
from training import export
from training.evaluation import RGB_MEAN, RGB_STD, to_tensor
from training.export import export_model
from training.models.build import OWN_NETWORKS, build_network, seeded
from training.models.network import Network
from training.models.segnet import SegNet

BINS = HNBins(height_edges=(0.4, 1.1), angle_edges=(30.0, 60.0))
HEIGHT, WIDTH = 27, 38  # odd on the way down
DEPTHS = (18, 34, 50, 101)
RESIZED = {
    "lraspp-mobilenetv3": Upsampling(HEIGHT, WIDTH, False),
    **{f"deeplabv3-resnetv2-{d}": Upsampling(HEIGHT, WIDTH, False) for d in DEPTHS},
    # Padded to a multiple of its encoder's stride, and cropped.
    "fpn+mobilenet_v2": Upsampling(32, 64, True),
    "deeplabv3plus+tu-mobilenetv3_large_100": Upsampling(32, 48, True),
    "pspnet+mobilenet_v2": Upsampling(32, 40, True),
    "segformer+mit_b0": Upsampling(32, 64, True),
    "dpt+tu-vit_tiny_patch16_224": Upsampling(32, 64, True),
}
"""How the networks that end in a resizing do it."""
FAST = ("segnet-tiny",)
OTHERS = ("unet+mobilenet_v2", "linknet+vgg11")


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
        frame_aspect=WIDTH / HEIGHT,
    )


def trained_looking_segnet() -> Network:
    return trained_looking(seeded(0, lambda: SegNet(9, (6, 8, 8), (1, 1, 2))))


def trained_looking(network: Network) -> Network:
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-1, 1)
            module.running_var.uniform_(0.5, 2)
    return network.eval()


def noise(height: int = HEIGHT, width: int = WIDTH) -> Tensor:
    return torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(1))


def outputs(path: Path, images: Tensor) -> dict[str, Tensor]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    found = session.run(names, {"rgb": images.numpy()})
    return dict(zip(names, map(torch.from_numpy, found), strict=True))


def nearly_equal(found: Tensor, expected: Tensor) -> bool:
    scale = max(1.0, float(expected.abs().max()))
    return float((found - expected).abs().quantile(0.95)) < 1e-4 * scale


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

    predictor = Predictor(path, engine="onnxruntime")
    assert predictor.info == info()
    other = rgb[::-1, :, ::-1]
    with torch.inference_mode():
        expected = network(to_tensor(other[None])).argmax(dim=1)[0].numpy()
    assert (predictor(other) == expected).mean() > 0.999
    assert len(np.unique(expected)) > 2
    nodes = {node.op_type for node in onnx.load(path).graph.node}
    assert not {op for op in nodes if "Scatter" in op or "Unpool" in op or op == "And"}


@pytest.mark.parametrize(
    "name",
    [
        name if name in FAST else pytest.param(name, marks=pytest.mark.slow)
        for name in sorted({*OWN_NETWORKS, *RESIZED, *OTHERS})
    ],
)
def test_a_file_has_the_networks_logits_and_what_they_are_resized_from(
    tmp_path: Path, name: str
) -> None:
    network = trained_looking(build_network(name, 9, 0))
    path = tmp_path / "model.onnx"
    export_model(network, info(), path, noise())
    other = noise().flip(3)
    with torch.inference_mode():
        expected = network(other)
    found = outputs(path, other)
    assert nearly_equal(found["logits"], expected)
    upsampling = read_model_info(path).upsampling
    assert upsampling == RESIZED.get(name)
    assert ("coarse_logits" in found) == (upsampling is not None)
    if upsampling is not None:
        coarse = found["coarse_logits"]
        assert coarse.shape[2] * coarse.shape[3] < HEIGHT * WIDTH
        resized = functional.interpolate(
            coarse,
            (upsampling.height, upsampling.width),
            mode="bilinear",
            align_corners=upsampling.align_corners,
        )
        assert nearly_equal(resized[..., :HEIGHT, :WIDTH], expected)


class EndsIn(Network):
    """One convolution of stride 2, and whatever is done with its result."""

    def __init__(self, end: str) -> None:
        super().__init__()
        self.classifier = nn.Conv2d(3, 9, 3, stride=2)
        self.end = end

    def forward(self, images: Tensor, after_stage: object = None) -> Tensor:
        coarse, size = self.classifier(images), images.shape[-2:]
        if self.end == "doubled":
            return 2 * functional.interpolate(coarse, size, mode="bilinear")
        if self.end in ("nearest", "bicubic"):
            return functional.interpolate(coarse, size, mode=self.end)
        if self.end == "lower right":
            larger = (size[0] + 5, size[1] + 2)
            return functional.interpolate(coarse, larger, mode="bilinear")[..., 5:, 2:]
        larger = (size[0] + 5, size[1] + 2)
        resized = functional.interpolate(coarse, larger, mode="bilinear")
        return resized[..., :-5, :-2]


@pytest.mark.parametrize("end", ["doubled", "nearest", "bicubic", "lower right"])
def test_logits_that_are_no_plain_resizing_have_no_coarse_ones(
    tmp_path: Path, end: str
) -> None:
    path = tmp_path / "model.onnx"
    export_model(EndsIn(end), info(), path, noise())
    assert list(outputs(path, noise())) == ["logits"]
    assert read_model_info(path).upsampling is None


def test_the_upper_left_of_a_resizing_has_coarse_logits(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    network = EndsIn("upper left").eval()
    export_model(network, info(), path, noise())
    expected = Upsampling(HEIGHT + 5, WIDTH + 2, align_corners=False)
    assert read_model_info(path).upsampling == expected
    with torch.inference_mode():
        coarse = network.classifier(noise())
    assert nearly_equal(outputs(path, noise())["coarse_logits"], coarse)


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_the_predictor_takes_either_way_to_the_same_classes(
    tmp_path: Path, engine: str
) -> None:
    if engine == "openvino":
        pytest.importorskip("openvino")
    network = EndsIn("upper left").eval()
    path = tmp_path / "model.onnx"
    export_model(network, info(), path, noise())
    rgb = np.random.default_rng(3).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    with torch.inference_mode():
        expected = network(to_tensor(rgb[None])).argmax(dim=1)[0].numpy()
    assert len(np.unique(expected)) > 3
    agreement = (Predictor(path, engine=engine)(rgb) == expected).mean()  # type: ignore[arg-type]
    assert agreement > (0.999 if engine == "onnxruntime" else 0.9)  # of bfloat16


DYNAMIC = (
    "one layer",
    "segnet",
    "fpn+mobilenet_v2",
    "lraspp-mobilenetv3",
    "unet+mobilenet_v2",
)


@pytest.mark.parametrize(
    "name",
    [DYNAMIC[0], *(pytest.param(n, marks=pytest.mark.slow) for n in DYNAMIC[1:])],
)
@pytest.mark.parametrize("traced", [(HEIGHT, WIDTH), (48, 48)])
def test_a_file_for_any_size_computes_what_the_network_does_at_sizes_it_never_saw(
    tmp_path: Path, name: str, traced: tuple[int, int]
) -> None:
    if name == "one layer":
        network: Network = EndsIn("upper left").eval()
    elif name == "segnet":
        network = trained_looking_segnet()
    else:
        network = trained_looking(build_network(name, 9, 0))
    path = tmp_path / "model.onnx"
    export_model(network, info(), path, noise(*traced), dynamic=True)
    graph = onnx.load(path).graph
    for value, channels in ((graph.input[0], 3), (graph.output[0], 9)):
        dims = value.type.tensor_type.shape.dim
        assert [d.dim_value or d.dim_param for d in dims] == [
            1,
            channels,
            "height",
            "width",
        ]
    for size in ((45, 101), (64, 33), (96, 96)):
        with torch.inference_mode():
            expected = network(noise(*size))
        assert nearly_equal(outputs(path, noise(*size))["logits"], expected)
    predictor = Predictor(path, engine="onnxruntime", size=(45, 101))
    assert predictor(np.zeros((90, 202, 3), np.uint8)).shape == (90, 202)


@pytest.mark.slow
def test_a_network_that_needs_one_size_says_so(tmp_path: Path) -> None:
    network = build_network("pspnet+mobilenet_v2", 9, 0).eval()
    with pytest.raises(CheckpointError, match=r"117 x 154 pixels.*unharmed") as caught:
        export_model(network, info(), tmp_path / "a.onnx", noise(), dynamic=True)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


class Unexportable(Network):
    """What it does depends on the values of the image."""

    def forward(self, images: Tensor, after_stage: object = None) -> Tensor:
        return images if images.sum() > 0 else -images


def test_a_network_that_cannot_be_exported_says_so_in_one_sentence(
    tmp_path: Path,
) -> None:
    with pytest.raises(CheckpointError, match="network cannot be exported") as caught:
        export_model(Unexportable(), info(), tmp_path / "model.onnx", noise())
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", ["logits", "coarse_logits"])
def test_a_file_that_computes_something_else_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    network = EndsIn("upper left").eval()
    true = export._run

    def run(data: bytes, *arguments: object) -> list[np.ndarray]:
        found = list(true(data, *arguments))  # type: ignore[arg-type]
        place = 0 if wrong == "logits" else 1
        found[place] = found[place] + 0.1
        return found

    monkeypatch.setattr(export, "_run", run)
    with pytest.raises(CheckpointError, match="differs from the trained one"):
        export_model(network, info(), tmp_path / "model.onnx", noise())
    assert list(tmp_path.iterdir()) == []
