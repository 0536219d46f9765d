"""The labels and the prediction of the very same frame, whichever is there first."""

import threading
from collections import deque
from dataclasses import replace

from capture_app.engine.picture import Layers
from core.frame import RgbdFrame

_KEPT = 8  # frames of each kind


class Pairing:
    """Joins what two threads found out about frames.

    The labels and the predictions of the last few frames are kept, and those of the
    frame that the other thread works on, however long that takes. A frame that was not
    labelled, or not predicted, is forgotten.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._labelled: deque[Layers] = deque()
        self._predicted: deque[Layers] = deque()
        self._being_labelled: RgbdFrame | None = None
        self._being_predicted: RgbdFrame | None = None

    def begin_labels(self, frame: RgbdFrame) -> None:
        """Keep the prediction of `frame` until it is labelled."""
        with self._lock:
            self._being_labelled = frame

    def begin_prediction(self, frame: RgbdFrame) -> None:
        """Keep the labels of `frame` until it is predicted."""
        with self._lock:
            self._being_predicted = frame

    def add_labels(self, layers: Layers) -> Layers | None:
        """Both of this frame, if its prediction is there; else keep the labels."""
        with self._lock:
            self._being_labelled = None
            predicted = _take(self._predicted, layers.frame)
            if predicted is not None:
                return _joined(predicted, layers)
            _keep(self._labelled, layers, self._being_predicted)
            return None

    def add_prediction(self, layers: Layers) -> Layers | None:
        """Both of this frame, if its labels are there; else keep the prediction."""
        with self._lock:
            self._being_predicted = None
            labelled = _take(self._labelled, layers.frame)
            if labelled is not None:
                return _joined(layers, labelled)
            _keep(self._predicted, layers, self._being_labelled)
            return None


def _take(kept: deque[Layers], frame: RgbdFrame) -> Layers | None:
    for layers in kept:
        if layers.frame is frame:
            kept.remove(layers)  # by identity: layers have no other equality
            return layers
    return None


def _keep(kept: deque[Layers], layers: Layers, awaited: RgbdFrame | None) -> None:
    """Add `layers`; the oldest that nobody waits for makes room."""
    kept.append(layers)
    if len(kept) > _KEPT:
        del kept[1 if kept[0].frame is awaited else 0]


def _joined(predicted: Layers, labelled: Layers) -> Layers:
    return replace(
        predicted,
        labels=labelled.labels,
        floor=labelled.floor,
        is_floor_known=labelled.is_floor_known,
    )
