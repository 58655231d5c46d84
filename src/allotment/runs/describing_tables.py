"""A table as text for a slot of a template."""

from allotment.engine.tables.cells import cell_text
from allotment.engine.tables.rows import Rows

_SEPARATOR = " | "
_MOST_CELL = 200


def table_text(rows: Rows, most_characters: int) -> str:
    """Return heading and rows, a line each; as many whole rows as fit, and how many more there are."""
    lines = [_SEPARATOR.join(column.name for column in rows.columns)]
    length, in_all = len(lines[0]), rows.rows_in_all or len(rows.rows)
    for row in rows.rows:
        line = _SEPARATOR.join(
            cell_text(cell, column).replace("\n", " ")[:_MOST_CELL]
            for cell, column in zip(row, rows.columns, strict=True)
        )
        if length + len(line) + len(_more(in_all)) + 2 > most_characters:
            break
        lines.append(line)
        length += len(line) + 1
    left = in_all - (len(lines) - 1)
    return "\n".join([*lines, *([_more(left)] if left else [])])


def _more(count: int) -> str:
    return f"({count} more rows)"
