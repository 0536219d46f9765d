"""What Qt needs of the system, asked before Qt gives up without a word."""

import ctypes
import os
import re
import sys
from pathlib import Path

from core.errors import HNError

_QT_PACKAGES = "libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0"
_X11_PACKAGES = (
    "libx11-xcb1 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-randr0 "
    "libxcb-shape0 libxcb-xkb1 libxkbcommon-x11-0"
)

# As in pyproject.toml, which says why; an installation may have ignored it.
_FIRST_PYSIDE, _PYSIDE_END = (6, 8, 3), (6, 12)
_BAD_PYSIDES = ((6, 11, 0), (6, 11, 1))
_PYSIDE = "PySide6-Essentials>=6.8.3,!=6.11.0,!=6.11.1,<6.12"


def prepare_qt(needs_no_display: bool) -> None:
    """Make sure that Qt can show a window; HNError says what it lacks."""
    choose_platform(needs_no_display)
    check_qt()


def choose_platform(needs_no_display: bool) -> None:
    """Have Qt paint off screen where there is no display, if that will do."""
    if "QT_QPA_PLATFORM" in os.environ or not sys.platform.startswith("linux"):
        return
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return
    if not needs_no_display:
        raise HNError(
            "there is no display for the window; record with hn-record and without "
            "--show, or set QT_QPA_PLATFORM=offscreen to run the window unseen"
        )
    os.environ["QT_QPA_PLATFORM"] = "offscreen"


def check_qt() -> None:
    """HNError that names the library which Qt lacks, or the version that is wrong, and
    what installs the right one."""
    try:
        import PySide6.QtWidgets
    except ImportError as error:
        raise HNError(_sentence(str(error), _QT_PACKAGES)) from error
    refuse_pyside(PySide6.__version__)
    if _will_use_x11():
        plugins = Path(PySide6.QtWidgets.__file__).parent / "Qt" / "plugins"
        try:
            ctypes.CDLL(str(plugins / "platforms" / "libqxcb.so"))
        except OSError as error:
            raise HNError(_sentence(str(error), _X11_PACKAGES)) from error


def refuse_pyside(version: str) -> None:
    """HNError for a version of PySide6 with which the window breaks."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    if _FIRST_PYSIDE <= numbers < _PYSIDE_END and numbers not in _BAD_PYSIDES:
        return
    raise HNError(
        f"the window does not work with PySide6 {version}; install one that it works "
        f"with: pip install '{_PYSIDE}'"
    )


def _will_use_x11() -> bool:
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if platform:
        return platform.startswith("xcb")
    return sys.platform.startswith("linux") and not os.environ.get("WAYLAND_DISPLAY")


def _sentence(failure: str, packages: str) -> str:
    return (
        f"the window needs a library that this system lacks ({failure}); install it "
        f"with: apt-get install {packages}"
    )


def forget_opencv_plugins() -> None:
    """Drop the plugins and fonts of opencv-python's own Qt, which is not ours."""
    for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
        if "cv2" in Path(os.environ.get(name, "")).parts:
            del os.environ[name]
