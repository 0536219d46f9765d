"""Reading a recording."""

import operator
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np

from core.annotations import AnnotationImages, load_class_names
from core.errors import RecordingError
from core.floor import FloorPlane
from core.frame import RgbdFrame
from core.recording import frames
from core.recording.mcap_reader import (
    DAMAGE,
    FileIndex,
    Opcode,
    read_index,
    read_messages,
    whole_records,
)
from core.recording.provenance import decode_provenance
from core.recording.scene import SceneInfo, load_scene
from core.recording.writer import CAPTURE_FILE


class Recording:
    """The frames of one take, in the order they were taken. Holds no open file, so it
    can be pickled and shared by threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        index = _open(self.path)
        self.calibration, scene = decode_provenance(self._file, index.metadata)
        if index.num_messages.get(frames.DEPTH.id) != len(index.chunks):
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
        position = operator.index(index)
        if not -len(self) <= position < len(self):
            raise IndexError(f"frame {index} of {self.path}, which has {len(self)}")
        offset, length = self._chunks[position].tolist()
        try:
            messages = read_messages(self._file, offset, length)
            return frames.decode_frame(
                {m.channel_id: m for m in messages}, self.calibration
            )
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

    def __iter__(self) -> Iterator[RgbdFrame]:
        for index in range(len(self)):
            yield self[index]

    def pose(self, index: int) -> np.ndarray | None:
        """None: a recording has no poses."""
        return None

    @cached_property
    def floors(self) -> list[FloorPlane | None]:
        """The floor of every frame; None where it is not known. Computed when
        first asked for, and kept in floors.json."""
        from core.recording.floors import recorded_floors

        return recorded_floors(self)

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
        if index is None:
            raise _cut_off(path)
    except OSError as error:
        raise RecordingError(f"cannot read {file}: {error.strerror}") from error
    if not len(index.chunks):
        raise RecordingError(
            f"{path} has no frames; the camera gave none while it was recorded: delete "
            "it and record again"
        )
    return index


def _cut_off(path: Path) -> RecordingError:
    records = whole_records(path / CAPTURE_FILE)
    num_frames = sum(record.opcode == Opcode.CHUNK for record in records)
    if num_frames == 0:
        return RecordingError(
            f"{path} was cut off before its first frame was whole, or is still being "
            "recorded; if not, nothing of it can be saved: delete it"
        )
    return RecordingError(
        f"{path} was cut off, or is still being recorded; it holds {num_frames} whole "
        f"frames, and hn-convert --repair {path} rebuilds it"
    )
