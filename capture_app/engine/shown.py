"""A frame of a recording as it is shown: opened, labelled, painted on one thread."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from capture_app.engine.mailbox import Mailbox
from capture_app.engine.painter import Painter
from capture_app.engine.picture import Layers, Picture, View, ViewSettings
from capture_app.engine.track import Track, open_track
from core.bins import HNBins
from core.disagreement import disagreement
from core.errors import HNError
from core.floor import FloorPlane
from core.frame import RgbdFrame
from core.hn_labels import label_frame

Floors = Sequence[FloorPlane | None]

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
class Wish:
    """What the window wants to see."""

    path: Path
    opening: int
    """Counts what was opened, since a path may get another recording."""
    position: int
    settings: ViewSettings
    bins: HNBins
    floors: Floors | None
    asked_s: float


class ShownPainter:
    """What the painter's thread keeps from one wish to the next."""

    def __init__(self, shown: Mailbox[Shown]) -> None:
        self.opened: tuple[int, Track | None] = 0, None
        self.failed: tuple[int, str] = 0, ""
        self._shown = shown
        self._layers: tuple[object, Floors | None, Layers] | None = None
        self._painter: tuple[object, Painter] | None = None

    def paint(self, wish: Wish) -> None:
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

    def _track(self, wish: Wish) -> Track | None:
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

    def _labelled(self, track: Track, wish: Wish) -> Layers:
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

    def _painter_of(self, track: Track, wish: Wish) -> Painter:
        key = wish.opening, wish.bins
        if self._painter is None or self._painter[0] != key:
            self._painter = key, Painter(wish.bins, track.models)
        return self._painter[1]


def _layers(
    frame: RgbdFrame, view: View, bins: HNBins, floors: Floors | None, wish: Wish
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


def views_of(track: Track | None) -> tuple[View, ...]:
    """What can be seen of a recording, in the order of the list."""
    views = [View.HN_LABELS, View.HEIGHTS, View.ANGLES, View.DEPTH, View.COLOR]
    if track is not None and track.model is not None:
        is_hn = track.model.task == "hn"
        views += [View.HN_PREDICTION, View.DISAGREEMENT] if is_hn else [View.SEMANTIC]
    return (*views, View.CLOUD)
