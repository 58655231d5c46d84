"""Adding a question to a model, once or about each row: with which template, about what, answered how."""

from collections.abc import Collection

from django.utils.translation import gettext as _

from allotment.engine.spec.app import FieldKind
from allotment.engine.spec.checking_tables import ROW
from allotment.engine.templates import CHOICES
from allotment.kernel.errors import Conflict
from allotment.microapps.building import steps
from allotment.microapps.building.draft import Draft
from allotment.microapps.building.fields import add_field
from allotment.microapps.building.naming import Plain, parts
from allotment.microapps.building.table_columns import longest_text
from allotment.microapps.building.templates_on_offer import first_answer, made_by, slots_to_fill, usable
from allotment.prompts.queries import Summary
from allotment.prompts.states import Category


def with_question(plain: Plain) -> Plain:
    """Return the spec with a question to a model at its end; raises `Conflict` without an approved template."""
    template = _template(plain, Category)
    return steps.add_ask(plain, template.reference, template.slots, made_by(template), _answer(template))


def with_for_each(draft: Draft) -> Plain:
    """Return the spec with a question about each row of its last table; a form without a table gets a field for one.

    Raises `Conflict` without an approved template.
    """
    plain = draft.plain
    template = _template(plain, (Category.SORTING,), simplest=True)
    if not steps.tables(plain):
        plain = add_field(plain, _("The table"), FieldKind.TABLE, name="table")
    rows = steps.tables(plain)[-1]
    column = longest_text(draft.spec, rows)
    given = steps.of_rows(template.slots, {}, f"{ROW}{column}" if column else "")
    asked = {"template": template.reference, "with": given, "answer": _answer(template)}
    return steps.add_for_each(
        plain, rows, {key: value for key, value in asked.items() if value}, made_by(template)
    )


def _template(plain: Plain, wanted: Collection[Category], *, simplest: bool = False) -> Summary:
    """Return an approved template, of a wanted category and not used yet if there is one; with few slots on wish."""
    offered = usable()
    if not offered:
        raise Conflict(
            _("There is no approved template to ask a model with."),
            hint=_("Ask a steward to approve one in the template library."),
        )
    used = {one.get("template") for one in parts(plain, "steps")}
    fitting = [one for one in offered.values() if one.category in wanted] or list(offered.values())
    if simplest:
        fitting.sort(key=_effort)
    return next((one for one in fitting if one.reference not in used), fitting[0])


def _effort(template: Summary) -> tuple[bool, int]:
    """Order templates that sort into any labels before those with labels of their own, then by what is to be filled."""
    return all(slot.name != CHOICES for slot in template.slots), len(slots_to_fill(template.slots, {}))


def _answer(template: Summary) -> Plain:
    return first_answer(template, (_("question"), _("complaint"), _("other")))
