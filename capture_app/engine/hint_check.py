"""Whether a camera's up direction points down, asked of the floors that it sees."""

from collections.abc import Callable
from dataclasses import replace

from capture_app.engine.worker import Worker
from core.frame import RgbdFrame
from core.hn_labels import label_frame

_EVERY = 30  # frames: a look takes as long as two labels
_SETTLING_VOTES = 5  # frames, spread over seconds


class HintCheck:
    """Warns once of an up hint that is upside down; the hint stays as it is.

    Some looks, on a thread of its own, tell: such a camera's floor is found from the
    opposite direction only.
    """

    def __init__(self, on_warning: Callable[[str], None]) -> None:
        self._on_warning = on_warning
        self._num_votes = {False: 0, True: 0}  # by whether it is upside down
        self._is_settled = False
        self._num_seen = 0
        self._worker: Worker[RgbdFrame] | None = None

    def look(self, frame: RgbdFrame) -> None:
        """Compare hint and floor of this frame if there is time for it."""
        if frame.up_hint is None or self._is_settled:
            return
        if self._worker is None:
            self._worker = Worker("up check", self._compare, self._report)
        if self._num_seen % _EVERY == 0:
            self._worker.inbox.put(frame)
        self._num_seen += 1

    def close(self) -> None:
        """Stop the thread; safe to call twice."""
        if self._worker is not None:
            self._worker.close()

    def _compare(self, frame: RgbdFrame) -> None:
        assert frame.up_hint is not None
        is_opposite = label_frame(frame) is None
        if is_opposite and label_frame(replace(frame, up_hint=-frame.up_hint)) is None:
            return  # no floor in view
        self._num_votes[is_opposite] += 1
        if self._num_votes[is_opposite] < _SETTLING_VOTES:
            return
        self._is_settled = True
        if is_opposite:
            self._on_warning(
                "the camera's accelerometer says down where the floor says up; what is "
                "recorded keeps its direction, and labels may lack their floor: please "
                "report the camera's name"
            )
        if self._worker is not None:
            self._worker.close()

    def _report(self, what: str, error: Exception) -> None:
        self._on_warning(
            f"the {what} thread stopped ({type(error).__name__}: {error}); whether "
            "the accelerometer points up is not looked at any more"
        )
