"""What every camera looks like to the app: one protocol, one file a family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from core.frame import RgbdFrame

if TYPE_CHECKING:
    from core.simulation import FrameTruth

Progress = Callable[[int, int], None]
"""Called with (steps done, all steps) while a sensor opens; may raise to give up."""


@dataclass(frozen=True)
class SensorStatus:
    """One line of the list of sensors."""

    name: str
    available: bool
    reason: str
    """What is connected, or why nothing is and what to do about it."""


class Sensor(Protocol):
    """A source of frames, driven from one thread.

    A frame owns its memory. Numbers and timestamps rise; a gap in the numbers is a
    frame that the sensor lost.
    """

    name: str
    """What people call it, more exactly once it is open."""
    fps: float
    """Frames a second, known once the sensor is open."""

    opening_text: str = "Opening the camera"
    """What opening it does, for people who wait."""

    def open(self, progress: Progress | None = None) -> None:
        """Start the stream, after a close too; SensorError says why it cannot."""

    def read(self, timeout_s: float) -> RgbdFrame | None:
        """The next frame, None at the end of the stream.

        SensorError if none comes; a SensorLostError if the camera may come back, which
        only cameras do.
        """

    def close(self) -> None:
        """Stop the stream; safe to call twice."""

    def take_warnings(self) -> list[str]:
        """Sentences about what is not as it should be while it streams all the same."""
        return []

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


@runtime_checkable
class KnowsTruth(Protocol):
    """A sensor that can say what each of its frames really shows."""

    @property
    def lap_s(self) -> float:
        """Seconds after which it shows the same frames again."""

    def truth(self, number: int) -> FrameTruth:
        """The truth of the frame with this number."""
