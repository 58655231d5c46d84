"""How a sheet is shown: for each column the kinds to choose from, and what is worth a chip."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from allotment.engine.tables.columns import NUMBERS, TIMES, ColumnKind
from allotment.sheets.values import SheetView
from allotment.tables.encodings import OFFERED
from allotment.tables.kinds import ReadAs
from allotment.tables.profiling import ColumnProfile

MOST_COLUMNS_SHOWN = 100

_KINDS = {
    ColumnKind.TEXT: gettext_lazy("Text"),
    ColumnKind.WHOLE_NUMBER: gettext_lazy("Whole number"),
    ColumnKind.NUMBER: gettext_lazy("Number"),
    ColumnKind.DATE: gettext_lazy("Date"),
    ColumnKind.MOMENT: gettext_lazy("Date and time"),
    ColumnKind.YES_NO: gettext_lazy("Yes or no"),
}
_TWINS = (("%d/%m", "%m/%d"), ("%d-%m", "%m-%d"))
_EXAMPLE = datetime(2026, 12, 31, 14, 5)  # noqa: DTZ001 - only how it is written
_SPLIT = "|"

DELIMITERS = (
    (",", gettext_lazy("Comma ,")),
    (";", gettext_lazy("Semicolon ;")),
    ("tab", gettext_lazy("Tab")),
    ("|", gettext_lazy("Bar |")),
)
ENCODINGS = tuple((name, name.upper().replace("CP12", "Windows-12")) for name in OFFERED)


@dataclass(frozen=True)
class Chip:
    """A fact about a column; without a kind it is nothing to look at twice."""

    words: str
    kind: str = ""


@dataclass(frozen=True)
class ColumnShown:
    """A column above the first rows."""

    name: str
    chosen: str
    options: tuple[tuple[str, str], ...]
    chips: tuple[Chip, ...]


def columns_shown(sheet: SheetView) -> list[ColumnShown]:
    """Return the columns that a page shows."""
    pairs = zip(sheet.reading, sheet.profile.columns, strict=True)
    return [
        ColumnShown(
            name=column.name,
            chosen=_value(column.kind, column.format),
            options=tuple(_options(column)),
            chips=tuple(_chips(profile)),
        )
        for column, profile in list(pairs)[:MOST_COLUMNS_SHOWN]
    ]


def chosen_kind(value: str) -> tuple[ColumnKind, str] | None:
    """Return the kind and format that an option stands for."""
    kind, _split, form = value.partition(_SPLIT)
    return (ColumnKind(kind), form) if kind in set(ColumnKind) else None


def separator_name(delimiter: str) -> str:
    """Return what people call a separator; empty when there is none."""
    return str(dict(DELIMITERS).get(delimiter.replace("\t", "tab"), delimiter))


def _value(kind: ColumnKind, form: str = "") -> str:
    return f"{kind.value}{_SPLIT}{form}" if form else kind.value


def _options(column: ReadAs) -> Iterator[tuple[str, str]]:
    """Yield each kind once; the column's own with how it is written, and with its mirror image."""
    for kind, words in _KINDS.items():
        if kind is not column.kind or not column.format:
            yield kind.value, str(words)
            continue
        for form in _ways(kind, column.format):
            yield _value(kind, form), f"{words} · {_written(kind, form)}"


def _ways(kind: ColumnKind, form: str) -> tuple[str, ...]:
    if kind in NUMBERS:
        return (form, "," if form == "." else ".")
    for one, other in _TWINS:
        for here, there in ((one, other), (other, one)):
            if form.startswith(here):
                return (form, there + form.removeprefix(here))
    return (form,)


def _written(kind: ColumnKind, form: str) -> str:
    if kind in TIMES:
        return _EXAMPLE.strftime(form)
    if kind is ColumnKind.WHOLE_NUMBER:
        return "1,234" if form == "." else "1.234"
    return "1,234.5" if form == "." else "1.234,5"


def _chips(column: ColumnProfile) -> Iterator[Chip]:
    if column.personal:
        yield Chip(_("May be personal: %(what)s") % {"what": ", ".join(column.personal)}, "warn")
    if column.unread:
        words = ngettext("%(count)s cell does not read", "%(count)s cells do not read", column.unread)
        examples = ", ".join(f"“{text[:30]}”" for text in column.unread_examples)
        yield Chip(f"{words % {'count': _number(column.unread)}}: {examples}", "stop")
    if column.smallest and column.smallest != column.largest:
        yield Chip(f"{column.smallest} – {column.largest}")
    if column.mean is not None and column.different > 1:
        yield Chip(_("average %(mean)s") % {"mean": f"{column.mean:,.6g}"})
    if column.gaps and column.filled:
        words = ngettext("%(count)s empty cell", "%(count)s empty cells", column.gaps)
        yield Chip(words % {"count": _number(column.gaps)}, "info")
    if not column.filled:
        yield Chip(_("all empty"), "info")
    else:
        yield _variety(column)


def _variety(column: ColumnProfile) -> Chip:
    if column.different == column.filled > 1:
        return Chip(_("all different"))
    if column.different == 1:
        return Chip(_("always “%(value)s”") % {"value": column.frequent[0].value[:30]})
    most = column.frequent[0]
    words = _("%(count)s different, most often “%(value)s”")
    return Chip(words % {"count": _number(column.different), "value": most.value[:30]})


def _number(count: int) -> str:
    return str(number_format(count, force_grouping=True))
