"""The dark look of the window: one palette, one style sheet."""

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

WINDOW = "#15171c"
PANEL = "#1d2027"
RAISED = "#2a2e38"
LINE = "#343946"
TEXT = "#e8eaee"
MUTED = "#a3acbb"
ACCENT = "#5b9dff"
RED = "#f0525a"
AMBER = "#f3b13c"
GREEN = "#4cc38a"

_STYLE = f"""
QToolTip {{
    color: {TEXT}; background: {RAISED}; border: 1px solid {LINE}; padding: 4px;
}}
QMainWindow, QStatusBar {{ background: {WINDOW}; }}
QStatusBar {{ border-top: 1px solid {LINE}; color: {MUTED}; }}
QStatusBar::item {{ border: none; }}
QStatusBar QLabel {{ color: {MUTED}; padding: 2px 10px; }}
QFrame#bar, QFrame#card {{ background: {PANEL}; }}
QFrame#card {{ border: 1px solid {LINE}; border-radius: 8px; }}
QLabel#title {{ color: {MUTED}; font-weight: 600; }}
QLabel#muted {{ color: {MUTED}; }}
QLabel#time {{ font-size: 20px; font-weight: 600; }}
QLabel#dropped[lost="true"] {{ color: {AMBER}; font-weight: 600; }}
QToolButton {{
    background: {RAISED}; border: 1px solid {LINE}; border-radius: 6px;
    padding: 6px 14px; color: {TEXT};
}}
QToolButton:hover {{ border-color: {ACCENT}; }}
QToolButton:checked {{ background: {ACCENT}; border-color: {ACCENT}; color: #0c1524; }}
QToolButton:disabled {{ background: {PANEL}; color: #6d7584; }}
QToolButton#record {{
    padding: 9px 20px; font-weight: 600; border-color: {RED};
}}
QToolButton#record:checked {{ background: {RED}; color: #1b0507; }}
QToolButton#record:disabled {{ border-color: {LINE}; }}
QToolButton#link {{ padding: 1px 8px; color: {MUTED}; }}
QLineEdit {{
    background: {WINDOW}; border: 1px solid {LINE}; border-radius: 6px;
    padding: 6px 8px; selection-background-color: {ACCENT};
}}
QLineEdit:focus {{ border-color: {ACCENT}; }}
QLineEdit:disabled {{ color: {MUTED}; background: {PANEL}; }}
QSlider::groove:horizontal {{ height: 4px; background: {LINE}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {ACCENT}; border-radius: 2px; }}
QSlider::handle:horizontal {{
    width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: {TEXT};
}}
QSlider::sub-page:horizontal:disabled {{ background: {LINE}; }}
QSlider::handle:horizontal:disabled {{ background: #6d7584; }}
QFrame#banner {{ background: #40262a; border: 1px solid {RED}; border-radius: 8px; }}
"""


def apply_theme(app: QApplication) -> None:
    """Make every window of `app` dark, whatever the desktop prefers."""
    app.setStyle("Fusion")
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, color in (
        (roles.Window, WINDOW),
        (roles.Base, WINDOW),
        (roles.AlternateBase, PANEL),
        (roles.Button, RAISED),
        (roles.WindowText, TEXT),
        (roles.Text, TEXT),
        (roles.ButtonText, TEXT),
        (roles.BrightText, TEXT),
        (roles.PlaceholderText, MUTED),
        (roles.Highlight, ACCENT),
        (roles.HighlightedText, WINDOW),
        (roles.ToolTipBase, RAISED),
        (roles.ToolTipText, TEXT),
        (roles.Link, ACCENT),
    ):
        palette.setColor(role, QColor(color))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor("#6d7584"))
    app.setPalette(palette)
    app.setStyleSheet(_STYLE)
