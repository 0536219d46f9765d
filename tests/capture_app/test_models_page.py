"""The Models page: runs listed, chosen, compared, and taken to the live view."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from made_runs import LONG_AGO_S, age, begun, finished, floor_takes
from predicting_inputs import BINS, floor_frame, model
from PySide6.QtCore import QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QApplication, QLabel, QToolButton
from pytestqt.qtbot import QtBot

from capture_app.engine import compare_source
from capture_app.engine.picture import View
from capture_app.ui import models_page
from capture_app.ui.actions import ACTIONS, Place, make_actions
from capture_app.ui.models_detail import ABOUT, COMPARE, CURVES, PICTURES, RESULTS
from capture_app.ui.models_page import ModelsPage
from capture_app.ui.theme import apply_theme, theme
from core.frame import RgbdFrame

MINE = [spec.name for spec in ACTIONS if spec.place is Place.MODELS]
pytestmark = pytest.mark.usefixtures("no_thread_is_left")


class FewFloors:
    """In place of the simulated room, which takes a second to build."""

    floors = None

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> RgbdFrame:
        return floor_frame(index)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two finished runs, the newer one better on HN classes; one that was stopped."""
    runs = tmp_path / "runs"
    age(finished(runs / "old", hn=0.2, semantic=0.5), LONG_AGO_S - 100)
    finished(runs / "new", hn=0.4, semantic=0.3)
    age(begun(runs / "half"), LONG_AGO_S - 200)
    return runs


@pytest.fixture
def made(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModelsPage]:
    apply_theme(qapp)
    monkeypatch.setattr(compare_source, "SimulatedRoom", FewFloors)
    page = ModelsPage(tmp_path / "runs", tmp_path / "recordings")
    handlers = {spec.name: lambda: None for spec in ACTIONS} | dict(page.handlers())
    page.set_actions(make_actions(page, handlers).by_name)
    page.resize(1024, 600)
    qtbot.addWidget(page)
    yield page
    page.end()
    page.end()


@pytest.fixture
def page(qtbot: QtBot, runs: Path, made: ModelsPage) -> ModelsPage:
    """The page with its runs listed."""
    show(qtbot, made)
    return made


def show(qtbot: QtBot, page: ModelsPage) -> None:
    page.show()
    page.enter()
    qtbot.waitUntil(lambda: page._listed is not None)


def names(page: ModelsPage) -> list[str]:
    return [entry.name for entry in page.side.runs.entries]


def action(page: ModelsPage, name: str) -> QAction:
    return page._actions[name]


def choose(page: ModelsPage, name: str) -> None:
    page.side.runs.choose(page._runs / name)


def words(page: ModelsPage) -> str:
    """All that labels in view say."""
    return "\n".join(
        getattr(label, "whole", "") or label.text()
        for label in page.findChildren(QLabel)
        if label.isVisible()
    )


def test_the_page_does_everything_that_the_table_gives_it(made):
    assert set(made.handlers()) == set(MINE)


def test_runs_are_listed_newest_first_and_the_newest_is_looked_at(page):
    assert names(page) == ["new", "old", "half"]
    assert page.detail.header._name.whole == "new"


def test_the_list_is_searched_and_sorted(qtbot, page):
    page.side.runs._sort.setCurrentText("Best semantic mean IoU")
    assert names(page) == ["old", "new", "half"]
    qtbot.keyClicks(page.side.runs._search, "stopped")
    assert names(page) == ["half"]
    assert "1 of 3" in page.side.runs._hint.text()
    assert page.detail.header._name.whole == "new"  # what is looked at stays


def test_a_run_that_begins_while_the_page_is_open_appears(qtbot, page):
    finished(page._runs / "late", hn=0.9)
    page._look()
    qtbot.waitUntil(lambda: "late" in names(page))
    assert page.detail.header._name.whole == "new"


def test_a_run_that_grows_has_its_curves_drawn_on(qtbot, page):
    choose(page, "half")
    plot = page.detail.curves.plots["pretrain", 0]
    (line,) = plot.getPlotItem().listDataItems()
    assert len(line.xData) == 13
    begun(page._runs / "half", steps=180)
    page._look()

    def has_grown() -> bool:
        (line,) = plot.getPlotItem().listDataItems()
        return len(line.xData) == 18

    qtbot.waitUntil(has_grown)


def test_a_run_that_is_deleted_makes_room_for_the_next(qtbot, page):
    (page._runs / "new").rename(page._runs.parent / "elsewhere")
    page._look()
    qtbot.waitUntil(lambda: names(page) == ["old", "half"])
    assert page.detail.header._name.whole == "old"


def test_two_runs_are_drawn_over_each_other_and_told_apart_without_colour(qtbot, page):
    view = page.side.runs.view
    view.selectAll()
    view.clearSelection()
    choose(page, "new")
    index = view.model().index(names(page).index("old"))
    view.selectionModel().select(index, view.selectionModel().SelectionFlag.Select)
    assert page.detail.header._name.whole == "new   beside   old"
    lines = page.detail.curves.plots["finetune", 0].getPlotItem().listDataItems()
    first, second = (line.opts["pen"] for line in lines)
    assert first.style() is Qt.PenStyle.SolidLine
    assert second.style() is Qt.PenStyle.DashLine
    assert first.color() != second.color()
    page.detail.show_tab(RESULTS)
    table = page.detail.results.table.model()
    assert table.columnCount() == 6
    qtbot.waitUntil(lambda: "HN classes, old" in words(page))


def test_classes_are_sorted_by_any_column(page):
    page.detail.show_tab(RESULTS)
    table = page.detail.results.table
    column = [table.model().index(k, 0).data() for k in range(2)]
    assert column == list(BINS.class_names[:2])  # by IoU
    table.sortByColumn(3, Qt.SortOrder.AscendingOrder)
    shares = [table.model().index(k, 3).data() for k in range(2)]
    assert shares == ["36.4 %", "63.6 %"]
    assert table.model().rowCount() == 2
    assert f"Not in the measured frames: {BINS.class_names[2]}." in words(page)


def test_curves_follow_the_theme(qtbot, qapp, page):
    plot = page.detail.curves.plots["pretrain", 0]
    for choice in ("light", "dark", "light"):
        apply_theme(qapp, choice)
        wanted = theme().window
        qtbot.waitUntil(lambda: plot.backgroundBrush().color().name() == wanted)  # noqa: B023
        axis = plot.getPlotItem().getAxis("left")
        assert axis.textPen().color().name() == theme().muted
    apply_theme(qapp)


def test_use_live_wants_the_networks_of_the_run(qtbot, page):
    with qtbot.waitSignal(page.wants) as wanted:
        action(page, "use_live").trigger()
    folder = page._runs / "new"
    networks = (folder / "model_hn.onnx", folder / "model.onnx")
    assert wanted.args == ["use_models", networks]


def test_what_is_on_is_marked_and_named_and_can_be_taken_off(qtbot, page):
    assert not action(page, "unload").isEnabled()
    page.show_loaded((page._runs / "old" / "model_hn.onnx",))
    assert page.side.loaded.words == (
        "HN network: old, model_hn.onnx",
        "Semantic network: none",
    )
    model = page.side.runs._model
    live = {entry.name: bool(model.look(entry).live) for entry in model.entries}
    assert live == {"new": False, "old": True, "half": False}
    with qtbot.waitSignal(page.wants) as wanted:
        action(page, "unload").trigger()
    assert wanted.args == ["use_models", ()]


def test_a_network_from_elsewhere_that_is_on_is_listed(qtbot, page, tmp_path):
    (tmp_path / "other").mkdir()
    file = model(tmp_path / "other")
    page.show_loaded((file,))
    qtbot.waitUntil(lambda: "model.onnx" in names(page))
    assert page.side.loaded.words[1] == "Semantic network: model.onnx"
    assert page.added == ()


def test_what_a_run_lacks_cannot_be_asked_for(page):
    choose(page, "half")
    enabled = {name for name in MINE if action(page, name).isEnabled()}
    lacking = {"use_live", "open_report", "unload"}
    assert enabled == set(MINE) - lacking


def test_the_command_is_copied_and_shown(page):
    choose(page, "half")
    action(page, "copy_command").trigger()
    command = f"hn-train --out {page._runs / 'half'} --resume"
    assert QApplication.clipboard().text() == command
    assert f"Copied: {command}" in words(page)


def test_a_command_that_is_not_known_is_a_sentence(qtbot, page):
    (page._runs / "new" / "environment.json").unlink()
    with qtbot.waitSignal(page.has_warning) as warned:
        action(page, "copy_command").trigger()
    assert "environment.json" in warned.args[0]


def test_report_and_folder_are_opened_by_the_desktop(qtbot, page, monkeypatch):
    opened: list[str] = []

    def open_url(url: QUrl) -> bool:
        opened.append(url.toLocalFile())
        return len(opened) < 2

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    action(page, "open_report").trigger()
    with qtbot.waitSignal(page.has_warning) as warned:
        action(page, "models_show_folder").trigger()
    folder = page._runs / "new"
    assert opened == [str(folder / "report.html"), str(folder)]
    assert str(folder) in warned.args[0]


def test_a_model_file_is_added_once_looked_at_and_taken_off(qtbot, page, tmp_path):
    (tmp_path / "other").mkdir()
    file = model(tmp_path / "other", BINS)
    for _ in range(2):
        page.add_model(file)
    assert page.added == (file,)
    qtbot.waitUntil(lambda: page.detail.header._name.whole == "model.onnx")
    page.detail.show_tab(ABOUT)
    qtbot.waitUntil(lambda: "3 HN classes" in words(page))
    off = next(
        button
        for button in page.findChildren(QToolButton)
        if button.text() == "Take off the list"
    )
    with qtbot.waitSignal(page.added_changed):
        off.click()
    qtbot.waitUntil(lambda: "model.onnx" not in names(page))
    assert (page.added, file.exists()) == ((), True)


def test_what_cannot_be_used_is_listed_with_the_reason(qtbot, page):
    folder = page._runs / "torn"
    folder.mkdir()
    (folder / "config.json").write_text("{")
    page._look()
    qtbot.waitUntil(lambda: "torn" in names(page))
    choose(page, "torn")
    assert str(folder / "config.json") in page.detail.header._state.text()


def test_pictures_of_the_report_are_shown(qtbot, page):
    page.detail.show_tab(PICTURES)
    qtbot.waitUntil(lambda: "No pictures" in words(page))


def test_a_comparison_shows_its_shares_in_words(qtbot, made, runs, tmp_path):
    floor_takes(tmp_path / "recordings" / "floor")
    show(qtbot, made)
    compare = made.detail.compare
    made.detail.show_tab(COMPARE)
    assert compare._source.currentText() == "floor"
    qtbot.waitUntil(lambda: compare._answer is not None, timeout=60_000)
    assert compare.pictures.shown == [
        View.HN_LABELS,
        View.HN_PREDICTION,
        View.DISAGREEMENT,
        View.SEMANTIC,
    ]
    assert compare._number.text() == "frame 1 of 3"
    qtbot.waitUntil(lambda: len(compare._bars.words) == 2)
    assert "12.5 % seriously wrong" in compare._bars.words[0]


def test_a_recording_that_appears_meanwhile_is_compared_on(qtbot, page, tmp_path):
    compare = page.detail.compare
    page.detail.show_tab(COMPARE)
    qtbot.waitUntil(lambda: compare._number.text() == "frame 1 of 2", timeout=60_000)
    page.detail.show_tab(CURVES)
    floor_takes(tmp_path / "recordings" / "floor")
    page._look()
    qtbot.waitUntil(lambda: compare._source.count() == 2)
    assert compare._source.currentText() == "floor"
    page.detail.show_tab(COMPARE)
    qtbot.waitUntil(lambda: compare._number.text() == "frame 1 of 3")


def test_a_run_chosen_meanwhile_is_compared_once_it_is_looked_at(qtbot, page):
    compare = page.detail.compare
    page.detail.show_tab(COMPARE)
    qtbot.waitUntil(lambda: compare._answer is not None, timeout=60_000)
    page.detail.show_tab(CURVES)
    choose(page, "old")
    page.detail.show_tab(COMPARE)
    model = page._runs / "old" / "model_hn.onnx"
    qtbot.waitUntil(lambda: model in compare._answer.look.models)


def test_frames_are_stepped_and_run_through_for_the_mean(qtbot, made, runs, tmp_path):
    floor_takes(tmp_path / "recordings" / "floor")
    show(qtbot, made)
    compare = made.detail.compare
    action(made, "models_step_forward").trigger()
    assert made.detail.tab == COMPARE
    qtbot.waitUntil(lambda: compare.slider.maximum() == 2, timeout=60_000)
    action(made, "models_step_forward").trigger()
    qtbot.waitUntil(lambda: compare._number.text() == "frame 2 of 3", timeout=60_000)
    action(made, "models_step_back").trigger()
    assert compare.slider.value() == 0
    compare._through.click()
    qtbot.waitUntil(lambda: not compare._through.isChecked(), timeout=60_000)
    assert compare.slider.value() == 2
    assert "3 frames so far" in compare._bars.words[1]
    made.leave()
    assert not compare._through.isChecked()


def test_a_picture_is_shown_alone_by_click_and_by_key(qtbot, made, runs, tmp_path):
    floor_takes(tmp_path / "recordings" / "floor")
    show(qtbot, made)
    made.detail.show_tab(COMPARE)
    pictures = made.detail.compare.pictures
    qtbot.waitUntil(lambda: len(pictures.shown) == 4, timeout=60_000)
    small = pictures.picture_size
    place = pictures._image_area(View.DISAGREEMENT).center().toPoint()
    qtbot.mouseClick(pictures, Qt.MouseButton.LeftButton, pos=place)
    assert pictures.shown == [View.DISAGREEMENT]
    assert pictures.picture_size[1] > 1.5 * small[1]
    assert "one bin off" in pictures.words_at(QPointF(pictures.rect().center())) or (
        "same class" in pictures.words_at(QPointF(pictures.rect().center()))
    )
    qtbot.keyClick(pictures, Qt.Key.Key_Return)
    assert pictures.shown == [View.SEMANTIC]
    qtbot.keyClick(pictures, Qt.Key.Key_Return)
    assert len(pictures.shown) == 4


def test_a_recording_that_cannot_be_read_is_a_sentence_in_place_of_pictures(
    qtbot, made, runs, tmp_path
):
    take = floor_takes(tmp_path / "recordings" / "floor")
    (take / "capture.mcap").write_bytes(b"nonsense")
    show(qtbot, made)
    made.detail.show_tab(COMPARE)
    note = made.detail.compare._note
    qtbot.waitUntil(lambda: str(take) in note.text(), timeout=60_000)
    assert note.isVisible()


@pytest.mark.parametrize("has_recordings", [True, False])
def test_without_runs_there_is_the_command_to_begin_with(
    qtbot, made, tmp_path, has_recordings
):
    recordings = tmp_path / "recordings"
    if has_recordings:
        floor_takes(recordings / "floor")
    show(qtbot, made)
    nothing = made._nothing
    assert nothing.isVisible()
    data = str(recordings) if has_recordings else "simulated:200"
    assert f"--data {data} " in nothing.command
    nothing._copy.click()
    assert QApplication.clipboard().text() == nothing.command
    begun(tmp_path / "runs" / "first")
    made._look()
    qtbot.waitUntil(lambda: made.detail.isVisible())


def test_a_folder_of_runs_that_cannot_be_read_is_told_once(qtbot, made, tmp_path):
    (tmp_path / "runs").write_text("a file")
    told: list[str] = []
    made.has_problem.connect(lambda text, _: told.append(text))
    made.show()
    made.enter()
    qtbot.waitUntil(lambda: bool(told))
    made._look()
    (tmp_path / "runs").unlink()
    made._look()
    qtbot.waitUntil(lambda: made._listed is not None)
    assert len(told) == 1
    assert str(tmp_path / "runs") in told[0]


def test_looking_again_reads_what_has_the_same_time_and_size(qtbot, page):
    file = page._runs / "new" / "results.json"
    before = file.stat()
    content = json.loads(file.read_text())
    content["hn"]["mean_iou"] = 0.7
    file.write_text(json.dumps(content))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    action(page, "models_reload").trigger()
    qtbot.waitUntil(lambda: page.side.runs.entries[0].mean_iou("hn") == 0.7)


def test_nothing_is_asked_of_the_disk_while_another_page_is_shown(page):
    page.leave()
    assert not page._timer.isActive()
    assert not page._look_timer.isActive()
    page.enter()
    assert page._look_timer.isActive()


@pytest.mark.parametrize("choice", ["light", "dark"])
@pytest.mark.parametrize("tab", [CURVES, RESULTS, PICTURES, COMPARE, ABOUT])
def test_no_word_is_cut_off_in_the_smallest_window(qapp, page, choice, tab):
    apply_theme(qapp, choice)
    page.resize(1024, 600)
    page.detail.show_tab(tab)
    QApplication.processEvents()
    assert (page.width(), page.height()) == (1024, 600)
    for button in page.findChildren(QToolButton):
        if button.isVisible():
            assert button.width() >= button.sizeHint().width(), button.text()
            right = button.mapTo(page, button.rect().topRight()).x()
            assert right <= page.width(), button.text()
            assert button.toolTip(), button.text()
    apply_theme(qapp)


def test_the_page_is_painted_in_both_themes(qapp, page):
    seen = []
    for choice in ("light", "dark"):
        apply_theme(qapp, choice)
        image = page.grab().toImage()
        pixels = np.frombuffer(image.constBits(), np.uint8)
        seen.append(pixels.mean())
    assert seen[0] > 180 > 90 > seen[1]
    apply_theme(qapp)


def test_the_page_loads_no_plots_before_it_is_shown():
    program = f"import sys, {models_page.__name__}; print('pyqtgraph' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "False", done.stderr
