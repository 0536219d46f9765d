"""A trained network as one ONNX file that `core.prediction` and other tools can run."""

import contextlib
import io
import logging
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch

from core.errors import CheckpointError
from core.files import write_atomically
from core.onnx_runtime import open_session
from core.prediction import ModelInfo
from training.models.network import Network

# Float32 sums differ by their order. Where that decides which corner of a pooling is
# the largest, logits near it differ by more, so a few may.
TOLERANCE = 1e-3
SHARE_WITHIN_TOLERANCE = 0.95


def export_model(
    network: Network, info: ModelInfo, path: Path, rgb: torch.Tensor
) -> float:
    """Write the network to `path`; how far 95 % of its logits stay from torch's.

    `rgb` (1, 3, height, width), normalised, is traced and compared on. A file that does
    not compute what the network computes is not written.
    """
    network = network.to("cpu", memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    rgb = rgb.contiguous()
    with tempfile.TemporaryDirectory() as folder, _silence():
        traced = Path(folder) / "model.onnx"
        torch.onnx.export(
            network.for_export(),
            (rgb,),
            traced,
            dynamo=True,
            external_data=False,
            input_names=["rgb"],
            output_names=["logits"],
        )
        model = onnx.load(traced)
    onnx.helper.set_model_props(model, info.to_metadata())
    data = model.SerializeToString()
    with torch.inference_mode():
        expected = network(rgb).numpy()
    differences = np.abs(_run(data, rgb.numpy()) - expected)
    difference = float(np.quantile(differences, SHARE_WITHIN_TOLERANCE))
    if not difference <= TOLERANCE * max(1.0, float(np.abs(expected).max())):
        raise CheckpointError(
            f"{path} was not written: the exported network differs from the trained "
            f"one by {difference:.3g}; the checkpoints are unharmed"
        )
    write_atomically(path, data)
    return difference


def _run(data: bytes, rgb: np.ndarray) -> np.ndarray:
    session = open_session(data)
    (logits,) = session.run(["logits"], {"rgb": rgb})
    return logits


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """torch's exporter prints its progress and warns about its own future."""
    level = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            warnings.catch_warnings(action="ignore"),
        ):
            yield
    finally:
        logging.disable(level)
