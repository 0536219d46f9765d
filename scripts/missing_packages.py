"""Print the Debian package of every native library that this machine lacks, one a line.

Runs before anything is installed: standard library only.
"""

import ctypes
import os

LIBRARIES = {
    "libusb-1.0.so.0": "libusb-1.0-0",  # pyrealsense2, open3d
    "libgomp.so.1": "libgomp1",  # open3d
    "libEGL.so.1": "libegl1",  # from here on Qt and opencv
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
}
X11_LIBRARIES = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
WAYLAND_LIBRARIES = {"libwayland-cursor.so.0": "libwayland-cursor0"}


def needed_libraries() -> dict[str, str]:
    """Library file name -> Debian package, for the kind of display there is."""
    libraries = dict(LIBRARIES)
    if os.environ.get("DISPLAY"):
        libraries |= X11_LIBRARIES
    if os.environ.get("WAYLAND_DISPLAY"):
        libraries |= WAYLAND_LIBRARIES
    return libraries


def can_load(library: str) -> bool:
    """Whether the dynamic linker finds `library` and everything it needs in turn."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    for library, package in needed_libraries().items():
        if not can_load(library):
            print(package)
