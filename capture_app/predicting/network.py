"""The network of a run, and what its results say of it."""

import hashlib
import time
from pathlib import Path

import numpy as np

from core.prediction import EngineName, ModelInfo, Predictor


class Network:
    """A predictor that counts its time and knows its file."""

    def __init__(self, path: Path, num_threads: int | None, engine: EngineName) -> None:
        """CheckpointError if the file cannot be used."""
        self._predictor = Predictor(path, num_threads, engine)
        self.info: ModelInfo = self._predictor.info
        self.engine_name = self._predictor.engine_name
        self.palette = self.info.palette
        self.file_name = path.name
        with path.open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        # Compiling the loops after the network must not count, nor hold up a camera.
        self._predictor(np.zeros((self.info.height, self.info.width, 3), np.uint8))
        self.seconds = 0.0
        """Spent predicting."""

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 to (H, W) uint8 classes."""
        started_s = time.perf_counter()
        classes = self._predictor(rgb)
        self.seconds += time.perf_counter() - started_s
        return classes

    def to_texts(self) -> dict[str, str]:
        """What a recording with its predictions says of it."""
        return {
            "model": self.file_name,
            "sha256": self.sha256,
            "engine": self.engine_name,
            **self.info.to_metadata(),
        }

    def to_json(self) -> dict[str, object]:
        """What classes.json says of it."""
        info = self.info
        num_classes = len(info.class_names)
        bins = info.bins
        return {
            "task": info.task,
            "classes": list(info.class_names),
            "colors": self.palette[:num_classes].tolist(),
            "bins": None
            if bins is None
            else {
                "height_edges_m": bins.height_edges,
                "angle_edges_deg": bins.angle_edges,
                "signed_angles": bins.signed_angles,
            },
            "model": {
                "file": self.file_name,
                "sha256": self.sha256,
                "precision": info.precision,
                "provenance": info.provenance,
            },
        }
