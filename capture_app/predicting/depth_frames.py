"""Recordings and folders of colour and depth images."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from capture_app.predicting.pictures import (
    Picture,
    Pictures,
    Unreadable,
    Wanted,
    frame_name,
)
from core.errors import HNError
from core.floor import FloorPlane
from core.interchange import FrameSource
from core.label_source import frame_progress, look_through
from core.parallel import parallel_map


@dataclass(frozen=True, eq=False)
class DepthFrames:
    """The frames of a source."""

    name: str
    source: FrameSource
    has_depth = True

    def num_pictures(self, wanted: Wanted) -> int:
        """How many frames are given."""
        return len(self._indices(wanted))

    @contextmanager
    def pictures(self, wanted: Wanted) -> Iterator[Pictures]:
        """Every n-th frame; between them, if asked for, the others without colour.

        Their floors are found first, in all frames: each helps the others.
        """
        floors: Sequence[FloorPlane | None] = [None] * len(self.source)
        if wanted.has_floors:
            with frame_progress() as progress:
                floors = look_through(self.source, progress, is_kept=True).floors
        read = partial(self._read, floors, wanted.every)
        with parallel_map(read, self._indices(wanted)) as pictures:
            yield pictures

    def _indices(self, wanted: Wanted) -> range:
        return range(0, len(self.source), 1 if wanted.has_others else wanted.every)

    def _read(
        self, floors: Sequence[FloorPlane | None], every: int, index: int
    ) -> Picture | Unreadable:
        name = frame_name(index)
        try:
            frame = self.source[index]
        except HNError as error:
            return Unreadable(name, str(error))
        rgb = frame.rgb if index % every == 0 else None
        return Picture(index, name, rgb, frame.timestamp_ns, frame, floors[index])
