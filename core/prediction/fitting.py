"""A frame made into a network's input, and its classes brought back."""

from dataclasses import dataclass

import cv2
import numpy as np

from core.prediction.model_info import ModelInfo

Size = tuple[int, int]
SAME_ASPECT = 0.02  # proportions this near are the same; bars would be a few pixels


@dataclass(frozen=True)
class Placement:
    """Where a frame lies in the network's input, pixels; the rest is bars."""

    top: int
    left: int
    height: int
    width: int

    def cut(self, image: np.ndarray) -> np.ndarray:
        """The frame's part of (h, w, ...)."""
        return image[
            self.top : self.top + self.height, self.left : self.left + self.width
        ]


def place(frame: Size, network: Size, frame_aspect: float | None) -> Placement:
    """Where a frame of (height, width) goes in an input of (height, width).

    Training stretches its frames over the whole input, so things have the proportions
    that frames of `frame_aspect` get there. A frame of another aspect gets the same,
    between bars; with an unknown one it is stretched, too.
    """
    height, width = network
    aspect = frame[1] / frame[0]
    if frame_aspect is None or abs(aspect / frame_aspect - 1) < SAME_ASPECT:
        return Placement(0, 0, height, width)
    relative = aspect / frame_aspect
    if relative > 1:
        used = max(1, round(height / relative))
        return Placement((height - used) // 2, 0, used, width)
    used = max(1, round(width * relative))
    return Placement(0, (width - used) // 2, height, used)


def to_input(
    rgb: np.ndarray, network: Size, placement: Placement, info: ModelInfo
) -> np.ndarray:
    """(H, W, 3) uint8 to (1, 3, height, width) float32, normalised; bars are 0."""
    part = _resized(rgb, (placement.height, placement.width))
    std = 255.0 * np.asarray(info.std)
    planes = cv2.dnn.blobFromImageWithParams(
        part,
        cv2.dnn.Image2BlobParams(
            scalefactor=(*(1.0 / std), 1.0),
            mean=(*(255.0 * np.asarray(info.mean)), 0.0),
        ),
    )
    if planes.shape[2:] == network:
        return planes
    inputs = np.zeros((1, 3, *network), np.float32)
    placement.cut(inputs[0].transpose(1, 2, 0))[:] = planes[0].transpose(1, 2, 0)
    return inputs


def from_network(classes: np.ndarray, frame: Size, placement: Placement) -> np.ndarray:
    """(h, w) uint8 classes of the input to (H, W) of the frame."""
    part = placement.cut(classes)
    if part.shape == frame:
        return np.ascontiguousarray(part)
    height, width = frame
    return cv2.resize(part, (width, height), interpolation=cv2.INTER_NEAREST)


def normalise(
    rgb: np.ndarray, mean: tuple[float, float, float], std: tuple[float, float, float]
) -> np.ndarray:
    """(..., 3) uint8 RGB to float32 of zero mean and unit deviation, contiguous."""
    scale = 1.0 / (255.0 * np.asarray(std, np.float32))
    offset = np.asarray(mean, np.float32) / np.asarray(std, np.float32)
    return rgb.astype(np.float32) * scale - offset


def _resized(rgb: np.ndarray, size: Size) -> np.ndarray:
    """As training resizes its frames."""
    height, width = size
    if rgb.shape[:2] == size:
        return np.ascontiguousarray(rgb)
    shrinks = rgb.shape[0] > height or rgb.shape[1] > width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(rgb, (width, height), interpolation=method)
