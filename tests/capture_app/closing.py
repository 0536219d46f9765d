"""Windows at the end of a test."""

from PySide6.QtWidgets import QWidget
from shiboken6 import isValid


def close(window: QWidget) -> None:
    """Close a window that may be closed, and deleted, already."""
    if isValid(window):
        window.close()
