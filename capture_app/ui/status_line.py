"""The numbers at the bottom of the window."""

from PySide6.QtWidgets import QLabel, QStatusBar

from capture_app.engine.states import SourceState
from capture_app.engine.stats import LiveStats
from capture_app.ui.theme import theme

_COLORS = {
    SourceState.STREAMING: "green",
    SourceState.FAILED: "red",
    SourceState.ENDED: "amber",
    SourceState.OPENING: "amber",
    SourceState.RECONNECTING: "amber",
}
"""The dot's, as the theme names them."""


class StatusLine(QStatusBar):
    """Sensor, rates, how wrong the HN network is, latency and losses."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self._sensor = QLabel()
        self._rates = QLabel()
        self.addWidget(self._sensor)
        self.addPermanentWidget(self._rates)

    def show_stats(
        self,
        sensor: str,
        state: SourceState,
        size: tuple[int, int] | None,
        stats: LiveStats,
        predicts: bool,
    ) -> None:
        """`size` is the width and height of the frames, if there are any yet."""
        color = getattr(theme(), _COLORS.get(state, "muted"))
        frames = "" if size is None else f"  {size[0]} x {size[1]}"
        self._sensor.setText(
            f'<span style="color:{color}">●</span> {sensor}{frames}  ({state.value})'
        )
        rates = [
            f"camera {stats.camera_fps:.1f} fps",
            f"labels {stats.label_fps:.1f} fps",
        ]
        if predicts:
            rates.append(f"prediction {stats.prediction_fps:.1f} fps")
        if stats.serious_share is not None:
            rates.append(f"HN wrong {100 * stats.serious_share:.0f} %")
        rates += [f"latency {stats.latency_ms:.0f} ms", f"lost {stats.num_lost}"]
        self._rates.setText("   |   ".join(rates))
