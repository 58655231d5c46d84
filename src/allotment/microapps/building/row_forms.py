"""Operations that keep, order and extend rows, as forms."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from allotment.microapps.building.naming import Plain, parts, text
from allotment.microapps.building.operation_form import OperationForm, given
from allotment.microapps.building.sources import words_of

MOST_TESTS, MOST_ORDERS = 3, 2
TESTS = (
    ("is", _("is")),
    ("is not", _("is not")),
    ("contains", _("contains")),
    ("begins with", _("begins with")),
    ("is empty", _("is empty")),
    ("is not empty", _("is not empty")),
    ("is more than", _("is more than")),
    ("is less than", _("is less than")),
    ("is at least", _("is at least")),
    ("is at most", _("is at most")),
)
ARITHMETIC = (
    ("plus", _("plus")),
    ("minus", _("minus")),
    ("times", _("times")),
    ("divided by", _("divided by")),
    ("as percent of", _("as percent of")),
    ("days since", _("days since")),
)


class FilterForm(OperationForm):
    """Keep the rows where …"""

    do = "filter"

    def build(self) -> None:
        """Up to three tests."""
        for n in range(MOST_TESTS):
            self.column(f"column{n}", _("Column"), needed=n == 0)
            self.select(f"is{n}", _("How it compares"), TESTS)
            self.words(f"to{n}", _("With what"))
        self.select(
            "match", _("Which of these must hold"), (("all", _("all of these")), ("any", _("any of these")))
        )

    @staticmethod
    def shown(operation: Plain) -> dict[str, Any]:
        """Return the tests."""
        found: dict[str, Any] = {"match": text(operation, "match") or "all"}
        for n, where in enumerate(parts(operation, "where")):
            found |= {
                f"column{n}": text(where, "column"),
                f"is{n}": text(where, "is"),
                f"to{n}": text(where, "to"),
            }
        return found

    def said(self) -> Plain:
        """Return the tests that name a column."""
        where = [
            {"column": self.got(f"column{n}"), "is": self.got(f"is{n}"), **given("to", self._to(n))}
            for n in range(MOST_TESTS)
            if self.got(f"column{n}")
        ]
        return {"do": self.do, "where": where, **({"match": "any"} if self.got("match") == "any" else {})}

    def _to(self, n: int) -> str:
        return "" if self.got(f"is{n}") in {"is empty", "is not empty"} else self.got(f"to{n}")


class SortForm(OperationForm):
    """Order the rows."""

    do = "sort"

    def build(self) -> None:
        """Up to two columns."""
        ways = (("", _("smallest first")), ("largest", _("largest first")))
        for n in range(MOST_ORDERS):
            self.column(f"column{n}", _("Sort by") if n == 0 else _("then by"), needed=n == 0)
            self.fields[f"way{n}"] = forms.ChoiceField(label=_("Order"), choices=ways, required=False)

    @staticmethod
    def shown(operation: Plain) -> dict[str, Any]:
        """Return the order."""
        found: dict[str, Any] = {}
        for n, order in enumerate(parts(operation, "by")):
            found |= {
                f"column{n}": text(order, "column"),
                f"way{n}": "largest" if order.get("largest_first") else "",
            }
        return found

    def said(self) -> Plain:
        """Return the order."""
        return {
            "do": self.do,
            "by": [
                {"column": self.got(f"column{n}"), **({"largest_first": True} if self.got(f"way{n}") else {})}
                for n in range(MOST_ORDERS)
                if self.got(f"column{n}")
            ],
        }


class TopForm(OperationForm):
    """Keep the first rows by a column."""

    do = "top"

    def build(self) -> None:
        """How many, by what, of what."""
        self.fields["rows"] = forms.IntegerField(
            label=_("Keep this many rows"), min_value=1, max_value=1_000_000
        )
        self.fields["way"] = forms.ChoiceField(
            label=_("with the"), choices=(("", _("largest")), ("smallest", _("smallest"))), required=False
        )
        self.column("by", _("Column"))
        self.column("per", _("for each (or leave it out)"), needed=False)

    @staticmethod
    def shown(operation: Plain) -> dict[str, Any]:
        """Return how many, by what."""
        way = "smallest" if operation.get("smallest_first") else ""
        return {
            "rows": operation.get("rows"),
            "by": text(operation, "by"),
            "per": text(operation, "per"),
            "way": way,
        }

    def said(self) -> Plain:
        """Return how many, by what."""
        smallest = {"smallest_first": True} if self.got("way") else {}
        rows = self.cleaned_data["rows"]
        return {
            "do": self.do,
            "rows": rows,
            "by": self.got("by"),
            **smallest,
            **given("per", self.got("per")),
        }


class ComputeForm(OperationForm):
    """A new column from two."""

    do = "compute"

    def build(self) -> None:
        """One line of arithmetic."""
        self.words("name", _("Call the new column"), needed=True)
        self.column("left", _("Take"))
        self.select("by", _("and compute"), ARITHMETIC)
        self.column("right", _("with this column"), needed=False)
        self.words("fixed", _("or with this number or date"))

    @staticmethod
    def shown(operation: Plain) -> dict[str, Any]:
        """Return the arithmetic."""
        right = text(operation, "right")
        found = {key: text(operation, key) for key in ("name", "left", "by")}
        return found | ({"fixed": right[1:]} if right.startswith("=") else {"right": right})

    def clean(self) -> dict[str, Any]:
        """Want one of the two right sides."""
        said = super().clean() or {}
        if not said.get("right") and not said.get("fixed"):
            self.add_error("fixed", _("Choose a column, or write a number."))
        return said

    def said(self) -> Plain:
        """Return the arithmetic."""
        right = self.got("right") or f"={self.got('fixed')}"
        return {
            "do": self.do,
            "name": self.got("name"),
            "left": self.got("left"),
            "by": self.got("by"),
            "right": right,
        }


class JoinForm(OperationForm):
    """Add the columns of another table."""

    do = "join"

    def build(self) -> None:
        """The table, and which columns agree."""
        tables = [(path, words_of(path, self.around.spec)) for path in self.around.tables]
        self.select("table", _("Add the columns of"), tables)
        self.column("left", _("where"))
        self.words("right", _("is this column there"), _("Leave it empty if it is called the same."))
        self.select(
            "keep",
            _("Rows without a partner"),
            (("all", _("stay, with empty cells")), ("matching", _("are left out"))),
        )

    @staticmethod
    def shown(operation: Plain) -> dict[str, Any]:
        """Return the table and what agrees."""
        on = (parts(operation, "on") or [{}])[0]
        return {
            "table": text(operation, "table"),
            "left": text(on, "left"),
            "right": text(on, "right"),
            "keep": text(operation, "keep") or "all",
        }

    def said(self) -> Plain:
        """Return the table and what agrees."""
        keep = {"keep": "matching"} if self.got("keep") == "matching" else {}
        on = {"left": self.got("left"), **given("right", self.got("right"))}
        return {"do": self.do, "table": self.got("table"), "on": [on], **keep}


class KeepForm(OperationForm):
    """Keep these columns."""

    do = "keep"

    def build(self) -> None:
        """A box for each column."""
        names = [str(name) for name in self.initial.get("columns", ())]
        offered = list(dict.fromkeys([*self.around.columns, *names]))
        self.fields["columns"] = forms.MultipleChoiceField(
            label=_("Keep these columns"),
            choices=[(one, one) for one in offered],
            widget=forms.CheckboxSelectMultiple,
        )

    @staticmethod
    def shown(operation: Plain) -> dict[str, Any]:
        """Return the columns."""
        kept = parts(operation, "columns")
        return {
            "columns": [text(one, "column") for one in kept],
            "names": {text(one, "column"): text(one, "name") for one in kept},
        }

    def said(self) -> Plain:
        """Return the columns; one keeps its new name while it stays."""
        names = self.initial.get("names", {})
        chosen = self.cleaned_data["columns"]
        return {
            "do": self.do,
            "columns": [{"column": one, **given("name", names.get(one, ""))} for one in chosen],
        }
