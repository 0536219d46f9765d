"""A traced network's ONNX graph, made to suit those who run it."""

from dataclasses import dataclass
from typing import Any

import onnx
from onnx import numpy_helper

from core.prediction import ModelInfo, Upsampling

LOGITS, COARSE_LOGITS = "logits", "coarse_logits"
BILINEAR = {"align_corners": True, "half_pixel": False, "pytorch_half_pixel": False}
"""torch's two kinds of bilinear resizing in ONNX's words, and whether it aligns the
corners."""


@dataclass(frozen=True)
class _Producers:
    """Which node makes each tensor of a graph, and what is known of the tensors."""

    nodes: dict[str, Any]
    shapes: dict[str, tuple[int, ...]]
    """Of those whose shape is fixed."""
    constants: dict[str, Any]

    def ints(self, name: str) -> list[int] | None:
        """What a constant tensor holds; None if it is computed or left out."""
        if name not in self.constants:
            return None
        return numpy_helper.to_array(self.constants[name]).ravel().tolist()


def add_coarse_logits(model: Any) -> Upsampling | None:
    """Give the graph an output "coarse_logits", where its logits are these, resized.

    The logits must be the result of a bilinear resizing, or the upper left part of one.
    What it did; None, and nothing is changed, for a network that ends otherwise.
    """
    producers = _producers(model)
    resized = _uncropped(producers)
    node = producers.nodes.get(resized)
    if node is None or node.op_type != "Resize":
        return None
    coarse, result = node.input[0], producers.shapes.get(resized)
    align_corners = _bilinear(node)
    shape = producers.shapes.get(coarse)
    if align_corners is None or result is None or shape is None:
        return None
    _rename(model.graph, coarse, COARSE_LOGITS)
    model.graph.output.append(
        onnx.helper.make_tensor_value_info(COARSE_LOGITS, onnx.TensorProto.FLOAT, shape)
    )
    return Upsampling(result[2], result[3], align_corners)


def described(data: bytes, info: ModelInfo) -> bytes:
    """The same ONNX file with `info` as its description."""
    model = onnx.load_model_from_string(data)
    onnx.helper.set_model_props(model, info.to_metadata())
    return model.SerializeToString()


def name_sizes(model: Any) -> None:
    """Call height and width of the input and of the logits so, which are the same."""
    for value in (*model.graph.input, *model.graph.output):
        height, width = value.type.tensor_type.shape.dim[2:]
        height.dim_param, width.dim_param = "height", "width"


def _producers(model: Any) -> _Producers:
    graph = onnx.shape_inference.infer_shapes(model).graph
    shapes = {}
    for value in (*graph.value_info, *graph.output):
        dims = value.type.tensor_type.shape.dim
        if len(dims) == 4 and all(dim.HasField("dim_value") for dim in dims):
            shapes[value.name] = tuple(dim.dim_value for dim in dims)
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            constants[node.output[0]] = node.attribute[0].t
    nodes = {name: node for node in graph.node for name in node.output}
    return _Producers(nodes, shapes, constants)


def _uncropped(producers: _Producers) -> str:
    """What the logits are the upper left part of; themselves, if they are no part."""
    name = LOGITS
    while (node := producers.nodes.get(name)) is not None and node.op_type == "Slice":
        inputs = [*node.input, *[""] * (5 - len(node.input))]
        starts, axes = producers.ints(inputs[1]), producers.ints(inputs[3])
        steps = producers.ints(inputs[4]) if inputs[4] else [1]
        if starts is None or axes is None or steps is None:
            break
        is_corner = (
            not any(starts) and set(axes) <= {2, 3, -1, -2} and set(steps) == {1}
        )
        if not is_corner:
            break
        name = node.input[0]
    return name


def _bilinear(node: Any) -> bool | None:
    """Whether a resizing aligns the corners; None if it is not torch's bilinear one."""
    values = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    is_plain = values.get("mode") == b"linear" and not values.get("antialias")
    kind = values.get("coordinate_transformation_mode", b"half_pixel").decode()
    return BILINEAR.get(kind) if is_plain else None


def _rename(graph: Any, old: str, new: str) -> None:
    """Call a tensor of the graph otherwise, wherever it is made and used."""
    for node in graph.node:
        for names in (node.input, node.output):
            for k, name in enumerate(names):
                if name == old:
                    names[k] = new
    for k, value in enumerate(graph.value_info):
        if value.name == old:
            del graph.value_info[k]
            break
