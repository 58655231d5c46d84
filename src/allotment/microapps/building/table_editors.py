"""The editors of steps that work with tables: computing one, drawing one, saving records."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import msgspec
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from allotment.engine.spec.app import Table
from allotment.engine.spec.paths import known_before, tables_in
from allotment.engine.tables.cells import column_texts, is_number
from allotment.engine.tables.checking import check
from allotment.engine.tables.columns import Column
from allotment.engine.tables.plan import MOST_OPERATIONS
from allotment.engine.tables.sentences import plan_text
from allotment.kernel.errors import Invalid
from allotment.microapps.building import steps
from allotment.microapps.building.draft import Draft
from allotment.microapps.building.editors import ADD, Do, Edited, form_problems
from allotment.microapps.building.fields import moved
from allotment.microapps.building.forms import ChoiceForm, NameForm
from allotment.microapps.building.naming import Plain, line, parts, spoken, text
from allotment.microapps.building.operation_form import Around, OperationForm
from allotment.microapps.building.plan_forms import KINDS, first_operation, operation_form
from allotment.microapps.building.renaming import renamed
from allotment.microapps.building.sources import choices, offers
from allotment.microapps.building.table_columns import columns_at, preview, values_of
from allotment.microapps.planning import Asker, Planned, Wish, plan_for


def table_choice(draft: Draft, key: str, current: str, data: Any, label: str, empty: str = "") -> ChoiceForm:
    """Return the choice among the tables that exist before a step."""
    offered = [one for one in offers(draft.spec, draft.position(key)) if one.kind == "table"]
    offered_choices = choices(offered, draft.spec, current, empty=empty or _("Choose a table"))
    return ChoiceForm(data=data, initial={"path": current}, choices=offered_choices, label=label)


class SentenceForm(forms.Form):
    """What a person wants to know, in a sentence."""

    sentence = forms.CharField(
        label=_lazy("What do you want to know?"),
        max_length=300,
        required=False,
        help_text=_lazy("For example: monthly revenue per region, largest first."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@dataclass(frozen=True)
class OperationRow:
    """One operation: in words, and as a form when it has no more parts than that."""

    index: int
    words: str
    plain: Plain
    form: OperationForm | None


@dataclass(frozen=True)
class ExampleTable:
    """What the example becomes."""

    heads: tuple[tuple[str, bool], ...]
    """Names, and whether they head numbers."""
    rows: tuple[tuple[tuple[str, bool], ...], ...]


class TableEditor:
    """Which table, and what is computed from it."""

    template = "microapps/builder/_table_editor.html"
    kinds = KINDS

    def __init__(self, draft: Draft, step: Plain, data: Any = None) -> None:
        self.draft = draft
        self.key = str(step["step"])
        self.step = next(one for one in draft.spec.steps if isinstance(one, Table) and one.step == self.key)
        self.name = NameForm(data, initial={"words": spoken(self.key)})
        self.source = table_choice(draft, self.key, self.step.from_, data, _("From which table"))
        self.question = SentenceForm(data)
        self.operations = [
            self._row(index, plain, data)
            for index, plain in enumerate(parts(step, "plan")[: len(self.step.plan)])
        ]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the table before anything is computed."""
        return columns_at(self.draft.spec, self.step.from_)

    @cached_property
    def _tables(self) -> Mapping[str, tuple[Column, ...]]:
        known = known_before(self.draft.spec, self.draft.position(self.key))
        return {
            path: columns_at(self.draft.spec, path) or columns for path, columns in tables_in(known).items()
        }

    @cached_property
    def _after(self) -> tuple[tuple[Column, ...], ...]:
        return check(self.step.plan, self.columns, self._tables).columns

    def _row(self, index: int, plain: Plain, data: Any) -> OperationRow:
        before = self._after[index - 1] if index else self.columns
        others = tuple(path for path in self._tables if path != self.step.from_)
        around = Around(tuple(one.name for one in before), others, self.draft.spec)
        form = operation_form(around, plain, f"operation-{index}", data)
        return OperationRow(index, plan_text(self.step.plan[index : index + 1]), plain, form)

    @property
    def sentence(self) -> str:
        """The whole plan in words."""
        return plan_text(self.step.plan)

    @cached_property
    def example(self) -> ExampleTable | None:
        """What the example becomes; None without one that works."""
        rows = preview(self.draft.spec, self.key)
        if rows is None:
            return None
        numbers = [is_number(column) for column in rows.columns]
        texts = [column_texts(rows, place) for place in range(len(rows.columns))]
        heads = tuple(zip((column.name for column in rows.columns), numbers, strict=True))
        cells = tuple(tuple(zip(row, numbers, strict=True)) for row in zip(*texts, strict=True))
        return ExampleTable(heads, cells)

    def _forms(self, do: Do) -> list[forms.Form]:
        if do.verb == "sentence":
            return [self.name, self.source, self.question]
        kept = [row.form for row in self.operations if row.form is not None and not do.removes(row.index)]
        return [self.name, self.source, *kept]

    def is_valid(self, do: Do) -> bool:
        """Whether everything that stays fits."""
        return all(form.is_valid() for form in self._forms(do))

    def problems(self) -> tuple[str, ...]:
        """Return what does not fit."""
        return form_problems(*self._forms(Do()))

    def applied(self, do: Do) -> Edited:
        """Return the draft with this plan."""
        if do.verb != "sentence":
            return self._with_plan(self._acted(do), do)
        planned = self._asked()
        said = _("A model proposed this plan. Read it in words, and see what it makes of the example.")
        edited = self._with_plan(list(msgspec.to_builtins(planned.plan)), do)
        return replace(edited, stays=True, said=said if planned.is_of_model else "")

    def _with_plan(self, plan: list[Plain], do: Do) -> Edited:
        changes = {"from": self.source.cleaned_data["path"], "plan": plan}
        plain = steps.change_step(self.draft.plain, self.key, changes)
        return renamed(plain, self.key, self.name, do)

    def _acted(self, do: Do) -> list[Plain]:
        kept = [row for row in self.operations if not do.removes(row.index)]
        plan = [row.plain if row.form is None else row.form.said() for row in kept]
        if do.by and do.which.isdecimal() and int(do.which) < len(plan):
            return moved(plan, int(do.which), do.by)
        if do.verb == ADD and len(plan) < MOST_OPERATIONS:
            columns = tuple(one.name for one in (self._after[-1] if self._after else self.columns))
            others = tuple(path for path in self._tables if path != self.step.from_)
            added = first_operation(do.which, columns, others)
            if added is None:
                raise Invalid(
                    _("There is nothing to choose from yet."),
                    hint=_("Give the table an example in the sample, so that its columns are known."),
                )
            return [*plan, added]
        return plan

    def _asked(self) -> Planned:
        words = line(self.question.cleaned_data["sentence"])
        path = self.source.cleaned_data["path"]
        columns = columns_at(self.draft.spec, path)
        if not columns:
            raise Invalid(
                _("The columns of this table are not known yet."),
                hint=_("Paste some rows into the sample first; then a sentence can name its columns."),
            )
        wish = Wish(words, columns, values_of(self.draft.spec, path))
        draft = self.draft
        data_class = draft.spec.data.class_.value
        asker = None if draft.maker is None else Asker(draft.maker, draft.app, data_class)
        planned = plan_for(wish, asker)
        if planned is None:
            names = ", ".join(column.name for column in columns[:8])
            raise Invalid(
                _("“%(words)s” is not clear enough to compute.") % {"words": words},
                hint=_("Name the columns (%(names)s), or put it together with the buttons below.")
                % {"names": names},
            )
        return planned


class ChartForm(forms.Form):
    """How a table is drawn."""

    kind = forms.ChoiceField(
        label=_lazy("As"),
        required=False,
        choices=(
            ("", _lazy("whatever fits best")),
            ("bar", _lazy("bars")),
            ("line", _lazy("a line")),
            ("area", _lazy("an area")),
            ("pie", _lazy("a pie")),
            ("scatter", _lazy("dots")),
            ("histogram", _lazy("a histogram")),
        ),
    )
    x = forms.ChoiceField(label=_lazy("Along the bottom"), required=False)
    y = forms.ChoiceField(label=_lazy("How high"), required=False)
    colour = forms.ChoiceField(label=_lazy("A colour for each"), required=False)
    title = forms.CharField(
        label=_lazy("Heading"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, columns: tuple[Column, ...], **options: Any) -> None:
        super().__init__(**options)
        for name in ("x", "y", "colour"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
            current = str(self.initial.get(name) or "")
            names = list(dict.fromkeys([*(one.name for one in columns), *([current] if current else [])]))
            field.choices = [("", _("chosen for you")), *((one, one) for one in names)]


class ChartEditor:
    """Which table is drawn, and how."""

    template = "microapps/builder/_chart_editor.html"

    def __init__(self, draft: Draft, step: Plain, data: Any = None) -> None:
        self.draft = draft
        self.key = str(step["step"])
        source = text(step, "from")
        self.name = NameForm(data, initial={"words": spoken(self.key)})
        self.source = table_choice(draft, self.key, source, data, _("Which table"))
        initial = {key: text(step, key) for key in ("kind", "x", "y", "colour", "title")}
        self.form = ChartForm(columns_at(draft.spec, source), data=data, initial=initial)

    def is_valid(self, _do: Do) -> bool:
        """Whether it fits."""
        return self.name.is_valid() and self.source.is_valid() and self.form.is_valid()

    def problems(self) -> tuple[str, ...]:
        """Return what does not fit."""
        return form_problems(self.name, self.source, self.form)

    def applied(self, do: Do) -> Edited:
        """Return the draft with this chart."""
        said = {key: line(str(value)) for key, value in self.form.cleaned_data.items()}
        changes = {"from": self.source.cleaned_data["path"], **said}
        plain = steps.change_step(self.draft.plain, self.key, changes)
        return renamed(plain, self.key, self.name, do)
