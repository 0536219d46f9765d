"""The look of the window, light or dark: one set of colours, one style sheet."""

from dataclasses import asdict, dataclass
from string import Template
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

ThemeChoice = Literal["auto", "light", "dark"]
"""auto: as the desktop is."""


@dataclass(frozen=True)
class Theme:
    """Colours by what they are for. Text on its ground has a contrast of 4.5 or more.

    Red, amber and green never stand alone: a word or a shape says the same.
    """

    name: Literal["light", "dark"]
    window: str
    panel: str
    raised: str
    line: str
    text: str
    muted: str
    disabled: str
    accent: str
    on_accent: str
    red: str
    on_red: str
    amber: str
    green: str
    alarm: str
    """The ground of a problem's banner."""
    caution: str
    """The ground of a warning's banner."""


DARK = Theme(
    name="dark",
    window="#15171c",
    panel="#1d2027",
    raised="#2a2e38",
    line="#343946",
    text="#e8eaee",
    muted="#a3acbb",
    disabled="#6d7584",
    accent="#5b9dff",
    on_accent="#0c1524",
    red="#f0525a",
    on_red="#1b0507",
    amber="#f3b13c",
    green="#4cc38a",
    alarm="#40262a",
    caution="#3a3222",
)
LIGHT = Theme(
    name="light",
    window="#eef0f4",
    panel="#ffffff",
    raised="#e3e7ee",
    line="#c3cad6",
    text="#1b1f27",
    muted="#545d6c",
    disabled="#767f8e",
    accent="#1f62d0",
    on_accent="#ffffff",
    red="#c5222c",
    on_red="#ffffff",
    amber="#8a5a00",
    green="#15744a",
    alarm="#fbe3e4",
    caution="#fbf0d7",
)

# fmt: off
_STYLE = Template("""
QToolTip { color: $text; background: $raised; border: 1px solid $line; padding: 4px; }
QMainWindow, QStatusBar { background: $window; }
QStatusBar { border-top: 1px solid $line; color: $muted; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $muted; padding: 2px 10px; }
QMenuBar { background: $panel; color: $text; }
QMenuBar::item { padding: 9px 10px; background: transparent; }
QMenuBar::item:selected, QMenu::item:selected {
    background: $accent; color: $on_accent;
}
QMenu { background: $panel; color: $text; border: 1px solid $line; }
QMenu::item { padding: 5px 26px 5px 26px; }
QMenu::item:disabled { color: $disabled; background: transparent; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QFrame#bar, QFrame#card { background: $panel; }
QFrame#card { border: 1px solid $line; border-radius: 8px; }
QLabel#title { color: $muted; font-weight: 600; }
QLabel#muted { color: $muted; }
QLabel#time { font-size: 20px; font-weight: 600; }
QLabel[state="poor"] { color: $amber; font-weight: 600; }
QLabel[state="bad"] { color: $red; font-weight: 600; }
QLabel[state="good"] { color: $green; }
QToolButton, QPushButton {
    background: $raised; border: 1px solid $line; border-radius: 6px;
    padding: 6px 12px; color: $text;
}
QToolButton:hover, QPushButton:hover { border-color: $accent; }
QToolButton:focus, QPushButton:focus { border-color: $accent; }
QToolButton:checked, QPushButton:checked {
    background: $accent; border-color: $accent; color: $on_accent;
}
QToolButton:disabled, QPushButton:disabled { background: $panel; color: $disabled; }
QToolButton#record { padding: 9px 20px; font-weight: 600; border-color: $red; }
QToolButton#record:checked { background: $red; color: $on_red; }
QToolButton#record:disabled { border-color: $line; }
QToolButton#view { padding: 6px 8px; }
QToolButton#tab { padding: 5px 4px; }
QToolButton#link { padding: 1px 8px; color: $muted; }
QToolButton#page {
    border-radius: 0; border: none; padding: 8px 18px; background: $panel;
}
QToolButton#page:checked {
    background: $window; color: $text; font-weight: 600;
    border-bottom: 2px solid $accent;
}
QLineEdit, QPlainTextEdit, QComboBox, QSpinBox, QDoubleSpinBox {
    background: $window; color: $text; border: 1px solid $line; border-radius: 6px;
    padding: 5px 8px; selection-background-color: $accent;
    selection-color: $on_accent;
}
QLineEdit { placeholder-text-color: $muted; }
QPlainTextEdit { placeholder-text-color: $muted; }
QLineEdit:focus, QPlainTextEdit:focus, QComboBox:focus, QSpinBox:focus,
QDoubleSpinBox:focus { border-color: $accent; }
QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled {
    color: $disabled; background: $panel;
}
QComboBox QAbstractItemView {
    background: $panel; color: $text; border: 1px solid $line;
    selection-background-color: $accent; selection-color: $on_accent;
}
QAbstractItemView { background: $window; color: $text; border: 1px solid $line; }
QHeaderView::section {
    background: $panel; color: $muted; border: none; padding: 4px 8px;
}
QSlider::groove:horizontal { height: 4px; background: $line; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal {
    width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: $text;
}
QSlider::sub-page:horizontal:disabled { background: $line; }
QSlider::handle:horizontal:disabled { background: $disabled; }
QFrame#banner {
    background: $alarm; border: 1px solid $red; border-radius: 8px;
    margin: 8px 12px 0 12px;
}
QFrame#banner[warning="true"] { background: $caution; border-color: $amber; }
QScrollArea { border: none; background: transparent; }
QScrollArea > QWidget > QWidget { background: transparent; }
QScrollBar { background: transparent; border: none; }
QScrollBar:vertical { width: 6px; }
QScrollBar:horizontal { height: 10px; }
QScrollBar::handle { background: $line; border-radius: 3px; }
QScrollBar::handle:vertical { min-height: 24px; }
QScrollBar::handle:horizontal { min-width: 24px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
""")
# fmt: on

_shown = DARK


def theme() -> Theme:
    """The colours that are on. Whoever paints asks for them at every repaint."""
    return _shown


def apply_theme(app: QApplication, choice: ThemeChoice = "dark") -> None:
    """Give every window of `app` the colours of `choice`, whatever style it has."""
    global _shown
    _shown = _chosen(app, choice)
    style = _STYLE.substitute(asdict(_shown))
    if app.styleSheet() == style:  # dressing all widgets anew takes a while
        return
    app.setStyle("Fusion")
    app.setPalette(_palette(_shown))
    app.setStyleSheet(style)


def _chosen(app: QApplication, choice: ThemeChoice) -> Theme:
    if choice == "auto":
        scheme = app.styleHints().colorScheme()
        return LIGHT if scheme is Qt.ColorScheme.Light else DARK
    return LIGHT if choice == "light" else DARK


def _palette(colors: Theme) -> QPalette:
    palette, roles = QPalette(), QPalette.ColorRole
    for role, color in (
        (roles.Window, colors.window),
        (roles.Base, colors.window),
        (roles.AlternateBase, colors.panel),
        (roles.Button, colors.raised),
        (roles.WindowText, colors.text),
        (roles.Text, colors.text),
        (roles.ButtonText, colors.text),
        (roles.BrightText, colors.text),
        (roles.PlaceholderText, colors.muted),
        (roles.Highlight, colors.accent),
        (roles.HighlightedText, colors.on_accent),
        (roles.ToolTipBase, colors.raised),
        (roles.ToolTipText, colors.text),
        (roles.Link, colors.accent),
    ):
        palette.setColor(role, QColor(color))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colors.disabled))
    return palette
