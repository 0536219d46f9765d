"""The column on the left: what it shows, what it tells, and when it is silent."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from predicting_inputs import BINS, floor_recording, model
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QScrollArea,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from capture_app.engine.camera_presets import BUILT_IN, load_presets
from capture_app.engine.setup import SessionSetup
from capture_app.sensors.realsense_options import RealSenseSettings
from capture_app.sensors.registry import list_sensors, open_sensor
from capture_app.sensors.sensor import SensorStatus
from capture_app.ui import setup_panel
from capture_app.ui.choice_button import ChoiceButton
from capture_app.ui.range_field import RangeField
from capture_app.ui.setup_panel import SetupPanel
from capture_app.ui.setup_parts import ChoiceBox
from capture_app.ui.theme import apply_theme
from core.bins import HNBins

# What the off-screen platform says of windows of a fixed size, and of lists that open.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

NO_AZURE = SensorStatus("azure", False, "no Azure Kinect is connected; plug it into a "
                        "USB 3 port and its power supply into a socket")  # fmt: skip
TWO = SensorStatus(
    "realsense",
    True,
    "Intel RealSense D435I, serial 0042, USB 3.2; Intel RealSense D405, serial 77, "
    "USB 3.2",
)
ROOM = SensorStatus("simulated", True, "a furnished room, rendered; always here")
REALSENSE = SessionSetup(sensor="realsense:0042")
LOCKED = "A recording is on; end it to change these."

MakePanel = Callable[..., SetupPanel]


@pytest.fixture
def make_panel(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, no_thread_is_left: None
) -> Iterator[MakePanel]:
    apply_theme(qapp)
    panels: list[SetupPanel] = []

    def make(
        setup: SessionSetup = SessionSetup(),  # noqa: B008 - frozen
        ask: Callable[[], Sequence[SensorStatus]] = lambda: [TWO, NO_AZURE, ROOM],
        pause_ms: int = 60,
        **options: object,
    ) -> SetupPanel:
        panel = SetupPanel(setup, tmp_path / "presets.json", ask=ask, **options)
        panel._typing.setInterval(pause_ms)
        panel.told = []  # every setup that it told of
        panel.changed.connect(panel.told.append)
        panel.resize(setup_panel.WIDTH, 560)
        panel.show()
        panels.append(panel)
        return panel

    yield make
    for panel in panels:
        panel.end()
        panel.end()
        panel.close()
        panel.deleteLater()
    assert not [w for w in qapp.topLevelWidgets() if w.isVisible()]


def button(panel: QWidget, text: str) -> QAbstractButton:
    """The one with these words that can be seen."""
    (found,) = [
        each
        for each in panel.findChildren(QAbstractButton)
        if each.text() == text and each.isVisibleTo(panel.window())
    ]
    return found


def text_of(panel: SetupPanel) -> str:
    """Everything that it says."""
    labels = [
        label.text() for label in panel.findChildren(QLabel) if label.isVisibleTo(panel)
    ]
    return "\n".join(labels)


def type_into(qtbot: QtBot, field: QLineEdit, text: str) -> None:
    field.selectAll()
    qtbot.keyClicks(field, text) if text else field.clear()
    if not text:
        field.textEdited.emit("")


def after_typing(qtbot: QtBot, panel: SetupPanel) -> None:
    qtbot.waitUntil(lambda: not panel._typing.isActive())


def open_list(qtbot: QtBot, panel: SetupPanel) -> QWidget:
    """The list with what `ask` said."""
    qtbot.mouseClick(panel._camera._button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not panel._camera._sensors.is_looking)
    panel._camera._look()
    return panel._camera._list


def row_of(listed: QWidget, title: str) -> ChoiceButton:
    (found,) = [b for b in listed.findChildren(ChoiceButton) if b.text() == title]
    return found


def test_it_shows_a_setup_without_telling_of_it(make_panel: MakePanel) -> None:
    panel = make_panel()
    shown = SessionSetup(
        "realsense:0042",
        RealSenseSettings((1024, 768), (848, 480), 25, "hand", True, 90.5, 8.25, 400),
        HNBins((0.1234567, 0.5), (30.0, 100.0), True),
        uses_imu=False,
    )
    panel.show_setup(shown)
    assert panel._shown_setup() == shown  # to the last digit, unusual as it is
    panel.show_setup(replace(shown, bins=HNBins(tuple(0.1 * k for k in range(1, 8)))))
    button(panel, "Camera's IMU for up").click()
    (told,) = panel.told
    assert told.bins.height_edges == tuple(0.1 * k for k in range(1, 8))
    assert told == replace(shown, bins=told.bins, uses_imu=True)


def test_a_choice_is_told_at_once_and_once(make_panel: MakePanel) -> None:
    panel = make_panel(REALSENSE)
    panel._measure._fps.setCurrentText("60 fps")
    assert panel.told == [replace(REALSENSE, realsense=RealSenseSettings(fps=60))]
    panel._measure._depth.setCurrentText("848 x 480")
    assert panel.told[1:] == [
        replace(REALSENSE, realsense=RealSenseSettings((848, 480), None, 60))
    ]
    button(panel, "Ceiling apart from floor").click()
    assert panel.told[-1].bins == HNBins(signed_angles=True)
    assert len(panel.told) == 3


def test_numbers_are_told_after_a_pause_and_not_at_every_key(
    qtbot: QtBot, make_panel: MakePanel
) -> None:
    panel = make_panel(REALSENSE, pause_ms=setup_panel.TYPING_MS)
    button(panel, "Advanced").click()
    type_into(qtbot, panel._measure._power, "150")
    assert panel.told == [] and panel._typing.isActive()
    after_typing(qtbot, panel)
    settings = RealSenseSettings(laser_power_mw=150)
    assert panel.told == [replace(REALSENSE, realsense=settings)]
    type_into(qtbot, panel._measure._power, "150")  # the same
    after_typing(qtbot, panel)
    assert len(panel.told) == 1
    type_into(qtbot, panel._measure._power, "")
    after_typing(qtbot, panel)
    assert panel.told[1:] == [REALSENSE]


def test_a_number_that_cannot_be_is_said_and_not_told(
    qtbot: QtBot, make_panel: MakePanel
) -> None:
    panel = make_panel(REALSENSE)
    button(panel, "Advanced").click()
    for text in ("500", "x", "-1"):
        type_into(qtbot, panel._measure._power, text)
        assert f"Laser power: 0 to 360 mW, got {text}." in text_of(panel)
    after_typing(qtbot, panel)
    button(panel, "Ceiling apart from floor").click()  # nothing half right is told
    assert panel.told == []
    panel._measure._power.editingFinished.emit()
    assert panel._measure._power.text() == ""
    assert "Laser power" not in text_of(panel)
    after_typing(qtbot, panel)
    assert panel.told == [replace(REALSENSE, bins=HNBins(signed_angles=True))]


def test_nobody_is_disturbed_while_typing_by_a_page_that_shows_what_it_was_told(
    qtbot: QtBot, make_panel: MakePanel
) -> None:
    panel = make_panel()
    panel.changed.connect(panel.show_setup)
    button(panel, "Heights of my own").click()
    field = panel._bins._heights
    type_into(qtbot, field, "0.5 1 ")  # even, as it happens, and to be gone on with
    after_typing(qtbot, panel)
    assert panel.told[-1].bins.height_edges == (0.5, 1.0)
    assert field.isVisible() and field.text() == "0.5 1 "
    qtbot.keyClicks(field, "1.7")
    panel.show_setup(panel.told[-1])  # a page that is refused what was typed last
    assert panel._bins.bins().height_edges == (0.5, 1.0)
    assert not panel._typing.isActive()


@pytest.mark.parametrize(
    ("heights", "angles", "sentence"),
    [
        ("0.5 0.25", "45", "The height edges rise from one to the next"),
        ("0.5", "60 30", "The angle edges rise from one to the next"),
        ("0.5", "95", "Angle edges lie between 0 and 90 degrees"),
        ("-2", "45", "Every height edge is above 0"),
        ("0.5 m", "45", "'m' is no number"),
    ],
)
def test_bins_that_cannot_be_are_said_while_they_are_typed(
    qtbot: QtBot, make_panel: MakePanel, heights: str, angles: str, sentence: str
) -> None:
    panel = make_panel()
    button(panel, "Heights of my own").click()
    type_into(qtbot, panel._bins._heights, heights)
    type_into(qtbot, panel._bins._angles, angles)
    assert sentence in text_of(panel)
    after_typing(qtbot, panel)
    assert panel.told == []
    button(panel, "Reset").click()
    assert sentence not in text_of(panel) and "20 classes" in text_of(panel)
    assert panel.told == []  # it is as it was


def test_bins_are_so_many_of_a_height_or_a_list(
    qtbot: QtBot, make_panel: MakePanel
) -> None:
    panel = make_panel()
    type_into(qtbot, panel._bins._count, "4")
    type_into(qtbot, panel._bins._step, "0,5")
    assert "8 classes" in text_of(panel)
    after_typing(qtbot, panel)
    assert panel.told == [SessionSetup(bins=HNBins((0.5, 1.0, 1.5)))]
    button(panel, "Heights of my own").click()
    assert panel._bins._heights.text() == "0.5 1 1.5"
    assert len(panel.told) == 1
    type_into(qtbot, panel._bins._heights, "0.5 1 1.5 4")
    type_into(qtbot, panel._bins._angles, "")
    after_typing(qtbot, panel)
    assert panel.told[-1].bins == HNBins((0.5, 1.0, 1.5, 4.0), ())
    type_into(qtbot, panel._bins._count, "0")
    button(panel, "Heights of my own").click()
    assert "Bins of height: 1 to 255, got 0." in text_of(panel)
    assert panel.told[-1].bins == HNBins((0.5, 1.0, 1.5, 4.0), ())


def test_the_bins_of_an_hn_network_are_shown_and_cannot_be_changed(
    qtbot: QtBot, make_panel: MakePanel, tmp_path: Path
) -> None:
    file, own = model(tmp_path, BINS), HNBins((0.3, 0.9), (20.0,))
    panel = make_panel(SessionSetup(bins=own, models=(file,)))
    qtbot.waitUntil(lambda: "The bins are those of model.onnx" in text_of(panel))
    assert not panel._bins.isEnabled()
    assert panel._bins._heights.text() == "0.4 1"
    assert f"{BINS.num_classes} classes" in text_of(panel)
    button(panel, "Camera's IMU for up").click()
    assert panel.told[-1].bins == own  # which are kept for later
    button(panel, "\N{MULTIPLICATION X}").click()
    assert panel.told[-1] == SessionSetup(bins=own, uses_imu=False)
    assert panel._bins.isEnabled() and panel._bins._heights.text() == "0.3 0.9"
    assert "The bins are those" not in text_of(panel)


def test_a_network_is_loaded_and_takes_the_place_of_one_of_its_kind(
    qtbot: QtBot, make_panel: MakePanel, tmp_path: Path
) -> None:
    for name in ("old", "new", "hn"):
        (tmp_path / name).mkdir()
    old, new = model(tmp_path / "old"), model(tmp_path / "new")
    hn = model(tmp_path / "hn", BINS)
    panel = make_panel()
    for file, models in ((old, (old,)), (hn, (old, hn)), (new, (hn, new))):
        panel._networks.load(file)
        qtbot.waitUntil(lambda: panel._networks._load.isEnabled())
        assert panel.told[-1].models == models
    assert [name for name in ("HN", "semantic") if name in text_of(panel)] == [
        "HN",
        "semantic",
    ]
    panel._networks.load(new)  # it is there
    qtbot.waitUntil(lambda: panel._networks._load.isEnabled())
    assert len(panel.told) == 3


def test_a_file_that_is_no_network_is_refused_in_a_sentence(
    qtbot: QtBot, make_panel: MakePanel, tmp_path: Path
) -> None:
    good, bad = model(tmp_path), tmp_path / "bad.onnx"
    bad.write_bytes(b"\x80\x02 pickled")
    panel = make_panel(SessionSetup(models=(good,)))
    qtbot.waitUntil(lambda: panel._networks._load.isEnabled())
    panel._networks.load(bad)
    qtbot.waitUntil(lambda: "is a pickle or an archive" in text_of(panel))
    assert panel.told == [] and panel._networks.models == (good,)


def test_the_dialog_for_networks_shows_their_files(
    qtbot: QtBot, make_panel: MakePanel, tmp_path: Path
) -> None:
    file = model(tmp_path)
    panel = make_panel()
    button(panel, "Load…").click()
    dialog = panel.findChild(QFileDialog)
    assert dialog.nameFilters() == ["Networks (*.onnx)"]
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile(str(file))
    dialog.accept()
    qtbot.waitUntil(lambda: panel.told != [])
    assert panel.told == [SessionSetup(models=(file,))]


def test_the_list_has_every_camera_and_says_why_one_is_missing(
    qtbot: QtBot, make_panel: MakePanel
) -> None:
    panel = make_panel()
    listed = open_list(qtbot, panel)
    titles = [row.text() for row in listed.findChildren(ChoiceButton)]
    assert titles == [
        "RealSense D435I",
        "RealSense D405",
        "Simulated room 0",
        "Azure Kinect",
    ]
    azure = row_of(listed, "Azure Kinect")
    assert not azure.isEnabled() and NO_AZURE.reason in azure.toolTip()
    whole = NO_AZURE.reason[:1].upper() + NO_AZURE.reason[1:] + "."
    (reason,) = [r for r in listed.findChildren(QLabel) if r.text() == whole]
    assert not reason.isVisible()
    button(listed, "Why?").click()
    assert reason.isVisible()
    qtbot.mouseClick(row_of(listed, "RealSense D405"), Qt.MouseButton.LeftButton)
    assert not listed.isVisible()
    assert panel.told == [SessionSetup(sensor="realsense:77")]
    assert panel._measure.isVisible()


def test_the_keyboard_chooses_a_camera(qtbot: QtBot, make_panel: MakePanel) -> None:
    panel = make_panel()
    panel._camera._button.setFocus()
    qtbot.keyClick(panel._camera._button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not panel._camera._sensors.is_looking)
    panel._camera._look()
    listed = panel._camera._list
    here = row_of(listed, "Simulated room 0")
    assert listed.focusWidget() is here  # also after the list was filled anew
    qtbot.keyClick(here, Qt.Key.Key_Up)
    other = listed.focusWidget()
    assert other is row_of(listed, "RealSense D405")
    qtbot.keyClick(other, Qt.Key.Key_Space)
    assert panel.told == [SessionSetup(sensor="realsense:77")]
    panel._camera._open_list()
    qtbot.keyClick(listed, Qt.Key.Key_Escape)
    assert not listed.isVisible()


def test_the_reasons_of_this_computer_are_real(
    qtbot: QtBot, make_panel: MakePanel
) -> None:
    panel = make_panel(ask=list_sensors)
    qtbot.mouseClick(panel._camera._button, Qt.MouseButton.LeftButton)
    listed = panel._camera._list
    assert listed.isVisible()  # at once, with what is known
    assert not button(listed, "Looking…").isEnabled()
    row_of(listed, "Simulated room 0")
    qtbot.waitUntil(lambda: panel._camera._sensors.statuses != (), timeout=30_000)
    panel._camera._look()
    assert button(listed, "Look again").isEnabled()
    for status in panel._camera._sensors.statuses:
        if not status.available:
            rows = listed.findChildren(ChoiceButton)
            assert any(status.reason in row.toolTip() for row in rows)
    assert row_of(listed, "Kinect v2").isEnabled() is False


def test_a_library_that_hangs_holds_up_neither_the_list_nor_the_end(
    qtbot: QtBot, make_panel: MakePanel
) -> None:
    may_answer = threading.Event()
    asked: list[threading.Thread] = []

    def hang() -> list[SensorStatus]:
        asked.append(threading.current_thread())
        may_answer.wait(20.0)
        return [TWO]

    panel = make_panel(REALSENSE, ask=hang)
    panel._camera._open_list()
    listed = panel._camera._list
    qtbot.mouseClick(row_of(listed, "Simulated room 0"), Qt.MouseButton.LeftButton)
    assert panel.told == [SessionSetup()]
    start = time.monotonic()
    panel.end()
    assert time.monotonic() - start < 2.0
    may_answer.set()
    asked[0].join(5.0)
    panel._camera._look_again()  # nobody asks any more
    assert len(asked) == 1
    panel.end()


def test_a_room_is_chosen_by_its_number(qtbot: QtBot, make_panel: MakePanel) -> None:
    panel = make_panel()
    type_into(qtbot, panel._camera._room, "12")
    after_typing(qtbot, panel)
    assert panel.told == [SessionSetup(sensor="simulated:12")]
    qtbot.keyClick(panel._camera._room, Qt.Key.Key_Down)
    after_typing(qtbot, panel)
    assert panel.told[1:] == [SessionSetup(sensor="simulated:11")]
    panel.show_setup(REALSENSE)
    assert not panel._camera._room.isVisible()


def test_a_folder_is_opened_and_remembered(
    qtbot: QtBot, make_panel: MakePanel, tmp_path: Path
) -> None:
    kitchen = floor_recording(tmp_path / "recordings" / "kitchen")
    panel = make_panel(recent=[str(tmp_path / f"r{k}") for k in range(5)])
    remembered: list[tuple[str, ...]] = []
    panel.recent_changed.connect(remembered.append)
    listed = open_list(qtbot, panel)
    button(listed, "Open a recording or file…").click()
    assert not listed.isVisible()
    dialog = panel.findChild(QFileDialog)
    dialog.setDirectory(str(kitchen))
    dialog.selectFile(str(kitchen / "capture.mcap"))
    dialog.accept()
    qtbot.waitUntil(lambda: panel.told != [])
    (setup,) = panel.told
    assert setup == SessionSetup(sensor=str(kitchen))
    open_sensor(setup.sensor)
    expected = (str(kitchen), *(str(tmp_path / f"r{k}") for k in range(4)))
    assert remembered == [expected] and panel.recent == expected
    assert "Plays as it was recorded" in text_of(panel)
    listed = open_list(qtbot, panel)
    assert row_of(listed, "kitchen").isEnabled()
    assert not row_of(listed, "r0").isEnabled()  # it is not there
    listed.close()


def test_a_folder_has_a_dialog_of_its_own(
    qtbot: QtBot, make_panel: MakePanel, tmp_path: Path
) -> None:
    panel = make_panel()
    listed = open_list(qtbot, panel)
    button(listed, "Open a folder…").click()
    dialog = panel.findChild(QFileDialog)
    assert dialog.fileMode() == QFileDialog.FileMode.Directory
    dialog.setDirectory(str(tmp_path.parent))
    dialog.selectFile(str(tmp_path))
    dialog.accept()
    qtbot.waitUntil(lambda: panel.told != [])
    assert panel.told == [SessionSetup(sensor=str(tmp_path))]


def test_a_preset_sets_everything_and_its_name_goes_with_a_change(
    make_panel: MakePanel,
) -> None:
    panel = make_panel(REALSENSE)
    box = panel._measure._preset
    assert [box.itemText(row) for row in range(box.count())] == [
        preset.name for preset in BUILT_IN
    ]
    assert box.currentText() == "Rooms (default)"
    box.setCurrentText("Bright daylight (laser off)")
    assert panel.told == [replace(REALSENSE, realsense=RealSenseSettings(laser=False))]
    assert panel._measure._laser.currentText() == "off"
    panel._measure._fps.setCurrentText("15 fps")
    assert box.currentText() == "Settings of your own"
    box.setCurrentText("Rooms (default)")
    assert panel.told[-1] == REALSENSE
    assert box.count() == len(BUILT_IN)


def test_presets_of_the_user_are_saved_and_deleted(
    qtbot: QtBot, make_panel: MakePanel, tmp_path: Path
) -> None:
    file = tmp_path / "presets.json"
    panel = make_panel(REALSENSE)
    measure = panel._measure
    assert not measure._save.isEnabled() and not measure._delete.isVisible()
    measure._fps.setCurrentText("15 fps")
    measure._save.click()
    qtbot.keyClicks(measure._name, "Close range\r")
    assert "there is a preset close range already" in text_of(panel).lower()
    measure._name.clear()
    qtbot.keyClicks(measure._name, "Corridor\r")
    assert [preset.name for preset in load_presets(file)] == ["Corridor"]
    assert measure._preset.currentText() == "Corridor"
    assert "already" not in text_of(panel)
    other = make_panel(REALSENSE)  # the next start
    other._measure._preset.setCurrentText("Corridor")
    assert other.told == [replace(REALSENSE, realsense=RealSenseSettings(fps=15))]
    other._measure._delete.click()
    assert load_presets(file) == ()
    assert other._measure.settings() == RealSenseSettings(fps=15)
    assert other._measure._preset.currentText() == "Settings of your own"


def test_a_damaged_file_of_presets_is_told_of_and_kept(
    qtbot: QtBot, make_panel: MakePanel, tmp_path: Path
) -> None:
    file = tmp_path / "presets.json"
    file.write_text("{")
    panel = make_panel(REALSENSE)
    assert "are damaged: it is no JSON of presets" in text_of(panel)
    assert panel._measure._preset.count() == len(BUILT_IN)
    panel._measure._fps.setCurrentText("15 fps")
    panel._measure._save.click()
    qtbot.keyClicks(panel._measure._name, "Corridor\r")
    assert "are damaged" in text_of(panel)
    assert file.read_text() == "{"


def test_a_lock_says_why_and_forgets_what_is_half_typed(
    qtbot: QtBot, make_panel: MakePanel, tmp_path: Path
) -> None:
    panel = make_panel()
    open_list(qtbot, panel)
    type_into(qtbot, panel._bins._angles, "60")
    panel.set_locked(LOCKED)
    panel.set_locked(LOCKED)
    assert not panel._camera._list.isVisible()
    assert LOCKED in text_of(panel)
    assert panel._bins._angles.text() == "45"
    fields = (QAbstractButton, QLineEdit, QComboBox)
    for kind in fields:
        assert not any(w.isEnabled() for w in panel._body.findChildren(kind))
    panel._networks.load(model(tmp_path))  # chosen in a dialog that was still open
    qtbot.waitUntil(lambda: not panel._networks._timer.isActive())
    assert panel.told == [] and panel._networks.models == ()
    panel.set_locked("")
    assert LOCKED not in text_of(panel)
    button(panel, "Camera's IMU for up").click()
    assert panel.told == [SessionSetup(uses_imu=False)]


def test_the_wheel_scrolls_and_changes_nothing(make_panel: MakePanel) -> None:
    panel = make_panel(REALSENSE)
    button(panel, "Advanced").click()
    for field in panel.findChildren(QComboBox) + panel.findChildren(RangeField):
        field.setFocus()
        event = QWheelEvent(
            QPointF(5, 5),
            QPointF(field.mapToGlobal(QPoint(5, 5))),
            QPoint(0, -120),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(field, event)
    assert panel.told == [] and panel._shown_setup() == REALSENSE


def test_the_link_to_the_models_is_told(qtbot: QtBot, make_panel: MakePanel) -> None:
    panel = make_panel()
    with qtbot.waitSignal(panel.models_wanted):
        button(panel, "Models").click()


@pytest.mark.parametrize("height", [300, 900])
def test_nothing_is_cut_off_and_everything_explains_itself(
    qtbot: QtBot, make_panel: MakePanel, height: int, tmp_path: Path
) -> None:
    name = "a_recording_of_a_very_long_name_and_more_of_it_000017"
    (tmp_path / name).mkdir()
    for setup in (REALSENSE, SessionSetup(), SessionSetup(str(tmp_path / name))):
        panel = make_panel(setup)
        panel.resize(setup_panel.WIDTH, height)
        if setup.is_realsense:
            button(panel, "Advanced").click()
        QApplication.processEvents()
        area = panel.findChild(QScrollArea)
        assert panel.width() == setup_panel.WIDTH
        assert panel._body.width() <= area.viewport().width()
        for widget in panel._body.findChildren(QWidget):
            if not widget.isVisible():
                continue
            right = widget.mapTo(panel._body, QPoint(widget.width(), 0)).x()
            assert right <= panel._body.width(), widget
            if isinstance(widget, QToolButton | QCheckBox):
                assert widget.width() >= widget.sizeHint().width(), widget.text()
            if isinstance(widget, QToolButton | QCheckBox | QComboBox | QLineEdit):
                assert widget.toolTip(), widget
                assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, widget
            if isinstance(widget, RangeField | QLineEdit):
                words = widget.text() or widget.placeholderText()
                room = widget.width() - 18  # its padding and frame
                assert widget.fontMetrics().horizontalAdvance(words) <= room, words
        panel.hide()


def test_a_value_that_is_not_on_offer_is_offered_too(qtbot: QtBot) -> None:
    box = ChoiceBox("tip")
    qtbot.addWidget(box)
    box.show_choices([("automatic", None), ("30 fps", 30)])
    assert box.value is None
    box.show_value(25, "25 fps")
    assert (box.value, box.currentText(), box.count()) == (25, "25 fps", 3)
    assert box.toolTip() == "25 fps\ntip"
