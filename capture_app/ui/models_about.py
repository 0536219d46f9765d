"""What a run is: how it was trained, and what each of its model files says."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from capture_app.engine.model_catalog import when
from capture_app.engine.run_details import Details, facts
from capture_app.engine.run_entry import Entry
from capture_app.ui.models_parts import Elided, count, muted, plain, title
from capture_app.ui.theme import theme
from core.prediction import ModelInfo

_COLUMN, _SWATCH = 210, 14
_LONGEST_WORD = 48  # letters


class AboutView(QScrollArea):
    """Names and values, a section for the run and one for each file."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._shown: object = None

    def show_details(self, entry: Entry | None, details: Details | None) -> None:
        """Tell of a run; of its files once their details are read."""
        if (entry, details) == self._shown:
            return
        self._shown = (entry, details)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(8)
        if entry is not None:
            layout.addWidget(title("The run" if entry.config else "The file"))
            layout.addLayout(_grid(_about_run(entry)))
        for model in () if details is None else details.models:
            layout.addWidget(title(model.path.name))
            layout.addLayout(_grid(facts(model)))
            if model.info is not None:
                layout.addWidget(ClassColors(model.info))
        layout.addStretch(1)
        self.setWidget(inside)


class ClassColors(QWidget):
    """The classes of a network in their colours, in columns."""

    def __init__(self, info: ModelInfo) -> None:
        super().__init__()
        self._info = info
        self.setAccessibleName(", ".join(info.class_names))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many columns as fit."""
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A square of the colour and the name."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        columns = self._columns
        room = self.width() / columns
        for k, name in enumerate(self._info.class_names):
            row, column = divmod(k, columns)
            top, left = row * self._row, column * room
            painter.setPen(QColor(theme().line))
            painter.setBrush(QColor(*self._info.palette[k].tolist()))
            middle = top + (self._row - _SWATCH) / 2
            painter.drawRoundedRect(QRectF(left, middle, _SWATCH, _SWATCH), 3, 3)
            painter.setPen(QColor(theme().text))
            words = QRectF(left + _SWATCH + 8, top, room - _SWATCH - 14, self._row)
            mode = Qt.TextElideMode.ElideMiddle
            shown = painter.fontMetrics().elidedText(name, mode, int(words.width()))
            painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), shown)

    @property
    def _row(self) -> int:
        return self.fontMetrics().height() + 6

    @property
    def _columns(self) -> int:
        return max(1, self.width() // _COLUMN)

    def _fit(self) -> None:
        rows = -(-len(self._info.class_names) // self._columns)
        self.setFixedHeight(rows * self._row)


def _about_run(entry: Entry) -> list[tuple[str, str]]:
    config, told = entry.config, [("State", entry.words), ("Where", str(entry.path))]
    if config is not None:
        height, width = config.image_size
        told += [
            ("Network", config.network),
            ("Preset", config.preset),
            ("Data", " ".join(config.data)),
            ("Pretrained on", config.pretrained_on),
            *_steps(entry),
            ("Image size", f"{height} x {width} pixels (height x width)"),
            ("Seed", str(config.seed)),
        ]
    told += [
        (f"{kind} network", f"trained on {scores.num_trained} frames; measured on "
         f"{scores.measured_on}")
        for kind, scores in (
            (task.upper() if task == "hn" else "Semantic", scores)
            for task, scores in entry.scores.items()
        )
    ]  # fmt: skip
    if entry.num_parameters is not None:
        told.append(("Parameters", count(entry.num_parameters)))
    if entry.size_bytes:
        told.append(("Model files", f"{entry.size_bytes / 1e6:.1f} MB"))
    return [*told, ("Last written", when(entry))]


def _steps(entry: Entry) -> list[tuple[str, str]]:
    """What each stage did of what it was to do."""
    names = {"cifar100": "CIFAR-100", "pretrain": "Pretraining"}
    return [
        (
            names.get(curves.stage, "Finetuning"),
            f"{curves.last_step} of {entry.config.steps_of(curves.stage)} steps",
        )
        for curves in entry.curves
        if entry.config is not None
    ]


def _grid(told: list[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(3)
    grid.setColumnStretch(1, 1)
    grid.setColumnMinimumWidth(0, 130)
    for row, (name, value) in enumerate(told):
        grid.addWidget(muted(name, wraps=False), row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(_value(value), row, 1)
    return grid


def _value(text: str) -> QWidget:
    """A text that wraps; on one line where a word of it, such as a path, is too long
    for that."""
    if max(map(len, text.split()), default=0) <= _LONGEST_WORD:
        return plain(text)
    label = Elided()
    label.show_text(text)
    return label
