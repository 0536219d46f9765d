"""Tags: typed, shown as chips, remembered, recorded."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QToolButton
from pytestqt.qtbot import QtBot
from scripted import UNPLUGGED, LooseSensor, ScriptedSensor, make_frame, wait_until

from capture_app.engine.recorder import RecordingPlan
from capture_app.engine.session import CaptureSession
from capture_app.engine.states import RecorderState, SourceState
from capture_app.ui.tag_field import TagField
from core.recording import Recording


@pytest.fixture
def field(qtbot: QtBot) -> TagField:
    field = TagField()
    qtbot.addWidget(field)
    field.resize(420, 40)
    field.show()
    return field


def edit(field: TagField) -> QLineEdit:
    found = field.findChild(QLineEdit)
    assert found is not None
    return found


def chips(field: TagField) -> list[str]:
    """What the visible chips say, from the left."""
    buttons = [b for b in field.findChildren(QToolButton) if b.isVisible()]
    return [b.text() for b in sorted(buttons, key=lambda b: b.x())]


def press(qtbot: QtBot, field: TagField, key: Qt.Key) -> None:
    qtbot.keyClick(edit(field), key)


def test_comma_and_enter_make_chips(qtbot: QtBot, field: TagField) -> None:
    qtbot.keyClicks(edit(field), "night, two  people,")
    assert field.tags() == ("night", "two people")
    assert edit(field).text() == ""
    qtbot.keyClicks(edit(field), "messy")
    press(qtbot, field, Qt.Key.Key_Return)
    expected = ["night  ×", "two people  ×", "messy  ×"]  # noqa: RUF001
    qtbot.waitUntil(lambda: chips(field) == expected)


def test_what_is_typed_counts_without_an_enter(qtbot: QtBot, field: TagField) -> None:
    qtbot.keyClicks(edit(field), "night")
    assert field.tags() == ("night",)
    assert edit(field).text() == ""


def test_a_word_that_is_left_becomes_a_chip(qtbot: QtBot, field: TagField) -> None:
    field.setFocus()
    qtbot.waitUntil(edit(field).hasFocus)
    qtbot.keyClicks(edit(field), "night")
    with qtbot.waitSignal(field.changed):
        edit(field).clearFocus()
    assert chips(field) == ["night  ×"]  # noqa: RUF001


def test_nothing_is_a_tag_twice_nor_is_space(qtbot: QtBot, field: TagField) -> None:
    qtbot.keyClicks(edit(field), "Night,night, ,NIGHT,")
    press(qtbot, field, Qt.Key.Key_Return)
    assert field.tags() == ("Night",)


def test_a_click_or_the_backspace_key_takes_a_tag_away(
    qtbot: QtBot, field: TagField
) -> None:
    field.set_tags(["night", "messy", "rain"])
    with qtbot.waitSignal(field.changed):
        press(qtbot, field, Qt.Key.Key_Backspace)
    assert field.tags() == ("night", "messy")
    (first, _) = [b for b in field.findChildren(QToolButton) if b.isVisible()]
    with qtbot.waitSignal(field.changed):
        qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert field.tags() == ("messy",)
    qtbot.keyClicks(edit(field), "ab")
    press(qtbot, field, Qt.Key.Key_Backspace)  # now it is a letter that goes
    assert edit(field).text() == "a"
    assert chips(field) == ["messy  ×"]  # noqa: RUF001


def test_enter_without_a_word_gives_the_keys_back(
    qtbot: QtBot, field: TagField
) -> None:
    field.setFocus()
    qtbot.waitUntil(edit(field).hasFocus)
    press(qtbot, field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not edit(field).hasFocus())


# A list of completions is a window of its own, which off screen cannot do all it wants.
POPUP_WARNINGS = pytest.mark.qt_log_ignore(
    r"raise\(\)", "grabbing the keyboard", extend=True
)


@POPUP_WARNINGS
def test_tags_that_were_used_are_offered(qtbot: QtBot, field: TagField) -> None:
    field.recall(["night", "noisy", "rain"])
    qtbot.keyClicks(edit(field), "no")
    completer = edit(field).completer()
    assert completer.currentCompletion() == "noisy"
    completer.popup().hide()
    completer.activated.emit("noisy")  # as a click on it does
    edit(field).setText("noisy")
    qtbot.waitUntil(lambda: chips(field) == ["noisy  ×"])  # noqa: RUF001
    assert field.remembered == ("noisy", "night", "rain")
    qtbot.keyClicks(edit(field), "no")
    assert completer.completionCount() == 0  # it is on already
    completer.popup().hide()


@POPUP_WARNINGS
def test_enter_takes_what_is_chosen_in_the_list(qtbot: QtBot, field: TagField) -> None:
    field.recall(["night", "noisy"])
    field.activateWindow()
    field.setFocus()
    qtbot.keyClicks(edit(field), "no")
    popup = edit(field).completer().popup()
    qtbot.waitUntil(popup.isVisible)
    qtbot.keyClick(popup, Qt.Key.Key_Down)
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: chips(field) == ["noisy  ×"])  # noqa: RUF001
    assert field.tags() == ("noisy",)


def test_only_words_are_recalled_and_not_endlessly_many(field: TagField) -> None:
    field.recall(["night", 3, None])  # type: ignore[list-item]
    assert field.remembered == ("night",)
    field.set_tags([f"tag {k}" for k in range(70)])
    assert len(field.remembered) == 50
    assert field.remembered[0] == "tag 69"


@pytest.mark.parametrize("width", [130, 200, 300, 420])
def test_chips_without_room_become_a_number(
    qtbot: QtBot, field: TagField, width: int
) -> None:
    tags = ["night", "messy", "a word that is much longer than any chip", "rain"]
    field.setFixedWidth(width)
    field.set_tags(tags)
    shown = [text for text in chips(field) if not text.startswith("+")]
    hidden = [text for text in chips(field) if text.startswith("+")]
    assert hidden == ([f"+{4 - len(shown)}"] if len(shown) < 4 else [])
    qtbot.waitUntil(lambda: edit(field).width() >= 60)
    assert edit(field).geometry().right() < width
    for button in field.findChildren(QToolButton):
        if button.isVisible():
            assert button.width() >= button.sizeHint().width(), button.text()
            assert button.toolTip()
    assert field.tags() == tuple(" ".join(tag.split())[:40] for tag in tags)


def test_tags_reach_the_recording(
    qtbot: QtBot, field: TagField, tmp_path: Path
) -> None:
    qtbot.keyClicks(edit(field), "night,zwei Leute,")
    edit(field).insert("äöü")
    sensor = ScriptedSensor([*map(make_frame, range(5)), None], is_stepped=True)
    with CaptureSession(sensor) as session:
        session.start()
        sensor.step()
        wait_until(lambda: session.source_state is SourceState.STREAMING)
        session.start_recording(RecordingPlan(tmp_path / "hall", tags=field.tags()))
        sensor.step(5)
        wait_until(lambda: session.source_state is SourceState.ENDED)
    scene = Recording(tmp_path / "hall").scene
    assert scene.tags == ("night", "zwei Leute", "äöü")
    assert '"zwei Leute"' in (tmp_path / "hall" / "scene.json").read_text("utf-8")


def test_tags_are_in_every_folder_of_a_take(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("capture_app.engine.session.FIRST_PAUSE_S", 0.001)
    sensor = LooseSensor(
        [make_frame(0), make_frame(1), UNPLUGGED], [make_frame(0), None]
    )
    with CaptureSession(sensor) as session:
        session.start(RecordingPlan(tmp_path / "hall", tags=("night", "rain")))
        wait_until(lambda: session.source_state is SourceState.ENDED)
        assert session.recorder_state is RecorderState.OFF
    for name in ("hall", "hall-2"):
        assert Recording(tmp_path / name).scene.tags == ("night", "rain")
