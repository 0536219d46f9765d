"""Plays a recording both ways, exactly: what is shown says which frame it is.

The window's thread says what it wants and takes what is there. A painter shows the
newest wish alone, so that fast scrubbing leaves no backlog; a reader decodes ahead of
it while the recording plays.
"""

import time
from pathlib import Path

from capture_app.engine.mailbox import Mailbox
from capture_app.engine.picture import ViewSettings
from capture_app.engine.problems import Problem, ProblemLog
from capture_app.engine.shown import Floors, Shown, ShownPainter, Wish
from capture_app.engine.track import Track
from capture_app.engine.worker import Worker
from core.bins import HNBins
from core.errors import HNError

_AHEAD = 6  # frames


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
        self.bins = bins
        """Of the labels."""
        self._settings = ViewSettings()
        self._floors: Floors | None = None
        self._path: Path | None = None
        self._opening = 0
        self._began: tuple[float, float] = 0.0, 0.0
        self._problems = ProblemLog()
        self._painting = ShownPainter(self.shown)
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
        self.bins = bins
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
            Wish(
                self._path,
                self._opening,
                self.position,
                self._settings,
                self.bins,
                self.floors,
                time.monotonic(),
            )
        )

    def _report(self, what: str, error: Exception) -> None:
        self._problems.add(
            f"The {what} thread stopped ({type(error).__name__}: {error}). The "
            "recording is as it was; start the window again to play it."
        )


def _read_ahead(wish: tuple[Track, range]) -> None:
    track, positions = wish
    for position in positions:
        if 0 <= position < len(track):
            try:
                track.frames[position]
            except HNError:  # the painter says so when it comes there
                return
