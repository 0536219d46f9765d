"""A trained network on colour images: a model file in, classes out, without torch.

The file is ONNX: input "rgb" (1, 3, height, width) float32, normalised; output "logits"
(1, C, height, width). Everything else a user needs to know about it is in its metadata.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, get_args

import cv2
import numpy as np

from core.bins import IGNORE_LABEL, HNBins
from core.errors import CheckpointError
from core.onnx_runtime import open_session
from core.overlay import class_palette, semantic_palette

Task = Literal["hn", "semantic"]
METADATA_KEY = "hn-capture"


@dataclass(frozen=True)
class ModelInfo:
    """What a network predicts and how its input is prepared."""

    task: Task
    class_names: tuple[str, ...]
    height: int
    """Network input, pixels."""
    width: int
    mean: tuple[float, float, float]
    """Of RGB in 0..1, subtracted."""
    std: tuple[float, float, float]
    """Of RGB in 0..1, divided by."""
    bins: HNBins | None = None
    """The bins of an HN network's classes."""
    provenance: dict[str, str] = field(default_factory=dict)
    """How it was trained, for people."""

    def __post_init__(self) -> None:
        if self.task not in get_args(Task):
            raise ValueError(f"task must be one of {get_args(Task)}, got {self.task!r}")
        if (self.task == "hn") != (self.bins is not None):
            raise ValueError("an HN network states its bins, a semantic one has none")
        if not 0 < len(self.class_names) <= IGNORE_LABEL:
            raise ValueError(f"expected 1..255 classes, got {len(self.class_names)}")

    @property
    def palette(self) -> np.ndarray:
        """(256, 3) uint8 RGB of the classes."""
        if self.bins is not None:
            return class_palette(self.bins)
        return semantic_palette(len(self.class_names))

    def to_metadata(self) -> dict[str, str]:
        """As the metadata of a model file."""
        return {METADATA_KEY: json.dumps(asdict(self))}

    @classmethod
    def from_metadata(cls, metadata: dict[str, str]) -> "ModelInfo":
        """From the metadata of a model file; CheckpointError where it is not ours."""
        try:
            values = json.loads(metadata[METADATA_KEY])
            bins = values.pop("bins")
            if bins is not None:
                bins["height_edges"] = tuple(bins["height_edges"])
                bins["angle_edges"] = tuple(bins["angle_edges"])
                bins = HNBins(**bins)
            for name in ("class_names", "mean", "std"):
                values[name] = tuple(values[name])
            return cls(bins=bins, **values)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CheckpointError(
                "the model file has no usable description of its classes and input; "
                "expected a model.onnx that hn-train wrote"
            ) from error


class Predictor:
    """A network that turns colour images into classes, on the CPU."""

    def __init__(self, path: str | Path, num_threads: int = 1) -> None:
        path = Path(path)
        if not path.is_file():
            raise CheckpointError(
                f"{path}: no such model file; expected a model.onnx that hn-train wrote"
            )
        try:
            self._session = open_session(str(path), num_threads)
        except Exception as error:  # onnxruntime raises a dozen kinds of its own
            raise CheckpointError(
                f"{path} is not a model that can be run ({_first_line(error)}); "
                "expected a model.onnx that hn-train wrote"
            ) from error
        self.info = ModelInfo.from_metadata(
            self._session.get_modelmeta().custom_metadata_map
        )
        self._check_graph(path)

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 to (H, W) uint8 classes on the same grid."""
        info = self.info
        height, width = rgb.shape[:2]
        shrinks = height > info.height or width > info.width
        small = cv2.resize(
            rgb,
            (info.width, info.height),
            interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
        )
        inputs = normalise(small, info.mean, info.std).transpose(2, 0, 1)[None]
        (logits,) = self._session.run(["logits"], {"rgb": inputs})
        classes = logits[0].argmax(axis=0).astype(np.uint8)
        return cv2.resize(classes, (width, height), interpolation=cv2.INTER_NEAREST)

    def _check_graph(self, path: Path) -> None:
        info = self.info
        inputs = {node.name: node.shape for node in self._session.get_inputs()}
        outputs = {node.name: node.shape for node in self._session.get_outputs()}
        expected_input = [1, 3, info.height, info.width]
        expected_output = [1, len(info.class_names), info.height, info.width]
        if (
            inputs.get("rgb") != expected_input
            or outputs.get("logits") != expected_output
        ):
            raise CheckpointError(
                f"{path}: expected input rgb {expected_input} and output logits "
                f"{expected_output}, found inputs {inputs} and outputs {outputs}; "
                "export it again with hn-train"
            )


def normalise(
    rgb: np.ndarray, mean: tuple[float, float, float], std: tuple[float, float, float]
) -> np.ndarray:
    """(..., 3) uint8 RGB to float32 of zero mean and unit deviation, contiguous."""
    scale = 1.0 / (255.0 * np.asarray(std, np.float32))
    offset = np.asarray(mean, np.float32) / np.asarray(std, np.float32)
    return rgb.astype(np.float32) * scale - offset


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
