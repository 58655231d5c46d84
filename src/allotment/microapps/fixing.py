"""Fixing: one click on the working copy, named by a code from `checks`. Refuses: codes it does not know."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.kernel.errors import Invalid
from allotment.microapps.queries import resource
from allotment.microapps.saving import Saved, store_working
from allotment.microapps.stored import held, summary_of
from allotment.policies.deciding import require

Plain = dict[str, Any]


@transaction.atomic
def fix(app_id: UUID, actor: Actor, code: str) -> Saved:
    """Apply one fix to the working copy."""
    row = held(app_id)
    require(actor, Action.EDIT_APP, resource(summary_of(row)))
    return store_working(row, actor, fixed(row.working_spec, code), how=f"fixed: {code}")


def fixed(plain: Plain, code: str) -> Plain:
    """Return the plain spec with the fix of this code; the given one is not changed."""
    name, *arguments = code.split(":")
    change = _FIXES.get(name)
    if change is None or len(arguments) != change[0]:
        raise Invalid(
            _("This fix is not known: %(code)s.") % {"code": code},
            hint=_("Load the page again and choose one that is offered."),
            where="code",
        )
    return change[1](plain, *arguments)


def _declare_personal(plain: Plain) -> Plain:
    return {**plain, "data": {**plain.get("data", {}), "personal": True}}


def _keep_30_days(plain: Plain) -> Plain:
    return {**plain, "data": {**plain.get("data", {}), "retention": "30 days"}}


def _use_template(plain: Plain, step: str, reference: str) -> Plain:
    return _with_steps(plain, lambda one: {**one, "template": reference} if one.get("step") == step else one)


def _use_model(plain: Plain, name: str) -> Plain:
    return _with_steps(plain, lambda one: {**one, "model": name} if one.get("do") == "ask" else one)


def _use_usual_model(plain: Plain) -> Plain:
    return _with_steps(plain, lambda one: {key: value for key, value in one.items() if key != "model"})


def _remove_field(plain: Plain, name: str) -> Plain:
    form = [field for field in plain.get("form", []) if field.get("field") != name]
    sample = {key: value for key, value in plain.get("sample", {}).items() if key != name}
    return {**plain, "form": form, "sample": sample}


def _require_field(plain: Plain, name: str) -> Plain:
    form = [
        {**field, "required": True} if field.get("field") == name else field
        for field in plain.get("form", [])
    ]
    return {**plain, "form": form}


def _with_steps(plain: Plain, change: Callable[[Plain], Plain]) -> Plain:
    return {**plain, "steps": [change(step) for step in plain.get("steps", [])]}


_FIXES: Mapping[str, tuple[int, Callable[..., Plain]]] = {
    "declare-personal": (0, _declare_personal),
    "keep-30-days": (0, _keep_30_days),
    "use-template": (2, _use_template),
    "use-model": (1, _use_model),
    "use-usual-model": (0, _use_usual_model),
    "remove-field": (1, _remove_field),
    "require-field": (1, _require_field),
}
"""By name: how many arguments follow after colons, and what it does."""
