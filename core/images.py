"""Image files to arrays and back, by way of memory.

Not cv2.imread and cv2.imwrite: they print warnings of their own or fail in silence, and
on Windows they know no other alphabets.
"""

from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from core.errors import UnreadableFrameError

# Depth is not turned by a camera's orientation tag, so colour must not be either.
_COLOR = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
_SIGNATURES = {b"\xff\xd8\xff": "jpeg", b"\x89PNG\r\n\x1a\n": "png"}


class EncodedImage(NamedTuple):
    """A colour image as it is stored; copied like this it loses nothing."""

    format: str
    """ "jpeg" or "png"."""
    data: bytes
    """The whole file."""

    @property
    def suffix(self) -> str:
        """What the name of such a file ends with."""
        return {"jpeg": ".jpg", "png": ".png"}[self.format]


def read_color(path: Path) -> np.ndarray:
    """(H, W, 3) uint8, red first."""
    return _decode(path, _COLOR)


def decode_color(data: bytes | memoryview) -> np.ndarray | None:
    """(H, W, 3) uint8, red first, of an image file's bytes; None when it is none."""
    return cv2.imdecode(np.frombuffer(data, np.uint8), _COLOR) if data else None


def encoded_color(path: Path) -> EncodedImage | None:
    """The bytes of a JPEG or PNG file; None for a file of another format."""
    data = path.read_bytes()
    for signature, format in _SIGNATURES.items():
        if data.startswith(signature):
            return EncodedImage(format, data)
    return None


def as_png(rgb: np.ndarray) -> EncodedImage:
    """(H, W, 3) uint8 RGB as a PNG, which loses nothing."""
    _, data = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return EncodedImage("png", data.tobytes())


def is_turned(image: Path | BytesIO) -> bool:
    """Whether an orientation tag has other tools turn an image file or its bytes."""
    from PIL import Image
    from PIL.ExifTags import Base

    try:
        with Image.open(image) as opened:
            return opened.getexif().get(Base.Orientation, 1) != 1
    except (OSError, SyntaxError, ValueError):
        return False  # OpenCV may read it all the same


def not_turned(image: EncodedImage) -> EncodedImage:
    """The image as a recording shows it: tools turn one with an orientation tag."""
    if not is_turned(BytesIO(image.data)):
        return image
    rgb = decode_color(image.data)
    assert rgb is not None  # Pillow could read it
    return as_png(rgb)


def read_depth(path: Path) -> np.ndarray:
    """(h, w) uint16 as in the file."""
    return _read_plane(path, np.uint16, "depth as a 16-bit image with one channel")


def read_classes(path: Path) -> np.ndarray:
    """(H, W) uint8, the numbers in a label image as they are stored."""
    return _read_plane(path, np.uint8, "classes as an 8-bit image with one channel")


def write_image(path: Path, image: np.ndarray) -> None:
    """Write (H, W) uint8 or uint16, or (H, W, 3) RGB, in the format of its suffix."""
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(path.suffix, image)
    path.write_bytes(data.tobytes())


def _read_plane(path: Path, dtype: type, expected: str) -> np.ndarray:
    image = _decode(path, cv2.IMREAD_UNCHANGED)
    if image.ndim != 2 or image.dtype != dtype:
        channels = 1 if image.ndim == 2 else image.shape[2]
        raise UnreadableFrameError(
            f"{path} has {channels} channel(s) of {image.dtype}; expected {expected}"
        )
    return image


def _decode(path: Path, flags: int) -> np.ndarray:
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise UnreadableFrameError(f"cannot read {path}: {error.strerror}") from error
    image = cv2.imdecode(data, flags) if data.size else None
    if image is None:
        raise UnreadableFrameError(
            f"{path} is not an image or is damaged; replace it, or remove it and its "
            "partner"
        )
    return image
