"""OpenVINO on the CPU, without its telemetry."""

import importlib.util
import sys
import threading
from functools import cache
from typing import Any

_loading = threading.Lock()


def is_installed() -> bool:
    """Whether there is an OpenVINO, without loading it."""
    return importlib.util.find_spec("openvino") is not None


def capabilities() -> list[str]:
    """What this CPU computes fast, such as "BF16" and "INT8"."""
    return _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def compile_model(model: bytes, shape: list[int], num_threads: int) -> tuple[Any, str]:
    """An infer request for inputs of that shape, and the precision it computes in;
    raises what OpenVINO does."""
    core = _core()
    network = core.read_model(model)
    network.reshape(shape)
    compiled = core.compile_model(
        network,
        "CPU",
        {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": num_threads,
            # The camera and the window may want the same core.
            "ENABLE_CPU_PINNING": False,
        },
    )
    precision = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
    return compiled.create_infer_request(), precision


def _core() -> Any:
    """The only one, kept to the end of the process."""
    with _loading:
        return _load()


@cache
def _load() -> Any:
    """An openvino.Core, of which there must be one alone.

    The CPU's plugin gives the thread that loads it a stack for signals, and back the
    one it had when it is unloaded. With two cores that come and go, that may be one
    that is gone: the next Ctrl-C crashes.
    """
    # Importing it tells its maker, and writes a client id to the user's home, unless
    # the package that does that cannot be imported.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino.Core()
