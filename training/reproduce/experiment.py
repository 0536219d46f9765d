"""What an experiment is: rows of runs, and which of them is expected to do better."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from training.datasets.dataset import Part
from training.reproduce.arms import Units
from training.reproduce.data import Data
from training.reproduce.spec import Spec

NOT_AT_HAND = "not at hand"


@dataclass(frozen=True)
class Row:
    """One arm under one condition: a row of a table, or a point of a curve."""

    title: str
    units: Units
    missing: str | None = None
    """Why it cannot be run."""
    paper: str = NOT_AT_HAND
    """What the paper has there."""
    is_ours: bool = False
    """Whether the paper has no such row."""
    series: str = ""
    """The curve that it is a point of, if it is one."""
    x: float = 0.0
    """Where on that curve."""

    @property
    def specs(self) -> list[Spec]:
        """Its runs, if it can be run."""
        return [] if self.missing else [spec for unit in self.units for spec in unit]


@dataclass(frozen=True)
class Comparison:
    """One row is expected to have the larger mean IoU than another."""

    better: str
    worse: str
    """Titles."""
    is_papers: bool = True
    """Whether the paper says so; else it is our question."""
    factor: float = 1.0
    """How many times as large it is to be."""
    paper: str = ""
    """What the paper reports, where that is known."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """What pictures are made from."""

    data: Data
    folder: Path
    """Where the files of the experiment go."""
    name: str
    """Of the experiment; its files' names begin with it."""
    runs: Mapping[Spec, Path]
    """The folders of the runs that were finished."""
    part: Part
    """Of the labelled data, that is measured."""


@dataclass(frozen=True)
class Picture:
    """Something to look at, with its numbers."""

    file: Path
    caption: str
    numbers: Mapping[str, object] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    """A Markdown table of the numbers, if people should read them."""


@dataclass(frozen=True, eq=False)
class Experiment:
    """A table or a figure of the paper, or one that it leaves out."""

    name: str
    title: str
    text: str
    """What is compared, in a sentence or two."""
    rows: tuple[Row, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    classes: tuple[str, ...] = ()
    """Classes whose IoU the table has too."""
    x_name: str = ""
    """What x is, where there are curves."""
    on_camvid: bool = False
    draw: Callable[[Drawing], list[Picture]] | None = None
    """Makes its pictures; HNError says why there are none."""
    drawn_specs: tuple[Spec, ...] = ()
    """Runs that pictures are made of, beside those of the rows."""

    @property
    def specs(self) -> list[Spec]:
        """All runs that it needs."""
        return [*(s for row in self.rows for s in row.specs), *self.drawn_specs]
