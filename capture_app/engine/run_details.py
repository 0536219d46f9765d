"""What is only read of the run that is looked at: its networks' files, its pictures."""

from dataclasses import dataclass
from pathlib import Path

from capture_app.engine.networks import KINDS
from capture_app.engine.run_entry import Entry
from capture_app.engine.run_pictures import Section, read_sections
from core.errors import CheckpointError
from core.prediction import ModelInfo, read_model_info


@dataclass(frozen=True, eq=False)
class ModelFacts:
    """A model file, and what it says of itself or why it cannot be used."""

    path: Path
    size_bytes: int
    info: ModelInfo | None = None
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Details:
    """More of one entry."""

    entry: Entry
    models: tuple[ModelFacts, ...]
    sections: tuple[Section, ...]
    problem: str = ""
    """Why there are no pictures although there is a report."""


def read_details(entry: Entry) -> Details:
    """The details of an entry; what cannot be read says so."""
    models = tuple(_model_facts(path) for path in entry.models)
    if entry.report is None:
        return Details(entry, models, ())
    try:
        return Details(entry, models, read_sections(entry.report))
    except OSError as error:
        problem = f"{entry.report} cannot be read: {error.strerror}."
        return Details(entry, models, (), problem)


def facts(model: ModelFacts) -> list[tuple[str, str]]:
    """Names and values of what a model file is, for people."""
    told = [("File", str(model.path)), ("Size", f"{model.size_bytes / 1e6:.1f} MB")]
    info = model.info
    if info is None:
        return [*told, ("Problem", model.problem)]
    aspect = info.frame_aspect
    told += [
        ("Predicts", f"{len(info.class_names)} {KINDS[info.task]} classes"),
        ("Input", f"{info.height} x {info.width} pixels (height x width)"),
        (
            "Frames it knows",
            "any" if aspect is None else f"{aspect:.2f} wide to 1 high",
        ),
        ("Mean of RGB", _numbers(info.mean)),
        ("Deviation of RGB", _numbers(info.std)),
        ("Computes in", info.precision),
    ]
    if info.bins is not None:
        signed = ", ceilings apart" if info.bins.signed_angles else ""
        told += [
            ("Height edges", f"{_numbers(info.bins.height_edges)} m"),
            ("Angle edges", f"{_numbers(info.bins.angle_edges)} deg{signed}"),
        ]
    names = ((key.replace("_", " "), value) for key, value in info.provenance.items())
    return told + [(name[:1].upper() + name[1:], value) for name, value in names]


def _numbers(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:g}" for value in values) or "none"


def _model_facts(path: Path) -> ModelFacts:
    try:
        size = path.stat().st_size
        return ModelFacts(path, size, read_model_info(path))
    except CheckpointError as error:
        return ModelFacts(path, size, problem=f"{error}.")
    except OSError as error:
        return ModelFacts(path, 0, problem=f"{path}: {error.strerror}.")
