"""Other folders of colour and depth images: HN-labels only."""

import json
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

import numpy as np

from core.errors import HNError, UnreadableFrameError
from core.interchange import open_frames
from core.recording.floors import floors_from_json, floors_to_json
from core.recording.quality import quality_from_json, quality_to_json
from core.survey import Survey, survey
from training.datasets.cache import cached
from training.datasets.dataset import LabelledFrame, file_state
from training.datasets.splits import sequence_parts

SURVEY_FILE = "survey.json"


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

    def survey(self, advance: Callable[[], None] = lambda: None) -> Survey:
        """As of a recording, since a folder may hold frames in order; kept in the
        user's cache."""

        def fill(unfinished: Path) -> None:
            found = survey(self._source, advance)
            content = {
                "floors": floors_to_json(found.floors),
                "quality": quality_to_json(found.quality),
            }
            (unfinished / SURVEY_FILE).write_text(json.dumps(content), "utf-8")

        folder = cached((self.name, "survey"), self.fingerprint(), None, fill)
        kept = json.loads((folder / SURVEY_FILE).read_text("utf-8"))
        return Survey(
            floors_from_json(kept["floors"]), quality_from_json(kept["quality"])
        )

    def read(self, index: int) -> LabelledFrame:
        """One frame."""
        try:
            frame = self._source[index]
        except HNError as error:
            raise UnreadableFrameError(str(error)) from error
        return LabelledFrame(frame.rgb, frame, None)
