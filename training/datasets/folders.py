"""Other folders of colour and depth images: HN-labels only."""

from collections.abc import Hashable, Sequence
from pathlib import Path

import numpy as np

from core.errors import HNError, UnreadableFrameError
from core.floor import FloorPlane
from core.interchange import open_frames
from core.sequence_floors import sequence_floors
from training.datasets.dataset import LabelledFrame, file_state
from training.datasets.splits import sequence_parts


class FolderData:
    """The frames of any folder that `core.interchange` can read."""

    class_names: Sequence[str] = ()

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self._source = open_frames(path)
        num_frames = len(self._source)
        self.has_depth = np.ones(num_frames, bool)
        self.has_semantic = np.zeros(num_frames, bool)
        self.parts = sequence_parts(self.has_semantic)

    def __len__(self) -> int:
        """Frames in the folder."""
        return len(self._source)

    def fingerprint(self) -> Sequence[Hashable]:
        """State of every file in the folder."""
        return file_state(sorted(self._path.rglob("*")))

    def floors(self) -> Sequence[FloorPlane | None]:
        """Found as in a recording: a folder may hold frames in order."""
        return sequence_floors(self._source)

    def read(self, index: int) -> LabelledFrame:
        """One frame."""
        try:
            frame = self._source[index]
        except HNError as error:
            raise UnreadableFrameError(str(error)) from error
        return LabelledFrame(frame.rgb, frame, None)
