"""The labels and the prediction of the very same frame, whichever is there first."""

import threading
from collections import deque
from dataclasses import replace

from capture_app.engine.picture import Layers
from core.frame import RgbdFrame

_KEPT = 8  # frames; labels are there tens of milliseconds before a prediction


class Pairing:
    """Joins what two threads found out about frames.

    The labels of the last few frames are kept, and of the frame that is being predicted
    however long that takes. A frame that was not labelled, or not predicted, is
    forgotten.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._labelled: deque[Layers] = deque()
        self._predicted: Layers | None = None  # whose labels are not there yet
        self._in_work: RgbdFrame | None = None

    def begin(self, frame: RgbdFrame) -> None:
        """Keep the labels of `frame` until it is predicted."""
        with self._lock:
            self._in_work = frame

    def add_labels(self, layers: Layers) -> Layers | None:
        """Both of this frame, if its prediction is there; else keep the labels."""
        with self._lock:
            predicted = self._predicted
            if predicted is not None and predicted.frame is layers.frame:
                self._predicted = None
                return _joined(predicted, layers)
            self._labelled.append(layers)
            if len(self._labelled) > _KEPT:
                is_in_work = self._labelled[0].frame is self._in_work
                del self._labelled[1 if is_in_work else 0]
            return None

    def add_prediction(self, layers: Layers) -> Layers | None:
        """Both of this frame, if its labels are there; else keep the prediction."""
        with self._lock:
            self._in_work = self._predicted = None
            for labelled in self._labelled:
                if labelled.frame is layers.frame:
                    return _joined(layers, labelled)
            self._predicted = layers
            return None


def _joined(predicted: Layers, labelled: Layers) -> Layers:
    return replace(
        predicted,
        labels=labelled.labels,
        floor=labelled.floor,
        is_floor_known=labelled.is_floor_known,
    )
