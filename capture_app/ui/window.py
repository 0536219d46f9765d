"""The window: its pages, menus and banner, and what lasts until the next start."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, get_args

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QMenuBar,
    QMessageBox,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from capture_app.engine.disk_space import MIN_FREE_BYTES
from capture_app.engine.recorder import RecordingPlan
from capture_app.engine.setup import SessionSetup
from capture_app.ui.about import about_text
from capture_app.ui.actions import ACTIONS, MENUS, Place, allow_tasks, make_actions
from capture_app.ui.banner import Banner
from capture_app.ui.capture_page import CapturePage
from capture_app.ui.key_sheet import KeySheet
from capture_app.ui.memory import Memory, default_memory
from capture_app.ui.page import Page
from capture_app.ui.session_control import MakeSession
from capture_app.ui.theme import ThemeChoice, apply_theme

_SMALLEST, _FIRST_SIZE = (1024, 700), (1280, 820)


@dataclass(frozen=True)
class Folders:
    """Where things are kept."""

    recordings: Path
    runs: Path = Path("runs")
    memory: Path | None = None
    """The file of what the window remembers; None to remember nothing."""

    @property
    def presets(self) -> Path:
        """The file of the user's own presets of cameras."""
        return (self.memory or default_memory()).with_name("presets.json")


class CaptureWindow(QMainWindow):
    """Three pages; the camera's is there at once, the others when they are wanted."""

    has_problem = Signal(str)
    """What the banner shows."""

    def __init__(
        self,
        make_session: MakeSession,
        folders: Folders,
        setup: SessionSetup = SessionSetup(),  # noqa: B008 - frozen
        record: RecordingPlan | None = None,
        min_free_bytes: int = MIN_FREE_BYTES,
        collects: bool = False,
    ) -> None:
        super().__init__()
        self._folders = folders
        self.memory = Memory(folders.memory)
        self.capture = CapturePage(
            make_session,
            setup,
            folders.recordings,
            folders.presets,
            min_free_bytes,
            self.memory.get("recent", []),
        )
        self.pages: dict[Place, Page] = {Place.CAPTURE: self.capture}
        self._actions = make_actions(self, self._handlers(), self.capture.tasks)
        self.actions_by_name = self._actions.by_name
        self._build()
        self._add_page(Place.CAPTURE, self.capture)
        self._recall()
        self.show_page(Place.CAPTURE)
        self.capture.start(record, collects)

    def show_page(self, place: Place) -> None:
        """Go to a page, which is made if it is not there yet."""
        if place not in self.pages:
            self._add_page(place, self._make_page(place))
        page, before = self.pages[place], self._stack.currentWidget()
        if before is not page and isinstance(before, Page):
            before.leave()
        self._actions.allow_only(place)
        self.actions_by_name[f"page_{place.name.lower()}"].setChecked(True)
        self._stack.setCurrentWidget(page)
        page.enter()

    def show_look(self, choice: ThemeChoice) -> None:
        """Be light, dark, or as the desktop is, now and at the next start."""
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self._look = choice
        apply_theme(app, choice)
        self.actions_by_name[f"theme_{choice}"].setChecked(True)
        self.memory.put("theme", choice)

    def show_problem(self, message: str, can_retry: bool = False) -> None:
        """Tell the user what went wrong."""
        self.banner.show_problem(message, can_retry)
        self.has_problem.emit(message)

    def show_warning(self, message: str) -> None:
        """Tell the user of something while everything goes on."""
        self.banner.show_problem(message, False, is_warning=True)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember how things are, finish the recording and stop every thread."""
        self.memory.put_bytes("geometry", self.saveGeometry())
        self.capture.remember(self.memory)
        self.memory.save()
        if self.capture.ends_slowly:
            self.hide()
        for page in self.pages.values():
            page.end()
        event.accept()
        self.deleteLater()  # slots that hold it would keep it and all its parts

    def _handlers(self) -> Mapping[str, Callable[[], object]]:
        """What every action of the table does, on pages that are not there yet too."""
        own: dict[str, Callable[[], object]] = {
            "keys": lambda: KeySheet(self).exec(),
            "about": self._show_about,
            "quit": self.close,
            **{f"theme_{c}": partial(self.show_look, c) for c in get_args(ThemeChoice)},
            **{
                f"page_{place.name.lower()}": partial(self.show_page, place)
                for place in Place
                if place is not Place.WINDOW
            },
        }
        later = {
            spec.name: partial(self._do, spec.place, spec.name) for spec in ACTIONS
        }
        return {**later, **own}

    def _do(self, place: Place, name: str) -> None:
        self.pages[place].handlers()[name]()

    def _build(self) -> None:
        self.setWindowTitle("HN Capture")
        self.setMinimumSize(*_SMALLEST)
        self.resize(*_FIRST_SIZE)
        self.banner = Banner()
        self.banner.retried.connect(self.capture.restart)
        self.capture.warnings_over.connect(self.banner.hide_warning)
        self.capture.restarted.connect(self.banner.hide)
        self.capture.setup_changed.connect(self._tell_setup)
        self._stack = QStackedWidget()
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._top())
        layout.addWidget(self.banner)
        layout.addWidget(self._stack, 1)
        self.setCentralWidget(centre)
        self.setStatusBar(self.capture.status_line)
        hints = QApplication.styleHints()
        hints.colorSchemeChanged.connect(self._follow_desktop)

    def _top(self) -> QFrame:
        """The tabs and the menus on one line, which leaves more to the picture."""
        bar = QFrame()
        bar.setObjectName("bar")
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(8, 0, 8, 0)
        layout.setSpacing(0)
        for name in ("page_capture", "page_library", "page_models"):
            tab = QToolButton()
            tab.setObjectName("page")
            tab.setDefaultAction(self.actions_by_name[name])
            layout.addWidget(tab)
        layout.addStretch(1)
        layout.addWidget(self._menus(), 0, Qt.AlignmentFlag.AlignVCenter)
        return bar

    def _menus(self) -> QMenuBar:
        menus = QMenuBar()
        menus.setNativeMenuBar(False)
        menus.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        for title in MENUS:
            menu = menus.addMenu(title)
            menu.setToolTipsVisible(True)
            for spec in ACTIONS:
                if spec.menu == title:
                    if spec.begins:
                        menu.addSeparator()
                    menu.addAction(self.actions_by_name[spec.name])
        return menus

    def _make_page(self, place: Place) -> Page:
        if place is Place.LIBRARY:
            from capture_app.ui.library_page import LibraryPage

            return LibraryPage(self._folders.recordings, self.capture.bins)
        from capture_app.ui.models_page import ModelsPage

        page = ModelsPage(self._folders.runs, self._folders.recordings)
        page.added = tuple(map(Path, self.memory.get("added_models", [])))
        page.added_changed.connect(
            lambda: self.memory.put("added_models", list(map(str, page.added)))
        )
        return page

    def _add_page(self, place: Place, page: Page) -> None:
        self.pages[place] = page
        page.set_actions(self.actions_by_name)
        page.has_problem.connect(self.show_problem)
        page.has_warning.connect(self.show_warning)
        page.wants.connect(self._give)
        page.show_setup(self.capture.setup, self.capture.bins)
        self._stack.addWidget(page)

    def _give(self, what: str, value: Any) -> None:
        """What a page wants of another one."""
        if what == "go_models":
            self.show_page(Place.MODELS)
        elif value != ():  # whoever takes the networks off stays where they are
            self.show_page(Place.CAPTURE)
        if what == "open_sensor":
            self.capture.open_sensor(value)
        elif what == "use_models":
            self.capture.use_models(value)

    def _tell_setup(self) -> None:
        """Have actions and pages know the bins and networks that there are now."""
        allow_tasks(self._actions, self.capture.tasks)
        for page in self.pages.values():
            page.show_setup(self.capture.setup, self.capture.bins)

    def _recall(self) -> None:
        """Be as the user left it."""
        self.restoreGeometry(self.memory.get_bytes("geometry"))
        look = self.memory.get("theme", "auto")
        self.show_look(look if look in get_args(ThemeChoice) else "auto")
        self.capture.recall(self.memory)

    def _follow_desktop(self) -> None:
        if self._look == "auto":
            self.show_look("auto")

    def _show_about(self) -> None:
        box = QMessageBox(self)
        box.setWindowTitle("About HN Capture")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(about_text(self._folders.recordings, self._folders.memory))
        box.exec()
