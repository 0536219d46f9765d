"""What runs a network: ONNX Runtime, on whichever device, or OpenVINO."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

import numpy as np

from core import openvino_runtime
from core.errors import CheckpointError, first_line
from core.onnx_runtime import available_providers, open_session
from core.prediction.fitting import Size
from core.prediction.model_file import ModelFile

logger = logging.getLogger(__name__)

EngineName = Literal[
    "auto", "onnxruntime", "openvino", "cuda", "tensorrt", "directml", "coreml"
]
PROVIDERS: Mapping[str, str] = {
    "onnxruntime": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
"""ONNX Runtime's names."""
TRIED_FIRST: tuple[EngineName, ...] = ("cuda", "directml", "coreml")
"""TensorRT is not: it builds for minutes."""


class Engine(Protocol):
    """A network, ready to run."""

    name: str
    """For people."""

    def run(self, rgb: np.ndarray) -> np.ndarray:
        """(1, 3, H, W) float32 to (1, C, h, w) float32, good until the next call."""


def open_engine(
    model: ModelFile,
    name: EngineName,
    size: Size,
    num_threads: int,
    shares_cores: bool,
) -> Engine:
    """The engine of that name, or the fastest that is there; CheckpointError if none.

    `shares_cores`: its threads do not wait busily for the next image.
    """
    if name == "openvino":
        return _tell(model, lambda: OpenVino(model, size, num_threads))
    if name != "auto":
        provider = PROVIDERS[name]
        return _tell(
            model, lambda: OnnxRuntime(model.graph, provider, num_threads, shares_cores)
        )
    devices = available_providers()
    tried = [device for device in TRIED_FIRST if PROVIDERS[device] in devices]
    if _suits_openvino(model):
        tried.append("openvino")
    for engine in tried:
        try:
            return open_engine(model, engine, size, num_threads, shares_cores)
        except CheckpointError as error:  # a driver is missing or too old
            logger.warning("%s is not used: %s", engine, error)
    return open_engine(model, "onnxruntime", size, num_threads, shares_cores)


class OnnxRuntime:
    """ONNX Runtime on one of its devices."""

    def __init__(
        self,
        graph: bytes,
        provider: str,
        num_threads: int,
        shares_cores: bool,
    ) -> None:
        session = None
        if provider in available_providers():
            session = open_session(graph, num_threads, provider, shares_cores)
        # Without the device's driver it falls back to the CPU by itself.
        if session is None or session.get_providers()[0] != provider:
            raise CheckpointError(
                f"ONNX Runtime has no working {provider} here; install its package and "
                "the device's driver, or use another engine"
            )
        self._session = session
        device = provider.removesuffix("ExecutionProvider")
        self.name = f"ONNX Runtime, {device}"

    def run(self, rgb: np.ndarray) -> np.ndarray:
        """(1, 3, H, W) float32 to (1, C, h, w) float32."""
        return self._session.run(None, {"rgb": rgb})[0]


class OpenVino:
    """OpenVINO on the CPU, in the precision that suits it."""

    def __init__(self, model: ModelFile, size: Size, num_threads: int) -> None:
        if not openvino_runtime.is_installed():
            raise CheckpointError("OpenVINO is not installed: pip install openvino")
        shape = [1, 3, *size]
        self._request, precision = openvino_runtime.compile_model(
            model.graph, shape, num_threads
        )
        if model.info.precision == "int8":
            precision = "int8"  # OpenVINO tells that of the layers that are left
        self.name = f"OpenVINO, CPU, {precision}"

    def run(self, rgb: np.ndarray) -> np.ndarray:
        """(1, 3, H, W) float32 to (1, C, h, w) float32, good until the next call."""
        self._request.infer([rgb], share_inputs=True)
        return self._request.get_output_tensor(0).data


def _suits_openvino(model: ModelFile) -> bool:
    """Whether OpenVINO is there and the faster one: it is in bfloat16 and in int8."""
    fast = "BF16" if model.info.precision == "float32" else "INT8"
    if not openvino_runtime.is_installed():
        return False
    try:
        return fast in openvino_runtime.capabilities()
    except Exception as error:  # installed badly, it fails in as many ways
        logger.warning("openvino is not used: %s", first_line(error))
        return False


def _tell(model: ModelFile, build: Callable[[], Any]) -> Engine:
    """What `build` makes; what engines raise, each a dozen kinds, in one sentence."""
    try:
        return build()
    except CheckpointError:
        raise
    except Exception as error:
        raise CheckpointError(
            f"{model.path} cannot be run ({first_line(error)}); export it again with "
            "hn-export, or choose another engine"
        ) from error
