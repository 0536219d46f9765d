"""What the last take is worth: its numbers, and how much of each class it shows."""

from itertools import groupby

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from capture_app.engine.take_examiner import Examination, TakeReport
from capture_app.ui.legend_parts import angle_labels, height_label
from capture_app.ui.theme import theme
from core.bins import HNBins
from core.label_report import RARE_CLASS
from core.overlay import class_palette

_POOR = 0.25  # of the frames or the depth: worth a colour
_REPEATED = 0.75  # a take that hardly moves
_FULL_BAR = 0.2  # of the pixels; few classes have more
_NO_BREAK, _ANY_BREAK = "\N{NO-BREAK SPACE}", "\N{ZERO WIDTH SPACE}"
_LONGEST_WORD = 24  # letters; more may be wider than the panel
_FACTS = (
    "Frames",
    "Dropped",
    "Size",
    "Speed",
    "Valid depth",
    "Floor measured",
    "Floor tracked",
    "Floor unknown",
    "Blurred",
    "Near-duplicates",
)


class TakePanel(QWidget):
    """Numbers of one take; amber where the next one may do better."""

    def __init__(self, bins: HNBins) -> None:
        super().__init__()
        self._state = _words()
        self._facts = QWidget()
        self._values = [_words() for _ in _FACTS]
        self._coverage = Coverage(bins)
        self._rare = _words()
        grid = QGridLayout(self._facts)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for row, (name, value) in enumerate(zip(_FACTS, self._values, strict=True)):
            label = QLabel(name)
            label.setObjectName("muted")
            grid.addWidget(label, row, 0)
            grid.addWidget(value, row, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._state)
        layout.addWidget(self._facts)
        layout.addWidget(self._coverage, 1)
        layout.addWidget(self._rare)
        self.show_examination(None)

    def show_examination(self, examination: Examination | None) -> None:
        """How far the look at a take is, and what was found."""
        report = None if examination is None else examination.report
        self._state.setText(_state_text(examination))
        self._state.setVisible(report is None)
        for part in (self._facts, self._coverage, self._rare):
            part.setVisible(report is not None)
        if report is not None:
            self._show_report(report)

    def _show_report(self, report: TakeReport) -> None:
        for label, (text, is_poor) in zip(self._values, _facts(report), strict=True):
            label.setText(text)
            set_state(label, "poor" if is_poor else "")
        shares = report.statistics.class_shares()
        self._coverage.show_shares(shares)
        self._rare.setText(rare_text(report.statistics.bins, shares))


def set_state(label: QLabel, state: str) -> None:
    """Have the style sheet show good, poor or bad, or none of them."""
    if label.property("state") != state:
        label.setProperty("state", state)
        label.style().polish(label)


class Coverage(QWidget):
    """A bar a class, as long as its share of the pixels; a row a height, the highest on
    top, a column an angle. Rare classes have an amber frame."""

    def __init__(self, bins: HNBins) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._bins = bins
        self._palette = class_palette(bins)
        self._shares = np.zeros(bins.num_classes)
        self._is_rare = np.ones(bins.num_classes, bool)

    def show_shares(
        self, shares: np.ndarray, is_rare: np.ndarray | None = None
    ) -> None:
        """Show these (num_classes,) shares of the pixels; `is_rare` (num_classes,) are
        those with an amber frame, or else the ones with less than 1 %."""
        self._shares = shares
        self._is_rare = shares < RARE_CLASS if is_rare is None else is_rare
        self.update()

    def minimumSizeHint(self) -> QSize:
        """Room for a thin bar a height."""
        return QSize(160, 6 * self._bins.num_heights + self.fontMetrics().height() + 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars with their heights on the left and their angles above."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bins, metrics = self._bins, painter.fontMetrics()
        labels = [height_label(bins, k) for k in range(bins.num_heights)]
        left = max(metrics.horizontalAdvance(text) for text in labels) + 12
        top = metrics.height() + 6
        column = (self.width() - left) / bins.num_angles
        row = min(36.0, (self.height() - top) / bins.num_heights)
        every = max(1, int(np.ceil(metrics.height() / row)))
        painter.setPen(QColor(theme().muted))
        for angle, text in enumerate(angle_labels(bins)):
            box = QRectF(left + angle * column, 0, column, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft, text)
        for height, text in enumerate(labels):
            y = top + (bins.num_heights - 1 - height) * row
            if height % every == 0:
                painter.setPen(QColor(theme().text))
                align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                tall = max(row, metrics.height())  # a low row's words reach beyond it
                box = QRectF(0, y - (tall - row) / 2, left - 12, tall)
                painter.drawText(box, align, text)
            for angle in range(bins.num_angles):
                box = QRectF(left + angle * column, y + 1, column - 8, row - 2)
                self._paint_bar(painter, box, angle * bins.num_heights + height)

    def _paint_bar(self, painter: QPainter, box: QRectF, k: int) -> None:
        share = float(self._shares[k])
        painter.setBrush(QColor(theme().raised))
        painter.setPen(Qt.PenStyle.NoPen)
        if self._is_rare[k]:
            painter.setPen(QColor(theme().amber))
        painter.drawRoundedRect(box, 2, 2)
        length = box.width() * min(1.0, share / _FULL_BAR)
        if length >= 1.0:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(*self._palette[k].tolist()))
            bar = QRectF(box.left(), box.top(), length, box.height())
            painter.drawRoundedRect(bar, 2, 2)


def rare_text(bins: HNBins, shares: np.ndarray) -> str:
    """Which classes have less than 1 % of the pixels; heights that follow each other
    are one range."""
    if not shares.any():
        return "No frame knows its floor, so there are no labels."
    parts = []
    for angle, name in enumerate(angle_labels(bins)):
        of_angle = shares[angle * bins.num_heights :][: bins.num_heights]
        rare = np.flatnonzero(of_angle < RARE_CLASS).tolist()
        runs = groupby(enumerate(rare), key=lambda pair: pair[1] - pair[0])
        ranges = [_range_text(bins, [k for _, k in run]) for _, run in runs]
        ranges = [text.replace(" ", _NO_BREAK) for text in ranges]
        if ranges:
            parts.append(f"{name} {', '.join(ranges)}")
    return f"Below 1 %: {'; '.join(parts)}" if parts else "Every class has 1 % or more."


def _range_text(bins: HNBins, heights: list[int]) -> str:
    """Metres of height bins that follow each other."""
    first, last, edges = heights[0], heights[-1], bins.height_edges
    if len(heights) == bins.num_heights:
        return "everywhere"
    if last == len(edges):
        return f"> {edges[first - 1]:.2f} m"
    if first == 0:
        return f"< {edges[last]:.2f} m"
    return f"{edges[first - 1]:.2f}–{edges[last]:.2f} m"  # noqa: RUF001 - a range


def _state_text(examination: Examination | None) -> str:
    if examination is None:
        return "Nothing was recorded yet."
    if examination.problem:
        return f"Not examined: {_breakable(examination.problem)}."
    return f"Looking through it: {_percent(examination.progress)}"


def _facts(report: TakeReport) -> list[tuple[str, bool]]:
    """The words for _FACTS, and whether they tell of something poor."""
    take, valid = report.statistics.take, report.statistics.valid_depth
    shares = {word: n / report.num_frames for word, n in report.floors.items()}
    blurred = take.blurred_share or 0.0
    seconds = f"{report.num_frames} in {take.duration_s or 0.0:.1f} s"
    if take.clock_jumps:
        seconds += f", clock jumped {take.clock_jumps}x"
    return [
        (seconds, bool(take.clock_jumps)),
        (str(take.num_dropped), take.num_dropped > 0),
        (f"{report.size_bytes / 1e6:.0f} MB", False),
        (_speed(take.summary()), False),
        (_percent(valid), valid < 1.0 - _POOR),
        (_percent(shares["measured"]), False),
        (_percent(shares["tracked"]), False),
        (_percent(shares["none"]), shares["none"] >= _POOR),
        (_percent(blurred), blurred >= _POOR),
        (_percent(take.duplicate_share), take.duplicate_share >= _REPEATED),
    ]


def _speed(summary: dict[str, object]) -> str:
    """What half of the frames are slower than."""
    shift, turn = summary["median_speed_m_s"], summary["median_turn_deg_s"]
    if shift is None or turn is None:
        return "not known"
    return f"{shift:.2f} m/s, {turn:.0f} deg/s"


def _breakable(text: str) -> str:
    """The text, whose longest words, as paths are, may go over several lines."""
    words = text.split(" ")
    return " ".join(
        _ANY_BREAK.join(word) if len(word) > _LONGEST_WORD else word for word in words
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _words() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
