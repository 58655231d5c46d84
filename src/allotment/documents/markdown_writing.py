"""A report as Markdown. What people wrote is escaped, so that it reads as they wrote it."""

import re
from collections.abc import Iterator

from allotment.documents.prose import paragraphs
from allotment.documents.report import Bullets, Fields, Label, Part, Picture, Prose, Report
from allotment.engine.tables.cells import column_texts, is_number
from allotment.engine.tables.rows import Rows

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$])")
_STARTS_BLOCK = re.compile(r"^(\s*)([-+=>]|\d+[.)])", re.MULTILINE)


def write_markdown(report: Report) -> bytes:
    """Return the report as Markdown (CommonMark with pipe tables), UTF-8."""
    facts = " · ".join(f"{escaped(name)} **{escaped(value)}**" for name, value in report.facts)
    blocks = [f"# {_line(report.title)}", facts]
    for part in report.parts:
        if part.title:
            blocks.append(f"## {_line(part.title)}")
        blocks.extend(_blocks(part))
    return ("\n\n".join(block for block in blocks if block) + "\n").encode()


def escaped(text: str) -> str:
    """Return text that reads as it was written."""
    return _STARTS_BLOCK.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", text))


def _line(text: str) -> str:
    return escaped(" ".join(text.split()))


def _blocks(part: Part) -> Iterator[str]:
    match part.content:
        case Prose():
            for pieces in paragraphs(part.content):
                yield "".join(escaped(one.text) + (" (?)" if one.is_unsupported else "") for one in pieces)
            if part.content.unsupported:
                yield "Numbers followed by (?) are in none of the computed tables. Check them."
        case Label():
            yield f"**{_line(part.content.text)}**"
        case Fields():
            lines = ["| | |", "|---|---|"]
            yield "\n".join(
                lines + [f"| {_line(name)} | {_line(value)} |" for name, value in part.content.fields]
            )
        case Bullets():
            yield "\n".join(f"- {_line(item)}" for item in part.content.items)
        case Picture():
            yield _line(part.content.alt)
            yield _table(part.content.data)
        case Rows():
            yield _table(part.content)


def _table(rows: Rows) -> str:
    columns = [column_texts(rows, place) for place in range(len(rows.columns))]
    head = "| " + " | ".join(_line(column.name) for column in rows.columns) + " |"
    rule = "|" + "|".join("---:" if is_number(column) else "---" for column in rows.columns) + "|"
    lines = ["| " + " | ".join(_line(cell) for cell in row) + " |" for row in zip(*columns, strict=True)]
    in_all = rows.rows_in_all or len(rows.rows)
    more = f"\n\nThe first {len(rows.rows):,} of {in_all:,} rows." if in_all > len(rows.rows) else ""
    return "\n".join([head, rule, *lines]) + more
