"""The form of a budget."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allotment.engine.gate.budgets import Measure, Period, Scope
from allotment.engine.principals import Role
from allotment.people.queries import people_choices
from allotment.policies.budgets import objects, wording
from allotment.policies.budgets.queries import Chosen
from allotment.policies.budgets.rules import NANO, PERIODS
from allotment.policies.budgets.setting import NewBudget

_MOST = 10**9
_ROLES = {Role.ADMINISTRATOR.value: _("An administrator"), Role.OFFICER.value: _("An officer")}
_OF_KIND = "each"


class BudgetForm(forms.Form):
    """What is counted, for whom, how much, why, and whom to ask for more."""

    object = forms.ChoiceField(label=_("For whom"))
    what = forms.ChoiceField(label=_("What is counted"))
    limit = forms.DecimalField(
        label=_("How much"),
        required=False,
        min_value=0,
        max_value=_MOST,
        help_text=_(
            "A whole number, or dollars where money is counted. 0 allows nothing; empty allows any number."
        ),
    )
    ask = forms.ChoiceField(label=_("Who is asked for more"))
    reason = forms.CharField(label=_("Why"), max_length=300, help_text=_("For those who look at it later."))

    def __init__(self, *args: Any, scope: Scope, changes: Chosen | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope, self.changes = scope, changes
        self._offer("object", [(_OF_KIND, wording.EACH[scope]), *objects.choices(scope)])
        self._offer("what", [(_key(measure, period), _what(measure, period)) for measure, period in _pairs()])
        self._offer("ask", [*_ROLES.items(), *_people()])
        if scope is Scope.ORGANISATION:
            del self.fields["object"]
        if changes is not None:
            self.fields.pop("object", None)
            del self.fields["what"]
            self.initial = {"limit": _shown(changes), "ask": changes.ask or Role.ADMINISTRATOR.value}

    def new_budget(self) -> NewBudget:
        """Return what was filled in."""
        data = self.cleaned_data
        measure, period = self._counted()
        ask, object_ = data["ask"], data.get("object", _OF_KIND)
        is_role = ask in _ROLES
        return NewBudget(
            scope=self.scope,
            object=self.changes.object if self.changes else "" if object_ == _OF_KIND else object_,
            measure=measure,
            period=period,
            limit=_stored(data["limit"], measure),
            reason=data["reason"],
            ask_person=None if is_role else UUID(ask),
            ask_role=ask if is_role else "",
        )

    def clean(self) -> dict[str, Any]:
        """Refuse parts of calls and tokens."""
        data = self.cleaned_data
        limit: Decimal | None = data.get("limit")
        if limit is not None and (self.changes or "what" in data):
            measure, _period = self._counted()
            if measure is not Measure.MONEY and limit != limit.to_integral_value():
                self.add_error("limit", gettext("Only whole numbers of these are counted."))
        return data

    def _counted(self) -> tuple[Measure, Period]:
        if self.changes is not None:
            return self.changes.measure, self.changes.period
        measure, _slash, period = self.cleaned_data["what"].partition("/")
        return Measure(measure), Period(period)

    def _offer(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices


def _pairs() -> list[tuple[Measure, Period]]:
    return [(measure, period) for measure, periods in PERIODS.items() for period in periods]


def _key(measure: Measure, period: Period) -> str:
    return f"{measure.value}/{period.value}"


def _what(measure: Measure, period: Period) -> str:
    words = str(wording.MEASURES[measure])
    return words if period is Period.NONE else f"{words} {wording.PERIODS[period]}"


def _people() -> list[tuple[str, str]]:
    return [(str(one.id), one.name) for one in people_choices()]


def _stored(limit: Decimal | None, measure: Measure) -> int | None:
    if limit is None:
        return None
    return int(limit * NANO) if measure is Measure.MONEY else int(limit)


def _shown(budget: Chosen) -> Decimal | None:
    if budget.limit is None:
        return None
    number = Decimal(budget.limit)
    return (number / NANO).quantize(Decimal("0.01")) if budget.measure is Measure.MONEY else number
