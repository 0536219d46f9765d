"""Other folders of colour and depth images: HN-labels only."""

import json
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

import numpy as np

from core.errors import HNError, UnreadableFrameError
from core.interchange import open_frames
from core.interchange.image_folder import FrameSource
from core.interchange.selection import EveryNth
from core.recording.survey import survey_from_json, survey_to_json
from core.survey import Survey, survey
from training.datasets.cache import cached
from training.datasets.dataset import LabelledFrame, Target, file_state
from training.datasets.splits import sequence_parts

SURVEY_FILE = "survey.json"


class FolderData:
    """Every `step`-th frame of any folder that `core.interchange` can read."""

    class_names: Sequence[str] = ()
    notes: Sequence[str] = ()

    def __init__(self, path: Path, step: int = 1) -> None:
        self.name = str(path)
        self._path = path
        self._step = step
        source = open_frames(path)
        self._source: FrameSource = EveryNth(source, step)
        self._pairs: Sequence[tuple[Path, Path]] = getattr(source, "pairs", ())
        num_frames = len(self._source)
        self.has_depth = np.ones(num_frames, bool)
        self.has_semantic = np.zeros(num_frames, bool)
        self.parts = sequence_parts(self.has_semantic)

    def __len__(self) -> int:
        """The frames that are used of the folder."""
        return len(self._source)

    def fingerprint(self) -> Sequence[Hashable]:
        """State of every file in the folder, and of images elsewhere that it links or
        names."""
        files = set(self._path.rglob("*"))  # does not follow links to folders
        for pair in self._pairs:
            files.update(pair)
        return file_state(sorted(files))

    def survey(self, advance: Callable[[], None] = lambda: None) -> Survey | None:
        """As of a recording, since a folder may hold frames in order; kept in the
        user's cache."""

        def fill(unfinished: Path) -> None:
            content = survey_to_json(survey(self._source, advance))
            (unfinished / SURVEY_FILE).write_text(json.dumps(content), "utf-8")

        folder = cached((self.name, "survey"), self.fingerprint(), self._step, fill)
        text = (folder / SURVEY_FILE).read_text("utf-8")
        kept = survey_from_json(json.loads(text), len(self))
        # None if files came or went since they were listed here.
        return survey(self._source, advance) if kept is None else kept

    def read(self, index: int, target: Target | None = None) -> LabelledFrame:
        """One frame."""
        try:
            frame = self._source[index]
        except HNError as error:
            raise UnreadableFrameError(str(error)) from error
        return LabelledFrame(frame.rgb, frame, None)
