"""Small pictures of depth and of the point cloud, beside the big one."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from capture_app.engine.cloud import CloudPainter
from capture_app.engine.mailbox import Mailbox
from capture_app.engine.picture import Layers, Orbit
from capture_app.engine.worker import Worker
from core.bins import HNBins
from core.overlay import colorize_depth, to_rgb32
from core.surface_maps import surface_maps

WIDTH = 216
"""Pixels of a thumbnail."""
PERIOD_S = 0.1
"""At least so long from one to the next."""
_NUM_POINTS = 80_000
_OPACITY = 0.5  # of the classes' colours
_SWING_DEG, _SWING_S = 18.0, 14.0  # to and fro: what moves looks as deep as it is


@dataclass(frozen=True, eq=False)
class Thumbnails:
    """Two pictures of one frame. Nobody writes to them any more."""

    depth: np.ndarray
    """(h, WIDTH) uint32 0xffRRGGBB, in the colours of `core.overlay.colorize_depth`."""
    cloud: np.ndarray
    """(h, WIDTH) uint32 0xffRRGGBB, class colours over the photo's."""
    layers: Layers


class Thumbnailer:
    """Keeps `made` filled with thumbnails of the newest layers, on a thread of its own.

    `report` hears of the exception that ends the thread.
    """

    def __init__(self, bins: HNBins, report: Callable[[str, Exception], None]) -> None:
        self.made: Mailbox[Thumbnails] = Mailbox()
        self._cloud = CloudPainter(bins, _NUM_POINTS)
        self._is_closing = threading.Event()
        self._is_compiled = False
        self._worker = Worker("thumbnail", self._make, report)

    def offer(self, layers: Layers) -> None:
        """Show these next, unless newer ones come before it is time."""
        self._worker.inbox.put(layers)

    def close(self) -> None:
        """Stop the thread; safe to call twice."""
        self._is_closing.set()
        self._worker.close()

    def _make(self, layers: Layers) -> None:
        started_s = time.monotonic()
        self.made.put(
            Thumbnails(depth_thumbnail(layers), self._cloud_thumbnail(layers), layers)
        )
        if layers.floor is not None and not self._is_compiled:
            # Once, so that neither the picture nor the probe has to wait for it.
            surface_maps(layers.frame, layers.floor)
            self._is_compiled = True
        # Meanwhile newer layers take the place of those that wait.
        self._is_closing.wait(PERIOD_S - (time.monotonic() - started_s))

    def _cloud_thumbnail(self, layers: Layers) -> np.ndarray:
        color = layers.frame.color_intrinsics
        size = WIDTH, max(1, round(WIDTH * color.height / color.width))
        orbit = swinging(layers.arrived_s)
        return self._cloud.paint(layers, orbit, _OPACITY, size)


def depth_thumbnail(layers: Layers) -> np.ndarray:
    """(h, WIDTH) uint32 0xffRRGGBB of the frame's depth, every so many pixels."""
    frame = layers.frame
    height, width = frame.depth.shape
    size = WIDTH, max(1, round(WIDTH * height / width))
    depth = cv2.resize(frame.depth, size, interpolation=cv2.INTER_NEAREST)
    return to_rgb32(colorize_depth(depth, frame.depth_scale))


def swinging(at_s: float) -> Orbit:
    """The orbit of a thumbnail at a time: slowly to and fro."""
    swing_deg = _SWING_DEG * math.sin(2.0 * math.pi * at_s / _SWING_S)
    return Orbit().turned(swing_deg, 0.0)
