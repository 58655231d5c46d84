"""Reads of the journal: entries by what they are about, newest first.

Invariant: pages are cut by number, so that entries written meanwhile move nothing, and page 1,000 costs as much as
page 1.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db.models import QuerySet

from allotment.engine.recording import Scalar
from allotment.journal import naming
from allotment.journal.bodies import instant
from allotment.journal.models import JournalEntry
from allotment.journal.sentences import sentence
from allotment.journal.tree.hashing import leaf_hash

PAGE = 50


@dataclass(frozen=True)
class Wanted:
    """Which entries to read; None and empty mean any."""

    actor: UUID | None = None
    app: UUID | None = None
    run: UUID | None = None
    action: str = ""
    outcome: str = ""
    day: date | None = None
    """In UTC."""


@dataclass(frozen=True)
class Recorded:
    """One entry, with the names of what it is about as they are today."""

    number: int
    at: datetime
    action: str
    outcome: str
    actor: UUID | None
    actor_name: str
    """Empty for the installation itself."""
    object_kind: str
    object_id: str
    object_name: str
    space: UUID | None
    app: UUID | None
    run: UUID | None
    policies: tuple[str, ...]
    details: tuple[tuple[str, Scalar], ...]
    leaf: str

    @property
    def sentence(self) -> str:
        """What happened, in words."""
        return sentence(self.action, self.outcome, self.actor_name, self.object_name)


@dataclass(frozen=True)
class Page:
    """Some entries, newest first, and where the older ones begin."""

    entries: tuple[Recorded, ...]
    older: int | None
    """Pass it as `before` to read on; None at the end."""


def recent(wanted: Wanted, *, before: int | None = None, limit: int = PAGE) -> Page:
    """Return at most `limit` entries with numbers below `before`."""
    rows = _matching(wanted)
    if before is not None:
        rows = rows.filter(ticket__lt=before)
    found = list(rows.order_by("-ticket")[: limit + 1])
    shown = found[:limit]
    older = shown[-1].ticket if len(found) > limit else None
    return Page(_named(shown), older)


def actors() -> tuple[tuple[UUID, str], ...]:
    """Return everyone the journal mentions as acting, by name."""
    ids = {str(actor) for actor in _acting()}
    known = naming.names("person", ids)
    return tuple(sorted(((UUID(one), known.get(one, _short(one))) for one in ids), key=lambda pair: pair[1]))


def _acting() -> Iterator[UUID]:
    """Skip along the index from one actor to the next: the cost grows with people, not with entries."""
    rows = JournalEntry.objects.exclude(actor=None).order_by("actor").values_list("actor", flat=True)
    actor = rows.first()
    while actor is not None:
        yield actor
        actor = rows.filter(actor__gt=actor).first()


def _matching(wanted: Wanted) -> QuerySet[JournalEntry]:
    rows = JournalEntry.objects.all()
    exact = {"actor": wanted.actor, "app": wanted.app, "run": wanted.run}
    rows = rows.filter(**{name: value for name, value in exact.items() if value is not None})
    if wanted.action:
        rows = rows.filter(action=wanted.action)
    if wanted.outcome:
        rows = rows.filter(outcome=wanted.outcome)
    if wanted.day is not None:
        start = datetime.combine(wanted.day, time(), UTC)
        rows = rows.filter(at__gte=instant(start), at__lt=instant(start + timedelta(days=1)))
    return rows


def _named(rows: Collection[JournalEntry]) -> tuple[Recorded, ...]:
    people = naming.names("person", {str(row.actor) for row in rows if row.actor})
    apps = naming.names("app", {str(row.app) for row in rows if row.app})
    objects = {kind: naming.names(kind, _ids(rows, kind)) for kind in {row.object_kind for row in rows}}
    return tuple(
        _recorded(
            row,
            people.get(str(row.actor)),
            objects[row.object_kind].get(row.object_id) or _told(row) or apps.get(str(row.app)),
        )
        for row in rows
    )


def _told(row: JournalEntry) -> str:
    """Return the name an entry carries itself."""
    return str(row.details.get("title") or row.details.get("name") or "")


def _ids(rows: Iterable[JournalEntry], kind: str) -> set[str]:
    return {row.object_id for row in rows if row.object_kind == kind}


def _recorded(row: JournalEntry, actor_name: str | None, object_name: str | None) -> Recorded:
    return Recorded(
        number=row.ticket,
        at=row.content.moment,
        action=row.action,
        outcome=row.outcome,
        actor=row.actor,
        actor_name=actor_name or (_short(str(row.actor)) if row.actor else ""),
        object_kind=row.object_kind,
        object_id=row.object_id,
        object_name=object_name or _short(row.object_id),
        space=row.space,
        app=row.app,
        run=row.run,
        policies=row.content.policies,
        details=tuple(sorted(row.details.items())),
        leaf=leaf_hash(row.body.encode()).hex(),
    )


def _short(identifier: str) -> str:
    """Return the end of an id, which differs where its beginning tells the time (UUID version 7)."""
    return f"…{identifier[-8:]}" if len(identifier) == 36 else identifier  # noqa: PLR2004 - length of a UUID
