"""What a prediction becomes: files of its own, and what is appended to others."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from capture_app.predicting.network import Network
from capture_app.predicting.pictures import Picture
from core.disagreement import disagreement
from core.hn_labels import label_frame
from core.images import write_image
from core.overlay import blend
from core.point_cloud import classified_cloud, write_ply
from core.recording.predictions import EncodedPrediction, encode_prediction


@dataclass(frozen=True)
class Targets:
    """What is to be made of every prediction."""

    images: bool
    video: bool
    recording: bool
    points: bool
    opacity: float
    """0..1, of the classes' colours on overlays."""


@dataclass(frozen=True, eq=False)
class Predicted:
    """A picture with what the network made of it."""

    picture: Picture
    classes: np.ndarray | None
    """(H, W) uint8; None for one that is passed on."""


@dataclass(frozen=True, eq=False)
class Finished:
    """A prediction, ready to be appended and counted."""

    picture: Picture
    counts: np.ndarray | None = None
    """(256,) int64, pixels of each class; None for one that was passed on."""
    kinds: np.ndarray | None = None
    """(256,) int64, pixels of each kind of `core.disagreement`, where there are HN
    labels."""
    overlay: np.ndarray | None = None
    """(H, W, 3) uint8 RGB, where a video wants it."""
    encoded: EncodedPrediction | None = None
    """Where a recording wants it."""


@dataclass(frozen=True, eq=False)
class Finisher:
    """Writes the files of one prediction at a time, on any thread."""

    network: Network
    targets: Targets
    folder: Path

    def make_folders(self) -> None:
        """For the files of each picture."""
        parts = ["classes", "overlays"] if self.targets.images else []
        for part in [*parts, "points"] if self.targets.points else parts:
            (self.folder / part).mkdir()

    def __call__(self, predicted: Predicted) -> Finished:
        """What is left to be done once its files are written."""
        picture, classes = predicted.picture, predicted.classes
        if classes is None or picture.rgb is None:
            return Finished(picture)
        targets, palette = self.targets, self.network.palette
        overlay = encoded = None
        if targets.images or targets.video or targets.recording:
            overlay = blend(picture.rgb, classes, palette, targets.opacity)
        if targets.images and overlay is not None:
            name = picture.name
            write_image(self.folder / "classes" / f"{name}.png", classes)
            write_image(self.folder / "overlays" / f"{name}.jpg", overlay)
        if targets.recording and overlay is not None:
            encoded = encode_prediction(classes, overlay, palette)
        if targets.points:
            self._write_points(picture, classes)
        return Finished(
            picture,
            np.bincount(classes.ravel(), minlength=256),
            self._kinds(picture, classes),
            overlay if targets.video else None,
            encoded,
        )

    def _write_points(self, picture: Picture, classes: np.ndarray) -> None:
        assert picture.frame is not None  # --points asks for inputs with depth
        cloud = classified_cloud(picture.frame, classes, picture.floor)
        file = self.folder / "points" / f"{picture.name}.ply"
        write_ply(file, cloud, self.network.palette, self.network.info.bins)

    def _kinds(self, picture: Picture, classes: np.ndarray) -> np.ndarray | None:
        bins = self.network.info.bins
        if bins is None or picture.frame is None or picture.floor is None:
            return None
        labels = label_frame(picture.frame, bins, floor=picture.floor)
        if labels is None:
            return None
        kinds = disagreement(classes, labels.classes, bins).kinds
        return np.bincount(kinds.ravel(), minlength=256)
