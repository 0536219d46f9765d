"""Writing a recording."""

import json
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from core.errors import RecordingError
from core.files import sync_folder
from core.frame import RgbdFrame
from core.images import EncodedImage
from core.recording import frames
from core.recording.mcap_writer import ChunkWriter
from core.recording.predictions import (
    PREDICTION_NAME,
    EncodedPrediction,
    prediction_messages,
)
from core.recording.provenance import METADATA_NAME, encode_provenance
from core.recording.reopening import KeptFrame, reopen
from core.recording.scene import SceneInfo, save_scene

logger = logging.getLogger(__name__)

CAPTURE_FILE = "capture.mcap"
SYNC_PERIOD_S = 2.0  # what a power cut can cost


class RecordingWriter:
    """One take being written. Whatever ends it, the frames written so far stay: all of
    them when the process dies, all but the last two seconds' when the power does.

    With `goes_on` it writes on behind the whole frames of a recording that is there,
    which keeps what it says of itself. `predicted_by` names the network, where frames
    come with predictions.
    """

    def __init__(
        self,
        path: Path,
        *,
        device: str = "",
        tags: Sequence[str] = (),
        notes: str = "",
        settings: dict[str, object] | None = None,
        goes_on: bool = False,
        predicted_by: Mapping[str, str] | None = None,
    ) -> None:
        self.path = Path(path)
        self._predicted_by = predicted_by
        self._scene = SceneInfo(
            name=self.path.resolve().name,
            device=device,
            tags=tuple(tags),
            notes=notes,
            created=datetime.now().astimezone().isoformat(timespec="seconds"),
            settings=settings or {},
        )
        self._scene.to_json()  # settings that are no JSON fail here, before any file is
        self._dropped: list[int] = []
        self._numbers: list[int] = []
        self._calibration: frames.Calibration | None = None
        self._file: ChunkWriter | None
        self.kept: tuple[KeptFrame, ...] = ()
        """The frames that were there."""
        if goes_on:
            self._file, self._calibration, self._scene, self.kept = reopen(
                self.path / CAPTURE_FILE
            )
            self._numbers = [frame.number for frame in self.kept]
        else:
            self._file = _create(self.path, self._scene)
        self._synced_at = time.monotonic()

    @property
    def num_frames(self) -> int:
        """How many frames are on disk."""
        return len(self._numbers)

    @property
    def num_dropped(self) -> int:
        """How many frames were reported as dropped."""
        return len(self._dropped)

    def count_drop(self, numbers: Iterable[int]) -> None:
        """Note the numbers of frames that could not be recorded; from any thread."""
        self._dropped.extend(numbers)

    def write(
        self,
        frame: RgbdFrame,
        pose: np.ndarray | None = None,
        color: EncodedImage | None = None,
        prediction: EncodedPrediction | None = None,
    ) -> None:
        """Append one frame; when this returns, it survives the end of the process.

        `pose` is (4, 4) T_world_camera of the colour camera, where it is known; `color`
        is the JPEG or PNG that `frame.rgb` was read from, and is then stored as it is;
        `prediction` is what a network made of it.
        """
        if not 0 <= frame.timestamp_ns < frames.MAX_TIMESTAMP_NS:
            raise ValueError(
                f"timestamp_ns must lie in 0..2^31 seconds, got {frame.timestamp_ns}"
            )
        if pose is not None and not (pose.shape == (4, 4) and np.isfinite(pose).all()):
            raise ValueError(f"a pose is a finite (4, 4) matrix, got {pose}")
        if self._file is None:
            raise RecordingError(f"{self.path} is closed; frames need a new recording")
        messages = frames.encode_frame(frame, pose, color)
        if prediction is not None:
            messages += prediction_messages(frame.timestamp_ns, prediction)
        if self._calibration is not None and not self._calibration.is_of(frame):
            raise RecordingError(
                f"frame {frame.number} has another calibration than the first frame of "
                f"{self.path}; a recording has one: start a new recording"
            )
        try:
            self._sync()  # first: after an error the frame is surely not there
            if self._calibration is None:
                self._file.write_metadata(METADATA_NAME, self._provenance(frame))
                if self._predicted_by is not None:
                    by = dict(self._predicted_by)
                    self._file.write_metadata(PREDICTION_NAME, by)
                self._calibration = frames.Calibration.of(frame)
            self._file.write_chunk(messages)
            self._numbers.append(frame.number)
        except OSError as error:
            self._end_early(error)

    def close(self) -> None:
        """Write the index and scene.json; may be called again."""
        if self._file is None:
            if len(self._dropped) > self._scene.num_dropped:  # since it was closed
                self._save_scene(self.num_frames)
            return
        file, self._file = self._file, None
        try:
            file.finish()
        except OSError as error:
            raise RecordingError(
                f"{self.path} could not be closed ({error.strerror}); its frames are "
                f"there: make room and run hn-convert --repair {self.path}"
            ) from error
        finally:
            # On a full disk the last frames have made room for the index.
            self._dropped.extend(self._numbers[file.num_chunks :])
            del self._numbers[file.num_chunks :]
            self._save_scene(self.num_frames)

    def __enter__(self) -> "RecordingWriter":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _provenance(self, frame: RgbdFrame) -> dict[str, str]:
        scene = json.dumps(json.loads(self._scene.to_json()))
        return encode_provenance(frames.Calibration.of(frame), scene)

    def _end_early(self, error: OSError) -> None:
        self.close()
        raise RecordingError(
            f"writing {self.path} failed ({error.strerror}); the take was closed with "
            f"its {self.num_frames} whole frames: make room before the next one"
        ) from error

    def _sync(self) -> None:
        """Every two seconds, bring frames and drops safely to the disk."""
        if self._file is None or time.monotonic() - self._synced_at < SYNC_PERIOD_S:
            return
        self._file.sync()
        if len(self._dropped) > self._scene.num_dropped:
            self._save_scene(num_frames=0)
        self._synced_at = time.monotonic()

    def _save_scene(self, num_frames: int) -> None:
        self._scene = replace(
            self._scene, frames=num_frames, dropped=tuple(self._dropped)
        )
        try:
            save_scene(self.path, self._scene)
        except OSError as error:  # the frames matter more than their number here
            logger.warning("%s keeps its old scene.json: %s", self.path, error)


def _create(path: Path, scene: SceneInfo) -> ChunkWriter:
    """The file of a new recording. Of several who want the folder, one gets it."""
    try:
        _claim(path)
        file = ChunkWriter(path / CAPTURE_FILE, frames.TOPICS)
        try:
            save_scene(path, scene)
            sync_folder(path)
        except BaseException:
            file.discard()
            raise
    except FileExistsError as error:
        raise _taken(path) from error
    except OSError as error:
        raise RecordingError(
            f"cannot create the recording {path}: {error.strerror}; choose a folder "
            "that you may write to"
        ) from error
    return file


def _claim(path: Path) -> None:
    """Make the folder; refuse one that holds anything already."""
    if path.exists() and not path.is_dir():
        raise RecordingError(f"{path} is a file; a recording is a folder of its own")
    path.mkdir(parents=True, exist_ok=True)
    found = sorted(entry.name for entry in path.iterdir())
    if CAPTURE_FILE in found:
        raise _taken(path)
    if found:
        raise RecordingError(
            f"{path} is not empty (it holds {found[0]}); a recording needs a folder of "
            "its own: choose another name"
        )


def _taken(path: Path) -> RecordingError:
    return RecordingError(
        f"{path} already holds a recording; choose another name or move it away"
    )
