"""A recording with the predictions of its frames."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from capture_app.convert_recording import copy_annotations, words_of
from capture_app.predicting.results import Finished
from core.errors import RecordingError
from core.images import as_png
from core.interchange import FrameSource
from core.recording import Recording, RecordingWriter
from core.recording.predicted_copy import PredictedCopy


class Sink(Protocol):
    """Takes finished predictions in order, on one thread."""

    def append(self, finished: Finished) -> None:
        """Add one."""

    def finish(self) -> None:
        """Make what was written whole."""

    def close(self) -> None:
        """Let go of the file, whole or not; may be called again."""


class CopyOut:
    """The copy of a recording."""

    def __init__(
        self, recording: Recording, folder: Path, predicted_by: dict[str, str]
    ) -> None:
        self._copy = PredictedCopy(recording, folder, predicted_by)

    def append(self, finished: Finished) -> None:
        """The frame as it is, with its prediction if it has one."""
        self._copy.write(finished.picture.index, finished.encoded)

    def finish(self) -> None:
        """Write the index."""
        self._copy.finish()

    def close(self) -> None:
        """Close the file."""
        self._copy.close()


class NewOut:
    """A recording made of the frames of a camera, or of a folder with all it knows.

    `dropped` fills with the numbers of the frames that the camera loses.
    """

    def __init__(
        self,
        folder: Path,
        predicted_by: dict[str, str],
        device: str = "",
        source: FrameSource | None = None,
        dropped: Sequence[int] = (),
    ) -> None:
        words = {"device": device} if source is None else words_of(source)
        self._folder = folder
        self._source = source
        self._dropped = dropped
        self._num_frames = 0
        self.writer = RecordingWriter(folder, **words, predicted_by=predicted_by)

    def append(self, finished: Finished) -> None:
        """The frame, with its prediction if it has one."""
        picture = finished.picture
        frame, source = picture.frame, self._source
        assert frame is not None  # only inputs with depth get here
        pose = color = None
        if source is not None:
            pose = source.pose(picture.index)
            # Only a camera's pixels become JPEG; what others stored stays exact.
            color = source.encoded_color(picture.index) or as_png(frame.rgb)
        try:
            self.writer.write(frame, pose, color, finished.encoded)
        except RecordingError as error:
            # Nothing stays of what is not whole, whatever the writer says.
            raise error.__cause__ or error from None
        self._num_frames += 1

    def finish(self) -> None:
        """Write the index, and the annotations that the source has."""
        self.writer.count_drop(self._dropped)
        self.writer.close()
        if self.writer.num_frames < self._num_frames:  # the last ones made room
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self._source is not None:
            copy_annotations(self._source, self._folder)

    def close(self) -> None:
        """Close the file."""
        self.writer.close()
