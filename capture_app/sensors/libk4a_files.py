"""Where libk4a is on this computer, and loading it with what it needs."""

import importlib.metadata
import os
import sys
from collections.abc import Iterator
from ctypes import CDLL, RTLD_GLOBAL
from ctypes.util import find_library
from functools import cache
from pathlib import Path

from capture_app.sensors.failures import library_missing
from capture_app.sensors.libk4a import Library
from core.errors import SensorError

CAMERA = "Azure Kinect"

_INSTALL = (
    "pip install pyk4a-bundle, or install the Azure Kinect SDK; K4A_LIB_DIR may name "
    "the folder that it is in"
)
_NAME = "k4a.dll" if sys.platform == "win32" else "libk4a[-.]*so*"
# What libk4a loads by name, so that it has to be there before.
_COMPANIONS = ("libudev-*.so*", "libdepthengine.so*", "depthengine_*.dll")
_IN_PROGRAM_FILES = "Azure Kinect SDK*/sdk/windows-desktop/amd64/release/bin"


@cache
def load_library() -> Library:
    """libk4a; SensorError says that it is not here or why it cannot be loaded."""
    path = find_file()
    try:
        if path.parent.is_dir():
            if sys.platform == "win32":
                os.add_dll_directory(str(path.parent))
            for pattern in _COMPANIONS:
                for companion in sorted(path.parent.glob(pattern)):
                    CDLL(str(companion), mode=RTLD_GLOBAL)
        return Library(path)
    except (OSError, AttributeError) as error:
        raise library_missing(CAMERA, error, _INSTALL) from error


def find_file() -> Path:
    """The file of libk4a, looked for without loading anything."""
    for folder in _folders():
        found = sorted(folder.glob(_NAME))
        if found:
            return found[0]
    system = find_library("k4a")
    if system is None:
        raise library_missing(CAMERA, "libk4a is not there", _INSTALL)
    return Path(system)


def _folders() -> Iterator[Path]:
    """Where it may be, the user's own choice first."""
    if chosen := os.environ.get("K4A_LIB_DIR"):
        folder = Path(chosen)
        if not any(folder.glob(_NAME)):
            raise SensorError(
                f"K4A_LIB_DIR is {chosen}, which holds no {_NAME}; name the folder of "
                "libk4a, or leave it unset"
            )
        yield folder
    try:
        files = importlib.metadata.files("pyk4a-bundle") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if Path(file).match(_NAME):
            yield Path(str(file.locate())).parent
    for variable in ("ProgramFiles", "ProgramW6432"):
        if root := os.environ.get(variable):
            yield from sorted(Path(root).glob(_IN_PROGRAM_FILES), reverse=True)
