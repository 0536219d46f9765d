"""What the window's pages have in common."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from capture_app.engine.setup import SessionSetup
from core.bins import HNBins


class Page(QWidget):
    """One page of the window. It shows and emits; the window switches between pages."""

    has_problem = Signal(str, bool)
    """A sentence for the window's banner, and whether trying again may help."""
    has_warning = Signal(str)
    """The same, where everything goes on."""
    wants = Signal(str, object)
    """The name of something that another page can do, and what with."""

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """What to do for those actions of the table that are this page's."""
        return {}

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """All actions of the table by name, once, before the page is shown."""

    def show_setup(self, setup: SessionSetup, bins: HNBins) -> None:
        """The camera, labels and networks that there are now; `bins` are those of the
        labels, which an HN network may have chosen."""

    def enter(self) -> None:
        """The page is shown from now on."""

    def leave(self) -> None:
        """Another page is shown: nothing needs to be painted or played."""

    def end(self) -> None:
        """Stop all threads, close all files; safe to call twice."""
