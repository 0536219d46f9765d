r"""Paints every page of a still window, light and dark, in a process of its own.

    PYTHONPATH=tests/core QT_QPA_PLATFORM=offscreen QT_SCALE_FACTOR=1.5 \
        python tests/capture_app/window_goldens.py OUT

The pictures say in their PNG text "made-with" what they depend on.
"""

import sys
from pathlib import Path

from PySide6.QtCore import qVersion
from PySide6.QtGui import QFontInfo, QImage
from PySide6.QtWidgets import QApplication
from still_content import make_still_content
from still_window import (
    PLACES,
    freeze,
    make_still_window,
    settle,
    standing_still,
)

from capture_app.ui.native import forget_opencv_plugins
from capture_app.ui.window import Folders

SIZE, LOOKS = (1280, 820), ("light", "dark")
MADE_WITH = "made-with"
_LOOKS_AT_A_NEW_PAGE = 5  # it reads files, on threads of its own
_SMALLEST_FILE = 0  # Qt's "quality" of a PNG


def made_with(app: QApplication) -> str:
    """What the pixels of text and controls depend on."""
    font = QFontInfo(app.font())
    return f"Qt {qVersion()}, {font.family()} {font.pixelSize()} px"


def paint_pages(out: Path) -> None:
    """A picture a page and look."""
    forget_opencv_plugins()
    app = QApplication(["hn-capture"])
    # In the working folder, so that the paths that are shown are always the same.
    make_still_content(Path("recordings"), Path("runs"))
    with standing_still():
        window = make_still_window(Folders(Path("recordings"), Path("runs")))
        window.resize(*SIZE)
        window.show()
        for place in PLACES:
            window.show_page(place)
            settle(window, _LOOKS_AT_A_NEW_PAGE)
            for look in LOOKS:
                window.show_look(look)
                settle(window)
                image = window.grab().toImage()
                image = image.convertToFormat(QImage.Format.Format_RGB888)
                image.setText(MADE_WITH, made_with(app))
                path = out / f"{place.name.lower()}-{look}.png"
                assert image.save(str(path), "PNG", _SMALLEST_FILE), path
        freeze(window)
        window.close()


if __name__ == "__main__":
    paint_pages(Path(sys.argv[1]))
