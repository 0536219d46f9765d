"""Networks held against depth, frame by frame, on a thread of its own."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from capture_app.engine.agreement import Agreement, together
from capture_app.engine.compare_source import ComparedFrames, open_compared
from capture_app.engine.mailbox import Mailbox
from capture_app.engine.networks import KINDS
from capture_app.engine.painter import Painter
from capture_app.engine.picture import Layers, Picture, View, ViewSettings
from capture_app.engine.worker import Worker
from core.bins import HNBins
from core.disagreement import KIND_NAMES, Disagreement, disagreement
from core.errors import HNError
from core.frame import RgbdFrame
from core.hn_labels import HNLabels, label_frame
from core.prediction import Predictor, Task

logger = logging.getLogger(__name__)

_OPACITY = 0.6
_PREPARING = "Preparing the label engine (up to 20 seconds on the first start)…"
VIEW_TITLES: Mapping[View, str] = {
    View.COLOR: "Photo",
    View.HN_LABELS: "Depth says",
    View.HN_PREDICTION: "Network says",
    View.DISAGREEMENT: "Where they differ",
    View.SEMANTIC: "Semantic network",
}
"""What people call the pictures of a comparison."""


@dataclass(frozen=True)
class Look:
    """What is to be compared."""

    models: tuple[Path, ...] = ()
    """Model files, at most one of a task; without any, what depth says is shown."""
    bins: HNBins = HNBins()  # noqa: RUF009 - frozen
    """Of the labels, unless there is an HN network, which has bins of its own."""
    source: Path | None = None
    """A recording; None: the simulated room."""
    frame: int = 0
    size: tuple[int, int] | None = None
    """Width and height of the place for one picture, device pixels."""


@dataclass(frozen=True, eq=False)
class Compared:
    """What came of a look."""

    look: Look
    num_frames: int = 0
    pictures: Mapping[View, Picture] = field(default_factory=dict)
    """Of every view that the networks and the frame's floor allow."""
    agreement: Agreement | None = None
    """Of this frame; None without an HN network, a floor or depth."""
    so_far: Agreement | None = None
    """Of all frames of the source that these networks were looked at on."""
    names: Mapping[View, tuple[str, ...]] = field(default_factory=dict)
    """Of the classes that a view shows."""
    note: str = ""
    """Why something that is expected is not there."""
    problem: str = ""
    """Why there is nothing, if so."""


class Comparer:
    """Answers the newest look; older ones that nobody waits for are skipped."""

    def __init__(self) -> None:
        self._answers: Mailbox[Compared] = Mailbox()
        self._asked: Look | None = None
        self._bench = _Bench()
        self._worker = self._new_worker()

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._asked is not None

    @property
    def doing(self) -> str:
        """What takes its time now, in a sentence."""
        return self._bench.doing

    def ask(self, look: Look) -> None:
        """Have this compared next."""
        if self._worker.has_failed:
            self._worker.close()
            self._worker = self._new_worker()
        self._asked = look
        self._worker.inbox.put(look)

    def take(self) -> Compared | None:
        """The newest answer that was not taken yet."""
        answer = self._answers.take()
        if answer is not None and answer.look == self._asked:
            self._asked = None
        return answer

    def close(self) -> None:
        """Finish the frame in hand and stop; safe to call twice."""
        self._worker.close()

    def _new_worker(self) -> Worker[Look]:
        return Worker("compare", self._answer, self._fail)

    def _answer(self, look: Look) -> None:
        try:
            self._answers.put(self._bench(look))
        except HNError as error:
            self._answers.put(Compared(look, problem=f"{error}."))

    def _fail(self, _: str, error: Exception) -> None:
        look = self._asked or Look()
        self._bench = _Bench()
        problem = (
            f"The comparison failed ({type(error).__name__}: {error}); the log has the "
            "details. Choose another frame or run to go on."
        )
        self._answers.put(Compared(look, problem=problem))


class _Bench:
    """The networks and frames in use. For one thread."""

    def __init__(self) -> None:
        self.doing = ""
        self._networks: dict[Path, tuple[int, Predictor]] = {}
        self._source: tuple[Path | None, ComparedFrames] | None = None
        self._has_labelled = False
        self._seen: dict[int, Agreement] = {}
        self._seen_of: object = None

    def __call__(self, look: Look) -> Compared:
        """The answer to a look; HNError where there is none."""
        try:
            networks = self._load(look.models)
            frames = self._open(look.source)
            number = min(max(look.frame, 0), len(frames) - 1)
            return self._compare(look, networks, frames, number)
        finally:
            self.doing = ""

    def _load(self, models: tuple[Path, ...]) -> dict[Task, Predictor]:
        stamps = {path: _stamp(path) for path in models}
        self._networks = {
            path: known
            for path, known in self._networks.items()
            if stamps.get(path) == known[0]
        }
        for path, stamp in stamps.items():
            if path not in self._networks:
                self.doing = "Loading the network…"
                self._networks[path] = stamp, Predictor(path)
        by_path = [self._networks[path][1] for path in models]
        return {predictor.info.task: predictor for predictor in by_path}

    def _open(self, path: Path | None) -> ComparedFrames:
        if self._source is None or self._source[0] != path:
            self.doing = "Building the simulated room…" if path is None else "Opening…"
            self._source = path, open_compared(path)
        return self._source[1]

    def _compare(
        self,
        look: Look,
        networks: Mapping[Task, Predictor],
        frames: ComparedFrames,
        number: int,
    ) -> Compared:
        self.doing = "Comparing…" if self._has_labelled else _PREPARING
        frame = frames[number]
        bins = look.bins
        if "hn" in networks:
            bins = networks["hn"].info.bins or bins
        labels = _labels(frame, bins, frames, number)
        self._has_labelled = True
        predicted = {task: network(frame.rgb) for task, network in networks.items()}
        found = None
        if labels is not None and "hn" in predicted:
            found = disagreement(predicted["hn"], labels.classes, bins)
        layers = Layers(
            frame, time.monotonic(), labels, predicted, found,
            None if labels is None else labels.floor, True,
        )  # fmt: skip
        painter = Painter(bins, {task: n.info for task, n in networks.items()})
        pictures = {
            view: painter.paint(layers, ViewSettings(view, _OPACITY, look.size))
            for view in _views(layers)
        }
        agreement = None if found is None else Agreement.of(found)
        so_far = self._so_far(look, number, agreement)
        names = {
            View.HN_LABELS: bins.class_names,
            View.HN_PREDICTION: bins.class_names,
            View.DISAGREEMENT: KIND_NAMES,
        }
        if "semantic" in networks:
            names[View.SEMANTIC] = networks["semantic"].info.class_names
        note = _note(layers, found)
        return Compared(look, len(frames), pictures, agreement, so_far, names, note)

    def _so_far(
        self, look: Look, number: int, agreement: Agreement | None
    ) -> Agreement | None:
        """The mean over the frames seen with these networks, each counted once."""
        key = look.source, tuple((p, self._networks[p][0]) for p in look.models)
        if key != self._seen_of:
            self._seen, self._seen_of = {}, key
        if agreement is not None:
            self._seen[number] = agreement
        return together(self._seen.values())


def _labels(
    frame: RgbdFrame, bins: HNBins, frames: ComparedFrames, number: int
) -> HNLabels | None:
    """What depth says of a frame; None where its floor is not known."""
    if frames.floors is None:
        return label_frame(frame, bins)
    floor = frames.floors[number]
    return None if floor is None else label_frame(frame, bins, floor=floor)


def _views(layers: Layers) -> list[View]:
    """Those that a frame can be shown in, and the photo where depth says nothing."""
    views = [View.COLOR if layers.labels is None else View.HN_LABELS]
    if "hn" in layers.predicted:
        views.append(View.HN_PREDICTION)
    if layers.disagreement is not None:
        views.append(View.DISAGREEMENT)
    if "semantic" in layers.predicted:
        views.append(View.SEMANTIC)
    return views


def words_at(compared: Compared, x: float, y: float) -> str:
    """What each view shows at a place, given as shares of width and height: a line a
    view."""
    lines = []
    for view, picture in compared.pictures.items():
        classes = _classes(picture.layers, view)
        if classes is None:
            continue
        height, width = classes.shape
        row, column = min(int(y * height), height - 1), min(int(x * width), width - 1)
        found = int(classes[row, column])
        names = compared.names[view]
        name = names[found] if found < len(names) else "no depth here"
        lines.append(f"{VIEW_TITLES[view]}: {name}")
    return "\n".join(lines)


def _classes(layers: Layers, view: View) -> np.ndarray | None:
    """(H, W) uint8 of what a view shows; None of the photo."""
    if view is View.HN_LABELS and layers.labels is not None:
        return layers.labels.classes
    if view is View.DISAGREEMENT and layers.disagreement is not None:
        return layers.disagreement.kinds
    tasks: Mapping[View, Task] = {View.HN_PREDICTION: "hn", View.SEMANTIC: "semantic"}
    return layers.predicted.get(tasks[view]) if view in tasks else None


def _note(layers: Layers, found: Disagreement | None) -> str:
    if layers.labels is None:
        return "No floor in view in this frame: depth has nothing to compare with."
    if found is not None and found.serious_share is None:
        return "This frame has no depth: there is nothing to compare with."
    if "hn" not in layers.predicted:
        return f"This run has no {KINDS['hn']} network to hold against depth."
    return ""


def _stamp(path: Path) -> int:
    """What changes when a file is replaced; 0 without one."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
