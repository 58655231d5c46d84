"""Operations that work out figures, as forms: for each, period beside period, rows across columns."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from allotment.microapps.building.naming import Plain, parts, text
from allotment.microapps.building.operation_form import OperationForm, given

MOST_KEYS, MOST_FIGURES = 2, 3
PARTS = (
    ("", _("as it is")),
    ("year", _("by year")),
    ("quarter", _("by quarter")),
    ("month", _("by month")),
    ("week", _("by week")),
    ("day", _("by day")),
    ("weekday", _("by weekday")),
    ("hour", _("by hour")),
)
PERIODS = tuple((key, words) for key, words in PARTS if key in {"year", "quarter", "month", "week", "day"})
FIGURES = (
    ("count", _("number of rows")),
    ("sum", _("sum of")),
    ("average", _("average of")),
    ("median", _("median of")),
    ("smallest", _("smallest")),
    ("largest", _("largest")),
    ("different values", _("different values of")),
)


class GroupForm(OperationForm):
    """For each …: figures."""

    do = "group"

    def build(self) -> None:
        """Up to two keys and three figures."""
        for n in range(MOST_KEYS):
            self.column(f"key{n}", _("For each"), needed=False)
            self.select(f"part{n}", _("A date"), PARTS, needed=False)
        for n in range(MOST_FIGURES):
            self.select(f"figure{n}", _("Work out"), FIGURES, needed=n == 0)
            self.column(f"of{n}", _("Of which column"), needed=False)

    @staticmethod
    def shown(operation: Plain) -> dict[str, Any]:
        """Return keys and figures."""
        found = _keys_shown(parts(operation, "by"))
        for n, figure in enumerate(parts(operation, "figures")):
            found |= {
                f"figure{n}": text(figure, "figure"),
                f"of{n}": text(figure, "column"),
                f"name{n}": text(figure, "name"),
            }
        return found

    def said(self) -> Plain:
        """Return keys and figures; a figure keeps its name while it stays what it was."""
        figures = [_figure_said(self, n) for n in range(MOST_FIGURES) if self.got(f"figure{n}")]
        keys = _keys_said(self)
        return {"do": self.do, **({"by": keys} if keys else {}), "figures": figures}


class CompareForm(OperationForm):
    """A figure for each period beside the period before."""

    do = "compare"

    def build(self) -> None:
        """The figure, the date, the period."""
        self.select("figure0", _("Compare"), FIGURES)
        self.column("of0", _("Of which column"), needed=False)
        self.column("date", _("by the date in"))
        self.select("period", _("Period"), PERIODS)
        self.column("key0", _("within each (or leave it out)"), needed=False)

    @staticmethod
    def shown(operation: Plain) -> dict[str, Any]:
        """Return figure, date and period."""
        figure = operation.get("figure") or {}
        return {
            "figure0": text(figure, "figure"),
            "of0": text(figure, "column"),
            "name0": text(figure, "name"),
            "date": text(operation, "date"),
            "period": text(operation, "period"),
            **_keys_shown(parts(operation, "by")),
        }

    def said(self) -> Plain:
        """Return figure, date and period."""
        keys = [{"column": self.got("key0")}] if self.got("key0") else []
        return {
            "do": self.do,
            "date": self.got("date"),
            "period": self.got("period"),
            "figure": _figure_said(self, 0),
            **({"by": keys} if keys else {}),
        }


class PivotForm(OperationForm):
    """A row for each …, a column for each …"""

    do = "pivot"

    def build(self) -> None:
        """Rows, columns, and the figure in each cell."""
        self.column("key0", _("A row for each"))
        self.select("part0", _("A date"), PARTS, needed=False)
        self.column("across", _("a column for each"))
        self.select("across_part", _("A date"), PARTS, needed=False)
        self.select("figure0", _("and in each the"), FIGURES)
        self.column("of0", _("Of which column"), needed=False)

    @staticmethod
    def shown(operation: Plain) -> dict[str, Any]:
        """Return rows, columns and figure."""
        figure, across = operation.get("figure") or {}, operation.get("across") or {}
        return {
            "figure0": text(figure, "figure"),
            "of0": text(figure, "column"),
            "across": text(across, "column"),
            "across_part": text(across, "part"),
            **_keys_shown(parts(operation, "rows")),
        }

    def said(self) -> Plain:
        """Return rows, columns and figure."""
        return {
            "do": self.do,
            "rows": [{"column": self.got("key0"), **given("part", self.got("part0"))}],
            "across": {"column": self.got("across"), **given("part", self.got("across_part"))},
            "figure": {"figure": self.got("figure0"), **given("column", self.got("of0"))},
        }


def _keys_shown(keys: Sequence[Plain]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for n, key in enumerate(keys):
        found |= {f"key{n}": text(key, "column"), f"part{n}": text(key, "part")}
    return found


def _keys_said(form: OperationForm) -> list[Plain]:
    return [
        {"column": form.got(f"key{n}"), **given("part", form.got(f"part{n}"))}
        for n in range(MOST_KEYS)
        if form.got(f"key{n}")
    ]


def _figure_said(form: OperationForm, n: int) -> Plain:
    """Return a figure; it keeps the name it was given while it stays what it was."""
    figure, column = form.got(f"figure{n}"), form.got(f"of{n}")
    is_same = (figure, column) == (form.initial.get(f"figure{n}"), form.initial.get(f"of{n}") or "")
    name = str(form.initial.get(f"name{n}") or "") if is_same else ""
    return {"figure": figure, **given("column", column), **given("name", name)}
