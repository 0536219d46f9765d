"""Looks after the folder of recordings on a thread of its own: entries and thumbnails
as they are read, and whatever changes later."""

import logging
import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from capture_app.engine.library import (
    Entry,
    Stamp,
    read_entry,
    recording_folders,
    stamp,
)
from capture_app.engine.problems import ProblemLog
from capture_app.engine.track import kept_survey
from capture_app.engine.trash import Trashed, trashed_in
from core.bins import HNBins
from core.errors import HNError
from core.frame import RgbdFrame
from core.hn_labels import label_frame
from core.overlay import blend, class_palette, to_rgb32
from core.recording import Recording

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.5
THUMBNAIL_SIZE = (160, 120)
"""Width and height in pixels, at most."""
_OPACITY = 0.5


@dataclass(eq=False)
class Changes:
    """What was found since the last time."""

    entries: dict[Path, Entry] = field(default_factory=dict)
    gone: set[Path] = field(default_factory=set)
    thumbnails: dict[Path, np.ndarray] = field(default_factory=dict)
    """(h, w) uint32 0xffRRGGBB."""
    trashed: list[Trashed] | None = None
    """All that is in the trash, if that has changed."""


class LibraryWatch:
    """Reads the folder again and again between `resume` and `pause`."""

    def __init__(self, recordings: Path, bins: HNBins) -> None:
        self.problems = ProblemLog()
        self.is_complete = False
        """Whether all that was there has been read once."""
        self._recordings = recordings
        self._bins = bins
        self._changes = Changes()
        self._stamps: dict[Path, Stamp | None] = {}
        self._trashed: list[Trashed] | None = None
        self._wanted: deque[Path] = deque()
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._is_on = False
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="library", daemon=True)
        self._thread.start()

    def resume(self) -> None:
        """Look now, and every few seconds from now on."""
        self._is_on = True
        self._news.set()

    def pause(self) -> None:
        """Do nothing until `resume`."""
        self._is_on = False

    def look(self) -> None:
        """Read everything anew."""
        with self._lock:
            self._stamps = dict.fromkeys(self._stamps)
        self._news.set()

    def set_bins(self, bins: HNBins) -> None:
        """Make thumbnails with these bins from now on."""
        self._bins = bins

    def want_thumbnail(self, path: Path) -> None:
        """Have this thumbnail made before those that were wanted earlier."""
        with self._lock:
            if path in self._wanted:
                self._wanted.remove(path)
            self._wanted.append(path)
        self._news.set()

    def take(self) -> Changes:
        """What was found since the last call."""
        with self._lock:
            taken, self._changes = self._changes, Changes()
        return taken

    def close(self) -> None:
        """Stop the thread; safe to call twice."""
        self._is_closed = True
        self._news.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._is_closed:
                self._news.clear()
                if self._is_on:
                    self._look_for_changes()
                    self._make_thumbnails()
                self._news.wait(LOOK_EVERY_S if self._is_on else None)
        except Exception as error:
            logger.exception("the library's thread stopped")
            self.problems.add(
                f"The list of recordings stands still ({type(error).__name__}: "
                f"{error}); nothing on the disk has changed. Start the window again."
            )

    def _look_for_changes(self) -> None:
        found = recording_folders(self._recordings)
        with self._lock:
            before = dict(self._stamps)
        for path in before.keys() - set(found):
            with self._lock:
                self._stamps.pop(path, None)
                self._changes.entries.pop(path, None)
                self._changes.gone.add(path)
        for path in found:
            if self._is_closed or not self._is_on:
                return
            now = stamp(path)
            if before.get(path) == now:
                continue
            entry = read_entry(path, self._recordings)
            with self._lock:
                self._stamps[path] = now
                self._changes.entries[path] = entry
                self._changes.gone.discard(path)
        self._look_into_trash()
        self.is_complete = True

    def _look_into_trash(self) -> None:
        try:
            trashed = trashed_in(self._recordings)
        except OSError:  # something moves in it right now
            return
        if trashed != self._trashed:
            self._trashed = trashed
            with self._lock:
                self._changes.trashed = trashed

    def _make_thumbnails(self) -> None:
        while self._is_on and not self._is_closed:
            with self._lock:
                if not self._wanted:
                    return
                path = self._wanted.pop()
            made = thumbnail(path, self._bins)
            if made is not None:
                with self._lock:
                    self._changes.thumbnails[path] = made


def thumbnail(path: Path, bins: HNBins) -> np.ndarray | None:
    """(h, w) uint32 0xffRRGGBB of a recording's middle frame with its HN-labels, the
    photo alone where no floor is known; None where the frame cannot be read."""
    try:
        recording = Recording(path)
        position = len(recording) // 2
        frame = recording[position]
        picture = _with_labels(frame, recording, position, bins)
    except (HNError, OSError):
        return None
    height, width = picture.shape[:2]
    scale = min(THUMBNAIL_SIZE[0] / width, THUMBNAIL_SIZE[1] / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return to_rgb32(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _with_labels(
    frame: RgbdFrame, recording: Recording, position: int, bins: HNBins
) -> np.ndarray:
    kept = kept_survey(recording)
    floor = None if kept is None else kept.floors[position]
    labels = label_frame(frame, bins, floor=floor)
    if labels is None:
        return frame.rgb
    return blend(frame.rgb, labels.classes, class_palette(bins), _OPACITY)
