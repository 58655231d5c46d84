"""Questions to models as the journal has them: for receipts of calls and rows, and for the list of a key's calls.

Invariant: everything said of a question is read from its last entry, whose text is what a receipt proves; only names
are looked up, as they are today. Who may see it is decided by those who ask here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from allotment.engine.actions import Action
from allotment.journal import naming
from allotment.journal.models import JournalEntry

PAGE = 50
LOOKED_THROUGH = 100_000
"""Entries that one page of a key's calls looks at."""
_MASKED = "masked "
_STAGES = {
    "identify": _("who asks"),
    "authorise": _("whether they may"),
    "limit": _("budgets"),
    "screen in": _("the check of what goes out"),
    "perform": _("the model’s connection"),
    "screen out": _("the check of the answer"),
    "meter": _("the bill"),
    "record": _("the journal"),
}


@dataclass(frozen=True, kw_only=True)
class Call:
    """One question to a model, as its last entry tells it."""

    entry: int
    """Its ticket."""
    id: UUID
    """Of the call, or of the run or batch it belongs to."""
    at: datetime
    outcome: str
    """`done`, `refused` or `failed`."""
    person: UUID | None
    person_name: str
    approver: UUID | None
    approver_name: str
    app: UUID | None
    app_title: str
    app_version: int | None
    key: UUID | None
    key_name: str
    step: str
    model: str
    """Its title today; its id when it is gone."""
    template: str
    """`name@version`; empty for words of the caller's own."""
    data_class: str
    tokens_in: int
    tokens_out: int
    cost_nanodollars: int
    milliseconds: int
    masked: Mapping[str, int]
    """How many details of each kind were masked on the way out."""
    found: int
    """How many were found in the answer."""
    stage: str
    """The stage of the gate that refused."""
    rule: str
    """By which rule or check it refused."""
    reason: str
    """Why it failed."""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.milliseconds / 1000

    @property
    def stage_words(self) -> str:
        """What refused, in words."""
        return stage_words(self.stage)


@dataclass(frozen=True)
class Calls:
    """Some calls, newest first, and where the older ones begin; None at the end."""

    calls: Sequence[Call]
    older: int | None


def stage_words(stage: str) -> str:
    """Name a stage of the gate for people; empty for none."""
    return str(_STAGES.get(stage, stage))


def issued_receipt(action: str, object_id: UUID, run: UUID) -> tuple[int, str] | None:
    """Return ticket and text of the first receipt that this action issued for a part of a run; None without one."""
    rows = JournalEntry.objects.filter(run=run, action=action, object_id=str(object_id))
    first = rows.order_by("ticket").first()
    return None if first is None else (first.ticket, _text(first, "text"))


def call_made(id_: UUID) -> Call | None:
    """Return the last word about a call that a program made with an API key; None without one."""
    last = _questions().filter(run=id_).order_by("-ticket").first()
    return _read([last])[0] if last is not None and last.details.get("key") else None


def calls_made_with(key: UUID, person: UUID, before: int | None = None) -> Calls:
    """Return calls that this person made with a key, newest first, from `before` downwards."""
    rows = _questions().filter(actor=person)
    newest = JournalEntry.objects.order_by("-ticket").values_list("ticket", flat=True).first() or 0
    top = newest + 1 if before is None else min(before, newest + 1)
    floor = max(0, top - LOOKED_THROUGH)
    rows = rows.filter(ticket__lt=top, ticket__gte=floor, body__contains=f'"key":"{key}"')
    found = list(rows.order_by("-ticket")[: PAGE + 1])
    shown = found[:PAGE]
    if len(found) > PAGE:
        return Calls(_read(shown), shown[-1].ticket)
    return Calls(_read(shown), floor if floor > 1 else None)


def question_at(ticket: int) -> Sequence[Call]:
    """Return the question whose last entry has this ticket; nothing without one."""
    return _read(_questions().filter(ticket=ticket))


def questions_about(run: UUID, row: int, last: int) -> Sequence[Call]:
    """Return what was answered about a row of a batch, in order, up to the entry with ticket `last`."""
    rows = _questions().filter(run=run, ticket__lte=last, outcome="done", body__contains=f'"row":{row},')
    return _read(rows.order_by("ticket"))


def last_question(run: UUID, step: str) -> Call | None:
    """Return what was asked last in a run, if it was in this step."""
    last = _questions().filter(run=run).order_by("-ticket").first()
    return _read([last])[0] if last is not None and last.details.get("step") == step else None


def _questions() -> QuerySet[JournalEntry]:
    """Return the last word about each question: “allowed” only says that an answer is on its way."""
    return JournalEntry.objects.filter(action=Action.ASK_MODEL.value).exclude(outcome="allowed")


def _read(rows: Collection[JournalEntry]) -> Sequence[Call]:
    said = [row.content for row in rows]
    people = naming.names("person", {str(one) for each in said for one in (each.actor, each.approver)})
    apps = naming.names("app", {str(each.app) for each in said})
    models = naming.names("model", {each.object_id for each in said})
    keys = naming.names("key", {_text(row, "key") for row in rows})
    return [
        Call(
            entry=row.ticket,
            id=each.run or each.id,
            at=each.moment,
            outcome=each.outcome,
            person=each.actor,
            person_name=people.get(str(each.actor), ""),
            approver=each.approver,
            approver_name=people.get(str(each.approver), ""),
            app=each.app,
            app_title=apps.get(str(each.app), ""),
            app_version=_number(row, "app_version") or None,
            key=UUID(_text(row, "key")) if _text(row, "key") else None,
            key_name=keys.get(_text(row, "key"), ""),
            step=_text(row, "step"),
            model=models.get(each.object_id, each.object_id),
            template=_text(row, "template"),
            data_class=_text(row, "data_class"),
            tokens_in=_number(row, "tokens_in"),
            tokens_out=_number(row, "tokens_out"),
            cost_nanodollars=_number(row, "cost_nanodollars"),
            milliseconds=_number(row, "milliseconds"),
            masked=_masked(row),
            found=_number(row, "withheld"),
            stage=_text(row, "stage"),
            rule=_text(row, "rule"),
            reason=_text(row, "reason"),
        )
        for row, each in zip(rows, said, strict=True)
    ]


def _masked(row: JournalEntry) -> Mapping[str, int]:
    kinds = [name.removeprefix(_MASKED) for name in row.details if name.startswith(_MASKED)]
    return {kind: _number(row, _MASKED + kind) for kind in kinds}


def _text(row: JournalEntry, name: str) -> str:
    return str(row.details.get(name) or "")


def _number(row: JournalEntry, name: str) -> int:
    found = row.details.get(name)
    return int(found) if isinstance(found, (int, float)) else 0
