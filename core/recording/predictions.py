"""A network's prediction of a frame, in the chunk of that frame.

Two topics of images on the colour camera's grid. The PNG of the classes has a colour
table: its pixels are class numbers, and viewers show them in the classes' colours. A
metadata record of the file says which network it was.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import NamedTuple

import numpy as np
from mcap.records import Message

from core.images import EncodedImage
from core.recording.frames import (
    PREDICTED_CLASSES,
    PREDICTED_OVERLAY,
    color_image,
    encode_jpeg,
    read_color_image,
)

PREDICTION_NAME = "hn_capture_prediction"
"""Of the metadata record."""
_FAST = 1  # of zlib: a higher level takes longer than the network


class EncodedPrediction(NamedTuple):
    """What a recording keeps of a prediction."""

    classes: EncodedImage
    """PNG with a colour table."""
    overlay: EncodedImage
    """JPEG."""


def encode_prediction(
    classes: np.ndarray, overlay: np.ndarray, palette: np.ndarray
) -> EncodedPrediction:
    """Of (H, W) uint8 classes and their (H, W, 3) overlay; palette (256, 3) RGB."""
    from PIL import Image

    image = Image.fromarray(classes)
    image.putpalette(palette.tobytes())
    file = BytesIO()
    image.save(file, "PNG", compress_level=_FAST)
    return EncodedPrediction(EncodedImage("png", file.getvalue()), encode_jpeg(overlay))


def prediction_messages(
    timestamp_ns: int, prediction: EncodedPrediction
) -> list[Message]:
    """What is added to the messages of the frame of that time."""
    return [
        topic.message(timestamp_ns, color_image(timestamp_ns, image))
        for topic, image in (
            (PREDICTED_CLASSES, prediction.classes),
            (PREDICTED_OVERLAY, prediction.overlay),
        )
    ]


def is_prediction(message: Message) -> bool:
    """Whether `prediction_messages` made it."""
    return message.channel_id in (PREDICTED_CLASSES.id, PREDICTED_OVERLAY.id)


def decode_prediction(messages: Mapping[int, Message]) -> np.ndarray | None:
    """(H, W) uint8 classes of a frame, or None where nothing was predicted."""
    from PIL import Image

    if PREDICTED_CLASSES.id not in messages:
        return None
    png = read_color_image(messages[PREDICTED_CLASSES.id])
    try:
        with Image.open(BytesIO(png.data), formats=["PNG"]) as image:
            classes = np.array(image)
    except (OSError, SyntaxError) as error:
        raise ValueError(f"its prediction is no PNG: {error}") from error
    if classes.ndim != 2 or classes.dtype != np.uint8:
        raise ValueError("its prediction is no PNG of class numbers")
    return classes
