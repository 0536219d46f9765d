"""ONNX Runtime sessions on the CPU, without its telemetry."""

import os
from typing import Any

SILENT = 4  # log nothing below "fatal"; errors are raised as well


def open_session(model: str | bytes, num_threads: int = 1) -> Any:
    """An InferenceSession of a model's path or content; raises what ONNX Runtime does.

    Since 1.32 its wheels write a device id to the user's cache and hold an upload
    address; the variable that stops it has to be set before the import.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = SILENT
    return onnxruntime.InferenceSession(
        model, options, providers=["CPUExecutionProvider"]
    )
