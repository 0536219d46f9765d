"""A session's setup as plain JSON: with each recording, and for the next start."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from capture_app.engine.camera_choices import is_path
from capture_app.engine.camera_presets import settings_from_json, settings_to_json
from capture_app.engine.setup import SessionSetup
from core.bins import HNBins


def setup_to_json(setup: SessionSetup) -> dict[str, object]:
    """The setup as objects, lists, texts and numbers."""
    bins = asdict(setup.bins)
    return {
        "sensor": setup.sensor,
        "realsense": settings_to_json(setup.realsense),
        "bins": {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in bins.items()
        },
        "uses_imu": setup.uses_imu,
        "models": [str(path) for path in setup.models],
    }


def setup_from_json(values: object) -> tuple[SessionSetup, list[str]]:
    """What `setup_to_json` gave, and a sentence for each value that is wrong and has
    its default instead; keys that nobody knows are passed over."""
    if not isinstance(values, Mapping):
        text = f"a setup is an object of JSON, got {values!r:.60}"
        return SessionSetup(), [f"{text}; the default one is used"]
    setup = SessionSetup()
    sentences: list[str] = []
    if "realsense" in values:
        realsense, sentences = settings_from_json(values["realsense"])
        setup = replace(setup, realsense=realsense)
    if "bins" in values:
        try:
            setup = replace(setup, bins=_bins(values["bins"]))
        except (ValueError, TypeError, KeyError) as error:
            sentences.append(
                f"the bins of the labels cannot be used ({error}); the default ones are"
            )
    for name, is_right, expected in (
        ("sensor", _is_text, "a camera's name or a path"),
        ("uses_imu", lambda value: isinstance(value, bool), "true or false"),
        ("models", _is_paths, "a list of at most two model files"),
    ):
        if name not in values:
            continue
        value = values[name]
        if not is_right(value):
            sentences.append(
                f"{name} is {expected}, got {value!r:.60}; the default is used"
            )
            continue
        if name == "models":
            value = tuple(map(Path, value))
        setup = replace(setup, **{name: value})
    return setup, sentences


def without_missing(setup: SessionSetup) -> tuple[SessionSetup, list[str]]:
    """The setup without files that are not there any more, and a sentence for each."""
    sentences = []
    if is_path(setup.sensor) and not Path(setup.sensor).expanduser().exists():
        sentences.append(
            f"{setup.sensor}, which was played last, is not there any more; the "
            "simulated room is shown instead"
        )
        setup = replace(setup, sensor=SessionSetup().sensor)
    there = tuple(path for path in setup.models if path.is_file())
    sentences += [
        f"the network {path} is not there any more; it is left out"
        for path in setup.models
        if path not in there
    ]
    return replace(setup, models=there), sentences


def _bins(values: object) -> HNBins:
    if not isinstance(values, Mapping):
        raise ValueError(f"an object of JSON is expected, got {values!r:.60}")
    default = HNBins()
    signed = values.get("signed_angles", default.signed_angles)
    if not isinstance(signed, bool):
        raise ValueError(f"signed_angles is true or false, got {signed!r:.60}")
    return HNBins(
        tuple(map(float, values.get("height_edges", default.height_edges))),
        tuple(map(float, values.get("angle_edges", default.angle_edges))),
        signed,
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_paths(value: object) -> bool:
    return isinstance(value, list) and len(value) <= 2 and all(map(_is_text, value))
