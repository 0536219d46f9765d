"""Recordings: HN-labels from their depth, semantic labels from their annotations."""

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

import numpy as np

from core.annotations import FOLDER as ANNOTATIONS
from core.errors import RecordingError, UnreadableFrameError
from core.files import find_files
from core.recording import Recording
from core.recording.survey import recorded_survey
from core.recording.writer import CAPTURE_FILE
from core.survey import Survey
from training.datasets.dataset import LabelledFrame, Target, file_state
from training.datasets.splits import sequence_parts


class RecordingData:
    """The frames of one recording; its end, if annotated, is for tests."""

    notes: Sequence[str] = ()

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._recording = Recording(path)
        self._survey: Survey | None = None
        self._annotations = self._recording.annotations
        annotated = set(self._annotations)
        self.class_names: Sequence[str] = (
            self._recording.annotation_classes if annotated else ()
        )
        num_frames = len(self._recording)
        self.has_depth = np.ones(num_frames, bool)
        self.has_semantic = np.array([k in annotated for k in range(num_frames)])
        self.parts = sequence_parts(self.has_semantic)

    def __len__(self) -> int:
        """Frames in the recording."""
        return len(self._recording)

    def fingerprint(self) -> Sequence[Hashable]:
        """State of the capture and of every annotation."""
        path = self._recording.path
        return file_state(
            [path / CAPTURE_FILE, *sorted((path / ANNOTATIONS).glob("*"))]
        )

    def survey(self, advance: Callable[[], None] = lambda: None) -> Survey:
        """The recording's own."""
        if self._survey is None:
            self._survey = recorded_survey(self._recording, advance)
        return self._survey

    def read(self, index: int, target: Target | None = None) -> LabelledFrame:
        """One frame and its annotation, where it has one."""
        semantic = None
        if self.has_semantic[index] and target != "hn":
            semantic = self._annotations[index]
        try:
            frame = self._recording[index]
        except RecordingError as error:
            raise UnreadableFrameError(str(error)) from error
        return LabelledFrame(frame.rgb, frame, semantic)


def find_recordings(path: Path) -> list[Path]:
    """The folder itself where it is a recording, and every recording below it that is
    whole: not in a hidden folder."""
    return [file.parent for file in find_files(path, CAPTURE_FILE)]
