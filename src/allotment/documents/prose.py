"""Prose of a report in pieces: paragraphs, and in them the numbers that no computed table bears out."""

import re
from dataclasses import dataclass

from allotment.documents.report import Prose

_BLANK_LINES = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class Piece:
    """A stretch of text."""

    text: str
    is_unsupported: bool = False


def paragraphs(prose: Prose) -> tuple[tuple[Piece, ...], ...]:
    """Return the paragraphs, each in pieces."""
    return tuple(
        _pieces(paragraph, prose.unsupported)
        for paragraph in _BLANK_LINES.split(prose.text.strip())
        if paragraph
    )


def _pieces(text: str, unsupported: tuple[str, ...]) -> tuple[Piece, ...]:
    if not unsupported:
        return (Piece(text),)
    longest_first = sorted(set(unsupported), key=len, reverse=True)
    marks = re.compile(rf"(?<![\w.,])({'|'.join(map(re.escape, longest_first))})(?![\w])")
    return tuple(Piece(part, place % 2 == 1) for place, part in enumerate(marks.split(text)) if part)
