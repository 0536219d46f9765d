"""What a recording says about itself: the metadata record at the start of its file."""

import zlib
from collections.abc import Mapping
from pathlib import Path

from core.errors import RecordingError
from core.recording.frames import Calibration
from core.recording.mcap_reader import DAMAGE
from core.recording.predictions import PREDICTION_NAME

METADATA_NAME = "hn_capture"
FORMAT_VERSION = "1"


def encode_provenance(calibration: Calibration, scene: str) -> dict[str, str]:
    """The values of the record; `scene` is the scene as JSON when the take began."""
    text = calibration.to_json()
    return {
        "version": FORMAT_VERSION,
        "calibration": text,
        # MCAP guards chunks and the index, but not what lies between them.
        "calibration_crc32": _checksum(text),
        "scene": scene,
    }


def decode_provenance(
    file: Path, metadata: Mapping[str, Mapping[str, str]]
) -> tuple[Calibration, str]:
    """The calibration and the scene that `encode_provenance` was given."""
    values = metadata.get(METADATA_NAME)
    if values is None or "version" not in values:
        raise RecordingError(
            f"{file} is an MCAP file of another program; expected one that "
            "hn-record, hn-capture or hn-convert wrote"
        )
    if values["version"] != FORMAT_VERSION:
        raise RecordingError(
            f"{file} has format version {values['version']} and this program reads "
            f"{FORMAT_VERSION}; update hn-capture"
        )
    try:
        text = values["calibration"]
        # The first recordings have no checksum.
        if values.get("calibration_crc32", _checksum(text)) != _checksum(text):
            raise ValueError("its checksum is wrong")
        return Calibration.from_json(text), values["scene"]
    except (*DAMAGE, TypeError) as error:
        raise RecordingError(
            f"the calibration in {file} is damaged ({error}); use a copy"
        ) from error


def kept_metadata(
    metadata: Mapping[str, Mapping[str, str]],
) -> list[tuple[str, dict[str, str]]]:
    """The records that a file of the same frames has, too, in their order."""
    names = (METADATA_NAME, PREDICTION_NAME)
    return [(name, dict(metadata[name])) for name in names if name in metadata]


def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"
