"""Other folders of colour and depth images: HN-labels only."""

import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.errors import HNError, UnreadableFrameError
from core.interchange import open_frames
from core.interchange.image_folder import FrameSource, ImageFolder
from core.interchange.selection import EveryNth
from core.recording.survey import survey_from_json, survey_to_json
from core.survey import Survey, survey
from training.datasets.cache import cached, show_life
from training.datasets.dataset import LabelledFrame, Target, file_state, place_of_data
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
        self._source = _every_nth(open_frames(path), step)
        self._pairs: Sequence[tuple[Path, Path]] = getattr(self._source, "pairs", ())
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
            def advance_alive() -> None:
                show_life(unfinished)
                advance()

            content = survey_to_json(survey(self._source, advance_alive))
            (unfinished / SURVEY_FILE).write_text(json.dumps(content), "utf-8")

        place = place_of_data(self.name)
        folder = cached((place, "survey"), self.fingerprint(), self._step, fill)
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


def _every_nth(source: FrameSource, step: int) -> FrameSource:
    """Every `step`-th frame; of a raw scene the names of the others, which are many,
    are not kept in memory."""
    if step == 1:
        return source
    if not isinstance(source, ImageFolder) or source.timestamps_ns is None:
        return EveryNth(source, step)

    def thin(items: Sequence | None) -> Sequence | None:
        return None if items is None else items[::step]

    return replace(
        source,
        pairs=source.pairs[::step],
        timestamps_ns=source.timestamps_ns[::step],
        poses=thin(source.poses),
        up_hints=thin(source.up_hints),
        unpaired=(),
    )
