"""One row on its way through an app's steps: which question comes next, or how the row ends.

Invariant: pure. The answers so far and the form give the same next question each time, so that a row can go on after
any restart. Refuses: apps whose steps or fields need more than the cells of one row.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
from django.utils.translation import gettext as _

from allotment.engine.answers import typed
from allotment.engine.forms import read_form
from allotment.engine.interpreter import AskEffect, Finished, Stop, apply, begun, next_effect
from allotment.engine.paths import text_of
from allotment.engine.spec.app import App, Ask, Choose, FieldKind, Shown
from allotment.engine.state import Reference, StepValue
from allotment.kernel.errors import Invalid
from allotment.screening.masking import Remembered

_IN_A_CELL = frozenset(FieldKind) - {FieldKind.TABLE, FieldKind.DOCUMENT}


@dataclass(frozen=True)
class RowAtWork:
    """A row as read for its work."""

    id: UUID
    number: int
    form: Mapping[str, str]
    answers: Mapping[str, str] = field(default_factory=dict)
    """By step, as the model wrote them."""
    masking: tuple[Remembered, ...] = ()
    tries: int = 0


@dataclass(frozen=True)
class RowEnd:
    """How a row ends: with the cells of its result columns, or with a sentence of the app's own."""

    cells: tuple[str, ...] = ()
    stopped: str = ""


def why_not_many(app: App) -> str:
    """Return why this app cannot run over rows, in a sentence; empty when it can."""
    for form_field in app.form:
        if form_field.kind not in _IN_A_CELL:
            return _("The field “%(label)s” takes a file, which does not fit into a cell of a row.") % {
                "label": form_field.label
            }
    if not app.form:
        return _("This app asks nothing, so every row would be the same.")
    for step in app.steps:
        if not isinstance(step, Ask | Choose):
            return _("The step “%(step)s” works on a whole table or file, not on one row.") % {
                "step": step.step
            }
    return ""


def ask_next(app: App, row: RowAtWork) -> AskEffect | RowEnd:
    """Return the next question of a row, or its end. Raises `Invalid` where an answer does not fit its step."""
    state = begun(app, read_form(app, row.form).values)
    while True:
        effect, state = next_effect(app, state)
        if isinstance(effect, Stop):
            return RowEnd(stopped=effect.message)
        if isinstance(effect, Finished):
            found = {part.shown.from_: part.value for part in effect.parts}
            return RowEnd(
                tuple(cell for shown in app.result for cell in _cells(app, shown, found.get(shown.from_)))
            )
        if not isinstance(effect, AskEffect):
            raise Invalid(why_not_many(app), hint=_("Run it once for each instead."))
        answer = row.answers.get(effect.step.step)
        if answer is None:
            return effect
        state = apply(state, effect.step.step, typed(effect.step, answer))


def result_columns(app: App) -> tuple[str, ...]:
    """Return the names of the result columns, in order; named fields get a column each."""
    return tuple(name for shown in app.result for name in _names(app, shown))


def _names(app: App, shown: Shown) -> tuple[str, ...]:
    fields = _fields_of(app, shown)
    if fields:
        return fields
    return (shown.title or shown.from_.rpartition(".")[2],)


def _fields_of(app: App, shown: Shown) -> tuple[str, ...]:
    name = shown.from_.removeprefix("steps.")
    step = next((one for one in app.steps if one.step == name), None)
    return tuple(step.answer.fields) if isinstance(step, Ask) else ()


def _cells(app: App, shown: Shown, value: StepValue) -> tuple[str, ...]:
    fields = _fields_of(app, shown)
    if not fields:
        return (_cell(value),)
    held = value if isinstance(value, Mapping) else {}
    return tuple(_cell(held.get(name)) for name in fields)


def _cell(value: StepValue) -> str:
    if isinstance(value, tuple):
        return "\n".join(value)
    return "" if isinstance(value, Reference) else text_of(value)


def alike(app: App, form: Mapping[str, str], key: bytes) -> bytes:
    """Return a keyed digest that is equal for rows filled in alike, whatever the spelling of a number or a date."""
    values = [[name, text_of(value)] for name, value in read_form(app, form).values.items()]
    return hmac.new(key, msgspec.json.encode(values), hashlib.sha256).digest()


def unfit(app: App, form: Mapping[str, str]) -> str:
    """Return what of a row does not fit the form, in sentences; empty when all does."""
    problems = read_form(app, form).problems
    labels = {form_field.field: form_field.label for form_field in app.form}
    return " ".join(f"{labels[name]}: {problem}" for name, problem in problems.items())
