"""The editor of a step that saves records: into which collection, and what."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from allotment.microapps.building import steps
from allotment.microapps.building.draft import Draft
from allotment.microapps.building.editors import ADD, Do, Edited, form_problems
from allotment.microapps.building.forms import NameForm, SourceForm, rows, source_initial
from allotment.microapps.building.naming import Plain, free_name, mapping, spoken, text
from allotment.microapps.building.renaming import renamed
from allotment.microapps.building.sources import choices, offers
from allotment.microapps.building.table_editors import table_choice


class CollectionForm(forms.Form):
    """What the collection is called."""

    collection = forms.CharField(
        label=_lazy("Save to the collection"),
        max_length=40,
        help_text=_lazy("A page of this app where what was saved can be searched and corrected."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ValueForm(SourceForm):
    """One value of a record."""

    words = forms.CharField(
        label=_lazy("Call it"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class SaveEditor:
    """One record of some values, or each row of a table."""

    template = "microapps/builder/_save_editor.html"

    def __init__(self, draft: Draft, step: Plain, data: Any = None) -> None:
        self.draft = draft
        self.key = str(step["step"])
        found = offers(draft.spec, draft.position(self.key))
        self.offered = [one for one in found if one.kind not in {"document", "table", "chart"}]
        self.has_tables = any(one.kind == "table" for one in found)
        self.name = NameForm(data, initial={"words": spoken(self.key)})
        self.collection = CollectionForm(data, initial={"collection": spoken(text(step, "collection"))})
        empty = _("The values below, as one record")
        self.source = table_choice(draft, self.key, text(step, "from"), data, _("What is saved"), empty)
        self.source.fields["path"].required = False
        initial = [
            {"words": spoken(name), **source_initial(source)}
            for name, source in mapping(step, "values").items()
        ]
        self.values = rows(self._value, "value", initial, data)

    def _value(self, prefix: str, data: Any, initial: Mapping[str, Any]) -> ValueForm:
        current = str(initial.get("source", ""))
        return ValueForm(
            data=data,
            prefix=prefix,
            initial=dict(initial),
            choices=choices(self.offered, self.draft.spec, current, fixed=True),
            label=_("The value"),
        )

    def _forms(self, do: Do) -> list[forms.Form]:
        kept = [form for index, form in enumerate(self.values) if not do.removes(index)]
        return [self.name, self.collection, self.source, *kept]

    def is_valid(self, do: Do) -> bool:
        """Whether everything that stays fits."""
        return all(form.is_valid() for form in self._forms(do))

    def problems(self) -> tuple[str, ...]:
        """Return what does not fit."""
        return form_problems(*self._forms(Do()))

    def applied(self, do: Do) -> Edited:
        """Return the draft with what is saved."""
        source = self.source.cleaned_data["path"]
        values: Plain = {}
        if not source:
            for index, form in enumerate(self.values):
                if not do.removes(index):
                    values[free_name(form.cleaned_data["words"], values, "value")] = form.said
            if do.verb == ADD and self.offered:
                offer = next(
                    (one for one in self.offered if one.path not in values.values()), self.offered[0]
                )
                values[free_name(offer.path.rpartition(".")[2], values, "value")] = offer.path
        collection = free_name(self.collection.cleaned_data["collection"], (), "records")
        changes = {"collection": collection, "from": source, "values": values}
        return renamed(steps.change_step(self.draft.plain, self.key, changes), self.key, self.name, do)
