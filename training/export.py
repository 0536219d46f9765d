"""A trained network as one ONNX file that `core.prediction` and other tools can run."""

import contextlib
import io
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch.nn import functional

from core.errors import CheckpointError, first_line
from core.files import write_atomically
from core.onnx_runtime import open_session
from core.prediction import ModelInfo, Upsampling
from training.export_graph import (
    COARSE_LOGITS,
    LOGITS,
    add_coarse_logits,
    name_sizes,
)
from training.models.network import Network
from training.silence import silence

# Float32 sums differ by their order. Where that decides which corner of a pooling is
# the largest, logits near it differ by more, so a few may.
TOLERANCE = 1e-3
SHARE_WITHIN_TOLERANCE = 0.95
OTHER_SIZE = (117, 154)
"""At which a file for any size is tried too: small, and odd on the way down."""


def export_model(
    network: Network,
    info: ModelInfo,
    path: Path,
    rgb: torch.Tensor,
    dynamic: bool = False,
) -> float:
    """Write the network to `path`; how far 95 % of its logits stay from torch's.

    `rgb` (1, 3, height, width), normalised, is traced and compared on. With `dynamic`
    the file takes images of any size. Where the logits are coarser ones resized, it has
    those as a second output, and says so in its description instead of `info`.

    CheckpointError for a network that cannot be exported, or whose file does not
    compute what it computes; nothing is written then.
    """
    network = network.to("cpu", memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    rgb = rgb.contiguous()
    model = _traced(network, rgb, path, dynamic)
    upsampling = None if dynamic else add_coarse_logits(model)
    info = replace(info, upsampling=upsampling)
    onnx.helper.set_model_props(model, info.to_metadata())
    data = model.SerializeToString()
    tried = [rgb, functional.interpolate(rgb, OTHER_SIZE)] if dynamic else [rgb]
    difference = max(_checked(data, network, images, info, path) for images in tried)
    write_atomically(path, data)
    return difference


def _traced(network: Network, rgb: torch.Tensor, path: Path, dynamic: bool) -> Any:
    """The network's ModelProto."""
    sizes = ({2: "height", 3: "width"},) if dynamic else None
    with tempfile.TemporaryDirectory() as folder, silence(), _no_progress():
        traced = Path(folder) / "model.onnx"
        try:
            torch.onnx.export(
                network.for_export(),
                (rgb,),
                traced,
                dynamo=True,
                external_data=False,
                input_names=["rgb"],
                output_names=[LOGITS],
                dynamic_shapes=sizes,
            )
        except (RuntimeError, ValueError, TypeError, NotImplementedError) as error:
            raise CheckpointError(
                f"{path} was not written: this network cannot be exported"
                f"{' for any size; leave out --dynamic' if dynamic else ''} "
                f"({_reason(error)}); the checkpoints are unharmed"
            ) from error
        model = onnx.load(traced)
    if dynamic:
        name_sizes(model)
    return model


def _checked(
    data: bytes, network: Network, images: torch.Tensor, info: ModelInfo, path: Path
) -> float:
    """How far the file's logits, its coarse ones resized too, are from the network's;
    CheckpointError where that is too far."""
    with torch.inference_mode():
        expected = network(images).numpy()
    try:
        found = _run(data, images.numpy(), info.upsampling)
    except Exception as error:  # onnxruntime raises a dozen kinds of its own
        raise CheckpointError(
            f"{path} was not written: the exported network cannot be run on images of "
            f"{images.shape[2]} x {images.shape[3]} pixels ({_reason(error)}); the "
            "checkpoints are unharmed"
        ) from error
    difference = max(
        float(np.quantile(np.abs(logits - expected), SHARE_WITHIN_TOLERANCE))
        for logits in found
    )
    if not difference <= TOLERANCE * max(1.0, float(np.abs(expected).max())):
        raise CheckpointError(
            f"{path} was not written: the exported network differs from the trained "
            f"one by {difference:.3g} on images of {images.shape[2]} x "
            f"{images.shape[3]} pixels; the checkpoints are unharmed"
        )
    return difference


def _run(
    data: bytes, rgb: np.ndarray, upsampling: Upsampling | None
) -> Sequence[np.ndarray]:
    """The file's logits; if it has coarse ones, also what these become, resized."""
    session = open_session(data)
    (logits,) = session.run([LOGITS], {"rgb": rgb})
    if upsampling is None:
        return [logits]
    (coarse,) = session.run([COARSE_LOGITS], {"rgb": rgb})
    resized = functional.interpolate(
        torch.from_numpy(coarse),
        (upsampling.height, upsampling.width),
        mode="bilinear",
        align_corners=upsampling.align_corners,
    )
    return [logits, resized[..., : rgb.shape[2], : rgb.shape[3]].numpy()]


def _reason(error: Exception) -> str:
    """What an error, or rather what caused it, has to say."""
    cause = error.__cause__
    return first_line(cause if isinstance(cause, Exception) else error)


def _no_progress() -> contextlib.redirect_stderr[io.StringIO]:
    """The exporter shows it on stderr."""
    return contextlib.redirect_stderr(io.StringIO())
