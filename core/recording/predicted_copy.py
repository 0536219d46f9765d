"""A recording again, byte by byte, with a prediction in the chunks of its frames."""

import errno
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from core.annotations import FOLDER
from core.recording.frames import TOPICS
from core.recording.mcap_writer import ChunkWriter
from core.recording.predictions import (
    PREDICTION_NAME,
    EncodedPrediction,
    is_prediction,
    prediction_messages,
)
from core.recording.provenance import METADATA_NAME
from core.recording.reader import Recording
from core.recording.scene import SCENE_FILE, save_scene
from core.recording.writer import CAPTURE_FILE


class PredictedCopy:
    """Writes the frames of `recording`, in order, into the new folder `path`.

    Predictions that it has are replaced. Its annotations come along. `predicted_by`
    names the network.
    """

    def __init__(
        self, recording: Recording, path: Path, predicted_by: Mapping[str, str]
    ) -> None:
        self._recording = recording
        self._path = path
        self._num_frames = 0
        self._file = ChunkWriter(path / CAPTURE_FILE, TOPICS)
        try:
            provenance = dict(recording.metadata[METADATA_NAME])
            self._file.write_metadata(METADATA_NAME, provenance)
            self._file.write_metadata(PREDICTION_NAME, dict(predicted_by))
        except BaseException:
            self.close()
            raise

    def write(self, index: int, prediction: EncodedPrediction | None) -> None:
        """Append frame `index` of the recording; RecordingError if it is damaged."""
        messages = [m for m in self._recording.messages(index) if not is_prediction(m)]
        if prediction is not None:
            messages += prediction_messages(messages[0].log_time, prediction)
        self._file.write_chunk(messages)
        self._num_frames += 1

    def finish(self) -> None:
        """Write the index and what lies beside the capture; OSError if that does not
        fit on the disk."""
        self._file.finish()
        if self._file.num_chunks < self._num_frames:  # the last ones made room
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        source = self._recording.path
        if (source / SCENE_FILE).exists() and not self._recording.is_cut_off:
            shutil.copyfile(source / SCENE_FILE, self._path / SCENE_FILE)
        else:
            scene = replace(self._recording.scene, frames=self._num_frames)
            save_scene(self._path, scene)
        if (source / FOLDER).is_dir():
            shutil.copytree(
                source / FOLDER,
                self._path / FOLDER,
                ignore=shutil.ignore_patterns(".*"),  # perhaps what is being written
            )

    def close(self) -> None:
        """Close the file as it is; may be called again."""
        self._file.leave()
