"""Turning stored results into what a page shows, with the masked details marked where they came back."""

from collections.abc import Mapping
from typing import Any

from allotment.runs.values import Piece, ShownPart
from allotment.screening.masking import Masking
from allotment.screening.scanning import scan


def pieces_of(text: str, masking: Masking) -> tuple[Piece, ...]:
    """Split an answer into plain pieces and those whose value was masked before it left and put back here."""
    pieces: list[Piece] = []
    done = 0
    for found in scan(text):
        if not masking.knows(found.kind, text[found.start : found.end]):
            continue
        pieces.append(Piece(text[done : found.start]))
        pieces.append(Piece(text[found.start : found.end], found.kind.value))
        done = found.end
    pieces.append(Piece(text[done:]))
    return tuple(piece for piece in pieces if piece.text)


def shown_parts(result: list[Any], masking: Masking) -> tuple[ShownPart, ...]:
    """Return the parts of a stored result. Each is a mapping with `show`, `title` and `value`."""
    return tuple(_part(stored, masking) for stored in result)


def _part(stored: Mapping[str, Any], masking: Masking) -> ShownPart:
    show, title, value = stored["show"], stored["title"], stored["value"]
    if show == "fields":
        return ShownPart(show, title, fields=tuple((str(k), _words(v)) for k, v in value.items()))
    if show == "list":
        return ShownPart(show, title, items=tuple(str(item) for item in value))
    if show == "label":
        return ShownPart(show, title, label=str(value))
    return ShownPart(show, title, pieces=pieces_of(str(value), masking))


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "–" if value in (None, "") else str(value)
