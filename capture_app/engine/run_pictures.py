"""The pictures of a run's report: photo, truth and prediction of some frames, and what
its networks confuse."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import numpy as np

from core.images import decode_color

_DATA_URL = re.compile(r"data:image/(?:png|jpeg);base64,([A-Za-z0-9+/=]+)")
_LARGEST_REPORT = 200 * 2**20


@dataclass(frozen=True, eq=False)
class Section:
    """The pictures under one heading of a report."""

    title: str
    images: tuple[np.ndarray, ...]
    """(H, W, 3) uint8 RGB each."""
    names: tuple[str, ...] = ()
    """Of the classes, where it is a matrix: a row is a true class, a column what it was
    taken for; the darker, the larger the share. Empty where the images are photo,
    truth and prediction in turn."""


def read_sections(report: Path) -> tuple[Section, ...]:
    """What a report.html shows in pixels; none where it shows nothing.

    OSError where it cannot be read.
    """
    if report.stat().st_size > _LARGEST_REPORT:
        return ()
    parser = _Report()
    parser.feed(report.read_text("utf-8", errors="replace"))
    return tuple(
        Section(found.title, tuple(found.images), tuple(found.names))
        for found in parser.found
        if found.images
    )


@dataclass
class _Found:
    title: str = ""
    images: list[np.ndarray] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


class _Report(HTMLParser):
    """Collects images, and the names beside the rows of matrices, by their headings."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[_Found] = []
        self._text_of = ""
        """The kind of text that comes now, if it is wanted: heading or name."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a section, or take an image."""
        values = dict(attrs)
        if tag == "h2":
            self.found.append(_Found())
            self._text_of = "heading"
        elif tag == "text" and values.get("text-anchor") == "end":
            self._text_of = "name"
        elif tag in ("img", "image") and self.found:
            image = _decoded(values.get("src") or values.get("href") or "")
            if image is not None:
                self.found[-1].images.append(image)

    def handle_data(self, data: str) -> None:
        """Take a heading or a name."""
        if self._text_of == "heading":
            self.found[-1].title += data
        elif self._text_of == "name" and self.found and self.found[-1].images:
            self.found[-1].names.append(data)

    def handle_endtag(self, tag: str) -> None:
        """The text is over."""
        self._text_of = ""


def _decoded(url: str) -> np.ndarray | None:
    match = _DATA_URL.fullmatch(url)
    if match is None:
        return None
    try:
        return decode_color(base64.b64decode(match[1]))
    except binascii.Error:
        return None
