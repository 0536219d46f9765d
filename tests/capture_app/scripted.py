"""A camera that follows a script, and frames that can be told apart."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from capture_app.engine.networks import Network, PredictFunction
from capture_app.sensors.failures import SensorLostError
from capture_app.sensors.sensor import Progress, Sensor
from core.errors import SensorError
from core.floor import FloorPlane
from core.frame import Intrinsics, RgbdFrame
from core.hn_labels import HNBins, HNLabels
from core.prediction import ModelInfo, Task

HEIGHT, WIDTH = 48, 64
FPS = 30
CAMERA = Intrinsics(WIDTH, HEIGHT, 60.0, 61.0, 30.5, 25.0)


def make_frame(number: int, bright: int = 90) -> RgbdFrame:
    """A frame whose depth holds its number; red, green and blue differ."""
    rgb = np.full((HEIGHT, WIDTH, 3), (bright, bright // 2, bright // 4), np.uint8)
    depth = np.full((HEIGHT, WIDTH), 1000 + number, np.uint16)
    depth[:, :7] = 0
    return RgbdFrame.aligned(
        rgb, depth, CAMERA, 0.001, number=number, timestamp_ns=number * 10**9 // FPS
    )


def wait_until(is_true: Callable[[], object], timeout_s: float = 5.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.002)


def label_all(frame: RgbdFrame) -> HNLabels:
    """Labels without any thought: the left half class 3, the right half class 12."""
    classes = np.full((HEIGHT, WIDTH), 3, np.uint8)
    classes[:, WIDTH // 2 :] = 12
    classes[frame.depth == 0] = 255
    up = np.array((0.1, -0.95, -0.2))
    return HNLabels(classes, FloorPlane(up / np.linalg.norm(up), 1.25), HNBins())


class ScriptedSensor(Sensor):
    """Delivers `script` item by item: a frame, an exception to raise, None for the end.

    After the script it behaves as an unplugged camera. With `is_stepped` it waits for
    one `step()` before each item, otherwise it delivers as fast as it is read.
    """

    name = "scripted"

    def __init__(
        self, script: Iterable[RgbdFrame | Exception | None], is_stepped: bool = False
    ) -> None:
        self.fps = float(FPS)
        self.fail_to_open: Exception | None = None
        self.num_opened = 0
        self.is_open = False
        self._script = list(script)
        self._steps = threading.Semaphore(0 if is_stepped else len(self._script) + 1)

    def open(self, progress: Progress | None = None) -> None:
        """Start, or fail as told."""
        self.num_opened += 1
        if self.fail_to_open is not None:
            raise self.fail_to_open
        self._items = iter(self._script)
        self.is_open = True

    def step(self, count: int = 1) -> None:
        """Let the next items out."""
        for _ in range(count):
            self._steps.release()

    def read(self, timeout_s: float) -> RgbdFrame | None:
        """The next item of the script."""
        if not self._steps.acquire(timeout=min(timeout_s, 0.5)):
            raise SensorError("the scripted camera sent no frame: plug it in again")
        item = next(self._items, SensorError("the script is over: plug it in again"))
        if isinstance(item, Exception):
            raise item
        return item

    def close(self) -> None:
        """Stop."""
        self.is_open = False


class RunningSensor(Sensor):
    """Delivers frames at 100 fps until it is told to lose the camera."""

    name = "running"

    def __init__(self) -> None:
        self.fps = 100.0
        self.is_lost = False
        self.loss = SensorError("the camera was lost: plug it in again")
        self._number = 0

    def open(self, progress: Progress | None = None) -> None:
        """Start, unless lost."""
        if progress is not None:
            progress(1, 4)
        if self.is_lost:
            raise self.loss

    def read(self, timeout_s: float) -> RgbdFrame | None:
        """The next frame."""
        threading.Event().wait(1 / self.fps)
        if self.is_lost:
            raise self.loss
        self._number += 1
        return make_frame(self._number)

    def close(self) -> None:
        """Nothing to stop."""


UNPLUGGED = SensorLostError("the camera was unplugged; plug it in again")
Opening = SensorError | Sequence[RgbdFrame | Exception | None]


class LooseSensor(Sensor):
    """A camera with a loose plug: each time it is opened it does what comes next.

    It fails to open, or delivers its frames and is lost. After all that it stays
    unplugged.
    """

    name = "loose"

    def __init__(self, *openings: Opening) -> None:
        self.fps = 30.0
        self.num_opened = 0
        self._openings = list(openings)
        self._items: list[RgbdFrame | Exception | None] = []

    def open(self, progress: Progress | None = None) -> None:
        """Fail or begin."""
        self.num_opened += 1
        opening = self._openings.pop(0) if self._openings else UNPLUGGED
        if isinstance(opening, SensorError):
            raise opening
        self._items = list(opening)

    def read(self, timeout_s: float) -> RgbdFrame | None:
        """The next frame."""
        item = self._items.pop(0) if self._items else UNPLUGGED
        if isinstance(item, Exception):
            raise item
        return item

    def close(self) -> None:
        """Nothing to stop."""


def predict_hn(rgb: np.ndarray) -> np.ndarray:
    """What `label_all` says, but in the right half's top quarter, where the angle is
    wrong, and in the quarter below it, where the height is, by three bins."""
    classes = np.full(rgb.shape[:2], 3, np.uint8)
    classes[:, WIDTH // 2 :] = 12
    classes[: HEIGHT // 4, WIDTH // 2 :] = 2
    classes[HEIGHT // 4 : HEIGHT // 2, WIDTH // 2 :] = 15
    return classes


def predict_lamp(rgb: np.ndarray) -> np.ndarray:
    """A lamp everywhere but in the top quarter, which is wall."""
    classes = np.full(rgb.shape[:2], 2, np.uint8)
    classes[: HEIGHT // 4] = 0
    return classes


def hn_network(predict: PredictFunction = predict_hn) -> dict[Task, Network]:
    """The networks of a session whose only one is this."""
    bins = HNBins()
    info = ModelInfo("hn", bins.class_names, 24, 32, (0.5,) * 3, (0.2,) * 3, bins)
    return {"hn": Network(info, lambda: predict, "runs/first/model_hn.onnx")}


def semantic_network(predict: PredictFunction = predict_lamp) -> dict[Task, Network]:
    """The networks of a session whose only one is this."""
    info = ModelInfo(
        "semantic", ("wall", "floor", "lamp"), 24, 32, (0.5,) * 3, (0.2,) * 3
    )
    return {"semantic": Network(info, lambda: predict, "runs/first/model.onnx")}
