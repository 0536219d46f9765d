"""What a model file says of itself, beside its graph."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from core.bins import IGNORE_LABEL, HNBins
from core.errors import CheckpointError
from core.overlay import class_palette, semantic_palette

Task = Literal["hn", "semantic"]
Precision = Literal["float32", "int8"]
METADATA_KEY = "hn-capture"
LARGEST_SIDE = 16_384


@dataclass(frozen=True)
class Upsampling:
    """How "logits" follow from the file's second output, "coarse_logits": resized
    bilinearly to this size, then cropped to the input's at the bottom and right."""

    height: int
    width: int
    align_corners: bool
    """As torch means it."""


@dataclass(frozen=True)
class ModelInfo:
    """What a network predicts and how its input is prepared."""

    task: Task
    class_names: tuple[str, ...]
    height: int
    """Of the images it was trained on, pixels; of its input, unless that is open."""
    width: int
    mean: tuple[float, float, float]
    """Of RGB in 0..1, subtracted."""
    std: tuple[float, float, float]
    """Of RGB in 0..1, divided by."""
    bins: HNBins | None = None
    """The bins of an HN network's classes."""
    provenance: dict[str, str] = field(default_factory=dict)
    """How it was trained, for people."""
    frame_aspect: float | None = None
    """Width over height of the frames it was trained on, before they were resized."""
    upsampling: Upsampling | None = None
    """Where the file has coarse logits too."""
    precision: Precision = "float32"
    """In which its convolutions compute."""

    def __post_init__(self) -> None:
        for name, value, known in (
            ("task", self.task, get_args(Task)),
            ("precision", self.precision, get_args(Precision)),
        ):
            if value not in known:
                raise ValueError(f"{name} must be one of {known}, got {value!r}")
        if (self.task == "hn") != (self.bins is not None):
            raise ValueError("an HN network states its bins, a semantic one has none")
        num_classes = len(self.class_names)
        if not 0 < num_classes <= IGNORE_LABEL:
            raise ValueError(f"expected 1..255 classes, got {num_classes}")
        if self.bins is not None and num_classes != self.bins.num_classes:
            raise ValueError(
                f"its bins make {self.bins.num_classes} classes and it names "
                f"{num_classes}"
            )
        if not all(isinstance(name, str) for name in self.class_names):
            raise ValueError("classes have names")
        self._check_input()
        if self.frame_aspect is not None and not 0.1 < self.frame_aspect < 10:
            raise ValueError(f"no frame has the aspect {self.frame_aspect}")

    def _check_input(self) -> None:
        sides = (self.height, self.width)
        if not all(type(side) is int and 0 < side <= LARGEST_SIDE for side in sides):
            raise ValueError(f"no images have {self.height} x {self.width} pixels")
        if not (np.isfinite(self.mean).all() and np.isfinite(self.std).all()):
            raise ValueError("means and deviations are numbers")
        if not min(self.std) > 0:
            raise ValueError("deviations are above 0")
        if self.upsampling is not None:
            larger = (self.upsampling.height, self.upsampling.width)
            if not all(
                type(after) is int and side <= after <= 2 * LARGEST_SIDE
                for side, after in zip(sides, larger, strict=True)
            ):
                raise ValueError(f"logits of {larger} do not cover {sides}")

    @property
    def palette(self) -> np.ndarray:
        """(256, 3) uint8 RGB of the classes."""
        if self.bins is not None:
            return class_palette(self.bins)
        return semantic_palette(len(self.class_names))

    def to_metadata(self) -> dict[str, str]:
        """As the metadata of a model file; with the colours, for other programs."""
        colors = self.palette[: len(self.class_names)].tolist()
        return {METADATA_KEY: json.dumps({**asdict(self), "colors": colors})}

    @classmethod
    def from_metadata(cls, metadata: dict[str, str]) -> "ModelInfo":
        """From the metadata of a model file; CheckpointError where it is not ours."""
        if METADATA_KEY not in metadata:
            raise CheckpointError(
                "the model file does not say what its classes and its input are; "
                "expected a model.onnx of hn-train or hn-export"
            )
        try:
            return cls(**_from_json(json.loads(metadata[METADATA_KEY])))
        except (
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            RecursionError,
        ) as error:
            raise CheckpointError(
                f"the model file describes its classes and input wrongly ({error}); "
                "export it again with hn-export"
            ) from error


def _from_json(values: dict[str, Any]) -> dict[str, Any]:
    """The arguments of ModelInfo."""
    del values["colors"]  # they follow from the rest
    if values["bins"] is not None:
        bins = values["bins"]
        for name in ("height_edges", "angle_edges"):
            bins[name] = tuple(bins[name])
        values["bins"] = HNBins(**bins)
    if values["upsampling"] is not None:
        values["upsampling"] = Upsampling(**values["upsampling"])
    if isinstance(values["class_names"], str):
        raise ValueError("class_names is a list")
    for name in ("class_names", "mean", "std"):
        values[name] = tuple(values[name])
    for name in ("mean", "std"):
        if len(values[name]) != 3:
            raise ValueError(f"{name} has {len(values[name])} numbers, not 3")
    return values
