"""The Library page: recordings are looked at, judged, described, given away."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from capture_app.engine.library import Entry, Kind
from capture_app.engine.library_watch import LibraryWatch
from capture_app.engine.player import Player
from capture_app.engine.scene_edits import Edit, SceneSaver
from capture_app.engine.setup import SessionSetup
from capture_app.engine.take_examiner import TakeExaminer
from capture_app.ui.library_details import DetailsPanel
from capture_app.ui.library_empty import EmptyPanel
from capture_app.ui.library_list import LibraryList
from capture_app.ui.library_model import LibraryModel
from capture_app.ui.library_player import PlayerPanel
from capture_app.ui.library_work import LibraryWork
from capture_app.ui.page import Page
from capture_app.ui.setup_parts import sentence
from core.bins import HNBins

_SLOW_TICK_MS = 200
_EXAMINE_AFTER_MS = 600  # a recording that is only passed by is not examined
_WIDTHS = (284, 456, 276)
_BEING_WRITTEN = "It is being recorded now, and can be looked at when it is done"


class LibraryPage(Page):
    """Arranges list, player and details, and passes between them what was found.

    `set_actions` gives it its buttons, `enter` begins to look, `end` stops all threads.
    """

    def __init__(self, recordings: Path, bins: HNBins) -> None:
        super().__init__()
        recordings = Path(os.path.abspath(recordings))  # as the trash names them
        self._watch = LibraryWatch(recordings, bins)
        self._player = Player(bins)
        self._examiner = TakeExaminer(bins)
        self._saver = SceneSaver()
        self._opened: Entry | None = None
        self._unsaved: dict[Path, Edit] = {}
        self._model = LibraryModel(self._watch.want_thumbnail, self)
        self.list = LibraryList(self._model)
        self.player = PlayerPanel(self._player)
        self.details = DetailsPanel(bins)
        self.work = LibraryWork(recordings, self.list, self)
        self.empty = EmptyPanel(recordings)
        self._splitter, self._stack = QSplitter(), QStackedWidget()
        self._lay_out()
        self._connect()
        self._slow_timer = QTimer(self)
        self._slow_timer.timeout.connect(self._slow_tick)
        self._examine_timer = QTimer(self)
        self._examine_timer.setSingleShot(True)
        self._examine_timer.setInterval(_EXAMINE_AFTER_MS)
        self._examine_timer.timeout.connect(self._examine)

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """What the page's keys and buttons do."""
        player, step = self._player, self._player.step
        return {
            "play": partial(player.play, 1),
            "play_backwards": partial(player.play, -1),
            "step_back": partial(step, -1),
            "step_forward": partial(step, 1),
            "jump_back": partial(player.jump, -1.0),
            "jump_forward": partial(player.jump, 1.0),
            "first": partial(player.seek, 0),
            "last": player.seek_last,
            "library_next_view": self.player.next_view,
            "open_live": self._open_live,
            "show_folder": self._show_folder,
            "trash": self.work.trash,
            "restore": self.work.restore,
            "export": self.work.export,
            "train_on": self.work.train,
            "reload": self._watch.look,
        }

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Put what can be done on buttons."""
        self._actions = actions
        for part in (self.list, self.player, self.details):
            part.set_actions(actions)
        self._tell_what_can_be_done()

    def set_bins(self, bins: HNBins) -> None:
        """Label everything with these from now on."""
        self._watch.set_bins(bins)
        self._model.forget_thumbnails()
        self._player.set_bins(bins)
        self.details.set_bins(bins)
        self._examiner.bins = bins
        if self.isVisible():
            self._examine_timer.start()

    def show_setup(self, setup: SessionSetup, bins: HNBins) -> None:
        """Label with the bins of the Capture page, if these are others now."""
        if bins != self._examiner.bins:
            self.set_bins(bins)

    def enter(self) -> None:
        """Look at the folder, and show what was shown."""
        self._watch.resume()
        self.player.resume()
        self._slow_timer.start(_SLOW_TICK_MS)
        self._examine_timer.start()
        self.list.view.setFocus()

    def leave(self) -> None:
        """Save what was written; play and examine nothing."""
        self.details.save()
        self._slow_timer.stop()
        self._examine_timer.stop()
        self.player.rest()
        self._watch.pause()
        self._examiner.stop()

    def end(self) -> None:
        """Save what was written and stop all threads; safe to call twice."""
        self.leave()
        self.work.end()
        self._saver.close()
        self._examiner.close()
        self._player.close()
        self._watch.close()

    def _connect(self) -> None:
        self.list.shown_changed.connect(self._show)
        self.list.chosen_changed.connect(self._tell_what_can_be_done)
        self.player.has_problem.connect(self._tell_problem)
        self.work.failed.connect(self._tell_problem)
        self.work.changed_disk.connect(self._watch.resume)
        self.details.edited.connect(self._saver.save)
        self.details.repair_wanted.connect(self.work.repair)
        self.empty.left.connect(lambda: self.wants.emit("go_capture", None))
        self.empty.trash_opened.connect(self.work.open_trash)

    def _lay_out(self) -> None:
        middle = QWidget()
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.work.strips)
        layout.addWidget(self.player, 1)
        for part in (self.work.lists, middle, self.details):
            self._splitter.addWidget(part)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setSizes(_WIDTHS)
        self._stack.addWidget(self._splitter)
        self._stack.addWidget(self.empty)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def _slow_tick(self) -> None:
        """What nobody needs to see 60 times a second."""
        changes = self._watch.take()
        self.list.apply(changes)
        self.work.tick(changes)
        for saved in self._saver.take_saved():
            self._unsaved.pop(saved.edit.path, None)
            if saved.problem:
                self._unsaved[saved.edit.path] = saved.edit
                self._tell_problem(saved.problem)
            self.details.show_saved(saved)
            self._watch.resume()
        self._follow_shown()
        self._show_examination()
        for problem in self._watch.problems.take():
            self._tell_problem(problem.message)
        is_empty = self._watch.is_complete and not self._model.entries
        self.empty.show_trash(self.work.num_trashed)
        shows_empty = is_empty and not self.work.shows_trash
        self._stack.setCurrentWidget(self.empty if shows_empty else self._splitter)

    def _show(self, path: Path | None) -> None:
        """Look at this recording."""
        entry = self.list.shown
        self._opened = entry
        self._examiner.stop()
        self.player.say_looking(None)
        self.details.show_entry(entry)
        self.details.show_examination(None)
        if entry is not None and path in self._unsaved:
            self.details.write_again(self._unsaved.pop(entry.path))
        if entry is None:
            self.player.open(None)
        elif entry.can_play:
            self.player.open(entry.path)
            self._examine_timer.start()
        else:
            is_busy = entry.kind is Kind.BEING_WRITTEN
            self.player.open(None, _BEING_WRITTEN if is_busy else "It cannot be read")
        self._tell_what_can_be_done()

    def _follow_shown(self) -> None:
        """Show what has changed of the recording that is looked at."""
        entry, opened = self.list.shown, self._opened
        if entry is opened or entry is None or opened is None:
            return
        if _capture_of(entry) != _capture_of(opened):
            self._show(entry.path)
        else:
            self._opened = entry
            self.details.show_entry(entry)

    def _examine(self) -> None:
        """Have it looked at, unless that is done."""
        entry, done = self._opened, self._examiner.examination
        if entry is None or not entry.can_play:
            return
        report = None if done is None or done.path != entry.path else done.report
        if report is None or report.statistics.bins != self._examiner.bins:
            self._examiner.examine(entry.path)

    def _show_examination(self) -> None:
        found, entry = self._examiner.examination, self._opened
        if found is None or entry is None or found.path != entry.path:
            return
        if self._examine_timer.isActive():
            return  # it is of before
        self.details.show_examination(found)
        is_looking = found.survey is None and not found.problem
        self.player.say_looking(found.progress if is_looking else None)
        if found.survey is not None and self._player.track is not None:
            self._player.set_floors(found.survey.floors)

    def _tell_what_can_be_done(self) -> None:
        shown, chosen = self.list.shown, self.list.chosen
        can_play = shown is not None and shown.can_play
        for names, is_on in (
            (("open_live",), can_play),
            (("show_folder",), shown is not None),
            (("export", "train_on"), any(entry.can_play for entry in chosen)),
        ):
            for name in names:
                self._actions[name].setEnabled(is_on)

    def _open_live(self) -> None:
        if self._opened is not None:
            self.wants.emit("open_sensor", str(self._opened.path))

    def _show_folder(self) -> None:
        if self._opened is not None:
            url = QUrl.fromLocalFile(str(self._opened.path.absolute()))
            if not QDesktopServices.openUrl(url):
                self._tell_problem(
                    "the file manager could not be started; the recording lies in "
                    f"{self._opened.path.absolute()}"
                )

    def _tell_problem(self, text: str) -> None:
        self.has_problem.emit(sentence(text), False)


def _capture_of(entry: Entry) -> Sequence[object]:
    """What differs when there are other frames in it."""
    return entry.path, entry.kind, entry.num_frames, entry.changed_s
