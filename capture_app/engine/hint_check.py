"""Whether a camera's up direction points down, asked of the floors that it sees."""

from collections.abc import Callable
from dataclasses import replace

from capture_app.engine.worker import Worker
from capture_app.sensors.up import UpSign
from core.frame import RgbdFrame
from core.hn_labels import label_frame

_EVERY = 10  # frames: a look takes as long as a label


class HintCheck:
    """Turns the up hint of every frame over once it is known to be upside down.

    The labels of the live view start from the hint, so they cannot tell; here a thread
    looks for the floor without it, until that is settled.
    """

    def __init__(self, on_warning: Callable[[str], None]) -> None:
        self._on_warning = on_warning
        self._sign = UpSign()
        self._num_seen = 0
        self._worker: Worker[RgbdFrame] | None = None

    def look(self, frame: RgbdFrame) -> None:
        """Compare hint and floor of this frame if there is time for it."""
        if frame.up_hint is None or self._sign.is_settled:
            return
        if self._worker is None:
            self._worker = Worker("up check", self._compare, self._report)
        if self._num_seen % _EVERY == 0:
            self._worker.inbox.put(frame)
        self._num_seen += 1

    def corrected(self, frame: RgbdFrame) -> RgbdFrame:
        """The frame with its hint the right way up, as far as that is known."""
        if frame.up_hint is None or not self._sign.is_opposite:
            return frame
        return replace(frame, up_hint=-frame.up_hint)

    def close(self) -> None:
        """Stop the thread; safe to call twice."""
        if self._worker is not None:
            self._worker.close()

    def _compare(self, frame: RgbdFrame) -> None:
        labels = label_frame(replace(frame, up_hint=None))
        if labels is None or frame.up_hint is None:
            return
        self._sign.compare(frame.up_hint, labels.floor.up)
        if self._sign.is_opposite:
            self._on_warning(
                "the camera's accelerometer says down where the floor says up; its "
                "direction is turned over from here on"
            )
        if self._sign.is_settled and self._worker is not None:
            self._worker.close()

    def _report(self, what: str, error: Exception) -> None:
        self._on_warning(
            f"the {what} thread stopped ({type(error).__name__}: {error}); the up "
            "direction is taken as it is"
        )
