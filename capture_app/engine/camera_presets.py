"""How a RealSense can measure, named by task: our presets, and the user's in a file."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args

from capture_app.sensors.realsense_options import Preset, RealSenseSettings
from core.errors import HNError
from core.files import write_atomically

_LONGEST_NAME = 40


@dataclass(frozen=True)
class CameraPreset:
    """A name for settings."""

    name: str
    settings: RealSenseSettings
    is_built_in: bool = False


BUILT_IN: tuple[CameraPreset, ...] = tuple(
    CameraPreset(name, settings, is_built_in=True)
    for name, settings in (
        ("Rooms (default)", RealSenseSettings()),
        (
            "High accuracy: fewer, surer depths",
            RealSenseSettings(preset="high_accuracy"),
        ),
        ("High density: fewer holes", RealSenseSettings(preset="high_density")),
        # The nearest depth shrinks with the width of the image (Intel's "Tuning depth
        # cameras for best performance").
        ("Close range", RealSenseSettings(depth_size=(480, 270))),
        ("Bright daylight (laser off)", RealSenseSettings(laser=False)),
    )
)


def load_presets(path: Path) -> tuple[CameraPreset, ...]:
    """The user's own, by name; HNError if the file is damaged. None without one."""
    return tuple(
        CameraPreset(name, _settings_of(path, name, values))
        for name, values in sorted(_read(path).items())
    )


def save_preset(path: Path, name: str, settings: RealSenseSettings) -> CameraPreset:
    """Add one under a new name; HNError says why that cannot be."""
    name = " ".join(name.split())
    if not 0 < len(name) <= _LONGEST_NAME:
        raise HNError(
            f"a preset's name has 1 to {_LONGEST_NAME} letters, got {len(name)}; "
            "nothing was saved"
        )
    load_presets(path)  # nothing is added to a file that is damaged
    values = _read(path)
    taken = [preset.name for preset in BUILT_IN] + list(values)
    if name.casefold() in map(str.casefold, taken):
        raise HNError(
            f"there is a preset {name} already; choose another name, or delete that "
            "one first"
        )
    _write(path, {**values, name: settings_to_json(settings)})
    return CameraPreset(name, settings)


def delete_preset(path: Path, name: str) -> None:
    """Forget one of the user's own; HNError says why that cannot be."""
    values = _read(path)
    if name in values:
        del values[name]
        _write(path, values)


def settings_to_json(settings: RealSenseSettings) -> dict[str, object]:
    """As plain JSON."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(settings).items()
    }


def settings_from_json(values: object) -> tuple[RealSenseSettings, list[str]]:
    """What `settings_to_json` gave, and a sentence for each value that is wrong and
    has its default instead; keys that nobody knows are passed over."""
    if not isinstance(values, Mapping):
        text = f"a camera's settings are an object of JSON, got {values!r:.60}"
        return RealSenseSettings(), [f"{text}; the default ones are used"]
    right: dict[str, Any] = {}
    sentences = []
    for each in fields(RealSenseSettings):
        if each.name not in values:
            continue
        value, (is_right, expected) = values[each.name], _EXPECTED[each.name]
        if is_right(value):
            right[each.name] = tuple(value) if isinstance(value, list) else value
        else:
            sentences.append(
                f"{each.name} is {expected}, got {value!r:.60}; the default is used"
            )
    return RealSenseSettings(**right), sentences


def _is_size(value: object) -> bool:
    if value is None:
        return True
    return isinstance(value, list) and len(value) == 2 and all(map(_is_count, value))


def _is_count(value: object) -> bool:
    return type(value) is int and 0 < value < 100_000


def _is_amount(value: object) -> bool:
    return type(value) in (int, float) and 0 <= value < math.inf  # type: ignore[operator]


_SIZE = _is_size, "[width, height] in pixels, or null"
_AMOUNT = (
    lambda value: value is None or _is_amount(value),
    "a number of 0 or more, or null",
)
_EXPECTED: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "depth_size": _SIZE,
    "color_size": _SIZE,
    "fps": (
        lambda value: value is None or _is_count(value),
        "a whole number above 0, or null",
    ),
    "preset": (
        lambda value: value is None or value in get_args(Preset),
        f"null or one of {', '.join(get_args(Preset))}",
    ),
    "laser": (
        lambda value: value is None or isinstance(value, bool),
        "true, false or null",
    ),
    "laser_power_mw": _AMOUNT,
    "depth_exposure_ms": _AMOUNT,
    "color_exposure_ms": _AMOUNT,
    "settling_s": (_is_amount, "a number of 0 or more"),
}
"""Of each setting, whether a value of JSON can be it, and what it is in words."""


def _read(path: Path) -> dict[str, object]:
    """The settings in the file by their presets' names, as they are there."""
    try:
        presets = json.loads(path.read_text("utf-8"))["presets"]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise HNError(
            f"the presets in {path} cannot be read ({error.strerror}); check its "
            "permissions"
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(path, "it is no JSON of presets") from error
    if not isinstance(presets, dict):
        raise _damaged(path, "its presets are no object of JSON")
    return presets


def _settings_of(path: Path, name: str, values: object) -> RealSenseSettings:
    settings, sentences = settings_from_json(values)
    if sentences:
        reason = sentences[0].partition(";")[0]
        raise _damaged(path, f"in the preset {name}, {reason}")
    return settings


def _damaged(path: Path, reason: str) -> HNError:
    return HNError(
        f"the presets in {path} are damaged: {reason}; the file was left as it is: "
        "mend it, or move it away to begin anew"
    )


def _write(path: Path, presets: Mapping[str, object]) -> None:
    text = json.dumps({"presets": presets}, indent=2, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode())
    except OSError as error:
        raise HNError(
            f"the presets cannot be written to {path} ({error.strerror}); they are as "
            "they were: check the folder's permissions and the free space"
        ) from error
