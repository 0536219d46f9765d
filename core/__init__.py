"""What a frame is, depth to HN-labels, recordings, overlays and prediction."""

from core.bins import IGNORE_LABEL, HNBins
from core.floor import FloorPlane
from core.frame import Intrinsics, RgbdFrame
from core.hn_labels import HNLabels, Labeler, label_frame
from core.recording import Recording, RecordingWriter

__all__ = [
    "IGNORE_LABEL",
    "FloorPlane",
    "HNBins",
    "HNLabels",
    "Intrinsics",
    "Labeler",
    "Recording",
    "RecordingWriter",
    "RgbdFrame",
    "label_frame",
]
