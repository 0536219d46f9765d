"""ONNX Runtime sessions, without its telemetry."""

import os
from typing import Any

SILENT = 4  # log nothing below "fatal"; errors are raised as well


def open_session(
    model: bytes,
    num_threads: int = 1,
    provider: str = "CPUExecutionProvider",
    shares_cores: bool = False,
) -> Any:
    """An InferenceSession of a model's content; raises what ONNX Runtime does.

    `shares_cores`: its threads sleep between two images instead of waiting busily.
    """
    onnxruntime = _import()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = SILENT
    if shares_cores:
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if provider == "DmlExecutionProvider":  # DirectML asks for both
        options.enable_mem_pattern = False
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    return onnxruntime.InferenceSession(model, options, providers=[provider])


def available_providers() -> list[str]:
    """The devices that this build of ONNX Runtime knows, by its own names."""
    return _import().get_available_providers()


def _import() -> Any:
    """Since 1.32 its wheels write a device id to the user's cache and hold an upload
    address; the variable that stops it has to be set before the import."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime
