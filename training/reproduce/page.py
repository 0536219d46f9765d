"""A page of headings, sentences, tables and pictures, as Markdown and as HTML."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from pathlib import Path

KINDS = {".png": "image/png", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Heading:
    """Of a section; the first one of a page is its title."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Some sentences."""

    text: str


@dataclass(frozen=True)
class Table:
    """Cells of text."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Image:
    """A picture file beside the page."""

    file: Path
    caption: str


Block = Heading | Paragraph | Table | Image


def as_markdown(blocks: Sequence[Block]) -> str:
    """The page as GitHub shows it."""
    texts = []
    for number, block in enumerate(blocks):
        match block:
            case Heading(text):
                texts.append(f"{'#' if number == 0 else '##'} {text}")
            case Paragraph(text):
                texts.append(text)
            case Table(header, rows):
                lines = [header, ("---",) * len(header), *rows]
                texts.append("\n".join(f"| {' | '.join(line)} |" for line in lines))
            case Image(file, caption):
                texts.append(f"![{caption}]({file.name})\n\n{caption}")
    return "\n\n".join(texts) + "\n"


def as_html(blocks: Sequence[Block]) -> str:
    """The page with all that it shows inside."""
    texts = []
    for number, block in enumerate(blocks):
        match block:
            case Heading(text):
                tag = "h1" if number == 0 else "h2"
                texts.append(f"<{tag}>{escape(text)}</{tag}>")
            case Paragraph(text):
                texts.append(f"<p>{escape(text)}</p>")
            case Table(header, rows):
                texts.append(
                    f"<table>{_row(header, 'th')}"
                    f"{''.join(_row(row, 'td') for row in rows)}</table>"
                )
            case Image(file, caption):
                texts.append(
                    f'<figure><img alt="" style="max-width:100%" src="{_url(file)}">'
                    f"<figcaption>{escape(caption)}</figcaption></figure>"
                )
    style = resources.files("training").joinpath("data/report.css").read_text("utf-8")
    title = next((b.text for b in blocks if isinstance(b, Heading)), "")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{style}</style></head>"
        f"<body><main>{''.join(texts)}</main></body></html>\n"
    )


def _row(cells: Sequence[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"


def _url(file: Path) -> str:
    content = base64.b64encode(file.read_bytes()).decode()
    return f"data:{KINDS[file.suffix]};base64,{content}"
