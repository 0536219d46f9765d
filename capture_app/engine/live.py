"""From frames to pictures: the label, prediction and paint threads of a live view."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from capture_app.engine.collector import Collection, Collector
from capture_app.engine.mailbox import Mailbox
from capture_app.engine.networks import NetworkRunner, Networks
from capture_app.engine.painter import Painter
from capture_app.engine.pairing import Pairing
from capture_app.engine.picture import (
    COMPARED_VIEWS,
    LABELLED_VIEWS,
    TASKS_OF,
    Layers,
    Picture,
    View,
    ViewSettings,
)
from capture_app.engine.recorder import RecordingPlan
from capture_app.engine.scene_watch import SceneWatch
from capture_app.engine.thumbnails import Thumbnailer
from capture_app.engine.worker import Worker
from core.bins import HNBins
from core.disagreement import disagreement
from core.frame import RgbdFrame
from core.hn_labels import HNLabels
from core.prediction import ModelInfo, Task

LabelFunction = Callable[[RgbdFrame], HNLabels | None]

_SHARE_LASTS_S = 1.0  # or twice as long as it took, with a slow network


class LiveView:
    """Keeps `pictures` filled with the newest frame as `settings` want to see it, and
    `thumbnails` with small ones whatever they want.

    Labels are computed whatever the view, and of the networks those that the view or a
    collection needs, each as often as it can. A picture always lays classes over the
    very frame they were computed from. The labeler's bins are those of the HN network,
    so that its prediction and the labels can be compared.
    """

    def __init__(
        self,
        labeler: LabelFunction,
        bins: HNBins,
        networks: Networks | None = None,
    ) -> None:
        self.pictures: Mailbox[Picture] = Mailbox()
        self.bins = bins
        self.networks: Networks = networks or {}
        if "hn" in self.networks and self.networks["hn"].info.bins != bins:
            raise ValueError("labels and HN network have different bins")
        self.scene = SceneWatch(bins)
        self.problems = self.scene.problems  # its own and ours
        self._labeler = labeler
        self._run_network = NetworkRunner(self.networks, self.problems)
        self._settings = ViewSettings()
        self._painter = Painter(bins, self.models)
        self._pairing = Pairing()
        self._collector: Collector | None = None
        self._newest: dict[View, Layers] = {}
        self._handing_on = threading.Lock()
        self._has_labelled = False
        self._predicted_views: set[View] = set()
        self._share: tuple[float, float | None] = (0.0, None)
        self._painted: Layers | None = None
        self._latencies_s: deque[float] = deque(maxlen=30)
        self._label = Worker("labels", self._label_frame, self._report)
        self._predict = Worker("prediction", self._predict_frame, self._report)
        self._paint = Worker("picture", self._paint_layers, self._report)
        self._thumbnailer = Thumbnailer(bins, self._report)
        self.thumbnails = self._thumbnailer.made

    def show(self, settings: ViewSettings) -> None:
        """Show frames this way from now on, the newest one at once."""
        self._settings = settings
        layers = self._newest.get(settings.view)
        if layers is None:
            return
        self._paint.inbox.put(layers)
        # The last frame of all was perhaps not predicted for this view.
        wanted = TASKS_OF[settings.view] & self._run_network.working
        if wanted - layers.predicted.keys():
            self._predict.inbox.put(layers)

    def offer(self, frame: RgbdFrame) -> None:
        """Show `frame` if there is time for it."""
        layers = Layers(frame, arrived_s=time.monotonic())
        self._label.inbox.put(layers)
        tasks = self._needed_tasks()
        if tasks:
            self._predict.inbox.put(layers)
        with self._handing_on:
            layers = self._with_newest_floor(layers)
            for view in View:
                if self._is_plain(view, tasks):
                    self._hand_on(view, layers)

    def start_collecting(self, plan: RecordingPlan, device: str) -> None:
        """Keep frames from now on at which the HN network is very wrong."""
        self.stop_collecting()
        collector = Collector(plan, device, self.problems)
        if self._collector is not None:
            self._collector.close()
        self._collector = collector

    def stop_collecting(self) -> None:
        """Have a running collection end; it is whole soon after."""
        if self._collector is not None:
            self._collector.request_stop()

    @property
    def models(self) -> dict[Task, ModelInfo]:
        """What the networks say of themselves."""
        return {task: network.info for task, network in self.networks.items()}

    @property
    def collection(self) -> Collection | None:
        """The running collection, or else the last one."""
        return None if self._collector is None else self._collector.collection

    @property
    def is_collecting(self) -> bool:
        """Whether a collection is on."""
        return self._collector is not None and self._collector.is_on

    @property
    def is_preparing(self) -> bool:
        """Whether the first frame's labels are still awaited. The label engine is
        compiled for them, which takes a second, or ten on the very first start."""
        return not self._has_labelled and not self._label.has_failed

    @property
    def is_loading(self) -> bool:
        """Whether the view's first prediction is still awaited."""
        view = self._settings.view
        needed = (
            (self._predict, self._label) if view in COMPARED_VIEWS else (self._predict,)
        )
        if not TASKS_OF[view] or any(worker.has_failed for worker in needed):
            return False
        if not TASKS_OF[view] <= self._run_network.working:
            return False
        return view not in self._predicted_views

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

    @property
    def serious_share(self) -> float | None:
        """0..1, of the newest frame where the HN network is seriously wrong; None
        while nobody compares, or where the floor is not known."""
        until_s, share = self._share
        return share if time.monotonic() < until_s else None

    def lacks_floor(self, picture: Picture) -> bool:
        """Whether the picture shows no labels because no floor was found."""
        return (
            picture.settings.view in COMPARED_VIEWS
            and picture.layers.is_floor_known
            and picture.layers.floor is None
        )

    def close(self) -> None:
        """Stop the threads; safe to call twice."""
        for worker in (self._label, self._predict, self._paint):
            worker.close()
        self._thumbnailer.close()
        self.scene.close()
        self._run_network.close()
        if self._collector is not None:
            self._collector.close()

    def _needed_tasks(self) -> frozenset[Task]:
        """What somebody wants to be predicted, as far as there are networks for it."""
        tasks = TASKS_OF[self._settings.view]
        if self.is_collecting:
            tasks |= {"hn"}
        return tasks & self._run_network.working

    def _is_plain(self, view: View, tasks: frozenset[Task]) -> bool:
        """Whether nobody computes this view's classes, yet or any more: it shows the
        photo."""
        lacks_labels = not self._has_labelled or self._label.has_failed
        if lacks_labels and (view in COMPARED_VIEWS or view in LABELLED_VIEWS):
            return True
        if not TASKS_OF[view]:
            return view not in LABELLED_VIEWS
        return (
            not TASKS_OF[view] <= tasks
            or view not in self._predicted_views
            or self._predict.has_failed
        )

    def _label_frame(self, layers: Layers) -> None:
        self._pairing.begin_labels(layers.frame)
        labels: HNLabels | None = self._labeler(layers.frame)
        floor = None if labels is None else labels.floor
        layers = replace(layers, labels=labels, floor=floor, is_floor_known=True)
        with self._handing_on:  # no photo that `offer` holds may follow this one
            self._has_labelled = True
            for view in LABELLED_VIEWS:
                self._hand_on(view, layers)
        if "hn" in self.networks:  # even if nobody looks: it may be the last frame
            self._compare(self._pairing.add_labels(layers))
        self.scene.look(layers)

    def _predict_frame(self, layers: Layers) -> None:
        tasks, shown = self._needed_tasks(), TASKS_OF[self._settings.view]
        if "hn" in tasks:
            self._pairing.begin_prediction(layers.frame)
        for task in sorted(tasks, key=lambda task: task not in shown):
            classes = self._run_network(task, layers.frame.rgb)
            if classes is None:
                continue
            predicted = {**layers.predicted, task: classes}
            layers = replace(self._with_newest_floor(layers), predicted=predicted)
            self._hand_on_prediction(task, layers)
            if task == "hn":
                self._compare(self._pairing.add_prediction(layers))

    def _hand_on_prediction(self, task: Task, layers: Layers) -> None:
        """To the views for which `task` was the last that they had to wait for."""
        with self._handing_on:
            for view in (View.HN_PREDICTION, View.SEMANTIC, View.BOTH):
                if task in TASKS_OF[view] and TASKS_OF[view] <= layers.predicted.keys():
                    self._predicted_views.add(view)
                    self._hand_on(view, layers)

    def _compare(self, layers: Layers | None) -> None:
        """Show and collect a frame that has both its prediction and its labels."""
        if layers is None:
            return
        share = None
        if layers.labels is not None:
            found = disagreement(
                layers.predicted["hn"], layers.labels.classes, self.bins
            )
            layers, share = replace(layers, disagreement=found), found.serious_share
        now_s = time.monotonic()
        lasts_s = max(_SHARE_LASTS_S, 2 * (now_s - layers.arrived_s))
        self._share = now_s + lasts_s, share
        with self._handing_on:
            self._predicted_views.add(View.DISAGREEMENT)
            self._hand_on(View.DISAGREEMENT, layers)
        # A floor that was tracked here could not be found again: the frames that
        # showed it are not kept.
        is_measured = layers.floor is not None and layers.floor.source == "measured"
        if share is not None and is_measured and self._collector is not None:
            self._collector.offer(layers.frame, share, layers.arrived_s)

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
        if view is View.CLOUD:
            self._thumbnailer.offer(layers)

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
