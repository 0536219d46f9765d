"""A window that shows always the same: one frame, fixed numbers, nothing that moves."""

import shutil
import threading
import time
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from unittest import mock

import numpy as np
from analytic_rooms import look
from colour_audit import pixels
from PySide6.QtCore import QEventLoop, QPointF, QTimer
from PySide6.QtWidgets import QApplication

from capture_app.engine import thumbnails
from capture_app.engine.live import LiveView
from capture_app.engine.networks import Networks
from capture_app.engine.picture import Orbit
from capture_app.engine.session import CaptureSession
from capture_app.engine.setup import SessionSetup
from capture_app.engine.stats import LiveStats
from capture_app.sensors.sensor import Progress, Sensor
from capture_app.ui.actions import Place
from capture_app.ui.window import CaptureWindow, Folders
from core.bins import HNBins
from core.frame import Intrinsics, RgbdFrame
from core.hn_labels import HNLabels, label_frame

PLACES = [place for place in Place if place is not Place.WINDOW]

_CAMERA = Intrinsics(320, 240, 280.0, 281.5, 162.5, 115.25)
_STATS = LiveStats(30.0, 30.0, 0.0, 24.0, 372, 0, None)
_PERIOD_S = 0.1  # enough for who looks, and leaves time to the tests
_SETTLED_MS = 250  # a slow tick and some
_TIMEOUT_S = 20.0
_Disk = namedtuple("_Disk", "total used free")


@cache
def still_frame() -> RgbdFrame:
    """A room with a table in front of plain walls; each kind of surface its colour."""
    view = look(_CAMERA, (0.4, -1.2, 1.31), yaw_deg=12.0, pitch_deg=-18.0, roll_deg=3.0)
    rgb = np.full((240, 320, 3), (176, 168, 150), np.uint8)  # walls
    rgb[np.abs(view.cosines) > 0.5] = (122, 84, 52)  # what lies flat
    rgb[view.heights < 0.005] = (96, 102, 110)  # the floor
    rgb[(view.heights > 0.1) & (view.heights < 0.6)] = (70, 110, 84)
    depth = view.depth(1e-3)
    depth[:, :9] = 0
    return RgbdFrame.aligned(rgb, depth, _CAMERA, 1e-3)


@cache
def _labels() -> HNLabels | None:
    return label_frame(still_frame())


class StillSensor(Sensor):
    """Delivers the still frame ten times a second."""

    name = "still"

    def __init__(self) -> None:
        self.fps = 30.0
        self._number = 0
        self._closing = threading.Event()

    def open(self, progress: Progress | None = None) -> None:
        """Nothing to start."""

    def read(self, timeout_s: float) -> RgbdFrame:
        """The same frame with the next number."""
        self._closing.wait(_PERIOD_S)
        self._number += 1
        ns = round(self._number * 1e9 * _PERIOD_S)
        return replace(still_frame(), number=self._number, timestamp_ns=ns)

    def close(self) -> None:
        """Nothing to stop."""


class StillSession(CaptureSession):
    """Is always as fast as it should be."""

    def stats(self) -> LiveStats:
        """Of a session that does well."""
        return _STATS


@contextmanager
def standing_still() -> Iterator[None]:
    """Meanwhile the disk has always the same room, and no point cloud swings."""
    free = _Disk(500 * 10**9, 88 * 10**9, 412 * 10**9)
    with (
        mock.patch.object(shutil, "disk_usage", lambda _: free),
        mock.patch.object(thumbnails, "swinging", lambda _: Orbit()),
    ):
        yield


def make_still_window(
    folders: Folders, networks: Networks | None = None
) -> CaptureWindow:
    """A window with the still camera; whoever calls closes it."""
    label_frame(still_frame())  # compiled before anybody waits for it

    def make_session(_: SessionSetup) -> CaptureSession:
        return StillSession(
            StillSensor(), LiveView(lambda _: _labels(), HNBins(), networks)
        )

    return CaptureWindow(make_session, folders)


def run_for(milliseconds: int) -> None:
    """Let every timer and thread have its turn."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def settle(window: CaptureWindow, num_looks: int = 1) -> None:
    """Return once the window has looked the same for so many looks after the first."""
    end_s = time.monotonic() + _TIMEOUT_S
    before, now, num_same = None, pixels(window.grab().toImage()), 0
    while num_same < num_looks or not _is_live(window):
        assert time.monotonic() < end_s, f"no rest: {_moving(window, before, now)}"
        run_for(_SETTLED_MS)
        before, now = now, pixels(window.grab().toImage())
        num_same = num_same + 1 if np.array_equal(before, now) else 0


def freeze(window: CaptureWindow) -> None:
    """Nothing that the window shows changes any more."""
    for timer in window.findChildren(QTimer):
        timer.stop()
    QApplication.processEvents()


def _is_live(window: CaptureWindow) -> bool:
    picture = window.capture.frame_view.picture
    return picture is not None and picture.has_classes


def _moving(window: CaptureWindow, before: np.ndarray | None, now: np.ndarray) -> str:
    """Where two pictures of a window differ."""
    if before is None or (now == before).all():
        return "the camera has no picture with classes"
    rows, columns = np.nonzero((now != before).any(axis=-1))
    middle = QPointF(float(np.median(columns)), float(np.median(rows)))
    widget = window.childAt((middle / window.devicePixelRatioF()).toPoint())
    where = f"{columns.min()}..{columns.max()}, {rows.min()}..{rows.max()}"
    return f"{type(widget).__name__} changes at {where}"
