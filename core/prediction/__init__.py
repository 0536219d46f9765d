"""A trained network on colour images: a model file in, classes out, without torch."""

from core.prediction.engines import EngineName
from core.prediction.fitting import normalise
from core.prediction.model_file import read_model_info
from core.prediction.model_info import METADATA_KEY, ModelInfo, Task, Upsampling
from core.prediction.predictor import Predictor

__all__ = [
    "METADATA_KEY",
    "EngineName",
    "ModelInfo",
    "Predictor",
    "Task",
    "Upsampling",
    "normalise",
    "read_model_info",
]
