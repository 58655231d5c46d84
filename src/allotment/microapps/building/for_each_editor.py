"""The editor of a question about each row of a table: which table, and what the template gets of a row."""

from functools import cached_property
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from allotment.engine.spec.checking_tables import ROW
from allotment.engine.tables.columns import Column
from allotment.microapps.building.ask_editor import AskEditor
from allotment.microapps.building.draft import Draft
from allotment.microapps.building.editors import KEEP, Do
from allotment.microapps.building.naming import Plain, line, text
from allotment.microapps.building.sources import Choices, choices, offers
from allotment.microapps.building.table_columns import columns_at
from allotment.microapps.building.table_editors import table_choice


class ForEachEditor(AskEditor):
    """A question to a model about each row. Its answers become a column."""

    template = "microapps/builder/_for_each_editor.html"

    def __init__(self, draft: Draft, step: Plain, data: Any = None) -> None:
        super().__init__(draft, step, data)
        self.rows = table_choice(draft, self.key, text(step, "rows"), data, _("About each row of"))
        self.answer.fields["words"].label = _("Call the new column")
        self.answer.fields["words"].help_text = _(
            "A word or two, such as “Topic”. Later steps find it by this name."
        )

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the table, as far as they are known."""
        return columns_at(self.draft.spec, text(self.step, "rows"))

    def _answer_initial(self, answer: Plain) -> dict[str, Any]:
        initial = super()._answer_initial(answer)
        return {**initial, "words": text(self.step, "column") or initial["words"].capitalize()}

    def _sources(self, current: str, empty: str) -> Choices:
        offered = [
            one
            for one in offers(self.draft.spec, self.draft.position(self.key))
            if one.kind not in {"document", "chart", "table"}
        ]
        columns = [(f"{ROW}{column.name}", column.name) for column in self.columns]
        known = {path for path, _name in columns}
        if current.startswith(ROW) and current not in known:
            name = current.removeprefix(ROW)
            columns.append((current, _("%(name)s (no longer there)") % {"name": name} if columns else name))
        is_of_row = current.startswith(ROW)
        found = choices(offered, self.draft.spec, "" if is_of_row else current, empty=empty, fixed=True)
        return [found[0], (_("From the row"), columns), *found[1:]] if columns else found

    def _forms(self, do: Do) -> list[forms.Form]:
        return [self.rows, *super()._forms(do)]

    def _changes(self, do: Do) -> Plain:
        changes = {**super()._changes(do), "rows": self.rows.cleaned_data["path"]}
        if do.verb == KEEP:  # an automatic save changes no names
            return changes
        return {**changes, "column": line(self.answer.cleaned_data["words"])}
