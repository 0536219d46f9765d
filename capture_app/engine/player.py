"""Plays a recording both ways, exactly: what is shown says which frame it is.

The window's thread says what it wants and takes what is there. A painter shows the
newest wish alone, so that fast scrubbing leaves no backlog; a reader decodes ahead of
it while the recording plays.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from capture_app.engine.mailbox import Mailbox
from capture_app.engine.painter import Painter
from capture_app.engine.picture import Layers, Picture, View, ViewSettings
from capture_app.engine.problems import Problem, ProblemLog
from capture_app.engine.track import Track, open_track
from capture_app.engine.worker import Worker
from core.bins import HNBins
from core.disagreement import disagreement
from core.errors import HNError
from core.floor import FloorPlane
from core.frame import RgbdFrame
from core.hn_labels import label_frame

logger = logging.getLogger(__name__)

Floors = Sequence[FloorPlane | None]

_AHEAD = 6  # frames
_LABELLED = frozenset({View.HN_LABELS, View.DISAGREEMENT, View.CLOUD})
_FLOORED = _LABELLED | {View.HEIGHTS, View.ANGLES}
_PREDICTED = frozenset({View.HN_PREDICTION, View.SEMANTIC, View.DISAGREEMENT})


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture and which frame it is."""

    track: Track
    position: int
    """Counted from 0."""
    picture: Picture | None
    """None where the frame cannot be read."""
    problem: str = ""
    """Why not."""
    asked_s: float = 0.0
    """When it was wanted, on the monotonic clock."""


@dataclass(frozen=True, eq=False)
class _Wish:
    path: Path
    opening: int
    """Counts what was opened, since a path may get another recording."""
    position: int
    direction: int
    settings: ViewSettings
    bins: HNBins
    floors: Floors | None
    asked_s: float


class Player:
    """One recording at a time, from `open` to `shut`. All methods are for one thread.

    `tick` has to be called often while it plays.
    """

    def __init__(self, bins: HNBins) -> None:
        self.shown: Mailbox[Shown] = Mailbox()
        self.position = 0
        """What is wanted; what is shown follows."""
        self.direction = 0
        """1 and -1 while it plays, else 0."""
        self._bins = bins
        self._settings = ViewSettings()
        self._floors: Floors | None = None
        self._path: Path | None = None
        self._opening = 0
        self._began: tuple[float, float] = 0.0, 0.0
        self._problems = ProblemLog()
        self._painting = _Painting(self.shown)
        self._worker = Worker("player", self._painting.paint, self._report)
        self._reader: Worker[tuple[Track, range]] = Worker(
            "reading ahead", _read_ahead, self._report
        )

    @property
    def track(self) -> Track | None:
        """The open recording; None until it is open."""
        opening, track = self._painting.opened
        return track if opening == self._opening and self._path is not None else None

    @property
    def failure(self) -> str:
        """Why it cannot be opened, else ""."""
        opening, sentence = self._painting.failed
        return sentence if opening == self._opening else ""

    @property
    def floors(self) -> Floors | None:
        """Of every frame, as soon as they are known."""
        track = self.track
        kept = None if track is None else track.floors
        return self._floors if self._floors is not None else kept

    def take_problems(self) -> list[Problem]:
        """What went wrong since the last call."""
        return self._problems.take()

    def open(self, path: Path) -> None:
        """Show this recording from its first frame on."""
        self.shut()
        self._path = path
        self._wish()

    def shut(self) -> None:
        """Show nothing any more."""
        self._opening += 1
        self._path, self._floors = None, None
        self.position = self.direction = 0
        self.shown.take()

    def show(self, settings: ViewSettings) -> None:
        """See the frames this way."""
        self._settings = settings
        self._wish()

    def set_bins(self, bins: HNBins) -> None:
        """Label the frames anew with these."""
        self._bins = bins
        self._wish()

    def set_floors(self, floors: Floors) -> None:
        """Label the frames by these, one of each."""
        if floors is not self._floors:
            self._floors = floors
            self._wish()

    def seek(self, position: int) -> None:
        """Go to a frame, or the nearest there is; playing goes on from there."""
        if self.track is not None:
            self.position = min(max(position, 0), len(self.track) - 1)
            self._start_clock()
            self._wish()

    def seek_last(self) -> None:
        """Go to the last frame."""
        if self.track is not None:
            self.seek(len(self.track) - 1)

    def step(self, count: int) -> None:
        """Stop, and go this many frames on."""
        self.pause()
        self.seek(self.position + count)

    def jump(self, seconds: float) -> None:
        """Go on by some seconds, or back; by a frame at least."""
        if self.track is not None:
            way = 1 if seconds > 0 else -1
            target = self.track.seconds[self.position] + seconds
            there = self.track.at(target, way)
            self.seek(there if there != self.position else self.position + way)

    def play(self, direction: int) -> None:
        """Play forwards (1) or backwards (-1), from the other end if it is at the end;
        if it does so already, stop."""
        if self.direction == direction or self.track is None:
            self.pause()
            return
        last = len(self.track) - 1
        if self.position == (last if direction > 0 else 0):
            self.position = 0 if direction > 0 else last
        self.direction = direction
        self._start_clock()
        self._wish()

    def pause(self) -> None:
        """Stop where it is."""
        self.direction = 0

    def tick(self) -> None:
        """Go to the frame that is to be seen now."""
        track = self.track
        if self.direction == 0 or track is None:
            return
        began_s, from_s = self._began
        now_s = from_s + self.direction * (time.monotonic() - began_s)
        position = track.at(now_s, self.direction)
        if position != self.position:
            self.position = position
            self._wish()
        if position == (len(track) - 1 if self.direction > 0 else 0):
            self.pause()

    def close(self) -> None:
        """Stop every thread; safe to call twice."""
        self.shut()
        self._worker.close()
        self._reader.close()

    def _start_clock(self) -> None:
        if self.track is not None:
            self._began = time.monotonic(), float(self.track.seconds[self.position])

    def _wish(self) -> None:
        if self._path is None:
            return
        if self.direction and self.track is not None:
            step = self.direction
            ahead = range(self.position + step, self.position + step * _AHEAD, step)
            self._reader.inbox.put((self.track, ahead))
        self._worker.inbox.put(
            _Wish(
                self._path,
                self._opening,
                self.position,
                self.direction,
                self._settings,
                self._bins,
                self.floors,
                time.monotonic(),
            )
        )

    def _report(self, what: str, error: Exception) -> None:
        self._problems.add(
            f"The {what} thread stopped ({type(error).__name__}: {error}). The "
            "recording is as it was; start the window again to play it."
        )


class _Painting:
    """What the painter's thread keeps from one wish to the next."""

    def __init__(self, shown: Mailbox[Shown]) -> None:
        self.opened: tuple[int, Track | None] = 0, None
        self.failed: tuple[int, str] = 0, ""
        self._shown = shown
        self._layers: tuple[object, Floors | None, Layers] | None = None
        self._painter: tuple[object, Painter] | None = None

    def paint(self, wish: _Wish) -> None:
        """Open the recording if it is not, and show the frame."""
        track = self._track(wish)
        if track is None:
            return
        try:
            layers = self._labelled(track, wish)
            picture = self._painter_of(track, wish).paint(layers, wish.settings)
            shown = Shown(track, wish.position, picture, "", wish.asked_s)
        except HNError as error:
            shown = Shown(track, wish.position, None, str(error), wish.asked_s)
        self._shown.put(shown)

    def _track(self, wish: _Wish) -> Track | None:
        if self.failed[0] == wish.opening:
            return None
        if self.opened[0] != wish.opening:
            self._layers = None
            try:
                self.opened = wish.opening, open_track(wish.path)
            except (HNError, OSError) as error:
                self.failed = wish.opening, str(error)
                return None
        return self.opened[1]

    def _labelled(self, track: Track, wish: _Wish) -> Layers:
        """The frame with what its view shows; that of the last wish if it is right."""
        floors = wish.floors if wish.floors is not None else track.floors
        view, bins = wish.settings.view, wish.bins
        if view is View.DISAGREEMENT and track.model is not None:
            bins = track.model.bins or bins
        key, last = (wish.opening, wish.position, view, bins), self._layers
        if last is None or last[0] != key or last[1] is not floors:
            frame = track.frames[wish.position]
            layers = _layers(frame, view, bins, floors, wish)
            if view in _PREDICTED:
                layers = _with_prediction(layers, track, wish.position)
            self._layers = last = key, floors, layers
        return last[2]

    def _painter_of(self, track: Track, wish: _Wish) -> Painter:
        key = wish.opening, wish.bins
        if self._painter is None or self._painter[0] != key:
            models = {} if track.model is None else {track.model.task: track.model}
            self._painter = key, Painter(wish.bins, models)
        return self._painter[1]


def _layers(
    frame: RgbdFrame, view: View, bins: HNBins, floors: Floors | None, wish: _Wish
) -> Layers:
    """A frame with its floor, and its labels where the view shows them.

    Until the floors of the recording are known, a frame has the floor it shows itself.
    """
    floor = None if floors is None else floors[wish.position]
    needs_floor = floors is None and view in _FLOORED
    labels = None
    if needs_floor or (floor is not None and view in _LABELLED):
        labels = label_frame(frame, bins, floor=floor)
        floor = None if labels is None else labels.floor
    is_known = floors is not None or needs_floor
    return Layers(frame, wish.asked_s, labels, floor=floor, is_floor_known=is_known)


def _with_prediction(layers: Layers, track: Track, position: int) -> Layers:
    """With what is recorded of a network, and how it differs from the labels."""
    if track.model is None:
        return layers
    classes = track.recording.prediction(position)
    if classes is None:
        return layers
    layers = replace(layers, predicted={track.model.task: classes})
    if layers.labels is None or track.model.bins is None:
        return layers
    found = disagreement(classes, layers.labels.classes, track.model.bins)
    return replace(layers, disagreement=found)


def _read_ahead(wish: tuple[Track, range]) -> None:
    track, positions = wish
    for position in positions:
        if 0 <= position < len(track):
            try:
                track.frames[position]
            except HNError:  # the painter says so when it comes there
                return


def views_of(track: Track | None) -> tuple[View, ...]:
    """What can be seen of a recording, in the order of the list."""
    views = [View.HN_LABELS, View.HEIGHTS, View.ANGLES, View.DEPTH, View.COLOR]
    if track is not None and track.model is not None:
        is_hn = track.model.task == "hn"
        views += [View.HN_PREDICTION, View.DISAGREEMENT] if is_hn else [View.SEMANTIC]
    return (*views, View.CLOUD)
