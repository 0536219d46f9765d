"""The curves of one or two runs: loss and mean IoU over the steps of each stage.

Importing this takes a third of a second, for pyqtgraph: only who is about to show
curves does.
"""

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from capture_app.engine.run_curves import Curve, StageCurves
from capture_app.engine.run_entry import Entry
from capture_app.ui.models_parts import muted, run_colors
from capture_app.ui.theme import theme

_STAGES = (
    ("cifar100", "Training on CIFAR-100"),
    ("pretrain", "Pretraining"),
    ("finetune", "Finetuning"),
)
_MEASURES = ("loss by step", "validation mean IoU (%) by step")
_LINE_WIDTH = 2.0


class CurvesView(QWidget):
    """A column a stage; above the loss, below the mean IoU on validation frames."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[Entry, ...] = ()
        self._shown: object = None
        self.plots: dict[tuple[str, int], _Plot] = {}
        """By stage and measure, of the stages that are shown."""
        self._legend = CurveLegend()
        self._nothing = muted("No step is logged yet: curves begin with the first one.")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._grid = QGridLayout()
        self._grid.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._legend)
        layout.addWidget(self._nothing, 1)
        layout.addLayout(self._grid, 1)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show the curves of one run, or of two over each other."""
        self._entries = tuple(entries)
        state = [(entry.name, entry.curves) for entry in entries], theme().name
        if state == self._shown:
            return
        self._shown = state
        self._legend.show_names([entry.name for entry in entries])
        found = {curves.stage for entry in entries for curves in entry.curves}
        self._nothing.setVisible(not found)
        self._make_plots([stage for stage, _ in _STAGES if stage in found])
        for (stage, measure), plot in self.plots.items():
            plot.show_curves([_curve(e, stage, measure) for e in self._entries])

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.show_entries(self._entries)

    def _make_plots(self, stages: list[str]) -> None:
        """Have a column of plots for these stages alone; those that are there stay."""
        wanted = {(stage, measure) for stage in stages for measure in (0, 1)}
        for key in [key for key in self.plots if key not in wanted]:
            plot = self.plots.pop(key)
            self._grid.removeWidget(plot)
            plot.setParent(None)
            plot.deleteLater()
        names = dict(_STAGES)
        for column, stage in enumerate(stages):
            for measure, what in enumerate(_MEASURES):
                key = stage, measure
                if key not in self.plots:
                    self.plots[key] = _Plot(f"{names[stage]}: {what}", measure == 1)
                self._grid.addWidget(self.plots[key], measure, column)


class CurveLegend(QWidget):
    """Which line is which run's."""

    def __init__(self) -> None:
        super().__init__()
        self._names: list[str] = []

    def show_names(self, names: list[str]) -> None:
        """Of the first run and perhaps the second."""
        self._names = names
        self.setToolTip("\n".join(names))
        self.setFixedHeight(self.fontMetrics().height() + 6)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A piece of each line and its run's name."""
        painter = QPainter(self)
        room = self.width() / max(1, len(self._names))
        for number, name in enumerate(self._names):
            left, middle = number * room, self.height() / 2
            painter.setPen(_pen(number, 3.0))
            painter.drawLine(int(left) + 2, int(middle), int(left) + 34, int(middle))
            painter.setPen(QColor(theme().text))
            area = QRectF(left + 42, 0, room - 50, self.height())
            text = self.fontMetrics().elidedText(
                name, Qt.TextElideMode.ElideMiddle, int(area.width())
            )
            painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), text)


class _Plot(pg.PlotWidget):
    """One measure of one stage."""

    def __init__(self, title: str, is_share: bool) -> None:
        super().__init__()
        self._title = title
        self._is_share = is_share
        self._none = pg.TextItem(anchor=(0.5, 0.5))
        self.setMinimumSize(200, 110)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setToolTip(f"{title}. The wheel zooms, a double click shows all.")
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_curves(self, curves: Sequence[Curve]) -> None:
        """Draw these, in the theme's colours."""
        colors = theme()
        self.setBackground(colors.window)
        item = self.getPlotItem()
        item.clear()
        item.setTitle(self._title, color=colors.muted, size="9pt")
        item.showGrid(x=True, y=True, alpha=0.15)
        for name in ("left", "bottom"):
            axis = item.getAxis(name)
            axis.setPen(colors.line)
            axis.setTextPen(colors.muted)
        item.getAxis("left").setWidth(46)
        scale = 100.0 if self._is_share else 1.0
        for number, curve in enumerate(curves):
            if curve.steps:
                item.plot(
                    curve.steps,
                    [scale * value for value in curve.values],
                    pen=_pen(number, _LINE_WIDTH),
                    symbol="os"[number] if len(curve.steps) < 12 else None,
                    symbolSize=6,
                    symbolBrush=run_colors()[number],
                    symbolPen=None,
                )
        has_points = any(curve.steps for curve in curves)
        for name in ("left", "bottom"):
            item.getAxis(name).setStyle(showValues=has_points)
        if not has_points:
            self._say_nothing()
        top = max((scale * max(c.values) for c in curves if c.values), default=1.0)
        if self._is_share:
            item.setYRange(0.0, max(1.0, 1.05 * top), padding=0)
        else:
            item.enableAutoRange("y")
        item.enableAutoRange("x")

    def mouseDoubleClickEvent(self, event: object) -> None:
        """All of the curves again."""
        self.getPlotItem().enableAutoRange()

    def _say_nothing(self) -> None:
        words = "nothing logged"
        if self._is_share:
            words = "no validation frames, or not yet validated"
        self._none.setText(words, color=theme().muted)
        item = self.getPlotItem()
        item.addItem(self._none)
        self._none.setPos(0.5, 0.5)
        item.setXRange(0, 1)


def _curve(entry: Entry, stage: str, measure: int) -> Curve:
    """A run's curve; an empty one of a stage that it has not."""
    found: list[StageCurves] = [c for c in entry.curves if c.stage == stage]
    if not found:
        return Curve()
    return found[0].mean_iou if measure else found[0].loss


def _pen(number: int, width: float) -> QPen:
    """Of the first run solid, of the second dashed."""
    style = Qt.PenStyle.SolidLine if number == 0 else Qt.PenStyle.DashLine
    pen = QPen(run_colors()[number], width, style)
    pen.setCosmetic(True)
    return pen
