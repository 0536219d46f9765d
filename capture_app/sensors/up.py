"""Which way is up, from an accelerometer."""

import numpy as np

_AT_REST = (9.3, 10.3)  # m/s2; outside of it the accelerometer measures motion too
_SMOOTHING = 0.1
_CLEAR_COSINE = 0.5  # 60 degrees from up, or from down
_SETTLING_VOTES = 5  # frames, spread over seconds


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


class UpSign:
    """Whether a camera's up direction is the opposite one, by the floors it sees.

    An accelerometer at rest measures upwards (a D435i that is held level about -9.8
    along y, which points down); a camera whose accelerometer is built in or told of
    the other way round would find its floor on the ceiling.
    """

    def __init__(self) -> None:
        self.is_settled = False
        self.is_opposite = False
        """Known once it is settled."""
        self._num_votes = {False: 0, True: 0}

    def compare(self, up_hint: np.ndarray, floor_up: np.ndarray) -> None:
        """Take in one frame's: what was measured, and what its floor says without it.

        Where the two are across each other neither can be believed.
        """
        cosine = float(up_hint @ floor_up)
        if self.is_settled or abs(cosine) < _CLEAR_COSINE:
            return
        is_opposite = cosine < 0
        self._num_votes[is_opposite] += 1
        if self._num_votes[is_opposite] == _SETTLING_VOTES:
            self.is_settled, self.is_opposite = True, is_opposite
