"""A camera, read on a thread of its own."""

import logging
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from capture_app.engine.disk_space import MIN_FREE_BYTES, free_bytes
from capture_app.engine.elapsed import Elapsed
from capture_app.engine.naming import folder_name
from capture_app.engine.recorder import LOOK_PERIOD_S, QUEUE_BYTES
from capture_app.engine.session import FIRST_FRAME_TIMEOUT_S, FRAME_TIMEOUT_S
from capture_app.engine.stats import Gaps
from capture_app.predicting.pictures import Picture, Pictures, Wanted, frame_name
from capture_app.sensors.sensor import Sensor
from core.bins import HNBins
from core.errors import SensorError
from core.frame import Intrinsics, RgbdFrame
from core.hn_labels import Labeler

logger = logging.getLogger(__name__)

KEEPS_UP = 2  # frames that may wait for a network that is fast enough
_BESIDE = np.eye(4) + np.eye(4, k=3) * 0.01  # as lenses of two cameras
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class CameraInput:
    """The frames of a camera, until its time is over, `stop` is set, it is lost, or the
    disk of `out` is nearly full.

    No frame is lost to a network that is slower than the camera: while more than two
    wait they are passed on without a prediction.
    """

    has_depth = True

    def __init__(
        self,
        name: str,
        sensor: Sensor,
        seconds: float | None,
        out: Path,
        stop: threading.Event,
    ) -> None:
        self.name = folder_name(name)
        self.sensor = sensor
        self.lost: str | None = None
        """Why it ended early, if it did."""
        self.dropped: list[int] = []
        """Numbers of the frames that were lost."""
        self.was_stopped = False
        """Whether it ended early because `stop` was set."""
        self._seconds = seconds
        self._out = out
        self._stop = stop
        self._changed = threading.Condition()
        self._queue: deque[RgbdFrame] = deque()
        self._has_ended = False

    def num_pictures(self, wanted: Wanted) -> None:
        """Nobody knows."""

    @contextmanager
    def pictures(self, wanted: Wanted) -> Iterator[Pictures]:
        """The frames; between those that are predicted the others, if asked for."""
        if wanted.has_floors:
            _compile_labels()
        thread = threading.Thread(target=self._read, name="camera", daemon=True)
        try:
            self.sensor.open(self._give_up_if_stopped)
            thread.start()
            try:
                yield self._pictures(wanted)
            finally:
                self._stop.set()
                thread.join()
        finally:  # one that was not opened to the end, too
            self.sensor.close()

    def _give_up_if_stopped(self, done: int, total: int) -> None:
        if self._stop.is_set():
            raise KeyboardInterrupt

    def _pictures(self, wanted: Wanted) -> Pictures:
        labeler = Labeler(HNBins()) if wanted.has_floors else None
        index = 0
        while (taken := self._take()) is not None:
            frame, num_waiting = taken
            labels = None if labeler is None else labeler(frame)
            floor = None if labels is None else labels.floor
            # The first one always, or nothing might come of a camera in a hurry.
            keeps_up = num_waiting <= KEEPS_UP or index == 0
            is_predicted = index % wanted.every == 0 and keeps_up
            if is_predicted or wanted.has_others:
                rgb = frame.rgb if is_predicted else None
                name = frame_name(index)
                yield Picture(index, name, rgb, frame.timestamp_ns, frame, floor)
            index += 1

    def _take(self) -> tuple[RgbdFrame, int] | None:
        """The next frame, and how many wait behind it; None after the last."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._has_ended)
            if not self._queue:
                return None
            return self._queue.popleft(), len(self._queue)

    def _read(self) -> None:
        try:
            self._stream()
        except SensorError as error:
            self.lost = str(error)
        except Exception as error:
            logger.exception("the camera's thread stopped")
            self.lost = f"the camera stopped ({type(error).__name__}: {error})"
        with self._changed:
            self._has_ended = True
            self._changed.notify()

    def _stream(self) -> None:
        gaps, elapsed = Gaps(), Elapsed(1.0 / self.sensor.fps)
        timeout_s, looked_at_s = FIRST_FRAME_TIMEOUT_S, -LOOK_PERIOD_S
        while not self._stop.is_set():
            for warning in self.sensor.take_warnings():
                logger.warning("%s", warning)
            if time.monotonic() - looked_at_s >= LOOK_PERIOD_S:
                looked_at_s = time.monotonic()
                if free_bytes(self._out) < MIN_FREE_BYTES:
                    self.lost = "the disk is nearly full; make room"
                    return
            frame = self.sensor.read(timeout_s)
            if frame is None:
                return
            timeout_s = FRAME_TIMEOUT_S
            # Half a period, so that a clock's jitter adds or loses no frame at the end.
            end_s = elapsed.at(frame.timestamp_ns) + 0.5 / self.sensor.fps
            if self._seconds is not None and end_s > self._seconds:
                return
            self.dropped += gaps.before(frame.number)
            self._put(frame)
        self.was_stopped = True

    def _put(self, frame: RgbdFrame) -> None:
        with self._changed:
            num_bytes = (len(self._queue) + 1) * (frame.rgb.nbytes + frame.depth.nbytes)
            if num_bytes <= QUEUE_BYTES:
                self._queue.append(frame)
            else:
                self.dropped.append(frame.number)
            self._changed.notify()


def _compile_labels() -> None:
    """Have the label engine compiled, ten seconds on the very first start: no frame may
    wait for that."""
    camera = Intrinsics(160, 120, 140.0, 140.0, 80.0, 60.0)
    down = 0.6 + 0.8 * (np.arange(120)[:, None] - 60.0) / 140.0  # a floor, nothing else
    depth = np.repeat(1000 / down, 160, axis=1).astype(np.uint16)
    rgb = np.zeros((120, 160, 3), np.uint8)
    labeler = Labeler(HNBins())
    for number in range(2):  # the second one is tracked
        frame = RgbdFrame.aligned(rgb, depth, camera, 0.001, number=number)
        labeler(replace(frame, T_color_depth=_BESIDE))


@contextmanager
def ctrl_c_sets(stop: threading.Event) -> Iterator[None]:
    """While the block lasts, all that Ctrl-C and `kill` do is to set `stop`.

    An exception would come anywhere, also where it is saved what there is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python lets no other thread handle signals
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        for number in _SIGNALS:
            signal.signal(number, lambda *_: stop.set())
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
