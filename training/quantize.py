"""A network in 8-bit integers: a quarter of the size, and often faster.

The range of every tensor is found by running the network on calibration images. The
graph keeps its operators, between pairs of QuantizeLinear and DequantizeLinear which
ONNX Runtime and OpenVINO both turn into integer arithmetic.
"""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from core.errors import CheckpointError, first_line
from training.silence import silence

# What is chosen here was chosen by the share of pixels that keep their class on frames
# not calibrated on, and by the speed in both engines.
PERCENTILE = 99.999
"""Of a tensor's values in its range: the few beyond would make its steps wider."""
LAYERS = ("Conv", "ConvTranspose", "MatMul", "Gemm")


def quantise(
    model: bytes,
    images: Sequence[np.ndarray],
    advance: Callable[[], None] = lambda: None,
) -> bytes:
    """The ONNX file `model` in 8 bits, without its description.

    `images`, each (1, 3, H, W) float32 as the network takes them, are calibrated on;
    `advance` is called for each. CheckpointError for a network that cannot be
    quantised.
    """
    with tempfile.TemporaryDirectory() as folder, silence():
        try:
            found = _quantised(model, _Images(images, advance), Path(folder))
        except Exception as error:  # of onnx and onnxruntime, a dozen kinds
            raise CheckpointError(
                f"this network cannot be quantised ({first_line(error)}); leave out "
                "--int8"
            ) from error
    if not any(node.op_type == "QuantizeLinear" for node in found.graph.node):
        raise CheckpointError(
            "this network has no layer that can be quantised; leave out --int8"
        )
    return found.SerializeToString()


def _quantised(model: bytes, images: "_Images", folder: Path) -> Any:
    from onnxruntime.quantization import (
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    traced, prepared, result = (folder / f"{k}.onnx" for k in range(3))
    traced.write_bytes(model)
    # It fuses batch norms with convolutions. The trace has named all sizes.
    quant_pre_process(traced, prepared, skip_symbolic_shape=True)
    quantize_static(
        prepared,
        result,
        images,
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        # Weights of 7 bits: CPUs without VNNI add two products of 8 bits in 16, which
        # overflows; the file may go anywhere, and the loss cannot be measured.
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=ends_of(onnx.load(prepared).graph),
        calibrate_method=CalibrationMethod.Percentile,
        extra_options={
            "CalibPercentile": PERCENTILE,
            "CalibStridedMinMax": 1,  # the tensors of one image in memory at a time
        },
    )
    return onnx.load(result)


def ends_of(graph: Any) -> list[str]:
    """The names of the nodes that stay in float: the first layer, the last one and all
    that follows.

    They are a small part of the work, and the classes feel their errors most.
    """
    makers = {output: node for node in graph.node for output in node.output}
    wanted = [makers[output.name] for output in graph.output if output.name in makers]
    first = next((node.name for node in graph.node if node.op_type in LAYERS), None)
    ends = set() if first is None else {first}
    while wanted:
        node = wanted.pop()
        if node.name in ends:
            continue
        ends.add(node.name)
        if node.op_type not in LAYERS:
            wanted += [makers[name] for name in node.input if name in makers]
    return sorted(ends)


class _Images:
    """Calibration images, handed to ONNX Runtime as it asks for them."""

    def __init__(
        self, images: Sequence[np.ndarray], advance: Callable[[], None]
    ) -> None:
        self._images, self._advance = images, advance
        self._next, self._stop = 0, len(images)

    def __len__(self) -> int:
        return len(self._images)

    def set_range(self, start_index: int, end_index: int) -> None:
        """Go on with these."""
        self._next, self._stop = start_index, end_index

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The network's input, or None after the last one."""
        if self._next == self._stop:
            return None
        self._next += 1
        self._advance()
        return {"rgb": self._images[self._next - 1]}
