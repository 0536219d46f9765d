"""The eight ways in which a camera fails, each with what to do about it.

Every function makes the error of one of them. `camera` is what people call the family,
such as "RealSense". What an SDK says itself goes through `told_by`.
"""

import re

from core.errors import SensorError


class SensorLostError(SensorError):
    """A camera that streamed and is gone or silent: opening it again may cure that."""


class NoProfileError(SensorError):
    """A camera without the mode that is wanted; a USB 2 port can be the reason."""


def unplugged(camera: str) -> SensorLostError:
    """It streamed, and is no longer connected."""
    return SensorLostError(f"the {camera} camera was unplugged; plug it in again")


def stalled(camera: str, silent_s: float) -> SensorLostError:
    """It is connected and sends nothing."""
    return SensorLostError(
        f"the {camera} camera is connected but has sent no frame for {silent_s:g} s; "
        "if it does not come back, unplug it, plug it in again, and try another cable "
        "or port"
    )


def usb_2(camera: str) -> SensorError:
    """Its port or its cable is too slow for everything it can do."""
    return SensorError(
        f"the {camera} camera is connected through USB 2, which is too slow for most "
        "of its modes; use a USB 3 port (a blue one) and a USB 3 cable, and push the "
        "plug in firmly"
    )


def no_profile(camera: str, wanted: str, offered: str) -> NoProfileError:
    """It has no mode like the one that is wanted."""
    return NoProfileError(
        f"the {camera} camera offers no {wanted}; it has {offered or 'none'}"
        + (": choose one of these" if offered else "; another camera is needed")
    )


def package_missing(camera: str, package: str) -> SensorError:
    """The Python package of its SDK is not installed."""
    return SensorError(
        f"the Python package for {camera} cameras is not installed; "
        f"pip install {package}"
    )


def library_missing(camera: str, reason: object, remedy: str) -> SensorError:
    """A native library of its SDK is missing; `remedy` says how to get it."""
    return SensorError(
        f"a native library for {camera} cameras cannot be loaded ({reason}); {remedy}"
    )


def no_permission(camera: str) -> SensorError:
    """It is connected, and this user may not open it."""
    return SensorError(
        f"the {camera} camera is connected but may not be opened by this user; on "
        "Linux install its udev rules, add yourself to the group video, and plug it in "
        "again; on Windows and macOS allow programs to use the camera"
    )


def busy(camera: str) -> SensorError:
    """Another program has it."""
    return SensorError(
        f"the {camera} camera is in use by another program; close that one and try "
        "again"
    )


_BUSY = r"resource busy|_busy\b|errno=16\b|already in use|failed to open"
_NO_PERMISSION = r"permission denied|access denied|_access\b|errno=13\b|power state"
_UNPLUGGED = r"no such device|_no_device\b|errno=19\b|disconnected|no device connected"


def told_by(camera: str, message: str) -> SensorError | None:
    """The failure that an SDK's message speaks of, by the operating system's words
    for it; None if it speaks of none of them."""
    # "failed to open usb interface" is often followed by the true reason.
    for pattern, failure in (
        (_NO_PERMISSION, no_permission),
        (_UNPLUGGED, unplugged),
        (_BUSY, busy),
    ):
        if re.search(pattern, message, re.IGNORECASE):
            return failure(camera)
    return None
