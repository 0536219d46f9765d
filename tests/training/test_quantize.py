import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional
from training_data import coloured_samples

from core.errors import CheckpointError
from core.prediction import ModelInfo
from training.evaluation import RGB_MEAN, RGB_STD, target_to_tensor, to_tensor
from training.export import export_model
from training.models.build import seeded
from training.models.network import Network
from training.models.segnet import SegNet
from training.quantize import quantise

NAMES = ("wall", "floor", "box", "lamp")
HEIGHT, WIDTH = 40, 56


class Residual(Network):
    """A block that adds its input, on batch norms that no convolution can take up."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(16)
        self.block = nn.Sequential(
            nn.Conv2d(16, 24, 3, padding=1, bias=False),
            nn.BatchNorm2d(24),
            nn.ReLU(),
            nn.Conv2d(24, 16, 3, padding=1),
        )
        self.classifier = nn.Conv2d(16, len(NAMES), 1)

    def forward(self, images: Tensor, after_stage: object = None) -> Tensor:
        features = self.stem(images)
        features = features + self.block(functional.relu(self.norm(features)))
        return functional.interpolate(
            self.classifier(functional.relu(features)),
            images.shape[-2:],
            mode="bilinear",
        )


NETWORKS = {
    "segnet": lambda: SegNet(len(NAMES), (8, 12), (1, 2)),
    "residual": Residual,
}


def trained(name: str) -> Network:
    """The network after some seconds on images of coloured rectangles."""
    network = seeded(0, NETWORKS[name]).train()
    samples = coloured_samples(8, HEIGHT, WIDTH)
    pairs = [samples[k] for k in range(8)]
    images = to_tensor(np.stack([rgb for rgb, _ in pairs])).contiguous()
    target = target_to_tensor(np.stack([classes for _, classes in pairs]))
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        functional.cross_entropy(network(images), target, ignore_index=255).backward()
        optimizer.step()
    return network.eval()


@pytest.fixture(scope="module", params=list(NETWORKS))
def exported(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Network, bytes]:
    """A trained network, and its file."""
    network = trained(request.param)
    path = tmp_path_factory.mktemp(request.param) / "model.onnx"
    info = ModelInfo("semantic", NAMES, HEIGHT, WIDTH, RGB_MEAN, RGB_STD)
    export_model(network, info, path, torch.zeros(1, 3, HEIGHT, WIDTH))
    return network, path.read_bytes()


def other_images() -> np.ndarray:
    """Of the same kind as those trained on, and none of them: mirrored, and darker."""
    samples = coloured_samples(12, HEIGHT, WIDTH)
    rgb = np.stack([samples[k][0][:, ::-1] for k in range(12)])
    return to_tensor((0.9 * rgb).astype(np.uint8)).contiguous().numpy()


def onnxruntime_classes(data: bytes, images: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    logits = [session.run(["logits"], {"rgb": image[None]})[0] for image in images]
    return np.concatenate(logits).argmax(axis=1)


def openvino_classes(data: bytes, images: np.ndarray) -> np.ndarray:
    openvino = pytest.importorskip("core.openvino_runtime")
    if not openvino.is_installed():
        pytest.skip("no OpenVINO")
    request, _ = openvino.compile_model(data, [1, 3, HEIGHT, WIDTH], 1)
    classes = []
    for image in images:
        request.infer([image[None]])
        logits = request.get_tensor("logits").data
        classes.append(logits.argmax(axis=1).copy())
    return np.concatenate(classes)


@pytest.mark.parametrize("classes_of", [onnxruntime_classes, openvino_classes])
def test_nearly_every_pixel_keeps_its_class(
    exported: tuple[Network, bytes], classes_of: object
) -> None:
    network, data = exported
    images = other_images()
    seen: list[None] = []
    quantised = quantise(
        data, [image[None] for image in images[:5]], lambda: seen.append(None)
    )
    assert len(seen) == 5
    with torch.inference_mode():
        expected = network(torch.from_numpy(images)).argmax(dim=1).numpy()
    assert np.bincount(expected[5:].ravel(), minlength=4).min() > 50
    found = classes_of(quantised, images[5:])  # type: ignore[operator]
    assert (found == expected[5:]).mean() > 0.995


def test_all_but_the_first_and_the_last_layer_compute_with_bytes(
    exported: tuple[Network, bytes],
) -> None:
    data = exported[1]
    images = [image[None] for image in other_images()[:2]]
    graph = onnx.load_model_from_string(quantise(data, images)).graph
    makers = {name: node.op_type for node in graph.node for name in node.output}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    has_bytes = [
        makers.get(node.input[1]) == "DequantizeLinear" for node in convolutions
    ]
    assert has_bytes == [False, *[True] * (len(convolutions) - 2), False]
    assert len(convolutions) > 3


def test_weights_leave_one_of_eight_bits_free(exported: tuple[Network, bytes]) -> None:
    images = [image[None] for image in other_images()[:2]]
    graph = onnx.load_model_from_string(quantise(exported[1], images)).graph
    weights = [
        numpy_helper.to_array(tensor)
        for tensor in graph.initializer
        if tensor.data_type == onnx.TensorProto.INT8 and len(tensor.dims) == 4
    ]
    assert weights
    # Without VNNI 255 * w + 255 * w must fit into 16 bits.
    assert 32 < max(np.abs(w.astype(int)).max() for w in weights) <= 64


def model_without_layers() -> bytes:
    shape = [1, 4, HEIGHT, WIDTH]
    helper = onnx.helper
    graph = helper.make_graph(
        [helper.make_node("Neg", ["rgb"], ["logits"], name="neg")],
        "graph",
        [helper.make_tensor_value_info("rgb", onnx.TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, shape)],
    )
    opset = helper.make_opsetid("", 18)
    return helper.make_model(
        graph, opset_imports=[opset], ir_version=10
    ).SerializeToString()


def test_a_network_without_layers_is_refused_in_one_sentence() -> None:
    images = [np.zeros((1, 4, HEIGHT, WIDTH), np.float32)]
    with pytest.raises(CheckpointError, match="leave out --int8") as caught:
        quantise(model_without_layers(), images)
    assert "\n" not in str(caught.value)


def test_a_model_that_cannot_be_run_is_refused_in_one_sentence(
    exported: tuple[Network, bytes],
) -> None:
    images = [np.zeros((1, 3, HEIGHT + 1, WIDTH), np.float32)]
    with pytest.raises(CheckpointError, match=r"cannot be quantised \(.*--int8"):
        quantise(exported[1], images)
