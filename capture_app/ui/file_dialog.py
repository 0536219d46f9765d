"""Asking for a file or a folder while everything goes on."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget


def ask_for_file(
    parent: QWidget,
    title: str,
    work: Callable[[Path], object],
    near: Path = Path(),
    names: str | None = None,
) -> None:
    """Do `work` with what the user chooses; nothing if that is nothing.

    A file whose name is one of `names`, as Qt writes them; without them a folder. The
    dialog is the system's own, but not off screen, where there is no system.
    """
    dialog = QFileDialog(parent, title, str(near))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    options = QFileDialog.Option
    if QGuiApplication.platformName() in ("offscreen", "minimal"):
        dialog.setOption(options.DontUseNativeDialog)
    if names is None:
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(options.ShowDirsOnly)
    else:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(names)
    dialog.fileSelected.connect(lambda name: work(Path(name)))
    dialog.open()
