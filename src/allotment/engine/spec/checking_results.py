"""Checks of the result: what is shown exists and can be shown that way."""

from collections.abc import Iterator, Mapping

from allotment.engine.spec.app import App
from allotment.engine.spec.flaws import Flaw, path_flaws
from allotment.engine.spec.paths import known_before
from allotment.engine.spec.typed_values import ValueKind

_SHOWS: Mapping[str, frozenset[ValueKind]] = {
    "text": frozenset({"text", "number", "date", "yes/no", "list"}),
    "label": frozenset({"text", "number", "date", "yes/no"}),
    "fields": frozenset({"fields"}),
    "list": frozenset({"list", "text"}),
    "table": frozenset({"table"}),
    "chart": frozenset({"chart"}),
}
_SHOW_AS: Mapping[ValueKind, str] = {
    "fields": "fields",
    "list": "list",
    "table": "table",
    "chart": "chart",
}


def result_problems(app: App) -> Iterator[Flaw]:
    """Find flaws of the result."""
    if not app.result:
        yield Flaw(
            ("result",), "The app shows nothing.", "Show what a step found: `{show: text, from: steps.…}`."
        )
    known = known_before(app, len(app.steps))
    for index, shown in enumerate(app.result):
        yield from path_flaws(shown.from_, known, (), ("result", index, "from"))
        if shown.from_ in known and (kind := known[shown.from_].kind) not in _SHOWS[shown.show]:
            remedy = (
                "Read it with a step first, and show what comes out of it."
                if kind == "document"
                else f"Write `show: {_SHOW_AS.get(kind, 'text')}`."
            )
            yield Flaw(
                ("result", index, "show"),
                f"“{shown.from_}” is a {kind} and cannot be shown as {shown.show}.",
                remedy,
            )
