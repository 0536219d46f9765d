"""The Library page, off screen, with real recordings."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from library_recordings import cut_off, floor_frame, number_in, write_take
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QMainWindow,
    QMessageBox,
    QPushButton,
    QToolButton,
)
from pytestqt.qtbot import QtBot

from capture_app.engine.library import Kind, Order
from capture_app.engine.picture import View
from capture_app.engine.trash import trashed_in
from capture_app.ui.actions import ACTIONS, Place, make_actions
from capture_app.ui.library_export import ExportDialog
from capture_app.ui.library_model import THUMBNAIL
from capture_app.ui.library_page import LibraryPage
from capture_app.ui.library_train import TrainDialog
from capture_app.ui.library_words import badges
from capture_app.ui.theme import apply_theme
from core.bins import HNBins
from core.interchange import open_frames
from core.recording import Recording, RecordingWriter
from core.recording.scene import load_scene, save_scene


@pytest.fixture(autouse=True)
def nothing_is_left(qapp: QApplication) -> Iterator[None]:
    apply_theme(qapp)
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    assert not left, f"threads still running: {left}"
    assert not [w for w in qapp.topLevelWidgets() if w.isVisible()]


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
def hall(recordings: Path) -> Path:
    return write_take(
        recordings / "hall", 30, dropped=(12, 13), tags=("wide",), notes="a lamp"
    )


@pytest.fixture
def den(recordings: Path) -> Path:
    path = write_take(recordings / "den", 4, predicted_class=4)
    scene = Recording(path).scene
    later = scene.created.replace("20", "21", 1)  # the next century
    text = (path / "scene.json").read_text().replace(scene.created, later)
    (path / "scene.json").write_text(text)
    return path


MakePage = Callable[..., LibraryPage]


@pytest.fixture
def make_page(
    qtbot: QtBot, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakePage]:
    """A page in a window that has its actions, in a folder that is looked at often."""
    monkeypatch.setattr("capture_app.engine.library_watch.LOOK_EVERY_S", 0.05)
    made: list[tuple[QMainWindow, LibraryPage]] = []

    def make(folder: Path = recordings) -> LibraryPage:
        window = QMainWindow()
        page = LibraryPage(folder, HNBins())
        made.append((window, page))
        handlers = page.handlers()
        actions = make_actions(
            window,
            {spec.name: handlers.get(spec.name, lambda: None) for spec in ACTIONS},
        )
        actions.allow_only(Place.LIBRARY)
        page.set_actions(actions.by_name)
        page.problems = []  # type: ignore[attr-defined]
        page.has_problem.connect(lambda text, _: page.problems.append(text))  # type: ignore[attr-defined]
        window.setCentralWidget(page)
        window.resize(1024, 600)
        window.show()
        page.enter()
        return page

    yield make
    for window, page in made:
        page.end()
        page.end()
        window.close()
        window.deleteLater()


def shows(page: LibraryPage, path: Path) -> bool:
    shown = page.player.shown
    return shown is not None and shown.track.recording.path == path


def titles(page: LibraryPage) -> list[str]:
    model = page.list.view.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


@pytest.fixture
def page(qtbot: QtBot, make_page: MakePage, hall: Path, den: Path) -> LibraryPage:
    """It shows the newest of two, den."""
    page = make_page()
    qtbot.waitUntil(lambda: len(titles(page)) == 2 and shows(page, den), timeout=60_000)
    return page


def pressed(
    qtbot: QtBot, page: LibraryPage, *keys: Qt.Key, shift: bool = False
) -> None:
    modifier = Qt.KeyboardModifier
    for key in keys:
        qtbot.keyClick(
            page.list.view,
            key,
            modifier.ShiftModifier if shift else modifier.NoModifier,
        )


def shows_frame(page: LibraryPage, position: int) -> bool:
    shown = page.player.shown
    return shown is not None and shown.position == position


def labels(page: LibraryPage) -> list[str]:
    return [label.text() for label in page.findChildren(QLabel) if label.isVisible()]


def button(page: QMainWindow | LibraryPage, text: str) -> QToolButton | QPushButton:
    kinds = (QToolButton, QPushButton)
    found = [b for kind in kinds for b in page.findChildren(kind) if b.text() == text]
    assert len(found) == 1, [b.text() for b in found]
    return found[0]


def test_the_newest_is_first_and_shown_and_has_a_thumbnail(
    qtbot: QtBot, page: LibraryPage
) -> None:
    assert titles(page) == ["den", "hall"]
    model = page.list.view.model()
    for row in range(2):
        qtbot.waitUntil(lambda r=row: model.index(r, 0).data(THUMBNAIL) is not None)


def test_search_and_order_change_what_is_listed(
    qtbot: QtBot, page: LibraryPage
) -> None:
    qtbot.keyClicks(page.list.search, "lamp wide")
    assert titles(page) == ["hall"]
    qtbot.keyClicks(page.list.search, " stove")
    assert titles(page) == [] and "Nothing has all these words." in labels(page)
    page.list.search.clear()
    page.list.order.setCurrentIndex(list(Order).index(Order.FRAMES))
    assert titles(page) == ["hall", "den"]


def test_a_new_take_appears_and_is_marked_while_it_is_recorded(
    qtbot: QtBot, page: LibraryPage, recordings: Path, den: Path
) -> None:
    path = recordings / "attic"
    with RecordingWriter(path) as writer:
        writer.write(floor_frame(5, 0))
        qtbot.waitUntil(lambda: page._model.row_of(path) is not None, timeout=60_000)
        page.list.select(path)
        entry = page.list.shown
        assert entry is not None and entry.kind is Kind.BEING_WRITTEN
        assert badges(entry) == [("being recorded", "bad")]
        assert page.player.shown is None
        page.work.trash()
        assert "still being recorded" in page.problems[-1]  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: shows(page, path))  # as soon as it can be


def test_a_broken_folder_is_listed_with_its_sentence(
    qtbot: QtBot, make_page: MakePage, recordings: Path
) -> None:
    (recordings / "torn").mkdir(parents=True)
    (recordings / "torn" / "capture.mcap").write_bytes(b"no mcap")
    page = make_page()
    qtbot.waitUntil(lambda: titles(page) == ["torn"], timeout=60_000)
    text = "".join(labels(page)).replace("\N{ZERO WIDTH SPACE}", "")
    assert "is not an MCAP file" in text
    assert not page._actions["export"].isEnabled()
    assert not page._actions["open_live"].isEnabled()


def test_keys_move_by_frames_and_seconds(
    qtbot: QtBot, page: LibraryPage, hall: Path
) -> None:
    page.list.select(hall)
    qtbot.waitUntil(lambda: shows(page, hall), timeout=60_000)
    for key, shift, position in (
        (Qt.Key.Key_Period, False, 1),
        (Qt.Key.Key_Period, False, 2),
        (Qt.Key.Key_Comma, False, 1),
        (Qt.Key.Key_Period, True, 24),  # 25 periods on, of which two were lost
        (Qt.Key.Key_Comma, True, 1),
        (Qt.Key.Key_End, False, 29),
        (Qt.Key.Key_Home, False, 0),
    ):
        pressed(qtbot, page, key, shift=shift)
        assert page._player.position == position, key
        qtbot.waitUntil(lambda p=position: shows_frame(page, p))
    picture = page.player.frame_view.picture
    assert picture is not None and number_in(picture.layers.frame) == 5
    assert "0 / 29" in labels(page)


def test_space_plays_and_pauses_and_leaving_the_page_stops(
    qtbot: QtBot, page: LibraryPage, hall: Path
) -> None:
    page.list.select(hall)
    qtbot.waitUntil(lambda: shows(page, hall), timeout=60_000)
    pressed(qtbot, page, Qt.Key.Key_Space)
    assert page._player.direction == 1
    qtbot.waitUntil(
        lambda: shows_frame(page, 3) or page._player.position > 3, timeout=60_000
    )
    pressed(qtbot, page, Qt.Key.Key_Space)
    assert page._player.direction == 0
    pressed(qtbot, page, Qt.Key.Key_Space, shift=True)
    assert page._player.direction == -1
    page.leave()
    assert page._player.direction == 0
    page.enter()


def test_the_time_line_scrubs_and_tells_of_drops_and_floors(
    qtbot: QtBot, page: LibraryPage, hall: Path
) -> None:
    page.list.select(hall)
    qtbot.waitUntil(lambda: shows(page, hall), timeout=60_000)
    line = page.player.timeline
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton, pos=QPoint(line.width() - 3, 16))
    qtbot.waitUntil(lambda: shows_frame(page, 29), timeout=60_000)
    assert "2 dropped before it" in line.describe(7)
    assert "dropped" not in line.describe(8)
    qtbot.waitUntil(lambda: "floor measured" in line.describe(20), timeout=60_000)
    qtbot.keyClick(line, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: shows_frame(page, 28), timeout=60_000)


def test_views_come_in_turn_and_a_prediction_is_one_of_them(
    qtbot: QtBot, page: LibraryPage, den: Path, hall: Path
) -> None:
    seen = []
    for _ in range(8):
        pressed(qtbot, page, Qt.Key.Key_V)
        view = page.player.views.value
        seen.append(view)
        qtbot.waitUntil(
            lambda v=view: page.player.frame_view.picture.settings.view is v
        )
    assert set(seen) >= {View.HN_LABELS, View.HEIGHTS, View.ANGLES, View.DEPTH}
    assert {View.COLOR, View.HN_PREDICTION, View.DISAGREEMENT} <= set(seen)
    assert len(seen) == len(set(seen))
    page.player.views.setCurrentIndex(seen.index(View.HN_PREDICTION) + 1)
    page.list.select(hall)
    qtbot.waitUntil(lambda: shows(page, hall), timeout=60_000)
    assert page.player.views.value is View.HN_LABELS  # it has no prediction
    qtbot.waitUntil(
        lambda: page.player.frame_view.picture.layers.labels is not None, timeout=60_000
    )


def test_other_bins_label_the_picture_anew(qtbot: QtBot, page: LibraryPage) -> None:
    bins = HNBins((0.5,), ())
    page.set_bins(bins)

    def has_bins() -> bool:
        picture = page.player.frame_view.picture
        labels = None if picture is None else picture.layers.labels
        return labels is not None and labels.bins == bins

    qtbot.waitUntil(has_bins)
    assert any("cut at 0.5 m" in text for text in labels(page))
    qtbot.waitUntil(lambda: page._examiner.examination is not None, timeout=60_000)


def test_the_recording_is_examined_and_its_statistics_shown(
    qtbot: QtBot, page: LibraryPage, hall: Path
) -> None:
    page.list.select(hall)
    qtbot.waitUntil(lambda: "30 in 1.2 s" in labels(page), timeout=10_000)
    assert (hall / "floors.json").is_file()


def test_notes_and_tags_are_saved_and_what_others_wrote_stays(
    qtbot: QtBot, page: LibraryPage, hall: Path, den: Path
) -> None:
    page.list.select(hall)
    details = page.details
    assert details.notes.toPlainText() == "a lamp"
    assert details.tags.tags() == ("wide",)
    details.notes.setFocus()
    details.notes.selectAll()
    qtbot.keyClicks(details.notes, "two lamps")
    theirs = load_scene(hall, "")
    save_scene(hall, type(theirs)(**{**vars(theirs), "tags": ("wide", "hn")}))
    page.list.select(den)  # which saves what was written of the other
    qtbot.waitUntil(lambda: load_scene(hall, "").notes == "two lamps", timeout=60_000)
    assert load_scene(hall, "").tags == ("wide", "hn")
    assert load_scene(den, "").notes == ""
    page.list.select(hall)
    qtbot.waitUntil(lambda: details.tags.tags() == ("wide", "hn"), timeout=60_000)
    assert details.notes.toPlainText() == "two lamps"


def test_what_is_typed_can_be_taken_back_and_is_saved_by_itself(
    qtbot: QtBot, page: LibraryPage, hall: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.list.select(hall)
    page.details._saving.setInterval(1)
    notes = page.details.notes
    notes.setFocus()
    notes.selectAll()
    qtbot.keyClicks(notes, "x, y.")  # keys that move the player elsewhere
    assert page._player.position == 0
    qtbot.waitUntil(lambda: load_scene(hall, "").notes == "x, y.", timeout=60_000)
    qtbot.waitUntil(lambda: not page.details._num_unsaved, timeout=60_000)
    while notes.document().isUndoAvailable():
        qtbot.keyClick(notes, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert notes.toPlainText() == "a lamp"
    qtbot.waitUntil(lambda: load_scene(hall, "").notes == "a lamp", timeout=60_000)


def test_notes_that_cannot_be_saved_are_kept_and_saved_later(
    qtbot: QtBot,
    page: LibraryPage,
    hall: Path,
    den: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(path: Path, scene: object) -> None:
        raise OSError(28, "No space left on device")

    page.list.select(hall)
    page.details.notes.setPlainText("two lamps")
    page.details.notes.document().setModified(True)
    with monkeypatch.context() as patched:
        patched.setattr("capture_app.engine.scene_edits.save_scene", fail)
        page.list.select(den)
        qtbot.waitUntil(lambda: bool(page.problems))  # type: ignore[attr-defined]
    assert "No space left" in page.problems[0]  # type: ignore[attr-defined]
    assert load_scene(hall, "").notes == "a lamp"
    page.list.select(hall)
    assert page.details.notes.toPlainText() == "two lamps"
    page.leave()
    qtbot.waitUntil(lambda: load_scene(hall, "").notes == "two lamps", timeout=60_000)
    page.enter()


def test_the_end_of_the_page_saves_what_was_just_written(
    qtbot: QtBot, page: LibraryPage, hall: Path
) -> None:
    page.list.select(hall)
    page.details.notes.setFocus()
    qtbot.keyClicks(page.details.notes, "now ")
    page.end()
    assert load_scene(hall, "").notes == "now a lamp"


def test_what_is_thrown_away_can_be_brought_back(
    qtbot: QtBot, page: LibraryPage, recordings: Path, hall: Path, den: Path
) -> None:
    page.list.view.selectAll()
    assert "2 of 2 selected" in " ".join(labels(page))
    pressed(qtbot, page, Qt.Key.Key_Delete)
    assert titles(page) == [] and not hall.exists() and not den.exists()
    assert page.work.done.text == "Moved 2 recordings to the trash."
    qtbot.waitUntil(lambda: page._stack.currentWidget() is page.empty, timeout=60_000)
    page._actions["restore"].trigger()
    assert hall.is_dir() and den.is_dir() and trashed_in(recordings) == []
    qtbot.waitUntil(lambda: set(titles(page)) == {"den", "hall"}, timeout=60_000)


def test_the_last_thrown_away_comes_back_first(
    qtbot: QtBot, page: LibraryPage, hall: Path, den: Path
) -> None:
    page.work.trash()  # den, which is shown
    qtbot.waitUntil(lambda: shows(page, hall))  # the next takes its place
    page.work.trash()
    page.work.done.click()
    assert hall.is_dir() and not den.exists()
    page.work.done.click()  # it says what came back now, and does nothing
    assert not den.exists()
    page.work.restore()
    assert den.is_dir()
    page.work.restore()
    assert "There is nothing to bring back" in page.work.done.text


def test_a_folder_that_is_named_from_here_works_the_same(
    qtbot: QtBot, make_page: MakePage, hall: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hall.parent)
    page = make_page(Path("../recordings"))
    qtbot.waitUntil(lambda: shows(page, hall), timeout=60_000)
    page.work.trash()
    assert titles(page) == [] and not hall.exists()
    qtbot.waitUntil(lambda: page.work.num_trashed == 1, timeout=60_000)
    page.work.open_trash()
    page.work.trash_list.view.selectAll()
    page.work.restore()
    page.work.close_trash()
    qtbot.waitUntil(lambda: titles(page) == ["hall"], timeout=60_000)
    qtbot.waitUntil(lambda: page.work.num_trashed == 0, timeout=60_000)
    page.work.restore()
    assert "There is nothing to bring back" in page.work.done.text


def answer(qtbot: QtBot, page: LibraryPage, text: str) -> None:
    qtbot.waitUntil(lambda: bool(page.findChildren(QMessageBox)), timeout=60_000)
    box = page.findChildren(QMessageBox)[0]
    next(b for b in box.buttons() if b.text().replace("&", "") == text).click()
    qtbot.waitUntil(lambda: not page.findChildren(QMessageBox), timeout=60_000)


def test_only_deleting_for_good_asks_first(
    qtbot: QtBot, page: LibraryPage, recordings: Path, hall: Path, den: Path
) -> None:
    page.list.view.selectAll()
    page.work.trash()
    qtbot.waitUntil(lambda: page.work.num_trashed == 2, timeout=60_000)
    page.work.open_trash()
    page.work.trash_list.view.setCurrentRow(0)
    chosen = page.work.trash_list.chosen[0]
    page.work.trash()
    answer(qtbot, page, "Cancel")
    assert chosen.path.is_dir()
    page.work.trash()
    answer(qtbot, page, "Delete for good")
    qtbot.waitUntil(lambda: page.work.num_trashed == 1, timeout=60_000)
    assert not chosen.path.exists() and len(trashed_in(recordings)) == 1
    qtbot.waitUntil(lambda: chosen.name in page.work.done.text, timeout=60_000)
    page.work.trash_list.view.selectAll()
    page.work.restore()
    qtbot.waitUntil(lambda: len(titles(page)) == 1, timeout=60_000)


def test_several_are_exported_and_what_was_written_is_said(
    qtbot: QtBot, page: LibraryPage, tmp_path: Path
) -> None:
    page.list.view.selectAll()
    page._actions["export"].trigger()
    (dialog,) = page.findChildren(ExportDialog)
    dialog.format.setCurrentIndex(0)
    dialog.folder.setText(str(tmp_path / "mine"))
    dialog._start.click()
    qtbot.waitUntil(lambda: "Written" in page.work.done.text, timeout=60_000)
    for name, num_frames in (("hall_tum", 30), ("den_tum", 4)):
        assert len(open_frames(tmp_path / "mine" / name)) == num_frames
        assert f"{tmp_path}/mine/{name}, {num_frames} frames" in page.work.done.text


def test_the_command_for_training_is_copied(
    qtbot: QtBot, page: LibraryPage, recordings: Path, hall: Path
) -> None:
    for choose, data in (
        (lambda: page.list.select(hall), hall),
        (page.list.view.selectAll, recordings),
    ):
        choose()
        page._actions["train_on"].trigger()
        (dialog,) = page.findChildren(TrainDialog)
        dialog.preset.setCurrentIndex(1)
        dialog.run.setText("my run")
        dialog.copy.click()
        expected = f"hn-train --data {data} --preset smoke --out runs/my_run"
        assert QGuiApplication.clipboard().text() == expected
        dialog.close()
        qtbot.waitUntil(lambda: not page.findChildren(TrainDialog), timeout=60_000)


def test_a_take_that_was_cut_off_is_repaired_from_here(
    qtbot: QtBot, make_page: MakePage, hall: Path
) -> None:
    cut_off(hall)
    page = make_page()
    qtbot.waitUntil(lambda: shows(page, hall), timeout=60_000)
    entry = page.list.shown
    assert entry is not None and entry.kind is Kind.CUT_OFF
    page.details._repair.click()
    qtbot.waitUntil(lambda: page.list.shown.kind is Kind.WHOLE, timeout=60_000)
    assert ("recovered", "plain") in badges(page.list.shown)
    qtbot.waitUntil(lambda: shows(page, hall), timeout=60_000)


def test_an_empty_library_leads_to_the_camera(
    qtbot: QtBot, make_page: MakePage
) -> None:
    page = make_page()
    qtbot.waitUntil(lambda: page._stack.currentWidget() is page.empty, timeout=60_000)
    with qtbot.waitSignal(page.wants) as wanted:
        page.empty.go.click()
    assert wanted.args == ["go_capture", None]


def test_a_recording_is_replayed_and_its_folder_opened(
    qtbot: QtBot, page: LibraryPage, den: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with qtbot.waitSignal(page.wants) as wanted:
        page._actions["open_live"].trigger()
    assert wanted.args == ["open_sensor", str(den)]
    opened = []
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile())
    )
    page._actions["show_folder"].trigger()
    assert opened == [str(den)]
    assert "file manager could not be started" in page.problems[-1]  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [1024, 1500])
def test_nothing_is_wider_than_the_page(
    page: LibraryPage, qtbot: QtBot, width: int
) -> None:
    page.window().resize(width, 600)
    qtbot.waitUntil(lambda: page.width() == width, timeout=60_000)
    assert page.minimumSizeHint().width() <= 1024
    assert page.minimumSizeHint().height() <= 590
