"""A report as a value: what every format of a result is written from.

Invariant: a report is complete. Nothing is looked up, computed or fetched while a file is written from it.
"""

from dataclasses import dataclass
from typing import Literal

from allotment.engine.tables.rows import Rows


@dataclass(frozen=True)
class Prose:
    """Paragraphs, separated by blank lines. `unsupported` are numbers in it that no computed table holds."""

    text: str
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True)
class Label:
    """One of some labels."""

    text: str


@dataclass(frozen=True)
class Fields:
    """Names and what they hold."""

    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """A chart, drawn once for paper, with what it says in words and the rows behind it."""

    svg: str
    png: bytes
    alt: str
    data: Rows


@dataclass(frozen=True)
class Part:
    """One part of a report, with its heading (may be empty)."""

    title: str
    content: Prose | Label | Fields | Bullets | Rows | Picture


@dataclass(frozen=True)
class Report:
    """A whole report: what a person sees as the result of a run."""

    title: str
    """Of the app."""
    facts: tuple[tuple[str, str], ...]
    """What it was made from, for the line below the title: date, made by, version, run. Names and values."""
    parts: tuple[Part, ...]
    language: str = "en"


Format = Literal["pdf", "docx", "xlsx", "csv", "md", "png"]
