"""Model files of a few operators, built without torch."""

from collections.abc import Sequence
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from core.prediction import ModelInfo, Upsampling

OPSET = 17

STRONGEST = ModelInfo(
    task="semantic",
    class_names=("red", "green", "blue"),
    height=6,
    width=10,
    mean=(0.5, 0.4, 0.3),
    std=(0.2, 0.25, 0.3),
)


def save_model(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    info: ModelInfo,
    *,
    size: tuple[int | str, int | str] | None = None,
    coarse: tuple[int, int] | None = None,
    metadata: dict[str, str] | None = None,
    opset: int = OPSET,
    weights: Sequence[onnx.TensorProto] = (),
) -> None:
    """A model file of these nodes, "rgb" in and "logits" out."""
    size = size or (info.height, info.width)
    num_classes = len(info.class_names)
    outputs = {"logits": (1, num_classes, *size)}
    if coarse is not None:
        outputs["coarse_logits"] = (1, num_classes, *coarse)
    graph = helper.make_graph(
        list(nodes),
        "network",
        [helper.make_tensor_value_info("rgb", TensorProto.FLOAT, (1, 3, *size))],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in outputs.items()
        ],
        initializer=list(weights),
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9
    )
    helper.set_model_props(model, info.to_metadata() if metadata is None else metadata)
    onnx.save(model, path)


def save_strongest_channel_model(
    path: Path, info: ModelInfo = STRONGEST, **options: object
) -> None:
    """A network whose logits are its input: the class is the strongest channel."""
    identity = helper.make_node("Identity", ["rgb"], ["logits"])
    save_model(path, [identity], info, **options)


def save_coarse_channel_model(path: Path, info: ModelInfo, factor: int) -> None:
    """The same of blocks of factor x factor pixels, resized back bilinearly."""
    height, width = info.height // factor, info.width // factor
    upsampling = info.upsampling
    assert isinstance(upsampling, Upsampling)
    mode = "align_corners" if upsampling.align_corners else "half_pixel"
    nodes = [
        helper.make_node(
            "AveragePool",
            ["rgb"],
            ["coarse_logits"],
            kernel_shape=[factor, factor],
            strides=[factor, factor],
        ),
        helper.make_node(
            "Resize",
            ["coarse_logits", "", "", "sizes"],
            ["whole"],
            mode="linear",
            coordinate_transformation_mode=mode,
        ),
        helper.make_node("Slice", ["whole", "starts", "ends", "axes"], ["logits"]),
    ]
    sizes = (1, 3, upsampling.height, upsampling.width)
    numbers = {
        "sizes": sizes,
        "starts": (0, 0),
        "ends": (info.height, info.width),
        "axes": (2, 3),
    }
    weights = [
        helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
        for name, values in numbers.items()
    ]
    save_model(path, nodes, info, coarse=(height, width), weights=weights)
