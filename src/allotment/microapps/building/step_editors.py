"""The editors of steps: reading a document, deciding, and finding the editor of any step."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from allotment.microapps.building import steps
from allotment.microapps.building.ask_editor import AskEditor
from allotment.microapps.building.draft import Draft
from allotment.microapps.building.editors import ADD, Do, Edited, Editor, form_problems
from allotment.microapps.building.fields import moved
from allotment.microapps.building.for_each_editor import ForEachEditor
from allotment.microapps.building.forms import (
    ChoiceForm,
    ConditionForm,
    NameForm,
    OutcomeForm,
    SourceForm,
    rows,
    source_initial,
)
from allotment.microapps.building.naming import Plain, paragraph, parts, spoken, text
from allotment.microapps.building.references import RESULT, users_of
from allotment.microapps.building.renaming import renamed
from allotment.microapps.building.save_editor import SaveEditor
from allotment.microapps.building.sources import choices, offers, words_of
from allotment.microapps.building.table_editors import ChartEditor, TableEditor


class ReadEditor:
    """Which document is read."""

    template = "microapps/builder/_read_editor.html"

    def __init__(self, draft: Draft, step: Plain, data: Any = None) -> None:
        self.draft = draft
        self.key = str(step["step"])
        offered = [one for one in offers(draft.spec, draft.position(self.key)) if one.kind == "document"]
        self.name = NameForm(data, initial={"words": spoken(self.key)})
        self.form = ChoiceForm(
            data=data,
            initial={"path": text(step, "from")},
            choices=choices(offered, draft.spec, text(step, "from"), empty=_("Choose a document")),
            label=_("Which document"),
        )

    def is_valid(self, _do: Do) -> bool:
        """Whether a document is chosen."""
        return self.name.is_valid() and self.form.is_valid()

    def problems(self) -> tuple[str, ...]:
        """Return what does not fit."""
        return form_problems(self.name, self.form)

    def applied(self, do: Do) -> Edited:
        """Return the draft with this document read."""
        plain = steps.change_step(self.draft.plain, self.key, {"from": self.form.cleaned_data["path"]})
        return renamed(plain, self.key, self.name, do)


@dataclass(frozen=True)
class CaseRow:
    """One case: its conditions and what happens."""

    index: int
    conditions: list[ConditionForm]
    outcome: OutcomeForm

    def forms(self) -> Iterator[forms.Form]:
        """Return every form of the case."""
        yield from self.conditions
        yield self.outcome


class ChooseEditor:
    """What happens next, case by case."""

    template = "microapps/builder/_choose_editor.html"

    def __init__(self, draft: Draft, step: Plain, data: Any = None) -> None:
        self.draft = draft
        self.key = str(step["step"])
        self.offered = [
            one
            for one in offers(draft.spec, draft.position(self.key))
            if one.kind not in {"document", "table", "chart"}
        ]
        names = steps.step_names(draft.plain)
        self.later = [("", "–"), *((name, spoken(name)) for name in names[names.index(self.key) + 1 :])]
        self.name = NameForm(data, initial={"words": spoken(self.key)})
        self.options = dict.fromkeys(option for one in self.offered for option in one.options)
        cases = parts(step, "cases")
        outcomes = rows(self._outcome, "case", [_outcome_initial(case) for case in cases], data)
        self.cases = [
            CaseRow(
                index, rows(self._condition, f"case-{index}-when", _conditions(cases, index), data), outcome
            )
            for index, outcome in enumerate(outcomes)
        ]
        otherwise = text(step, "otherwise")
        self.otherwise = SourceForm(
            data=data,
            prefix="otherwise",
            initial=source_initial(otherwise),
            choices=self._sources(otherwise, _("Just go on")),
            label=_("Otherwise"),
        )

    def _sources(self, current: str, empty: str) -> Any:
        return choices(self.offered, self.draft.spec, current, empty=empty, fixed=True)

    def _outcome(self, prefix: str, data: Any, initial: Mapping[str, Any]) -> OutcomeForm:
        current = str(initial.get("source", ""))
        later = [*self.later]
        if (target := initial.get("go_to")) and target not in dict(later):
            later.append((str(target), _("%(name)s (does not come later)") % {"name": spoken(str(target))}))
        return OutcomeForm(
            data=data,
            prefix=prefix,
            initial=dict(initial),
            choices=self._sources(current, _("Choose a value")),
            label=_("The value"),
            later=later,
        )

    def _condition(self, prefix: str, data: Any, initial: Mapping[str, Any]) -> ConditionForm:
        return ConditionForm(
            data=data,
            prefix=prefix,
            initial=dict(initial),
            choices=choices(self.offered, self.draft.spec, str(initial.get("path", ""))),
            label=_("Which value"),
        )

    @property
    def may_add(self) -> bool:
        """Whether there is a value to decide by."""
        return bool(self.offered)

    def _forms(self, do: Do) -> list[forms.Form]:
        cases = [form for case in self.cases if not do.removes(case.index) for form in case.forms()]
        return [self.name, self.otherwise, *cases]

    def is_valid(self, do: Do) -> bool:
        """Whether every case that stays fits."""
        return all(form.is_valid() for form in self._forms(do))

    def problems(self) -> tuple[str, ...]:
        """Return what does not fit."""
        return form_problems(*self._forms(Do()))

    def applied(self, do: Do) -> Edited:
        """Return the draft with these cases."""
        kept = [_case(row) for row in self.cases if not do.removes(row.index)]
        cases = self._acted(kept, do)
        changes = {"otherwise": self.otherwise.said}
        plain = steps.change_step(self.draft.plain, self.key, {**changes, "cases": cases})
        return renamed(plain, self.key, self.name, do)

    def _acted(self, cases: list[Plain], do: Do) -> list[Plain]:
        which, _colon, inner = do.which.partition(":")
        index = int(which) if which.isdecimal() and int(which) < len(cases) else None
        if do.verb == ADD and self.offered:
            stop = _("This app cannot help with that. Please ask a colleague.")
            return [*cases, steps.case_of([self._first_condition()], "stop", stop)]
        if index is None:
            return cases
        case = cases[index]
        if do.by:
            return moved(cases, index, do.by)
        if do.verb == "and":
            case = {**case, "when": [*case["when"], self._first_condition()]}
        elif do.verb == "less" and len(case["when"]) > 1:
            case = {**case, "when": [one for at, one in enumerate(case["when"]) if str(at) != inner]}
        return [*cases[:index], case, *cases[index + 1 :]]

    def _first_condition(self) -> Plain:
        offer = max(self.offered, key=lambda one: (bool(one.options), not one.is_asked))
        return steps.condition_of(
            offer.path, "is" if offer.options else "is empty", next(iter(offer.options), "")
        )


def _outcome_initial(case: Plain) -> dict[str, Any]:
    outcome = next((key for key in ("stop", "go_to", "value") if case.get(key)), "stop")
    return {
        "outcome": outcome,
        "stop": text(case, "stop"),
        "go_to": text(case, "go_to"),
        **source_initial(text(case, "value")),
    }


def _conditions(cases: list[Plain], index: int) -> list[dict[str, Any]]:
    when = parts(cases[index], "when") if index < len(cases) else []
    return [
        {"path": text(one, "value"), "comparison": text(one, "is"), "to": text(one, "to")} for one in when
    ]


def _case(row: CaseRow) -> Plain:
    conditions = [
        steps.condition_of(said["path"], said["comparison"], said["to"])
        for said in (form.cleaned_data for form in row.conditions)
    ]
    said = row.outcome.cleaned_data
    outcomes = {"stop": paragraph(said["stop"]), "go_to": said["go_to"], "value": row.outcome.said}
    return steps.case_of(conditions, said["outcome"], outcomes[said["outcome"]])


class BrokenEditor:
    """A step that cannot be read: it says why, and can be taken out."""

    template = "microapps/builder/_broken_editor.html"

    def __init__(self, draft: Draft, step: Plain, _data: Any = None) -> None:
        self.draft = draft
        self.key = str(step["step"])
        self.reasons = [one for one in draft.problems if one.where.startswith(f"steps.{self.key}")]

    def is_valid(self, _do: Do) -> bool:
        """Nothing can be typed."""
        return True

    def problems(self) -> tuple[str, ...]:
        """Nothing can be typed wrongly."""
        return ()

    def applied(self, _do: Do) -> Edited:
        """Return the draft as it is."""
        return Edited(self.draft.plain, self.key)


_EDITORS: Mapping[str, Callable[[Draft, Plain, Any], Editor]] = {
    "ask": AskEditor,
    "read": ReadEditor,
    "choose": ChooseEditor,
    "table": TableEditor,
    "chart": ChartEditor,
    "for each": ForEachEditor,
    "save": SaveEditor,
}


def step_editor(draft: Draft, name: str, data: Any = None) -> Editor:
    """Return the editor of a step; raises `NotFound`."""
    step = steps.step_at(draft.plain, name)
    if not draft.has_read("steps", name):
        return BrokenEditor(draft, step)
    return _EDITORS[text(step, "do")](draft, step, data)


def lost_with(draft: Draft, name: str) -> tuple[str, ...]:
    """Return what changes elsewhere when a step is removed, in sentences."""
    what = words_of(f"steps.{name}", draft.spec)
    said = []
    for user in users_of(draft.plain, f"steps.{name}"):
        if user == RESULT:
            said.append(_("The result no longer shows %(what)s.") % {"what": what})
        else:
            said.append(_("“%(user)s” no longer gets %(what)s.") % {"user": spoken(user), "what": what})
    return tuple(said)
