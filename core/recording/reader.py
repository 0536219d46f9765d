"""Reading a recording."""

import logging
import operator
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
from mcap.records import Message

from core.annotations import AnnotationImages, load_class_names
from core.errors import RecordingError
from core.floor import FloorPlane
from core.frame import RgbdFrame
from core.images import EncodedImage
from core.recording import frames
from core.recording.mcap_reader import DAMAGE, FileIndex, read_index, read_messages
from core.recording.predictions import PREDICTION_NAME, decode_prediction
from core.recording.provenance import decode_provenance
from core.recording.scene import SceneInfo, load_scene
from core.recording.writer import CAPTURE_FILE

logger = logging.getLogger(__name__)

Decoded = TypeVar("Decoded")


class Recording:
    """The frames of one take, in the order they were taken. Holds no open file, so it
    can be pickled and shared by threads and processes.

    One that was cut off opens with its whole frames, and says so in the log; so does
    one that is still being recorded, with the frames there are by now.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        index = _open(self.path)
        self.metadata = index.metadata
        """The named texts in the file."""
        self.calibration, scene = decode_provenance(self._file, index.metadata)
        self.is_cut_off = index.is_cut_off
        is_ours = index.num_messages is None or (
            index.num_messages.get(frames.DEPTH.id) == len(index.chunks)
        )
        if not is_ours:
            raise RecordingError(
                f"{self._file} was rewritten by another tool and its frames cannot be "
                "found any more; use the original file"
            )
        self._chunks = index.chunks
        self.scene: SceneInfo = load_scene(self.path, scene)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.resolve().name

    @property
    def _file(self) -> Path:
        return self.path / CAPTURE_FILE

    def __len__(self) -> int:
        return len(self._chunks)

    def __getitem__(self, index: int) -> RgbdFrame:
        return self._decode(
            index, lambda messages: frames.decode_frame(messages, self.calibration)
        )

    def __iter__(self) -> Iterator[RgbdFrame]:
        for index in range(len(self)):
            yield self[index]

    def pose(self, index: int) -> np.ndarray | None:
        """(4, 4) T_world_camera of the colour camera, or None when it is not known."""
        return self._decode(index, frames.decode_pose)

    def encoded_color(self, index: int) -> EncodedImage:
        """The colour image as it is stored."""
        return self._decode(index, frames.decode_encoded_color)

    def prediction(self, index: int) -> np.ndarray | None:
        """(H, W) uint8 classes that a network predicted, or None without any."""
        return self._decode(index, decode_prediction)

    @property
    def predicted_by(self) -> Mapping[str, str] | None:
        """What hn-predict says of the network; None in a recording without one."""
        return self.metadata.get(PREDICTION_NAME)

    def messages(self, index: int) -> list[Message]:
        """A frame's messages as they are stored, by channels of `frames.TOPICS`."""
        return self._decode(index, lambda messages: list(messages.values()))

    @cached_property
    def floors(self) -> list[FloorPlane | None]:
        """The floor of every frame; None where it is not known. Computed when
        first asked for, and kept in floors.json."""
        from core.recording.survey import recorded_survey

        return recorded_survey(self).floors

    @property
    def annotations(self) -> Mapping[int, np.ndarray]:
        """(H, W) uint8 semantic classes of the annotated frames, read on look-up."""
        color = self.calibration.color
        return AnnotationImages(self.path, len(self), (color.height, color.width))

    @property
    def annotation_classes(self) -> tuple[str, ...]:
        """The names of the classes in `annotations`; empty when there are none."""
        return load_class_names(self.path)

    def close(self) -> None:
        """Nothing to do; for symmetry with other sources."""

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _decode(
        self, index: int, decode: Callable[[Mapping[int, Message]], Decoded]
    ) -> Decoded:
        """What `decode` makes of a frame's messages, by channel id."""
        position = operator.index(index)
        if not -len(self) <= position < len(self):
            raise IndexError(f"frame {index} of {self.path}, which has {len(self)}")
        offset, length = self._chunks[position].tolist()
        try:
            messages = read_messages(self._file, offset, length)
            return decode({message.channel_id: message for message in messages})
        except DAMAGE as error:
            raise RecordingError(
                f"frame {position % len(self)} of {self.path} is damaged "
                f"({str(error) or type(error).__name__}); "
                f"hn-convert --repair {self.path} keeps the others"
            ) from error
        except OSError as error:
            raise RecordingError(
                f"cannot read {self._file}: {error.strerror}"
            ) from error


def _open(path: Path) -> FileIndex:
    """The index of a recording that has frames, or one sentence about what is wrong."""
    file = path / CAPTURE_FILE
    try:
        if path.is_file():
            raise RecordingError(
                f"{path} is a file; a recording is the folder that holds {CAPTURE_FILE}"
            )
        if not file.is_file():
            raise RecordingError(
                f"{path} holds no {CAPTURE_FILE}; is it the folder of a recording?"
                if path.exists()
                else f"{path} does not exist; expected the folder of a recording"
            )
        index = read_index(file)
    except OSError as error:
        raise RecordingError(f"cannot read {file}: {error.strerror}") from error
    if index.is_cut_off:
        _warn_of_cut(path, index)
    elif not len(index.chunks):
        raise RecordingError(
            f"{path} has no frames; the camera gave none while it was recorded: delete "
            "it and record again"
        )
    return index


def _warn_of_cut(path: Path, index: FileIndex) -> None:
    num_frames = len(index.chunks)
    if num_frames == 0:
        raise RecordingError(
            f"{path} is being recorded and has no frame yet; wait for the first"
            if index.is_being_written
            else f"{path} was cut off before its first frame was whole; nothing of it "
            "can be saved: delete it"
        )
    if index.is_being_written:
        logger.warning(
            "%s is being recorded; its first %d frames are used", path, num_frames
        )
    else:
        logger.warning(
            "%s was cut off; its %d whole frames are used, and hn-convert --repair %s "
            "rebuilds its index",
            path,
            num_frames,
            path,
        )
