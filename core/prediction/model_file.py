"""A model file, checked before any engine sees it.

The file is ONNX: input "rgb" (1, 3, height, width) float32, normalised; output "logits"
(1, C, height, width), and perhaps "coarse_logits" (1, C, h, w). Height and width are
numbers, or names in a file for any size. The rest is in its metadata.

A file is only ever parsed as protobuf data. Pickles, which run code, are refused by
their first bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import CheckpointError
from core.prediction.model_info import ModelInfo

MAX_BYTES = 2**31 - 1  # protobuf's own limit
OLDEST_OPSET = 7  # of ONNX Runtime
FLOAT32 = 1  # onnx.TensorProto.FLOAT
EXPECTED = "expected a model.onnx of hn-train or hn-export"

_PICKLES = (b"PK\x03\x04", *(b"\x80" + bytes([protocol]) for protocol in range(2, 6)))


@dataclass(frozen=True, eq=False)
class ModelFile:
    """A file whose description fits its graph."""

    path: Path
    info: ModelInfo
    size: tuple[int, int] | None
    """(height, width) of its input; None: any."""
    graph: bytes
    """ONNX again, up to the coarse logits where there are any, else to the logits: what
    follows them costs a third of a small network's time and is not needed here."""


def read_model_info(path: str | Path) -> ModelInfo:
    """What a model file says of itself; CheckpointError if it cannot be used."""
    return read_model(Path(path)).info


def read_model(path: Path) -> ModelFile:
    """A model file that is whole, describes itself and holds what it describes.

    CheckpointError says what is wrong with any other.
    """
    model = _parse(path, _read(path))
    try:
        info = ModelInfo.from_metadata({p.key: p.value for p in model.metadata_props})
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    size = _check_graph(path, model.graph, info)
    _end_at(model.graph, "logits" if info.upsampling is None else "coarse_logits")
    return ModelFile(path, info, size, model.SerializeToString())


def _read(path: Path) -> bytes:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "no such model file"
        raise CheckpointError(f"{path}: {what}; {EXPECTED}")
    try:
        size = path.stat().st_size
        if not 0 < size <= MAX_BYTES:
            raise CheckpointError(
                f"{path} has {size} bytes and a model file at least one and at most "
                f"{MAX_BYTES}; {EXPECTED}"
            )
        with path.open("rb") as file:
            if file.read(4).startswith(_PICKLES):
                raise CheckpointError(
                    f"{path} is a pickle or an archive, such as PyTorch writes; these "
                    "can run code and are not opened: export the network with "
                    "hn-export"
                )
            file.seek(0)
            return file.read()
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be read ({error.strerror}); {EXPECTED}"
        ) from error


def _parse(path: Path, data: bytes) -> Any:
    """The ModelProto of a file, of operators that are known, with all its weights."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(data)
    except (DecodeError, ValueError) as error:
        raise CheckpointError(
            f"{path} is no ONNX file, or one that was cut off; {EXPECTED}"
        ) from error
    if not model.opset_import or not model.graph.node:
        raise CheckpointError(f"{path} holds no network; {EXPECTED}")
    newest = onnx.defs.onnx_opset_version()
    for opset in model.opset_import:
        if opset.domain in ("", "ai.onnx") and not (
            OLDEST_OPSET <= opset.version <= newest
        ):
            raise CheckpointError(
                f"{path} is written in ONNX opset {opset.version}; known are "
                f"{OLDEST_OPSET} to {newest}: export it again with hn-export, or "
                "update onnx and onnxruntime"
            )
    external = onnx.TensorProto.EXTERNAL
    if any(weight.data_location == external for weight in _weights(model.graph)):
        raise CheckpointError(
            f"{path} keeps its weights in other files; a model is one file: export it "
            "again with hn-export"
        )
    return model


def _weights(graph: Any) -> Iterator[Any]:
    """Every tensor of a graph, and of those within it."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                yield from _weights(inner)


def _check_graph(path: Path, graph: Any, info: ModelInfo) -> tuple[int, int] | None:
    """(height, width) of the input, None for any; it and the outputs fit `info`."""
    inputs = {node.name: _shape(node) for node in graph.input}
    outputs = {node.name: _shape(node) for node in graph.output}
    sides = inputs.get("rgb", ())[2:]
    is_open = len(sides) == 2 and all(isinstance(side, str) for side in sides)
    height, width = sides if is_open else (info.height, info.width)
    num_classes = len(info.class_names)
    expected_inputs = {"rgb": (1, 3, height, width)}
    expected: dict[str, tuple[int | str, ...]] = {
        "logits": (1, num_classes, height, width)
    }
    fits_coarse = True
    if info.upsampling is not None:
        coarse = outputs.get("coarse_logits", ())[2:]
        expected["coarse_logits"] = (1, num_classes, *coarse)
        is_number = [isinstance(side, int) and side > 0 for side in coarse]
        fits_coarse = is_number == [True, True] and not is_open
    if inputs != expected_inputs or outputs != expected or not fits_coarse:
        raise CheckpointError(
            f"{path}: its description tells of input {expected_inputs} and outputs "
            f"{expected}, its graph has {inputs} and {outputs}; export it again with "
            "hn-export"
        )
    if graph.input[0].type.tensor_type.elem_type != FLOAT32:
        raise CheckpointError(
            f"{path} takes no float32 images; export it again with hn-export"
        )
    return None if is_open else (info.height, info.width)


def _end_at(graph: Any, output: str) -> None:
    """Remove what this output does not need."""
    needed, nodes = {output}, []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            nodes.append(node)
            needed.update(node.input)
    outputs = [value for value in graph.output if value.name == output]
    del graph.node[:], graph.output[:]
    graph.node.extend(reversed(nodes))
    graph.output.extend(outputs)


def _shape(node: Any) -> tuple[int | str, ...]:
    """Numbers, and names where a size is left open."""
    return tuple(
        dim.dim_value if dim.HasField("dim_value") else dim.dim_param
        for dim in node.type.tensor_type.shape.dim
    )
