"""The right side of the Models page: a run, part by part."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from capture_app.engine.run_details import Details
from capture_app.engine.run_entry import Entry
from capture_app.ui.models_about import AboutView
from capture_app.ui.models_compare import CompareView
from capture_app.ui.models_header import RunHeader
from capture_app.ui.models_parts import Choice
from capture_app.ui.models_pictures import PicturesView
from capture_app.ui.models_results import ResultsView

if TYPE_CHECKING:
    from capture_app.ui.models_curves import CurvesView

CURVES, RESULTS, PICTURES, COMPARE, ABOUT = range(5)
_TABS = [
    ("Curves", "Loss and mean IoU over the steps of training"),
    ("Results", "How good the networks are, class by class"),
    ("Pictures", "Photo, truth and prediction of frames, and what is confused"),
    ("Compare with depth", "What the networks see in a recording, against its depth"),
    ("What it is", "How it was trained, its input, its classes"),
]


class DetailView(QWidget):
    """One tab a part; only the one in view is filled."""

    asked = Signal(object)
    """A Look that is wanted now."""
    taken_off = Signal(object)
    """The Path of a model file that shall not be listed any more."""

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self._first: Entry | None = None
        self._second: Entry | None = None
        self._details: Details | None = None
        self.curves: CurvesView | None = None
        self.header = RunHeader(actions)
        self.header.taken_off.connect(self.taken_off)
        self.results = ResultsView()
        self.pictures = PicturesView()
        self.compare = CompareView(actions)
        self.compare.asked.connect(self._pass_on)
        self.about = AboutView()
        self._tabs = Choice(_TABS, self.show_tab)
        self._stack = QStackedWidget()
        self._curves_place = QWidget()
        for part in (
            self._curves_place,
            self.results,
            self.pictures,
            self.compare,
            self.about,
        ):
            self._stack.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.header)
        layout.addWidget(self._tabs)
        layout.addWidget(self._stack, 1)
        self._tabs.show_choice(CURVES)

    def build_curves(self) -> None:
        """Make the part that is slow to import, once the page is wanted."""
        from capture_app.ui.models_curves import CurvesView

        self.curves = CurvesView()
        self._stack.removeWidget(self._curves_place)
        self._curves_place.deleteLater()
        self._stack.insertWidget(CURVES, self.curves)
        self._stack.setCurrentIndex(self.tab)

    @property
    def tab(self) -> int:
        """The part that is in view."""
        return self._tabs.choice

    def show_tab(self, tab: int) -> None:
        """Look at this part."""
        self._tabs.show_choice(tab)
        self._stack.setCurrentIndex(tab)
        self._fill()
        if tab == COMPARE:
            self.compare.ask()
        else:
            self.compare.stop()

    def prepare_comparison(self) -> None:
        """Have its first picture made before somebody wants to see it."""
        self.compare.show_entry(self._first)
        self.asked.emit(self.compare.look)

    def show_entries(self, first: Entry | None, second: Entry | None) -> None:
        """Look at this run, or at it beside the second one."""
        if self._first is None or first is None or first.path != self._first.path:
            self._details = None
        self._first, self._second = first, second
        self.header.show_entry(first, second)
        for part in (self._tabs, self._stack):
            part.setVisible(first is not None)
        self._fill()

    def show_details(self, first: Entry, details: Details) -> None:
        """Show what was read of this run."""
        if details.entry.path == first.path:
            self._details = details
            self._fill()

    def say(self, text: str) -> None:
        """Say what was just done."""
        self.header.say(text)

    def step(self, frames: int) -> None:
        """Compare that many frames on."""
        self.show_tab(COMPARE)
        self.compare.step(frames)

    def _fill(self) -> None:
        """Fill the part that is in view."""
        entries = [e for e in (self._first, self._second) if e is not None]
        match self.tab:
            case 0 if self.curves is not None:
                self.curves.show_entries(entries)
            case 1:
                self.results.show_entries(entries)
            case 2:
                self.pictures.show_details(self._details)
            case 3:
                self.compare.show_entry(self._first)
            case 4:
                self.about.show_details(self._first, self._details)

    def _pass_on(self, look: object) -> None:
        """Ask only for what can be seen."""
        if self.tab == COMPARE:
            self.asked.emit(look)
