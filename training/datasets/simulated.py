"""Rendered rooms: HN-labels from their noisy depth, semantic labels from the truth."""

import threading
from collections.abc import Callable, Hashable, Sequence

import numpy as np

from core.nyuv2 import NYU40_NAMES
from core.simulation import room_views
from core.simulation.views import VIEWS_PER_ROOM
from training.datasets.dataset import LabelledFrame, Target
from training.datasets.splits import independent_parts, last_fifth

SEED = 0


class SimulatedData:
    """`num_frames` random views of random rooms, the same ones every time.

    A room is in one part only; its views look alike.
    """

    class_names: Sequence[str] = NYU40_NAMES
    notes: Sequence[str] = ()

    def __init__(self, num_frames: int) -> None:
        self.name = f"simulated:{num_frames}"
        self._views = room_views(SEED, num_frames)
        self._lock = threading.Lock()
        self.has_depth = np.ones(num_frames, bool)
        self.has_semantic = np.ones(num_frames, bool)
        room = np.arange(num_frames) // VIEWS_PER_ROOM
        self.parts = independent_parts(last_fifth(room[-1] + 1))[room]

    def __len__(self) -> int:
        """As many as were asked for."""
        return len(self.has_depth)

    def fingerprint(self) -> Sequence[Hashable]:
        """The views follow from the seed, their number and core's code."""
        return [self.name, SEED]

    def survey(self, advance: Callable[[], None] = lambda: None) -> None:
        """None: its frames are no sequence."""

    def read(self, index: int, target: Target | None = None) -> LabelledFrame:
        """One view."""
        with self._lock:
            frame, truth = self._views[index]
        return LabelledFrame(frame.rgb, frame, truth.semantic)
