"""Turning stored results into what a page shows, with masked details and unsupported numbers marked."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from allotment.engine.tables.cells import column_texts, is_number
from allotment.engine.tables.charting import Wanted, choose
from allotment.engine.tables.charting_words import alt_text
from allotment.engine.tables.columns import ColumnKind
from allotment.engine.tables.rows import Rows
from allotment.runs.stored_rows import ROWS_SHOWN, rows_of
from allotment.runs.values import Piece, ShownCell, ShownPart, ShownTable
from allotment.screening.masking import Masking
from allotment.screening.scanning import scan

_ONE_LINE = frozenset({ColumnKind.DATE, ColumnKind.MOMENT})

Span = tuple[int, int]


def pieces_of(text: str, masking: Masking, unsupported: Iterable[Span] = ()) -> tuple[Piece, ...]:
    """Split an answer into plain pieces, those whose value was masked before it left, and unsupported numbers."""
    marked = [
        (found.start, found.end, found.kind.value)
        for found in scan(text)
        if masking.knows(found.kind, text[found.start : found.end])
    ]
    marked += [
        (start, end, "")
        for start, end in unsupported
        if not any(start < other_end and other_start < end for other_start, other_end, _ in marked)
    ]
    pieces: list[Piece] = []
    done = 0
    for start, end, kind in sorted(marked):
        pieces.append(Piece(text[done:start]))
        pieces.append(Piece(text[start:end], kind, is_unsupported=not kind))
        done = end
    pieces.append(Piece(text[done:]))
    return tuple(piece for piece in pieces if piece.text)


def shown_parts(result: Sequence[Mapping[str, Any]], masking: Masking) -> tuple[ShownPart, ...]:
    """Return the parts of a stored result. Each is a mapping with `show`, `title` and `value`."""
    return tuple(_part(stored, place, masking) for place, stored in enumerate(result))


def _part(stored: Mapping[str, Any], place: int, masking: Masking) -> ShownPart:
    show, title, value = stored["show"], stored["title"], stored["value"]
    match show:
        case "fields":
            fields = tuple((str(name), words_of(inner)) for name, inner in value.items())
            return ShownPart(show, title, fields=fields, place=place)
        case "list":
            return ShownPart(show, title, items=tuple(str(item) for item in value), place=place)
        case "label":
            return ShownPart(show, title, label=str(value), place=place)
        case "table":
            return ShownPart(show, title, table=shown_table(rows_of(value)), place=place)
        case "chart":
            rows = rows_of(value)
            drawing = choose(rows, Wanted(**stored["wanted"]))
            title = title or drawing.title
            return ShownPart(show, title, table=shown_table(rows), alt=alt_text(drawing, rows), place=place)
        case _:
            unsupported = [(start, end) for start, end in stored.get("unsupported", [])]
            return ShownPart(show, title, pieces=pieces_of(str(value), masking, unsupported), place=place)


def shown_table(rows: Rows) -> ShownTable:
    """Return the first rows as they are read: numbers grouped, each column as exact as it needs."""
    first = Rows(rows.columns, rows.rows[:ROWS_SHOWN])
    looks = [(is_number(column), column.kind in _ONE_LINE) for column in rows.columns]
    texts = [column_texts(first, place) for place in range(len(rows.columns))]
    heads = tuple(
        ShownCell(column.name, number) for column, (number, _) in zip(rows.columns, looks, strict=True)
    )
    cells = tuple(
        tuple(ShownCell(text, *look) for text, look in zip(row, looks, strict=True))
        for row in zip(*texts, strict=True)
    )
    return ShownTable(heads, cells, rows.rows_in_all or len(rows.rows))


def words_of(value: Any) -> str:
    """Return one field of an answer as it is read."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "–" if value in (None, "") else str(value)
