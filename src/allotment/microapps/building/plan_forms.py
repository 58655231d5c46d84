"""The operations of a plan as small forms: a few selects each, in the order of their sentence.

Invariant: a form shows the whole of its operation or is not offered; an operation with more parts than a form has
places stays as it is and can only be moved or removed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from allotment.microapps.building.figure_forms import (
    MOST_FIGURES,
    MOST_KEYS,
    CompareForm,
    GroupForm,
    PivotForm,
)
from allotment.microapps.building.naming import Plain, parts, text
from allotment.microapps.building.operation_form import Around, OperationForm
from allotment.microapps.building.row_forms import (
    MOST_ORDERS,
    MOST_TESTS,
    ComputeForm,
    FilterForm,
    JoinForm,
    KeepForm,
    SortForm,
    TopForm,
)

KINDS = (
    ("filter", _lazy("Keep rows where …")),
    ("group", _lazy("Put together and add up")),
    ("compute", _lazy("Compute a column")),
    ("sort", _lazy("Sort")),
    ("top", _lazy("Keep the first …")),
    ("compare", _lazy("Compare with the period before")),
    ("pivot", _lazy("Spread over columns")),
    ("join", _lazy("Add columns of another table")),
    ("keep", _lazy("Choose columns")),
)
_FORMS: Mapping[str, Callable[..., OperationForm]] = {
    form.do: form
    for form in (
        FilterForm,
        GroupForm,
        ComputeForm,
        SortForm,
        TopForm,
        CompareForm,
        PivotForm,
        JoinForm,
        KeepForm,
    )
}
_PLACES: Mapping[str, tuple[tuple[str, int], ...]] = {
    "filter": (("where", MOST_TESTS),),
    "group": (("by", MOST_KEYS), ("figures", MOST_FIGURES)),
    "sort": (("by", MOST_ORDERS),),
    "pivot": (("rows", 1),),
    "compare": (("by", 1),),
    "join": (("on", 1),),
}


def operation_form(around: Around, operation: Plain, prefix: str, data: Any) -> OperationForm | None:
    """Return the form of an operation; None for one that has more parts than its form."""
    do = text(operation, "do")
    if do not in _FORMS or any(len(parts(operation, key)) > most for key, most in _PLACES.get(do, ())):
        return None
    return _FORMS[do](around, operation, prefix=prefix, data=data)


def first_operation(do: str, columns: Sequence[str], tables: Sequence[str]) -> Plain | None:
    """Return a new operation, filled in so that it is whole; None when there is nothing to fill it with."""
    if not columns or (do == "join" and not tables):
        return None
    first = columns[0]
    made: Mapping[str, Plain] = {
        "filter": {"where": [{"column": first, "is": "is not empty"}]},
        "group": {"by": [{"column": first}], "figures": [{"figure": "count"}]},
        "compute": {"name": str(_("New column")), "left": first, "by": "times", "right": "=1"},
        "sort": {"by": [{"column": first}]},
        "top": {"rows": 10, "by": first},
        "compare": {"date": first, "period": "month", "figure": {"figure": "count"}},
        "pivot": {
            "rows": [{"column": first}],
            "across": {"column": columns[-1]},
            "figure": {"figure": "count"},
        },
        "join": {"table": tables[0] if tables else "", "on": [{"left": first}]},
        "keep": {"columns": [{"column": one} for one in columns]},
    }
    return {"do": do, **made[do]} if do in made else None
