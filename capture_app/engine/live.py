"""From frames to pictures: the label, prediction and paint threads of a live view."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np

from capture_app.engine.mailbox import Mailbox
from capture_app.engine.picture import Layers, Painter, Picture, View, ViewSettings
from capture_app.engine.problems import ProblemLog
from capture_app.engine.worker import Worker
from core.bins import HNBins
from core.frame import RgbdFrame
from core.hn_labels import HNLabels
from core.prediction import ModelInfo

LabelFunction = Callable[[RgbdFrame], HNLabels | None]


class PredictFunction(Protocol):
    """A network: `core.prediction.Predictor`, or a stand-in."""

    info: ModelInfo

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 to (H, W) uint8 classes."""


class LiveView:
    """Keeps `pictures` filled with the newest frame as `settings` want to see it.

    Labels and predictions are computed whatever the view, each as often as it can; a
    picture always lays classes over the very frame they were computed from.
    """

    def __init__(
        self,
        labeler: LabelFunction,
        bins: HNBins,
        predictor: PredictFunction | None = None,
    ) -> None:
        self.pictures: Mailbox[Picture] = Mailbox()
        self.problems = ProblemLog()
        self.bins = bins
        self.model = None if predictor is None else predictor.info
        self._labeler = labeler
        self._predictor = predictor
        self._settings = ViewSettings()
        self._painter = Painter(bins, self.model)
        self._newest: dict[View, Layers] = {}
        self._handing_on = threading.Lock()
        self._has_labelled = False
        self._painted: Layers | None = None
        self._latencies_s: deque[float] = deque(maxlen=30)
        self._label = Worker("labels", self._label_frame, self._report)
        self._predict = Worker("prediction", self._predict_frame, self._report)
        self._paint = Worker("picture", self._paint_layers, self._report)

    def show(self, settings: ViewSettings) -> None:
        """Show frames this way from now on, the newest one at once."""
        self._settings = settings
        layers = self._newest.get(settings.view)
        if layers is not None:
            self._paint.inbox.put(layers)

    def offer(self, frame: RgbdFrame) -> None:
        """Show `frame` if there is time for it."""
        layers = Layers(frame, arrived_s=time.monotonic())
        self._label.inbox.put(layers)
        if self._predictor is not None:
            self._predict.inbox.put(layers)
        with self._handing_on:
            layers = self._with_newest_floor(layers)
            for view in (View.COLOR, View.DEPTH, *self._plain_views()):
                self._hand_on(view, layers)

    @property
    def is_preparing(self) -> bool:
        """Whether the first frame's labels are still awaited. The label engine is
        compiled for them, which takes a second, or ten on the very first start."""
        return not self._has_labelled and not self._label.has_failed

    @property
    def label_fps(self) -> float:
        """Frames labelled a second."""
        return self._label.rate.per_second

    @property
    def prediction_fps(self) -> float:
        """Frames predicted a second."""
        return self._predict.rate.per_second

    @property
    def latency_ms(self) -> float:
        """From a frame's arrival to its picture, the median of the last 30."""
        latencies = list(self._latencies_s)
        return 1000 * float(np.median(latencies)) if latencies else 0.0

    def lacks_floor(self, picture: Picture) -> bool:
        """Whether the picture shows no labels because no floor was found."""
        return (
            picture.settings.view is View.HN_LABELS
            and picture.layers.is_floor_known
            and picture.layers.floor is None
        )

    def close(self) -> None:
        """Stop the threads; safe to call twice."""
        for worker in (self._label, self._predict, self._paint):
            worker.close()

    def _plain_views(self) -> list[View]:
        """Views whose classes nobody computes, yet or any more; they show the photo."""
        views = []
        if not self._has_labelled or self._label.has_failed:
            views.append(View.HN_LABELS)
        if self._predictor is None or self._predict.has_failed:
            views.append(View.PREDICTION)
        return views

    def _label_frame(self, layers: Layers) -> None:
        labels: HNLabels | None = self._labeler(layers.frame)
        floor = None if labels is None else labels.floor
        layers = replace(layers, labels=labels, floor=floor, is_floor_known=True)
        with self._handing_on:  # no photo that `offer` holds may follow this one
            self._has_labelled = True
            self._hand_on(View.HN_LABELS, layers)

    def _predict_frame(self, layers: Layers) -> None:
        assert self._predictor is not None
        layers = self._with_newest_floor(layers)
        predicted = self._predictor(layers.frame.rgb)
        self._hand_on(View.PREDICTION, replace(layers, predicted=predicted))

    def _with_newest_floor(self, layers: Layers) -> Layers:
        """`layers` with the floor of the newest labels, while there are new ones."""
        labelled = self._newest.get(View.HN_LABELS)
        if labelled is None or self._label.has_failed:
            return layers
        return replace(
            layers, floor=labelled.floor, is_floor_known=labelled.is_floor_known
        )

    def _hand_on(self, view: View, layers: Layers) -> None:
        self._newest[view] = layers
        if self._settings.view is view:
            self._paint.inbox.put(layers)

    def _paint_layers(self, layers: Layers) -> None:
        self.pictures.put(self._painter.paint(layers, self._settings))
        if layers is not self._painted:
            self._latencies_s.append(time.monotonic() - layers.arrived_s)
            self._painted = layers

    def _report(self, what: str, error: Exception) -> None:
        self.problems.add(
            f"The {what} thread stopped ({type(error).__name__}: {error}). The camera "
            "and a running recording go on; open the camera again to restart it.",
            can_retry=True,
        )
