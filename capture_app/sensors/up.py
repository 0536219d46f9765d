"""Which way is up, from an accelerometer."""

import numpy as np

_AT_REST = (9.3, 10.3)  # m/s2; outside of it the accelerometer measures motion too
_SMOOTHING = 0.1


class UpFilter:
    """Follows an accelerometer, which at rest measures 9.8 m/s2 away from the floor."""

    def __init__(self, R_color_accelerometer: np.ndarray) -> None:
        self.up: np.ndarray | None = None
        """(3,) float64 unit vector in the colour camera; None until at rest once."""
        self._R_color_accelerometer = R_color_accelerometer

    def update(self, acceleration: np.ndarray) -> None:
        """Take in what was measured, (3,) m/s2, unless the camera was accelerated."""
        measured = self._R_color_accelerometer @ acceleration
        length = float(np.linalg.norm(measured))
        if not _AT_REST[0] < length < _AT_REST[1]:
            return
        up = measured / length
        if self.up is not None:
            up = (1 - _SMOOTHING) * self.up + _SMOOTHING * up
        self.up = up / np.linalg.norm(up)
